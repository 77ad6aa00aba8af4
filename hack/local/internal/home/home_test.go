package home

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPorts(t *testing.T) {
	p := Ports{Base: 16000}
	all := []int{
		p.SSH(), p.DNS(), p.PowerDNS(), p.ControllerManager(), p.Gitea(), p.Etcd(), p.EtcdPeer(), p.APIServer(),
		p.Registry(), p.CoreHealth(), p.CoreMetrics(), p.CoreWebhook(),
	}

	const programs = 40
	for i := range programs {
		all = append(all, p.Function(i), p.FunctionHealth(i), p.Provider(i), p.ProviderMetrics(i))
	}

	seen := map[int]bool{}

	for _, port := range all {
		if seen[port] {
			t.Errorf("port %d is given to two components", port)
		}

		if port < p.Base || port >= p.Base+1000 {
			t.Errorf("port %d is outside of the thousand ports of its base", port)
		}

		seen[port] = true
	}
}

func TestDefaultBase(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string
		want   int
	}{
		"Local": {reason: "The default control plane has the first ports", name: "local", want: 16000},
		"Test":  {reason: "The tests' control plane runs beside the default one", name: "test", want: 17000},
		"Other": {reason: "Any other one has ports beside both", name: "mine", want: 18000},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, DefaultBase(tc.name)); diff != "" {
				t.Errorf("%s\nDefaultBase(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "file")

	for _, content := range []string{"first", "second"} {
		if err := WriteFile(path, []byte(content)); err != nil {
			t.Fatalf("WriteFile(...): %v", err)
		}

		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("ReadFile(...): %v", err)
		}

		if diff := cmp.Diff(content, string(got)); diff != "" {
			t.Errorf("WriteFile(...) replaces the content: -want, +got:\n%s", diff)
		}
	}

	fi, err := os.Stat(path)
	if err != nil {
		t.Fatalf("Stat(...): %v", err)
	}

	if diff := cmp.Diff(os.FileMode(0o600), fi.Mode().Perm()); diff != "" {
		t.Errorf("WriteFile(...) writes private files: -want, +got:\n%s", diff)
	}

	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".tmp-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("WriteFile(...) leaves temporary files: %v %v", left, err)
	}
}

func TestJSON(t *testing.T) {
	type thing struct{ A, B string }

	path := filepath.Join(t.TempDir(), "thing.json")

	got := thing{}
	if ok, err := ReadJSON(path, &got); ok || err != nil {
		t.Errorf("ReadJSON(...) of no file: want false without error, got %t, %v", ok, err)
	}

	want := thing{A: "a", B: "b"}
	if err := WriteJSON(path, want); err != nil {
		t.Fatalf("WriteJSON(...): %v", err)
	}

	if ok, err := ReadJSON(path, &got); !ok || err != nil {
		t.Fatalf("ReadJSON(...): %t, %v", ok, err)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadJSON(...) returns what was written: -want, +got:\n%s", diff)
	}

	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := ReadJSON(path, &got); err == nil {
		t.Error("ReadJSON(...) of half a file: want an error")
	}
}
