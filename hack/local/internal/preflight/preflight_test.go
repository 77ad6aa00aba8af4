package preflight

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "there")

	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason string
		rs     []Requirement
		want   []string
	}{
		"File":      {reason: "A file that exists is enough", rs: []Requirement{{Package: "p", Files: []string{file}}}},
		"Program":   {reason: "A program in PATH is enough", rs: []Requirement{{Package: "p", Files: []string{"sh"}}}},
		"Either":    {reason: "One of several files is enough", rs: []Requirement{{Package: "p", Files: []string{"/does/not/exist", file}}}},
		"NoFile":    {reason: "A missing file means a missing package", rs: []Requirement{{Package: "p", Files: []string{"/does/not/exist"}}}, want: []string{"p"}},
		"NoProgram": {reason: "A missing program means a missing package", rs: []Requirement{{Package: "p", Files: []string{"does-not-exist"}}}, want: []string{"p"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Missing(tc.rs)); diff != "" {
				t.Errorf("%s\nMissing(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer l.Close()

	port := l.Addr().(*net.TCPAddr).Port

	err = Ports(t.Context(), []Listener{{Component: "gitea", Port: port}})
	if err == nil {
		t.Fatal("Ports(...): want an error for a port that is taken")
	}

	for _, want := range []string{strconv.Itoa(port), "gitea", "process " + strconv.Itoa(os.Getpid()), "--port-base"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Ports(...) names the port, the component, the process and the way out: %q lacks %q", err, want)
		}
	}

	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	if err := Ports(t.Context(), []Listener{{Component: "gitea", Port: port}}); err != nil {
		t.Errorf("Ports(...) of a free port: %v", err)
	}
}
