// Package main is Catalyst's local control plane: a real API server with real
// Crossplane, PowerDNS and Gitea, and this checkout's packages, all as plain
// processes of the user who runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/plane"
	"github.com/openova-io/catalyst/hack/local/internal/tools"
)

const modulePath = "github.com/openova-io/catalyst"

type cli struct {
	Home     string `env:"CATALYST_HOME"                help:"Directory of tools and state. Defaults to catalyst in the user's cache directory." placeholder:"DIR"`
	Name     string `default:"local"                    env:"CATALYST_NAME"                                                                      help:"Name of the control plane. Each has its own state and ports."`
	PortBase int    `env:"CATALYST_PORT_BASE"           help:"First of the thousand ports the control plane uses. Defaults to 16000 for the control plane named local, 17000 for test, 18000 for others." placeholder:"PORT"`
	Root     string `help:"Directory of the checkout. Defaults to the one around the working directory." placeholder:"DIR"`

	Up        upCmd        `cmd:"" help:"Start the control plane and install this checkout's packages. Converges when it runs already."`
	Status    statusCmd    `cmd:"" help:"Show what runs, what doesn't and why."`
	Logs      logsCmd      `cmd:"" help:"Show a component's log."`
	Down      downCmd      `cmd:"" help:"Stop the control plane and delete its state."`
	Clean     cleanCmd     `cmd:"" help:"Stop all control planes and delete all state and built tools."`
	Env       envCmd       `cmd:"" help:"Print the control plane's addresses as shell variables."`
	Tools     toolsCmd     `cmd:"" help:"Build tools."`
	Packages  packagesCmd  `cmd:"" help:"Build this checkout's packages."`
	Supervise superviseCmd `cmd:"" help:"Supervise the control plane."                                                                         hidden:""`
}

// An app is what all commands share.
type app struct {
	home     home.Home
	state    home.State
	rootFlag string
	portBase int
	out      io.Writer
	terminal bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	c := &cli{}
	k := kong.Parse(c, kong.Name("local"), kong.Description("Catalyst's local control plane."), kong.UsageOnError())

	a, err := newApp(c)
	k.FatalIfErrorf(err)

	k.BindTo(ctx, (*context.Context)(nil))

	if err := k.Run(a); err != nil {
		stop()

		// An unhealthy control plane was reported in full already.
		if !errors.Is(err, errReported) {
			_, _ = fmt.Fprintf(os.Stderr, "\nerror: %v\n", err)
		}

		os.Exit(1) //nolint:gocritic // The deferred call was made above.
	}
}

func newApp(c *cli) (*app, error) {
	h, err := home.New(c.Home)
	if err != nil {
		return nil, err
	}

	if strings.ContainsAny(c.Name, "/. ") || c.Name == "" {
		return nil, fmt.Errorf("%q can't be a control plane's name; use letters and digits", c.Name)
	}

	fi, err := os.Stdout.Stat()
	terminal := err == nil && fi.Mode()&os.ModeCharDevice != 0

	return &app{home: h, state: h.State(c.Name), rootFlag: c.Root, portBase: c.PortBase, out: os.Stdout, terminal: terminal}, nil
}

// root finds the checkout around the working directory.
func (a *app) root() (string, error) {
	dir, err := filepath.Abs(a.rootFlag)
	if err != nil {
		return "", fmt.Errorf("cannot resolve the checkout's directory: %w", err)
	}

	for {
		raw, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(raw), "module "+modulePath+"\n") {
			return dir, nil
		}

		if dir == filepath.Dir(dir) {
			return "", errors.New("this isn't a checkout of Catalyst; change to one, or name it with --root")
		}

		dir = filepath.Dir(dir)
	}
}

// base of the control plane's ports: what was asked for, or what it uses
// already, or the default.
func (a *app) base() (int, error) {
	if a.portBase != 0 {
		return a.portBase, nil
	}

	cfg, ok, err := plane.Load(a.state)
	if err != nil {
		return 0, err
	}

	if ok {
		return cfg.PortBase, nil
	}

	return home.DefaultBase(a.state.Name), nil
}

func (a *app) cache() (*tools.Cache, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}

	return tools.NewCache(root, a.home, a.out, a.terminal), nil
}

func (a *app) printf(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format, args...) }

type superviseCmd struct{}

// Run the daemon.
func (c *superviseCmd) Run(ctx context.Context, a *app) error {
	return plane.NewDaemon(a.state, os.Stderr).Run(ctx)
}

type toolsCmd struct {
	Path  bool     `help:"Print the path of the named tool, building it if necessary."`
	Names []string `arg:""                                                             help:"Tools to build. Defaults to those a control plane needs." optional:""`
}

// Run builds tools.
func (c *toolsCmd) Run(ctx context.Context, a *app) error {
	cache, err := a.cache()
	if err != nil {
		return err
	}

	if c.Path {
		cache.Out = os.Stderr
		cache.Terminal = false
	}

	rs, err := tools.Select(c.Names...)
	if err != nil {
		return err
	}

	if err := cache.Ensure(ctx, rs); err != nil {
		return err
	}

	if !c.Path {
		return nil
	}

	for _, n := range c.Names {
		p, err := cache.Path(n)
		if err != nil {
			return err
		}

		a.printf("%s\n", p)
	}

	return nil
}
