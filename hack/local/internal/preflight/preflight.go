// Package preflight checks what the local control plane needs of the machine it
// runs on.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

// A Requirement is a file and the Debian package that brings it.
type Requirement struct {
	Package string
	// Files of which one must exist. A name without a slash is looked up in
	// PATH.
	Files []string
}

// Requirements of the local control plane.
func Requirements() []Requirement {
	return []Requirement{
		{Package: "pdns-server", Files: []string{"/usr/sbin/pdns_server"}},
		{Package: "pdns-backend-sqlite3", Files: []string{"/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"}},
		{Package: "sqlite3", Files: []string{"sqlite3"}},
		{Package: "bind9-dnsutils", Files: []string{"dig"}},
		{Package: "curl", Files: []string{"curl"}},
		{Package: "jq", Files: []string{"jq"}},
		{Package: "git", Files: []string{"git"}},
		{Package: "openssl", Files: []string{"openssl"}},
		{Package: "shellcheck", Files: []string{"shellcheck"}},
		{Package: "openssh-client", Files: []string{"ssh-keygen"}},
		// Gitea's SQLite is C.
		{Package: "gcc", Files: []string{"gcc"}},
		{Package: "libc6-dev", Files: []string{"/usr/include/stdlib.h"}},
	}
}

// Missing returns the packages whose files aren't there.
func Missing(rs []Requirement) []string {
	var out []string

	for _, r := range rs {
		found := false

		for _, f := range r.Files {
			if strings.Contains(f, "/") {
				_, err := os.Stat(f)
				found = found || err == nil

				continue
			}

			_, err := exec.LookPath(f)
			found = found || err == nil
		}

		if !found {
			out = append(out, r.Package)
		}
	}

	return out
}

// Install what's missing, or say how to.
func Install(ctx context.Context, out io.Writer, missing []string) error {
	if len(missing) == 0 {
		return nil
	}

	list := strings.Join(missing, " ")

	if os.Geteuid() != 0 {
		return fmt.Errorf("these Debian packages are missing: %s\nInstall them, then try again:\n\n    sudo apt-get update && sudo apt-get install --no-install-recommends -y %s", list, list)
	}

	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("these programs are missing, and this isn't Debian; install what provides them: %s", list)
	}

	_, _ = fmt.Fprintf(out, "    installing Debian packages: %s\n", list)

	undo, err := forbidServices()
	if err != nil {
		return err
	}

	defer undo()

	for _, args := range [][]string{
		{"update", "-q"},
		append([]string{"install", "-q", "-y", "--no-install-recommends"}, missing...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")

		if raw, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", args[0], err, tail(string(raw)))
		}
	}

	disableService(ctx, missing)

	return nil
}

// disableService keeps the PowerDNS that comes with the package from starting
// with the machine: we run our own, on another port.
func disableService(ctx context.Context, installed []string) {
	if !slices.Contains(installed, "pdns-server") {
		return
	}

	if _, err := exec.LookPath("systemctl"); err != nil {
		return
	}

	// A machine without systemd has nothing to disable.
	_ = exec.CommandContext(ctx, "systemctl", "disable", "pdns.service").Run()
}

// forbidServices keeps Debian from starting a PowerDNS of its own, which would
// take port 53. It returns a function that allows services again.
func forbidServices() (func(), error) {
	const path = "/usr/sbin/policy-rc.d"

	if _, err := os.Stat(path); err == nil {
		// There's a policy already. Containers have one that forbids all.
		return func() {}, nil
	}

	if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil { //nolint:gosec // It must be executable.
		return nil, fmt.Errorf("cannot keep Debian from starting PowerDNS: %w", err)
	}

	return func() { _ = os.Remove(path) }, nil
}

func tail(s string) string {
	const lines = 15

	l := strings.Split(strings.TrimSpace(s), "\n")

	return strings.Join(l[max(0, len(l)-lines):], "\n")
}

// A Listener is a port a component is about to listen on.
type Listener struct {
	Component string
	Port      int
}

// Ports checks that all supplied ports are free. Its error names each port that
// isn't, and who has it.
func Ports(ctx context.Context, ls []Listener) error {
	var errs []error

	for _, l := range ls {
		if free(ctx, l.Port) {
			continue
		}

		errs = append(errs, fmt.Errorf("port %d, which %s needs, is taken by %s", l.Port, l.Component, Holder(l.Port)))
	}

	if len(errs) == 0 {
		return nil
	}

	return fmt.Errorf("%w\nEnd that process, or choose other ports with --port-base or CATALYST_PORT_BASE", errors.Join(errs...))
}

func free(ctx context.Context, port int) bool {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", home.Addr(port))
	if err != nil {
		return false
	}

	return l.Close() == nil
}

// Holder says which process listens on a TCP port, as far as /proc tells.
func Holder(port int) string {
	inodes := listening(port)

	procs, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return "an unknown process"
	}

	for _, fd := range procs {
		target, err := os.Readlink(fd)
		if err != nil || !inodes[target] {
			continue
		}

		dir := filepath.Dir(filepath.Dir(fd))

		cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue
		}

		args := strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")

		return fmt.Sprintf("process %s (%s)", filepath.Base(dir), args[0])
	}

	return "a process of another user"
}

// listening returns the sockets that listen on a port.
func listening(port int) map[string]bool {
	const (
		fieldLocal = 1
		fieldState = 3
		fieldInode = 9
		hex        = 16
		listen     = "0A"
	)

	out := map[string]bool{}

	for _, f := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue
		}

		for line := range strings.Lines(string(raw)) {
			fs := strings.Fields(line)
			if len(fs) <= fieldInode || fs[fieldState] != listen {
				continue
			}

			_, p, _ := strings.Cut(fs[fieldLocal], ":")
			if n, err := strconv.ParseInt(p, hex, 32); err == nil && int(n) == port {
				out["socket:["+fs[fieldInode]+"]"] = true
			}
		}
	}

	return out
}
