package xpkg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const testConfiguration = `
apiVersion: meta.pkg.crossplane.io/v1
kind: Configuration
metadata:
  name: catalyst
spec:
  dependsOn:
  - apiVersion: pkg.crossplane.io/v1
    kind: Function
    package: ghcr.io/openova-io/function-catalyst-a
    version: ">=v0.1.0-0"
  - provider: ghcr.io/openova-io/provider-b
    version: ">=v0.1.0-0"
  - provider: xpkg.example.org/other/provider
    version: ">=v1.0.0"
`

func TestPin(t *testing.T) {
	both := map[string]string{
		"ghcr.io/openova-io/function-catalyst-a": "v1",
		"ghcr.io/openova-io/provider-b":          "v2",
	}

	type want struct {
		versions []string
		err      string
	}

	cases := map[string]struct {
		reason   string
		versions map[string]string
		want     want
	}{
		"Pinned": {
			reason:   "Our packages are pinned, in both spellings; others keep their constraint",
			versions: both,
			want:     want{versions: []string{"=v1", "=v2", ">=v1.0.0"}},
		},
		"NoPackage": {
			reason:   "A dependency of ours without a package is a mistake",
			versions: map[string]string{"ghcr.io/openova-io/provider-b": "v2"},
			want:     want{err: `depends on "ghcr.io/openova-io/function-catalyst-a"`},
		},
		"NotADependency": {
			reason: "A package nothing depends on would never be installed",
			versions: map[string]string{
				"ghcr.io/openova-io/function-catalyst-a": "v1",
				"ghcr.io/openova-io/provider-b":          "v2",
				"ghcr.io/openova-io/function-catalyst-c": "v3",
			},
			want: want{err: `"ghcr.io/openova-io/function-catalyst-c" isn't a dependency`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			raw, err := pin([]byte(testConfiguration), tc.versions)
			if tc.want.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want.err) {
					t.Fatalf("%s\npin(...): want error %q, got %v", tc.reason, tc.want.err, err)
				}

				return
			}

			if err != nil {
				t.Fatalf("%s\npin(...): %v", tc.reason, err)
			}

			meta := struct {
				Spec struct {
					DependsOn []struct {
						Version string `json:"version"`
					} `json:"dependsOn"`
				} `json:"spec"`
			}{}
			if err := yaml.Unmarshal(raw, &meta); err != nil {
				t.Fatal(err)
			}

			var got []string
			for _, d := range meta.Spec.DependsOn {
				got = append(got, d.Version)
			}

			if diff := cmp.Diff(tc.want.versions, got); diff != "" {
				t.Errorf("%s\npin(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHash(t *testing.T) {
	base := map[string][]byte{"a": []byte("1"), "b": []byte("2")}

	cases := map[string]struct {
		reason string
		files  map[string][]byte
		same   bool
	}{
		"Same":    {reason: "The same files have the same version", files: map[string][]byte{"b": []byte("2"), "a": []byte("1")}, same: true},
		"Content": {reason: "Changed content changes the version", files: map[string][]byte{"a": []byte("1"), "b": []byte("3")}},
		"Name":    {reason: "A renamed file changes the version", files: map[string][]byte{"a": []byte("1"), "c": []byte("2")}},
		"Moved":   {reason: "Content that moves to another file changes the version", files: map[string][]byte{"a": []byte("12"), "b": {}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.same, hash(base) == hash(tc.files)); diff != "" {
				t.Errorf("%s\nhash(...): -want same, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// fakeCrank writes the names of the files it is given.
const fakeCrank = `#!/bin/sh
for a in "$@"; do
  case $a in
    --package-root=*) root=${a#*=} ;;
    --package-file=*) file=${a#*=} ;;
  esac
done
cd "$root" && find . -type f | sort > "$file"
`

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()

	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func TestBuild(t *testing.T) {
	root := t.TempDir()
	crank := filepath.Join(root, "crank")
	write(t, crank, fakeCrank, 0o700)

	for path, content := range map[string]string{
		"package/configuration/crossplane.yaml":         testConfiguration,
		"package/configuration/mrap.yaml":               "kind: ManagedResourceActivationPolicy",
		"apis/things/definition.yaml":                   "kind: CompositeResourceDefinition",
		"apis/things/composition.yaml":                  "kind: Composition",
		"package/functions/a/crossplane.yaml":           "metadata: {name: function-catalyst-a}",
		"package/providers/provider-b/crossplane.yaml":  "metadata: {name: provider-b}",
		"package/providers/provider-b/crds/things.yaml": "kind: CustomResourceDefinition",
	} {
		write(t, filepath.Join(root, path), content, 0o600)
	}

	b := &Builder{Root: root, Crank: crank, Into: filepath.Join(root, "out")}

	ps, err := b.Build(t.Context())
	if err != nil {
		t.Fatalf("Build(...): %v", err)
	}

	got := map[string]string{}

	for _, p := range ps {
		raw, err := os.ReadFile(p.File)
		if err != nil {
			t.Fatal(err)
		}

		got[p.Kind+" "+p.Source] = strings.TrimSpace(string(raw))
	}

	want := map[string]string{
		"Function ghcr.io/openova-io/function-catalyst-a": "./crossplane.yaml",
		"Provider ghcr.io/openova-io/provider-b":          "./crds/things.yaml\n./crossplane.yaml",
		"Configuration ghcr.io/openova-io/catalyst":       "./crossplane.yaml\n./mrap.yaml\n./things-composition.yaml\n./things-definition.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Build(...): -want, +got:\n%s", diff)
	}

	write(t, filepath.Join(root, "package", "functions", "a", metaFile), "metadata: {name: function-catalyst-a, labels: {}}", 0o600)

	again, err := b.Build(t.Context())
	if err != nil {
		t.Fatalf("Build(...): %v", err)
	}

	changed := map[string]bool{}
	for i := range ps {
		changed[ps[i].Kind] = ps[i].Version != again[i].Version
	}

	if diff := cmp.Diff(map[string]bool{"Function": true, "Provider": false, "Configuration": true}, changed); diff != "" {
		t.Errorf("Build(...) changes the version of what changed and of the configuration that pins it: -want, +got:\n%s", diff)
	}
}
