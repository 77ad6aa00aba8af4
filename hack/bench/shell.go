package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A shellScript makes calls as people would who write them down: one run of curl
// for each, one after the other.
type shellScript struct {
	dir   string
	lines strings.Builder
	n     int
}

func newShellScript() (*shellScript, error) {
	dir, err := os.MkdirTemp("", "bench-script-")
	if err != nil {
		return nil, errors.Wrap(err, "cannot make a folder for the script")
	}
	s := &shellScript{dir: dir}
	s.lines.WriteString("#!/bin/sh\nset -e\n")
	return s, nil
}

// add a call of a server. What it sends, and how it proves who it is, are in files
// beside the script.
func (s *shellScript) add(of *proxy, r request) error {
	s.n++
	contentType, auth := "application/json", of.header+": "+of.value
	if isPush(r.path) {
		_, token, _ := strings.Cut(of.value, " ")
		contentType, auth = "application/x-git-receive-pack-request", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("token:"+token))
	}
	body, headers := fmt.Sprintf("%03d.body", s.n), fmt.Sprintf("%03d.headers", s.n)
	for name, content := range map[string]string{body: string(r.body), headers: "Content-Type: " + contentType + "\n" + auth + "\n"} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			return errors.Wrap(err, "cannot write what the script sends")
		}
	}
	if !isWrite(r.method) {
		// A read may find nothing: the run looked before it wrote as well.
		fmt.Fprintf(&s.lines, "curl -sS -o /dev/null -H @%s '%s%s'\n", headers, of.target, r.path)
		return nil
	}
	if r.method == http.MethodDelete {
		body = "/dev/null"
	}
	fmt.Fprintf(&s.lines, "curl -sS --fail-with-body -X %s -H @%s --data-binary @%s -o answer '%s%s'\n", r.method, headers, body, of.target, r.path)
	return nil
}

// run the script, and tell how long that took.
func (s *shellScript) run(ctx context.Context) (time.Duration, error) {
	defer os.RemoveAll(s.dir) //nolint:errcheck // It is among temporary files.
	if err := os.WriteFile(filepath.Join(s.dir, "script"), []byte(s.lines.String()), 0o600); err != nil {
		return 0, errors.Wrap(err, "cannot write the script")
	}
	cmd := exec.CommandContext(ctx, "sh", "script")
	cmd.Dir = s.dir
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begin)
	if err != nil {
		answer, _ := os.ReadFile(filepath.Join(s.dir, "answer")) //nolint:errcheck // It may not be there.
		return 0, errors.Wrapf(err, "%s: %s", out, answer)
	}
	return took, nil
}

// shell makes the calls of a run again, reads too, as a shell script.
func (s *site) shell(ctx context.Context, log recorded) (time.Duration, error) {
	sh, err := newShellScript()
	if err != nil {
		return 0, err
	}
	for _, of := range s.servers(log) {
		for _, r := range (script{reads: true, push: true}).calls(of.log) {
			if err := sh.add(of.server, r); err != nil {
				return 0, err
			}
		}
	}
	took, err := sh.run(ctx)
	if err != nil {
		return 0, err
	}
	return took, s.clean(ctx)
}
