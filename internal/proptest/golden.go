package proptest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

var update = flag.Bool("update", false, "write golden files anew")

// Example reads the YAML files of an example as a world whose composite
// resource is the one of that kind and name.
func Example(t testing.TB, dir, kind, name string, kinds ...string) *World {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no example in %s: %v", dir, err)
	}
	var xr string
	var others []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for doc := range strings.SplitSeq(string(data), "\n---\n") {
			if strings.Contains(doc, "kind: "+kind+"\nmetadata:\n  name: "+name+"\n") {
				xr = doc
				continue
			}
			others = append(others, doc)
		}
	}
	if xr == "" {
		t.Fatalf("no %s %s in %s", kind, name, dir)
	}
	return NewWorld(t, strings.Join(append([]string{xr}, others...), "\n---\n"), kinds...)
}

// Golden compares what a response desires with a file, or writes the file when
// the tests run with -update.
func Golden(t *testing.T, rsp *fnv1.RunFunctionResponse, file string) {
	t.Helper()
	b := &strings.Builder{}
	for _, key := range Keys(rsp) {
		out, err := yaml.Marshal(rsp.GetDesired().GetResources()[key].GetResource().AsMap())
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("# " + key + "\n" + string(out) + "---\n")
	}
	out, err := yaml.Marshal(rsp.GetDesired().GetComposite().GetResource().AsMap())
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("# The composite resource's own status.\n" + string(out))

	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s: -want, +got:\n%s\nIf this is as it should be: go test ./functions/... -run Golden -update", file, diff)
	}
}
