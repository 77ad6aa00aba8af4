package tools

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelect(t *testing.T) {
	cases := map[string]struct {
		reason  string
		names   []string
		want    []string
		wantErr bool
	}{
		"Default": {reason: "Without names, what a control plane needs is built", want: []string{"etcd", "kubernetes", "crossplane", "gitea", "crank", "crane", "flux"}},
		"Tool":    {reason: "An optional tool is built when asked for", names: []string{"kuttl"}, want: []string{"kuttl"}},
		"Program": {reason: "A tool is found by the name of a program it builds", names: []string{"kube-apiserver"}, want: []string{"kubernetes"}},
		"Unknown": {reason: "An unknown tool is an error", names: []string{"kind"}, wantErr: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rs, err := Select(tc.names...)
			if (err != nil) != tc.wantErr {
				t.Fatalf("%s\nSelect(...): want error %t, got %v", tc.reason, tc.wantErr, err)
			}

			if tc.wantErr {
				return
			}

			if diff := cmp.Diff(tc.want, recipeNames(rs)); diff != "" {
				t.Errorf("%s\nSelect(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestModuleVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "go.mod")
	gomod := `module x

require example.org/single v1.0.0

require (
	example.org/direct v1.2.3
	example.org/indirect v0.1.0 // indirect
)

replace example.org/replaced => example.org/replaced v9.9.9
`

	if err := os.WriteFile(path, []byte(gomod), 0o600); err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason  string
		module  string
		want    string
		wantErr bool
	}{
		"Direct":   {reason: "A requirement in a block is found", module: "example.org/direct", want: "v1.2.3"},
		"Indirect": {reason: "A tool's own module is an indirect requirement", module: "example.org/indirect", want: "v0.1.0"},
		"Single":   {reason: "A requirement on its own line is found", module: "example.org/single", want: "v1.0.0"},
		"Replaced": {reason: "A replacement isn't a requirement", module: "example.org/replaced", wantErr: true},
		"Missing":  {reason: "A module that isn't required has no version", module: "example.org/other", wantErr: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := moduleVersion(path, tc.module)
			if (err != nil) != tc.wantErr {
				t.Fatalf("%s\nmoduleVersion(...): want error %t, got %v", tc.reason, tc.wantErr, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nmoduleVersion(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLDFlags(t *testing.T) {
	r := Recipe{Vars: map[string]string{"main.B": "VERSION", "main.A": "VERSION-without-v"}}

	if diff := cmp.Diff("-s -w -X main.A=1.2.3 -X main.B=v1.2.3", ldflags(r, "v1.2.3")); diff != "" {
		t.Errorf("ldflags(...) are in a fixed order: -want, +got:\n%s", diff)
	}
}

// Every recipe must name a module folder of this repository, and the module
// whose version the tool has.
func TestRecipes(t *testing.T) {
	modules := filepath.Join("..", "..", "..", "tools")

	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			gomod := filepath.Join(modules, r.Name, "go.mod")
			if _, err := moduleVersion(gomod, r.Module); err != nil {
				t.Error(err)
			}

			for n, pkg := range r.Programs {
				if n != "" && strings.HasPrefix(pkg, r.Module) {
					continue
				}

				if _, err := moduleVersion(gomod, pkg); err != nil {
					t.Errorf("program %q is built from %q, which is neither in module %q nor one: %v", n, pkg, r.Module, err)
				}
			}

			for _, cp := range r.Copies {
				if cp.Module == "" {
					continue
				}

				if _, err := moduleVersion(gomod, cp.Module); err != nil {
					t.Errorf("folder %q is copied from another module: %v", cp.From, err)
				}
			}
		})
	}
}

// fakeModule is a tool that builds in no time.
func fakeModule(t *testing.T, source string) (*Cache, Recipe, *bytes.Buffer) {
	t.Helper()

	dir := t.TempDir()
	out := &bytes.Buffer{}
	c := &Cache{Modules: filepath.Join(dir, "modules"), Dir: filepath.Join(dir, "built"), Out: out}

	files := map[string]string{
		"modules/hello/go.mod":           "module example.org/hello\n\ngo 1.26\n\nrequire example.org/lib v1.0.0\n\nrequire example.org/other v0.1.0\n\nreplace example.org/lib v1.0.0 => ./lib\n\nreplace example.org/other v0.1.0 => ./other\n",
		"modules/hello/go.sum":           "",
		"modules/hello/main.go":          source,
		"modules/hello/other/go.mod":     "module example.org/other\n\ngo 1.26\n",
		"modules/hello/other/more/c.txt": "c",
		"modules/hello/lib/go.mod":       "module example.org/lib\n\ngo 1.26\n",
		"modules/hello/lib/lib.go":       "package lib\n",
		"modules/hello/lib/data/a/b.txt": "b",
	}
	for path, content := range files {
		p := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	return c, Recipe{
		Name: "hello", Module: "example.org/lib", Programs: map[string]string{"hi": "example.org/hello"},
		Copies: []Copy{{From: "data", To: "copied"}, {Module: "example.org/other", From: "more", To: "copied/more"}},
	}, out
}

func TestEnsure(t *testing.T) {
	c, r, out := fakeModule(t, "package main\n\nimport _ \"example.org/lib\"\n\nfunc main() {}\n")

	if err := c.Ensure(t.Context(), []Recipe{r}); err != nil {
		t.Fatalf("Ensure(...): %v", err)
	}

	dir, err := c.Folder(r)
	if err != nil {
		t.Fatalf("Folder(...): %v", err)
	}

	for _, f := range []string{"hi", "copied/a/b.txt", "copied/more/c.txt"} {
		if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
			t.Errorf("Ensure(...) builds %s: %v", f, err)
		}
	}

	if !strings.Contains(out.String(), "[1/1] hello v1.0.0: built in") {
		t.Errorf("Ensure(...) says what it builds, said %q", out)
	}

	out.Reset()

	if err := c.Ensure(t.Context(), []Recipe{r}); err != nil {
		t.Fatalf("Ensure(...): %v", err)
	}

	if out.Len() > 0 {
		t.Errorf("Ensure(...) doesn't build what is built, said %q", out)
	}

	changed := r
	changed.Tags = "other"

	other, err := c.Folder(changed)
	if err != nil || other == dir {
		t.Errorf("Folder(...) changes with the recipe: %q, %v", other, err)
	}
}

func TestEnsureFailure(t *testing.T) {
	c, r, _ := fakeModule(t, "package main\n\nfunc main() { undefined() }\n")

	err := c.Ensure(t.Context(), []Recipe{r})
	if err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
		t.Errorf("Ensure(...): want the compiler's message, got %v", err)
	}

	left, err := os.ReadDir(c.Dir)
	if err != nil || len(left) > 0 {
		t.Errorf("Ensure(...) leaves half a build: %v %v", left, err)
	}
}
