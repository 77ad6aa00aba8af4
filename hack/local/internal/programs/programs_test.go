package programs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var mains = map[string]string{"greeter": "./cmd/greeter", "counter": "./cmd/counter"} //nolint:gochecknoglobals // The same for all tests.

// checkout of a module with two programs, of which one has a package of its own.
func checkout(t *testing.T) string {
	t.Helper()

	root := t.TempDir()
	write(t, root, "go.mod", "module example.org/test\n\ngo 1.24\n")
	write(t, root, "greeting/greeting.go", "package greeting\n\nconst Text = \"hello\"\n")
	write(t, root, "greeting/greeting_test.go", "package greeting\n")
	write(t, root, "cmd/greeter/main.go", "package main\n\nimport \"example.org/test/greeting\"\n\nfunc main() { println(greeting.Text) }\n")
	write(t, root, "cmd/counter/main.go", "package main\n\nfunc main() { println(1) }\n")

	return root
}

func write(t *testing.T, root, file, content string) {
	t.Helper()

	path := filepath.Join(root, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeys(t *testing.T) {
	root := checkout(t)

	before, err := (&Builder{Root: root}).keys(t.Context(), mains)
	if err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason  string
		file    string
		content string
		changed []string
	}{
		"Nothing":    {reason: "Another checkout of the same is the same"},
		"Test":       {reason: "A program is not made of its tests", file: "greeting/greeting_test.go", content: "package greeting\n\nvar _ = 1\n"},
		"Dependency": {reason: "A program is made of what it imports, and the other isn't", file: "greeting/greeting.go", content: "package greeting\n\nconst Text = \"good morning\"\n", changed: []string{"greeter"}},
		"Main":       {reason: "A program is made of its main package", file: "cmd/counter/main.go", content: "package main\n\nfunc main() { println(2) }\n", changed: []string{"counter"}},
		"File":       {reason: "A file may come without another changing", file: "cmd/counter/more.go", content: "package main\n", changed: []string{"counter"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			root := checkout(t)
			if tc.file != "" {
				write(t, root, tc.file, tc.content)
			}

			got, err := (&Builder{Root: root}).keys(t.Context(), mains)
			if err != nil {
				t.Fatal(err)
			}

			var changed []string

			for n, k := range got {
				if k != before[n] {
					changed = append(changed, n)
				}
			}

			if diff := cmp.Diff(tc.changed, changed); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBuild(t *testing.T) {
	into := filepath.Join(t.TempDir(), "bin")
	inUse := map[string]bool{}
	b := &Builder{Root: checkout(t), Into: into, InUse: func(folder string) bool { return inUse[folder] }}

	first, err := b.Build(t.Context(), mains)
	if err != nil {
		t.Fatal(err)
	}

	out, err := exec.CommandContext(t.Context(), first["greeter"].Path).CombinedOutput() //nolint:gosec // We built it.
	if diff := cmp.Diff("hello\n", string(out)); diff != "" || err != nil {
		t.Errorf("what was built: %v, -want, +got:\n%s", err, diff)
	}

	// A program that is there is taken from any checkout.
	if err := os.WriteFile(first["counter"].Path, []byte("built before"), 0o700); err != nil { //nolint:gosec // It stands for a program.
		t.Fatal(err)
	}

	again, err := (&Builder{Root: checkout(t), Into: into, InUse: b.InUse}).Build(t.Context(), mains)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("built again: -want, +got:\n%s", diff)
	}

	if raw, err := os.ReadFile(first["counter"].Path); err != nil || string(raw) != "built before" {
		t.Errorf("want the program that was there, got %q, %v", raw, err)
	}

	// What nobody asked for in long goes, unless it may be started.
	long := time.Now().Add(-2 * keepFor)
	for _, folder := range []string{"old", "used"} {
		write(t, into, folder+"/program", "")

		if err := os.Chtimes(filepath.Join(into, folder), long, long); err != nil {
			t.Fatal(err)
		}
	}

	inUse["used"] = true

	if _, err := b.Build(t.Context(), mains); err != nil {
		t.Fatal(err)
	}

	for folder, want := range map[string]bool{"old": false, "used": true, filepath.Base(filepath.Dir(first["greeter"].Path)): true} {
		if _, err := os.Stat(filepath.Join(into, folder)); (err == nil) != want {
			t.Errorf("folder %s: want it to be there: %t, got %v", folder, want, err)
		}
	}

	// What can't be built says why, and leaves nothing behind.
	write(t, b.Root, "cmd/counter/main.go", "package main\n\nfunc main() { nothing() }\n")

	if _, err := b.Build(t.Context(), mains); err == nil || !strings.Contains(err.Error(), "cannot build ./cmd/counter") || !strings.Contains(err.Error(), "undefined: nothing") {
		t.Errorf("want an error that names the package and the mistake, got %v", err)
	}

	if left, err := filepath.Glob(filepath.Join(into, "building-*")); err != nil || len(left) > 0 {
		t.Errorf("want nothing half built, got %v, %v", left, err)
	}
}
