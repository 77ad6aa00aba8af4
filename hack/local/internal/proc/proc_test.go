package proc

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

const patience = 10 * time.Second

func newTestManager(t *testing.T) (*Manager, home.State) {
	t.Helper()

	s := home.State{Name: "test", Dir: t.TempDir()}
	m := NewManager(s, io.Discard)

	t.Cleanup(m.Stop)

	return m, s
}

func sleeper(name string, needs ...string) Spec {
	return Spec{Name: name, Path: "/bin/sleep", Args: []string{"1000"}, Needs: needs}
}

func eventually(t *testing.T, reason string, cond func() bool) {
	t.Helper()

	for start := time.Now(); time.Since(start) < patience; time.Sleep(10 * time.Millisecond) {
		if cond() {
			return
		}
	}

	t.Fatalf("gave up waiting: %s", reason)
}

func state(m *Manager, name string) State {
	st, _ := m.Status(name)
	return st.State
}

func TestNeeds(t *testing.T) {
	m, _ := newTestManager(t)

	m.Ensure(t.Context(), sleeper("api", "db"))
	eventually(t, "a component waits for what it needs", func() bool {
		st, _ := m.Status("api")
		return st.State == StateWaiting && st.Detail == "for db"
	})

	m.Ensure(t.Context(), sleeper("db"))
	eventually(t, "a component starts once what it needs is ready", func() bool { return state(m, "api") == StateReady })
}

func TestRestart(t *testing.T) {
	m, _ := newTestManager(t)

	m.Ensure(t.Context(), sleeper("db"))
	eventually(t, "it starts", func() bool { return state(m, "db") == StateReady })

	before, _ := m.Status("db")
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}

	eventually(t, "what dies is started again", func() bool {
		st, _ := m.Status("db")
		return st.State == StateReady && st.PID != before.PID
	})

	after, _ := m.Status("db")

	want := Status{Name: "db", State: StateReady, Restarts: 1, LastExit: "exited: signal: killed"}
	after.PID, after.Since = 0, time.Time{}

	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("Status(...) remembers why it was restarted: -want, +got:\n%s", diff)
	}
}

func TestEnsure(t *testing.T) {
	cases := map[string]struct {
		reason  string
		change  func(s *Spec)
		restart bool
	}{
		"Same":     {reason: "Nothing changed, so nothing is restarted", change: func(*Spec) {}},
		"Hooks":    {reason: "Hooks aren't part of what runs", change: func(s *Spec) { s.Hooks.Probe = func(context.Context) error { return nil } }},
		"Program":  {reason: "A new build is started", change: func(s *Spec) { s.Fingerprint = "new" }, restart: true},
		"Argument": {reason: "A changed argument needs a restart", change: func(s *Spec) { s.Args = []string{"2000"} }, restart: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m, _ := newTestManager(t)

			s := sleeper("db")
			m.Ensure(t.Context(), s)
			eventually(t, "it starts", func() bool { return state(m, "db") == StateReady })

			before, _ := m.Status("db")

			tc.change(&s)
			m.Ensure(t.Context(), s)
			eventually(t, "it is ready", func() bool { return state(m, "db") == StateReady })

			after, _ := m.Status("db")
			if diff := cmp.Diff(tc.restart, before.PID != after.PID); diff != "" {
				t.Errorf("%s\nEnsure(...): -want restart, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHooks(t *testing.T) {
	errBoom := errors.New("boom")

	cases := map[string]struct {
		reason string
		hooks  Hooks
		want   State
		detail string
	}{
		"Before": {
			reason: "What can't be prepared isn't started, and says why",
			hooks:  Hooks{Before: func(context.Context) error { return errBoom }},
			want:   StateBackOff, detail: "cannot prepare: boom",
		},
		"Probe": {
			reason: "What doesn't answer isn't ready, and says why",
			hooks:  Hooks{Probe: func(context.Context) error { return errBoom }},
			want:   StateStarting, detail: "boom",
		},
		"After": {
			reason: "What can't be set up isn't ready, and says why",
			hooks:  Hooks{After: func(context.Context) error { return errBoom }},
			want:   StateStarting, detail: "it runs, but cannot be set up: boom",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m, _ := newTestManager(t)

			s := sleeper("db")
			s.Hooks = tc.hooks
			m.Ensure(t.Context(), s)

			eventually(t, tc.reason, func() bool {
				st, _ := m.Status("db")
				return st.State == tc.want && strings.Contains(st.Detail, tc.detail)
			})
		})
	}
}

func TestIdle(t *testing.T) {
	m, _ := newTestManager(t)
	wanted := make(chan struct{})

	s := sleeper("db")
	s.Idle = "starts with the first object"
	s.Hooks = Hooks{Wanted: func(ctx context.Context) error {
		select {
		case <-wanted:
		case <-ctx.Done():
		}

		return ctx.Err()
	}}
	m.Ensure(t.Context(), s)

	eventually(t, "what nobody needs is idle, says why, and has no process", func() bool {
		st, _ := m.Status("db")
		return st.State == StateIdle && st.Settled() && st.Detail == s.Idle && st.PID == 0
	})
	close(wanted)
	eventually(t, "what somebody needs runs", func() bool {
		st, _ := m.Status("db")
		return st.State == StateReady && st.Detail == "" && st.PID != 0
	})
}

func TestMissingProgram(t *testing.T) {
	m, _ := newTestManager(t)

	m.Ensure(t.Context(), Spec{Name: "db", Path: "/does/not/exist"})
	eventually(t, "a missing program is reported by name", func() bool {
		st, _ := m.Status("db")
		return st.State == StateBackOff && strings.Contains(st.Detail, `cannot start "exist"`)
	})
}

func TestStop(t *testing.T) {
	m, s := newTestManager(t)

	m.Ensure(t.Context(), sleeper("db"))
	m.Ensure(t.Context(), sleeper("api", "db"))
	m.Ensure(t.Context(), sleeper("web", "api"))
	eventually(t, "all start", func() bool { return state(m, "web") == StateReady })

	if diff := cmp.Diff([]string{"web"}, m.leaves()); diff != "" {
		t.Errorf("leaves() are what nobody needs: -want, +got:\n%s", diff)
	}

	pids := make([]int, 0, len(m.List()))
	for _, st := range m.List() {
		pids = append(pids, st.PID)
	}

	m.Stop()

	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("Stop() leaves process %d", pid)
		}
	}

	left, err := os.ReadDir(s.Path("run"))
	if err != nil || len(left) > 0 {
		t.Errorf("Stop() leaves pid files: %v %v", left, err)
	}
}

func TestLog(t *testing.T) {
	m, s := newTestManager(t)

	m.Ensure(t.Context(), Spec{Name: "talker", Path: "/bin/sh", Args: []string{"-c", "echo out; echo err >&2; exec sleep 1000"}})
	eventually(t, "both outputs are logged", func() bool {
		raw, err := os.ReadFile(s.Log("talker"))
		return err == nil && strings.Contains(string(raw), "out\n") && strings.Contains(string(raw), "err\n")
	})
}

func TestLogFile(t *testing.T) {
	const limit = 100

	path := t.TempDir() + "/x.log"

	l, err := openLog(path, limit)
	if err != nil {
		t.Fatalf("openLog(...): %v", err)
	}

	for range 20 {
		if _, err := l.Write([]byte(strings.Repeat("x", 39) + "\n")); err != nil {
			t.Fatalf("Write(...): %v", err)
		}
	}

	if err := l.Close(); err != nil {
		t.Fatalf("Close(): %v", err)
	}

	for _, p := range []string{path, path + ".1"} {
		fi, err := os.Stat(p)
		if err != nil {
			t.Fatalf("two generations are kept: %v", err)
		}

		if fi.Size() == 0 || fi.Size() > limit {
			t.Errorf("%s holds %d bytes, want at most %d", p, fi.Size(), limit)
		}
	}
}
