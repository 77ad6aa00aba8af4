// Package proc supervises processes: it starts them in the order they need each
// other, restarts what dies, and knows why something isn't ready.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

const (
	probeStarting = 150 * time.Millisecond
	probeRunning  = 2 * time.Second
	probeTimeout  = 2 * time.Second

	// A probe may fail twice in a row before a running component is called
	// unready: on a small machine a busy API server misses a deadline now and
	// then.
	probeFailures = 3

	backoffMin  = 200 * time.Millisecond
	backoffMax  = 10 * time.Second
	backoffCalm = 60 * time.Second

	stopGrace = 10 * time.Second
	maxLog    = 8 << 20
)

// A State is what a component is doing.
type State string

// States of a component.
const (
	StateWaiting  State = "Waiting"
	StateStarting State = "Starting"
	StateReady    State = "Ready"
	StateNotReady State = "NotReady"
	StateBackOff  State = "BackOff"
	StateStopped  State = "Stopped"

	// StateIdle is that of a component nobody needs yet.
	StateIdle State = "Idle"
)

// A Spec says how to run a component. Only its exported data fields decide
// whether a component must be restarted.
type Spec struct {
	Name string
	Path string
	Args []string
	Env  []string
	Dir  string
	Port int

	// Fingerprint changes when the program at Path does.
	Fingerprint string

	// Needs names components that must be ready before this one starts.
	Needs []string

	// Idle says what a component waits for that nobody needs yet.
	Idle string

	// Hooks aren't compared.
	Hooks Hooks
}

// Hooks run around a component's life.
type Hooks struct {
	// Before runs before each start.
	Before func(ctx context.Context) error

	// Wanted returns once somebody needs the component, which is Idle until
	// then.
	Wanted func(ctx context.Context) error

	// Probe reports whether the component is healthy.
	Probe func(ctx context.Context) error

	// After runs each time the process started and its probe succeeded. The
	// component isn't ready until it succeeds.
	After func(ctx context.Context) error
}

func (s Spec) equal(o Spec) bool {
	s.Hooks, o.Hooks = Hooks{}, Hooks{}
	return reflect.DeepEqual(s, o)
}

// A Status is what is known about a component.
type Status struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	PID      int       `json:"pid,omitempty"`
	Port     int       `json:"port,omitempty"`
	Restarts int       `json:"restarts"`
	Since    time.Time `json:"since"`
	Detail   string    `json:"detail,omitempty"`
	LastExit string    `json:"lastExit,omitempty"`
}

// A Manager supervises components.
type Manager struct {
	state home.State
	log   io.Writer
	start *starter

	mu         sync.Mutex
	components map[string]*component
	changed    chan struct{}
}

// NewManager returns a Manager that logs what it does to the supplied writer.
func NewManager(s home.State, log io.Writer) *Manager {
	return &Manager{state: s, log: log, start: newStarter(), components: map[string]*component{}, changed: make(chan struct{}, 1)}
}

// Changed receives a value some time after a component changed its state.
func (m *Manager) Changed() <-chan struct{} { return m.changed }

// Ensure runs the supplied component. A component that runs with another spec
// is restarted.
func (m *Manager) Ensure(ctx context.Context, s Spec) {
	m.mu.Lock()
	defer m.mu.Unlock()

	old, ok := m.components[s.Name]
	if ok && old.spec.equal(s) {
		return
	}

	restarts := 0
	if ok {
		m.logf("%s: its program or configuration changed, restarting it", s.Name)

		restarts = old.status().Restarts + 1

		old.cancel()
	}

	cctx, cancel := context.WithCancel(ctx)
	c := &component{m: m, spec: s, cancel: cancel, done: make(chan struct{})}
	c.st = Status{Name: s.Name, State: StateWaiting, Port: s.Port, Since: time.Now(), Restarts: restarts}
	m.components[s.Name] = c

	go func() {
		defer close(c.done)

		// One process of a kind at a time: they share ports and files.
		if ok {
			<-old.done
		}

		c.run(cctx)
	}()
}

// Remove stops the named component and waits until it's gone.
func (m *Manager) Remove(name string) {
	m.mu.Lock()
	c, ok := m.components[name]
	delete(m.components, name)
	m.mu.Unlock()

	if !ok {
		return
	}

	c.cancel()
	<-c.done
}

// Stop all components, those that need others first.
func (m *Manager) Stop() {
	for {
		m.mu.Lock()
		leaves := m.leaves()
		m.mu.Unlock()

		if len(leaves) == 0 {
			return
		}

		var wg sync.WaitGroup
		for _, n := range leaves {
			wg.Go(func() { m.Remove(n) })
		}

		wg.Wait()
	}
}

func (m *Manager) leaves() []string {
	needed := map[string]bool{}

	for _, c := range m.components {
		for _, n := range c.spec.Needs {
			needed[n] = true
		}
	}

	all := slices.Sorted(maps.Keys(m.components))

	leaves := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return needed[n] })
	if len(leaves) == 0 {
		return all
	}

	return leaves
}

// Settled reports whether a component is as it should be.
func (s Status) Settled() bool { return s.State == StateReady || s.State == StateIdle }

// Status of the named component.
func (m *Manager) Status(name string) (Status, bool) {
	m.mu.Lock()
	c, ok := m.components[name]
	m.mu.Unlock()

	if !ok {
		return Status{}, false
	}

	return c.status(), true
}

// List the status of all components by name.
func (m *Manager) List() []Status {
	m.mu.Lock()

	cs := make([]*component, 0, len(m.components))
	for _, n := range slices.Sorted(maps.Keys(m.components)) {
		cs = append(cs, m.components[n])
	}
	m.mu.Unlock()

	out := make([]Status, 0, len(cs))
	for _, c := range cs {
		out = append(out, c.status())
	}

	return out
}

func (m *Manager) unready(names []string) []string {
	var out []string

	for _, n := range names {
		if st, ok := m.Status(n); !ok || st.State != StateReady {
			out = append(out, n)
		}
	}

	return out
}

func (m *Manager) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(m.log, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.RFC3339)}, args...)...)
}

type component struct {
	m      *Manager
	spec   Spec
	cancel context.CancelFunc
	done   chan struct{}

	mu sync.Mutex
	st Status
}

func (c *component) status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.st
}

func (c *component) update(fn func(s *Status)) {
	c.mu.Lock()
	old := c.st
	fn(&c.st)

	if old.State != c.st.State {
		c.st.Since = time.Now()
	}

	st := c.st
	c.mu.Unlock()

	if old.State == st.State {
		return
	}

	c.m.logf("%s: %s %s", st.Name, st.State, st.Detail)

	select {
	case c.m.changed <- struct{}{}:
	default:
	}
}

func (c *component) set(s State, detail string) {
	c.update(func(st *Status) { st.State, st.Detail = s, detail })
}

// run the component until the context is cancelled.
func (c *component) run(ctx context.Context) {
	defer c.update(func(s *Status) { s.State, s.PID = StateStopped, 0 })

	backoff := backoffMin

	for ctx.Err() == nil {
		started := time.Now()

		err := c.once(ctx)
		if ctx.Err() != nil {
			return
		}

		if time.Since(started) > backoffCalm {
			backoff = backoffMin
		}

		c.update(func(s *Status) {
			s.State, s.PID = StateBackOff, 0
			s.Restarts++
			s.LastExit = err.Error()
			s.Detail = fmt.Sprintf("%v; next start in %s", err, backoff)
		})

		_ = sleep(ctx, backoff)

		backoff = min(2*backoff, backoffMax)
	}
}

// once runs the process once. It returns why it ended, never nil unless the
// context was cancelled.
func (c *component) once(ctx context.Context) error {
	if err := c.await(ctx); err != nil {
		return err
	}

	c.set(StateStarting, "")

	if c.spec.Hooks.Before != nil {
		if err := c.spec.Hooks.Before(ctx); err != nil {
			return fmt.Errorf("cannot prepare: %w", err)
		}
	}

	if err := c.idle(ctx); err != nil {
		return err
	}

	log, err := openLog(c.m.state.Log(c.spec.Name), maxLog)
	if err != nil {
		return err
	}

	defer log.Close() //nolint:errcheck // Nothing to be done about it.

	p, err := c.m.start.start(c.spec, log)
	if err != nil {
		return err
	}

	c.update(func(s *Status) { s.PID = p.cmd.Process.Pid })

	c.writePID(p.cmd.Process.Pid)
	defer c.writePID(0)

	return c.watch(ctx, p)
}

func (c *component) writePID(pid int) {
	path := c.m.state.Path("run", c.spec.Name+".pid")
	if pid == 0 {
		_ = os.Remove(path)
		return
	}

	_ = home.WriteFile(path, fmt.Appendln(nil, pid))
}

// await everything this component needs.
func (c *component) await(ctx context.Context) error {
	for {
		missing := c.m.unready(c.spec.Needs)
		if len(missing) == 0 {
			return ctx.Err()
		}

		c.set(StateWaiting, "for "+strings.Join(missing, ", "))

		if err := sleep(ctx, probeStarting); err != nil {
			return err
		}
	}
}

// idle until somebody needs this component.
func (c *component) idle(ctx context.Context) error {
	if c.spec.Hooks.Wanted == nil {
		return nil
	}

	c.set(StateIdle, c.spec.Idle)

	if err := c.spec.Hooks.Wanted(ctx); err != nil {
		return fmt.Errorf("cannot tell whether it is needed: %w", err)
	}

	c.set(StateStarting, "")

	return ctx.Err()
}

// watch a process, probing it, until it ends or the context is cancelled.
func (c *component) watch(ctx context.Context, p *process) error {
	ready, failures := false, 0

	for {
		interval := probeStarting
		if ready {
			interval = probeRunning
		}

		select {
		case <-ctx.Done():
			p.stop()
			return nil
		case <-p.done:
			return p.err
		case <-time.After(interval):
		}

		err := c.probe(ctx, ready)

		switch {
		case err == nil:
			ready, failures = true, 0

			c.set(StateReady, "")
		case !ready:
			// It's still starting; remember why it takes so long.
			c.update(func(s *Status) { s.Detail = err.Error() })
		default:
			failures++
			if failures >= probeFailures {
				c.set(StateNotReady, err.Error())
			}
		}
	}
}

func (c *component) probe(ctx context.Context, ready bool) error {
	if c.spec.Hooks.Probe != nil {
		pctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()

		if err := c.spec.Hooks.Probe(pctx); err != nil {
			return err
		}
	}

	if ready || c.spec.Hooks.After == nil {
		return nil
	}

	if err := c.spec.Hooks.After(ctx); err != nil {
		return fmt.Errorf("it runs, but cannot be set up: %w", err)
	}

	return nil
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// stop asks the process and everything it started to end, and kills them when
// they don't.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)

	select {
	case <-p.done:
	case <-time.After(stopGrace):
	}

	// Gitea's git processes are in its group.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// A starter starts all processes from one operating system thread that lives as
// long as the daemon. Linux sends a process its parent death signal when the
// *thread* that started it ends, and Go's threads may.
type starter struct{ requests chan func() }

func newStarter() *starter {
	s := &starter{requests: make(chan func())}

	go func() {
		runtime.LockOSThread()

		for fn := range s.requests {
			fn()
		}
	}()

	return s
}

func (s *starter) start(spec Spec, log io.Writer) (*process, error) {
	cmd := exec.Command(spec.Path, spec.Args...) //nolint:noctx // We stop it more gently than a context would.
	cmd.Dir = spec.Dir
	cmd.Env = append(baseEnv(), spec.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	// A daemon that is killed takes everything it started with it, so the next
	// one never meets a stray process on its ports.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second

	result := make(chan error)
	s.requests <- func() { result <- cmd.Start() }

	if err := <-result; err != nil {
		return nil, fmt.Errorf("cannot start %q: %w", filepath.Base(spec.Path), err)
	}

	p := &process{cmd: cmd, done: make(chan struct{})}

	go func() {
		defer close(p.done)

		err := cmd.Wait()
		p.err = errors.New("exited: " + cmd.ProcessState.String())

		if err != nil && cmd.ProcessState.Success() {
			p.err = fmt.Errorf("exited: %w", err)
		}
	}()

	return p, nil
}

// baseEnv is what a component inherits: nothing that would make it talk to
// another cluster or another Gitea.
func baseEnv() []string {
	var env []string

	for _, k := range []string{"PATH", "HOME", "USER", "LANG", "TMPDIR", "TZ"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}

	return env
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()

	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
