package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/plane"
	"github.com/openova-io/catalyst/hack/local/internal/preflight"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
	"github.com/openova-io/catalyst/hack/local/internal/programs"
	"github.com/openova-io/catalyst/hack/local/internal/tools"
	"github.com/openova-io/catalyst/hack/local/internal/xpkg"
)

const (
	waitInterval = 150 * time.Millisecond
	heartbeat    = 15 * time.Second
	logLines     = 12
)

// errReported ends the program with an exit status only.
var errReported = errors.New("it was reported")

type upCmd struct {
	Timeout time.Duration `default:"4m" help:"How long to wait for everything to be ready, once it's built."`
}

// Run brings the control plane up.
func (c *upCmd) Run(ctx context.Context, a *app) error {
	start := time.Now()

	root, err := a.root()
	if err != nil {
		return err
	}

	a.stepf("Checking this machine")

	if err := preflight.Install(ctx, a.out, preflight.Missing(preflight.Requirements())); err != nil {
		return err
	}

	a.stepf("Tools")

	cache := tools.NewCache(root, a.home, a.out, a.terminal)

	cfg, err := a.configure(ctx, root, cache)
	if err != nil {
		return err
	}

	a.stepf("Servers")

	// The servers take their time to start, and Go takes its time to build;
	// they overlap nicely.
	client := plane.NewClient(a.state)
	if err := a.start(ctx, client, cfg); err != nil {
		return err
	}

	a.stepf("Functions, providers and packages")

	if err := a.build(ctx, root, &cfg); err != nil {
		return err
	}

	if err := a.save(cfg); err != nil {
		return err
	}

	if err := client.Reload(ctx); err != nil {
		return err
	}

	wctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()

	if err := a.awaitComponents(wctx, client, plane.APIServer, plane.Crossplane, plane.Registry); err != nil {
		return err
	}

	a.stepf("Installing %s", xpkg.Source("catalyst"))

	if err := a.install(wctx, client, root, cfg); err != nil {
		return err
	}

	if err := a.awaitComponents(wctx, client); err != nil {
		return err
	}

	if err := a.connect(wctx, cfg); err != nil {
		return err
	}

	a.printf("\nReady in %s.\n\n", time.Since(start).Round(time.Second/10))
	a.next(cfg)

	return nil
}

func (a *app) stepf(format string, args ...any) { a.printf("==> "+format+"\n", args...) }

// configure builds the tools and describes the control plane, without what is
// built from this checkout.
func (a *app) configure(ctx context.Context, root string, cache *tools.Cache) (plane.Config, error) {
	rs, err := tools.Select()
	if err != nil {
		return plane.Config{}, err
	}

	if _, err := exec.LookPath(tools.Kubectl); err != nil {
		k, err := tools.Select(tools.Kubectl)
		if err != nil {
			return plane.Config{}, err
		}

		rs = append(rs, k...)
	}

	if err := cache.Ensure(ctx, rs); err != nil {
		return plane.Config{}, err
	}

	base, err := a.base()
	if err != nil {
		return plane.Config{}, err
	}

	cfg := plane.Config{Name: a.state.Name, PortBase: base, Root: root, Programs: map[string]string{}, Folders: map[string]string{}}

	for _, r := range rs {
		dir, err := cache.Folder(r)
		if err != nil {
			return plane.Config{}, err
		}

		cfg.Folders[r.Name] = dir

		for n := range r.Programs {
			cfg.Programs[n] = filepath.Join(dir, n)
		}
	}

	self, err := os.Executable()
	if err != nil {
		return plane.Config{}, fmt.Errorf("cannot find our own program: %w", err)
	}

	raw, err := os.ReadFile(self)
	if err != nil {
		return plane.Config{}, fmt.Errorf("cannot read our own program: %w", err)
	}

	sum := sha256.Sum256(raw)
	cfg.Daemon = hex.EncodeToString(sum[:8])

	// The daemon outlives us, and "go run" deletes us.
	copied := a.daemonPath(cfg)
	a.forgetDaemons(copied)

	if _, err := os.Stat(copied); err == nil {
		return cfg, nil
	}

	if err := home.WriteFile(copied, raw); err != nil {
		return plane.Config{}, err
	}

	return cfg, os.Chmod(copied, 0o700) //nolint:gosec // It must be executable.
}

// forgetDaemons deletes copies of ourselves that no start can want any more. A
// daemon that still runs from one doesn't need the file.
func (a *app) forgetDaemons(except string) {
	old, err := filepath.Glob(filepath.Join(a.home.Programs(), "local-*"))
	if err != nil {
		return
	}

	for _, p := range old {
		if fi, err := os.Stat(p); err == nil && p != except && time.Since(fi.ModTime()) > time.Hour {
			_ = os.Remove(p)
		}
	}
}

func (a *app) daemonPath(cfg plane.Config) string {
	return filepath.Join(a.home.Programs(), "local-"+cfg.Daemon)
}

func (a *app) save(cfg plane.Config) error {
	return home.WriteJSON(a.state.Config(), cfg)
}

// start the daemon, or replace it if another build of it is running.
func (a *app) start(ctx context.Context, client *plane.Client, cfg plane.Config) error {
	old, had, err := plane.Load(a.state)
	if err != nil {
		return err
	}

	if client.Running() {
		if old.Daemon == cfg.Daemon {
			return nil
		}

		a.printf("    the local control plane's own program changed; restarting everything\n")

		if err := client.Stop(ctx); err != nil {
			return fmt.Errorf("cannot stop the running daemon: %w", err)
		}
	}

	// What was built last time can start before we know whether it changed.
	if had {
		cfg.Functions, cfg.Providers, cfg.Packages = existing(old.Functions), existing(old.Providers), old.Packages
		if old.HcloudSim != nil && len(existing([]plane.Program{*old.HcloudSim})) > 0 {
			cfg.HcloudSim = old.HcloudSim
		}
	}

	ls := make([]preflight.Listener, 0, len(cfg.Listeners()))
	for _, l := range cfg.Listeners() {
		ls = append(ls, preflight.Listener(l))
	}

	if err := preflight.Ports(ctx, ls); err != nil {
		return err
	}

	if err := a.save(cfg); err != nil {
		return err
	}

	if err := client.Start(ctx, a.daemonPath(cfg), a.home.Dir); err != nil {
		return fmt.Errorf("%w\n%s", err, a.tail("daemon"))
	}

	return nil
}

func existing(ps []plane.Program) []plane.Program {
	return slices.DeleteFunc(slices.Clone(ps), func(p plane.Program) bool {
		_, err := os.Stat(p.Path)
		return err != nil
	})
}

// build this checkout's programs and packages into the configuration.
func (a *app) build(ctx context.Context, root string, cfg *plane.Config) error {
	b := &xpkg.Builder{Root: root, Crank: cfg.Programs["crank"], Into: a.home.Packages()}

	type result struct {
		packages []plane.Package
		err      error
	}

	built := make(chan result, 1)

	go func() {
		ps, err := b.Build(ctx)
		built <- result{ps, err}
	}()

	fs, ps, sim, err := a.programs(ctx, root)
	r := <-built

	if err := errors.Join(err, r.err); err != nil {
		return err
	}

	cfg.HcloudSim = sim

	for _, p := range slices.Concat(fs, ps) {
		if !slices.ContainsFunc(r.packages, func(q plane.Package) bool { return q.Name == p.Name }) {
			return fmt.Errorf("%s has no package below package/, so nothing would install it", p.Name)
		}
	}

	cfg.Functions, cfg.Providers, cfg.Packages = fs, ps, r.packages

	return nil
}

// programs builds every function and provider of the checkout, and the stand-in
// for Hetzner's API.
func (a *app) programs(ctx context.Context, root string) (functions, providers []plane.Program, sim *plane.Program, err error) {
	composers, err := filepath.Glob(filepath.Join(root, "functions", "*", "fn.go"))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("cannot find functions: %w", err)
	}

	cmds, err := filepath.Glob(filepath.Join(root, "providers", "*", "cmd", "provider", "main.go"))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("cannot find providers: %w", err)
	}

	// One program serves any of the functions: its code is in memory once.
	const all = "function-catalyst"

	mains := map[string]string{all: "./functions", plane.HcloudSim: "./test/hcloudsim/cmd/hcloudsim"}

	for _, m := range cmds {
		rel, err := filepath.Rel(root, filepath.Dir(m))
		if err != nil {
			return nil, nil, nil, fmt.Errorf("cannot find providers: %w", err)
		}

		mains[strings.Split(rel, string(filepath.Separator))[1]] = "./" + rel
	}

	b := &programs.Builder{Root: root, Into: a.home.Programs(), InUse: a.mentioned}

	built, err := b.Build(ctx, mains)
	if err != nil {
		return nil, nil, nil, err
	}

	program := func(name, from string, args ...string) plane.Program {
		return plane.Program{Name: name, Path: built[from].Path, Fingerprint: built[from].Fingerprint, Args: args}
	}

	for _, c := range composers {
		concept := filepath.Base(filepath.Dir(c))
		functions = append(functions, program("function-catalyst-"+concept, all, concept))
	}

	for _, name := range slices.Sorted(maps.Keys(mains)) {
		if strings.HasPrefix(name, "provider-") {
			providers = append(providers, program(name, name))
		}
	}

	p := program(plane.HcloudSim, plane.HcloudSim)

	return functions, providers, &p, nil
}

// mentioned tells whether a control plane's configuration names a folder of
// programs.
func (a *app) mentioned(folder string) bool {
	configs, err := filepath.Glob(a.home.State("*").Config())
	if err != nil {
		return true
	}

	return slices.ContainsFunc(configs, func(path string) bool {
		raw, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(raw), folder)
	})
}

// awaitComponents waits for the named components, or for all of them.
func (a *app) awaitComponents(ctx context.Context, client *plane.Client, names ...string) error {
	said := time.Now()

	for {
		st, err := client.Status(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%w\n%s", err, a.tail("daemon"))
		}

		var waiting []proc.Status

		for _, c := range st.Components {
			if len(names) > 0 && !slices.Contains(names, c.Name) {
				continue
			}

			if !c.Settled() {
				waiting = append(waiting, c)
			}
		}

		if err == nil && len(waiting) == 0 {
			return nil
		}

		if time.Since(said) > heartbeat {
			said = time.Now()

			for _, c := range waiting {
				a.printf("    still waiting for %s: %s %s\n", c.Name, c.State, c.Detail)
			}
		}

		select {
		case <-ctx.Done():
			return a.explain(waiting, ctx.Err())
		case <-time.After(waitInterval):
		}
	}
}

// explain why components aren't ready.
func (a *app) explain(waiting []proc.Status, cause error) error {
	var b strings.Builder

	for _, c := range waiting {
		_, _ = fmt.Fprintf(&b, "\n%s is %s %s\n", c.Name, c.State, c.Detail)

		// Who only waits for another has nothing to tell.
		if c.State != proc.StateWaiting {
			_, _ = fmt.Fprint(&b, a.tail(c.Name))
		}
	}

	return fmt.Errorf("gave up waiting: %w\n%s", cause, b.String())
}

// tail is the end of a component's log.
func (a *app) tail(component string) string {
	path := a.state.Log(component)

	raw, err := os.ReadFile(path)
	if err != nil || len(raw) == 0 {
		return ""
	}

	lines := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")

	return "last lines of " + path + ":\n    " + strings.Join(lines[max(0, len(lines)-logLines):], "\n    ") + "\n"
}
