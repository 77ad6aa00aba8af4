package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/plane"
	"github.com/openova-io/catalyst/hack/local/internal/tools"
	"github.com/openova-io/catalyst/hack/local/internal/xpkg"
)

const (
	mebi          = 1 << 20
	kibi          = 1 << 10
	statusTimeout = 5 * time.Second
	columnGap     = 2
)

// next tells what to do with a control plane that is up.
func (a *app) next(cfg plane.Config) {
	p := cfg.Ports()
	w := tabwriter.NewWriter(a.out, 0, 0, columnGap, ' ', 0)

	_, _ = fmt.Fprintf(w, "Kubernetes\thttps://%s\n", home.Addr(p.APIServer()))
	_, _ = fmt.Fprintf(w, "Gitea\thttp://%s\tuser %s, password in %s\n", home.Addr(p.Gitea()), plane.GiteaUser, a.state.Path("secrets", "gitea-password"))
	_, _ = fmt.Fprintf(w, "Gitea SSH\tssh://git@%s\n", home.Addr(p.SSH()))
	_, _ = fmt.Fprintf(w, "PowerDNS API\thttp://%s\tkey in %s\n", home.Addr(p.PowerDNS()), a.state.Path("secrets", "powerdns-api-key"))
	_, _ = fmt.Fprintf(w, "DNS\t%s\tdig @127.0.0.1 -p %d <name>\n", home.Addr(p.DNS()), p.DNS())
	_, _ = fmt.Fprintf(w, "Hetzner\thttp://%s\ta stand-in; what exists: curl http://%s/_sim/dump\n", home.Addr(p.HcloudSim()), home.Addr(p.HcloudSim()))
	_ = w.Flush()

	a.printf("\nexport KUBECONFIG=%s\n", a.state.Kubeconfig())

	if dir, ok := cfg.Folders[tools.Kubectl]; ok {
		a.printf("export PATH=%s:$PATH   # this machine has no kubectl of its own\n", dir)
	}

	a.printf("\n")
	a.printf("Next:\n  kubectl apply -f examples/quickstart   an Organization and its first Application\n")
	a.printf("  make demo                              the same, watched and explained\n")
	a.printf("  make status                            what runs, and what doesn't\n")
}

type statusCmd struct{}

// Run shows the control plane's status.
func (c *statusCmd) Run(ctx context.Context, a *app) error {
	client := plane.NewClient(a.state)

	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()

	st, err := client.Status(ctx)
	if errors.Is(err, plane.ErrNotRunning) {
		a.printf("Control plane %q isn't running. Start it with: make up\n", a.state.Name)
		return errReported
	}

	if err != nil {
		return err
	}

	healthy := a.components(st)
	a.printf("\n")

	if !a.packages(ctx, st.Config) || !healthy {
		return errReported
	}

	return nil
}

func (a *app) components(st plane.Status) bool {
	healthy, total := true, memory(st.PID)

	w := tabwriter.NewWriter(a.out, 0, 0, columnGap, ' ', 0)
	_, _ = fmt.Fprintln(w, "COMPONENT\tSTATE\tPID\tPORT\tRESTARTS\tMEMORY\tDETAIL")
	_, _ = fmt.Fprintf(w, "daemon\tReady\t%d\t\t0\t%s\t\n", st.PID, size(memory(st.PID)))

	for _, c := range st.Components {
		m := memory(c.PID)
		total += m
		detail := c.Detail

		if detail == "" && c.LastExit != "" {
			detail = "last time it " + c.LastExit
		}

		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", c.Name, c.State, number(c.PID), number(c.Port), c.Restarts, size(m), detail)

		if !c.Settled() {
			healthy = false
		}
	}

	_, _ = fmt.Fprintf(w, "total\t\t\t\t\t%s\t\n", size(total))
	_ = w.Flush()

	return healthy
}

func (a *app) packages(ctx context.Context, cfg plane.Config) bool {
	k, err := kube.New(a.state.Kubeconfig())
	if err != nil {
		a.printf("Packages are unknown: %v\n", err)
		return false
	}

	healthy := true
	w := tabwriter.NewWriter(a.out, 0, 0, columnGap, ' ', 0)

	_, _ = fmt.Fprintln(w, "PACKAGE\tINSTALLED\tHEALTHY\tVERSION\tDETAIL")

	problems, err := packageProblems(ctx, k, cfg.Packages)
	if err != nil {
		a.printf("Packages are unknown: %v\n", err)
		return false
	}

	for _, kind := range []string{kindConfig, "Provider", "Function"} {
		l, err := k.List(ctx, pkgAPI, kind)
		if err != nil {
			a.printf("Packages are unknown: %v\n", err)
			return false
		}

		for i := range l {
			inst, _ := kube.GetCondition(&l[i], "Installed")
			heal, _ := kube.GetCondition(&l[i], "Healthy")
			ref, _, _ := strings.Cut(fmt.Sprint(l[i].Object["spec"].(map[string]any)["package"]), "@")
			version := ref[strings.LastIndex(ref, ":")+1:]
			detail := ""

			for _, p := range cfg.Packages {
				if p.Kind == kind && objectName(p) == l[i].GetName() {
					detail = problems[p.Name]
				}
			}

			_, _ = fmt.Fprintf(w, "%s/%s\t%s\t%s\t%s\t%s\n", strings.ToLower(kind), l[i].GetName(), inst.Status, heal.Status, version, detail)

			if inst.Status != condTrue || heal.Status != condTrue {
				healthy = false
			}
		}
	}

	_ = w.Flush()

	return healthy && len(problems) == 0
}

func number(n int) string {
	if n == 0 {
		return "-"
	}

	return strconv.Itoa(n)
}

func size(n int64) string {
	if n == 0 {
		return "-"
	}

	return fmt.Sprintf("%d MiB", n/mebi)
}

// memory a process uses: its own, and its share of what it has in common with
// others, so that a sum counts a program that runs twice once.
// Source: https://docs.kernel.org/filesystems/proc.html, smaps_rollup.
func memory(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}

	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "Pss:" {
			continue
		}

		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return 0
		}

		return n * kibi
	}

	return 0
}

type logsCmd struct {
	Follow    bool   `help:"Keep printing what's added."                     short:"f"`
	Lines     int    `default:"50"                                           help:"How many lines to print." short:"n"`
	Component string `arg:""                                                 help:"Component to show. Lists the components when there's none." optional:""`
}

// Run shows a log.
func (c *logsCmd) Run(ctx context.Context, a *app) error {
	if c.Component == "" {
		files, err := filepath.Glob(filepath.Join(a.state.Logs(), "*.log"))
		if err != nil {
			return fmt.Errorf("cannot find logs: %w", err)
		}

		for _, f := range files {
			a.printf("%s\t%s\n", strings.TrimSuffix(filepath.Base(f), ".log"), f)
		}

		return nil
	}

	f, err := os.Open(a.state.Log(filepath.Base(c.Component)))
	if err != nil {
		return fmt.Errorf("component %q has no log; run logs without a name to list them: %w", c.Component, err)
	}

	defer f.Close() //nolint:errcheck // It's only read.

	raw, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("cannot read the log: %w", err)
	}

	lines := strings.SplitAfter(string(raw), "\n")
	a.printf("%s", strings.Join(lines[max(0, len(lines)-c.Lines-1):], ""))

	for c.Follow && ctx.Err() == nil {
		if _, err := io.Copy(a.out, f); err != nil {
			return fmt.Errorf("cannot read the log: %w", err)
		}

		select {
		case <-ctx.Done():
		case <-time.After(installDelay):
		}
	}

	return nil
}

type downCmd struct {
	Keep bool `help:"Keep the state, so that the next start continues where this one ended."`
}

// Run stops the control plane.
func (c *downCmd) Run(ctx context.Context, a *app) error {
	client := plane.NewClient(a.state)

	if client.Running() {
		a.printf("Stopping control plane %q\n", a.state.Name)

		if err := client.Stop(ctx); err != nil {
			return fmt.Errorf("cannot stop the control plane: %w", err)
		}
	}

	if c.Keep {
		a.printf("Its state stays in %s\n", a.state.Dir)
		return nil
	}

	if !a.state.Exists() {
		a.printf("Control plane %q isn't there\n", a.state.Name)
		return nil
	}

	a.printf("Deleting its state in %s: the cluster, Git repositories, DNS zones, certificates and logs. Built programs stay.\n", a.state.Dir)

	return remove(a.state.Dir)
}

// remove a directory tree, read-only folders included.
func remove(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cannot delete %q: %w", dir, err)
	}

	return nil
}

type cleanCmd struct{}

// Run removes everything the local control plane ever made.
func (c *cleanCmd) Run(ctx context.Context, a *app) error {
	states, err := filepath.Glob(filepath.Join(a.home.States(), "*"))
	if err != nil {
		return fmt.Errorf("cannot find control planes: %w", err)
	}

	for _, s := range states {
		if err := plane.NewClient(a.home.State(filepath.Base(s))).Stop(ctx); err != nil {
			return fmt.Errorf("cannot stop control plane %q: %w", filepath.Base(s), err)
		}
	}

	a.printf("Deleting %s: all control planes and built programs\n", a.home.Dir)

	// The directory itself may hold other things of the user's.
	for _, d := range []string{a.home.States(), a.home.Tools(), a.home.Programs(), a.home.Packages()} {
		if err := remove(d); err != nil {
			return err
		}
	}

	return nil
}

type envCmd struct{}

// Run prints shell variables.
func (c *envCmd) Run(a *app) error {
	base, err := a.base()
	if err != nil {
		return err
	}

	p := home.Ports{Base: base}
	vars := map[string]string{
		"KUBECONFIG":                   a.state.Kubeconfig(),
		"CATALYST_NAME":                a.state.Name,
		"CATALYST_STATE":               a.state.Dir,
		"CATALYST_GITEA_URL":           "http://" + home.Addr(p.Gitea()),
		"CATALYST_GITEA_SSH_PORT":      strconv.Itoa(p.SSH()),
		"CATALYST_GITEA_USER":          plane.GiteaUser,
		"CATALYST_POWERDNS_URL":        "http://" + home.Addr(p.PowerDNS()),
		"CATALYST_DNS_PORT":            strconv.Itoa(p.DNS()),
		"CATALYST_REGISTRY":            home.Addr(p.Registry()),
		"CATALYST_HCLOUD_URL":          "http://" + home.Addr(p.HcloudSim()),
		"CATALYST_HCLOUD_TOKEN_FILE":   a.state.Path("secrets", "hcloud-token"),
		"CATALYST_GITEA_TOKEN_FILE":    a.state.Path("secrets", "gitea-token"),
		"CATALYST_GITEA_PASSWORD_FILE": a.state.Path("secrets", "gitea-password"),
		"CATALYST_POWERDNS_KEY_FILE":   a.state.Path("secrets", "powerdns-api-key"),
	}

	cfg, _, err := plane.Load(a.state)
	if err != nil {
		return err
	}

	for _, n := range slices.Sorted(maps.Keys(vars)) {
		a.printf("export %s='%s'\n", n, vars[n])
	}

	if dir, ok := cfg.Folders[tools.Kubectl]; ok {
		a.printf("export PATH='%s':\"$PATH\"\n", dir)
	}

	return nil
}

type packagesCmd struct {
	Output  string `default:"_output/packages" help:"Directory to build into."                                                   short:"o"`
	Version string `help:"Version of all packages. By default each package's version is derived from its content." placeholder:"vX.Y.Z"`
}

// Run builds packages.
func (c *packagesCmd) Run(ctx context.Context, a *app) error {
	root, err := a.root()
	if err != nil {
		return err
	}

	cache, err := a.cache()
	if err != nil {
		return err
	}

	rs, err := tools.Select("crank")
	if err != nil {
		return err
	}

	if err := cache.Ensure(ctx, rs); err != nil {
		return err
	}

	crank, err := cache.Path("crank")
	if err != nil {
		return err
	}

	b := &xpkg.Builder{Root: root, Crank: crank, Into: c.Output, Version: c.Version}

	ps, err := b.Build(ctx)
	if err != nil {
		return err
	}

	for _, p := range ps {
		a.printf("%s\t%s\n", p.File, p.Ref())
	}

	return nil
}
