// Package tools builds the servers and programs the local control plane runs,
// each from its own Go module below hack/tools.
package tools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

// Kubectl is built when the machine has none.
const Kubectl = "kubectl"

const (
	keyLength = 12
	heartbeat = 15 * time.Second
)

// A Copy is a folder of a module that a program reads at run time. It's copied
// beside the program, so that cleaning Go's module cache doesn't break it.
type Copy struct {
	// Module the folder is in, unless it's the tool's.
	Module string `json:"module,omitempty"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// A Recipe says how to build the programs of one tool module.
type Recipe struct {
	// Name of the tool's folder below hack/tools.
	Name string `json:"name"`
	// Module whose version is the tool's.
	Module string `json:"module"`
	// Programs to build, by the name of the binary.
	Programs map[string]string `json:"programs"`
	Tags     string            `json:"tags,omitempty"`
	// Vars set string variables at link time. VERSION stands for the module's
	// version.
	Vars   map[string]string `json:"vars,omitempty"`
	Copies []Copy            `json:"copies,omitempty"`
	// Optional tools are only built when asked for.
	Optional bool `json:"-"`
}

// Recipes of all tools. The first ones take longest; a failure of theirs is
// best known early.
func Recipes() []Recipe {
	return []Recipe{
		{
			Name:     "etcd",
			Module:   "go.etcd.io/etcd/server/v3",
			Programs: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"},
		},
		{
			Name:   "kubernetes",
			Module: "k8s.io/kubernetes",
			Programs: map[string]string{
				"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
				"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
			},
			// Kubernetes derives emulated feature versions from this one, and
			// clients negotiate by it.
			Vars: map[string]string{
				"k8s.io/component-base/version.gitVersion": "VERSION",
			},
		},
		{
			Name:     "crossplane",
			Module:   "github.com/crossplane/crossplane/v2",
			Programs: map[string]string{"crossplane": "github.com/crossplane/crossplane/v2/cmd/crossplane"},
			Vars: map[string]string{
				// Packages state which Crossplane they need.
				"github.com/crossplane/crossplane-runtime/v2/pkg/version.version": "VERSION",
				// The RBAC manager serves metrics on :8080 and has no flag to
				// say otherwise. Two control planes on one machine would meet.
				"sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress": "0",
			},
			Copies: []Copy{
				{From: "cluster/crds", To: "crds"},
				{From: "cluster/webhookconfigurations", To: "webhookconfigurations"},
			},
		},
		{
			Name:     "gitea",
			Module:   "code.gitea.io/gitea",
			Programs: map[string]string{"gitea": "code.gitea.io/gitea"},
			Tags:     "sqlite,sqlite_unlock_notify",
			// Clients refuse features of a server that calls itself
			// "development".
			Vars:   map[string]string{"main.Version": "VERSION-without-v"},
			Copies: []Copy{{From: "options", To: "options"}, {From: "templates", To: "templates"}, {From: "public", To: "public"}},
		},
		{
			Name:     "crank",
			Module:   "github.com/crossplane/crossplane/v2",
			Programs: map[string]string{"crank": "github.com/crossplane/crossplane/v2/cmd/crank"},
			Vars:     map[string]string{"github.com/crossplane/crossplane/v2/internal/version.version": "VERSION"},
		},
		{
			Name:     "crane",
			Module:   "github.com/google/go-containerregistry",
			Programs: map[string]string{"crane": "github.com/google/go-containerregistry/cmd/crane"},
		},
		{
			// One module for both: they share two thirds of what they are
			// made of, and that is compiled once.
			Name:   "flux",
			Module: "github.com/fluxcd/kustomize-controller",
			Programs: map[string]string{
				"kustomize-controller": "github.com/fluxcd/kustomize-controller",
				"source-controller":    "github.com/fluxcd/source-controller",
			},
			Copies: []Copy{
				{From: "config/crd/bases", To: "crds/kustomize"},
				{Module: "github.com/fluxcd/source-controller", From: "config/crd/bases", To: "crds/source"},
			},
		},
		{
			// Debian's kubectl is years older than this API server.
			Name:     Kubectl,
			Module:   "k8s.io/kubernetes",
			Programs: map[string]string{Kubectl: "k8s.io/kubernetes/cmd/kubectl"},
			Vars:     map[string]string{"k8s.io/component-base/version.gitVersion": "VERSION"},
			Optional: true,
		},
		{
			Name:     "golangci-lint",
			Module:   "github.com/golangci/golangci-lint/v2",
			Programs: map[string]string{"golangci-lint": "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"},
			Vars:     map[string]string{"main.version": "VERSION"},
			Optional: true,
		},
		{
			Name:     "kuttl",
			Module:   "github.com/kudobuilder/kuttl",
			Programs: map[string]string{"kubectl-kuttl": "github.com/kudobuilder/kuttl/cmd/kubectl-kuttl"},
			Optional: true,
		},
		{
			Name:     "angryjet",
			Module:   "github.com/crossplane/crossplane-tools",
			Programs: map[string]string{"angryjet": "github.com/crossplane/crossplane-tools/cmd/angryjet"},
			Optional: true,
		},
		{Name: "patch-and-transform", Module: "github.com/crossplane-contrib/function-patch-and-transform", Programs: map[string]string{"patch-and-transform": "github.com/crossplane-contrib/function-patch-and-transform"}, Optional: true},
	}
}

// A Cache builds tools and remembers the result outside of the checkout, so
// that a fresh clone builds nothing again.
type Cache struct {
	// Modules is the hack/tools folder of the checkout.
	Modules string
	// Dir is where built tools are kept.
	Dir string
	// Out receives progress.
	Out io.Writer
	// Terminal says Out is a terminal, where a line can be drawn over.
	Terminal bool
}

// NewCache returns a Cache for the supplied checkout.
func NewCache(root string, h home.Home, out io.Writer, terminal bool) *Cache {
	return &Cache{Modules: filepath.Join(root, "hack", "tools"), Dir: h.Tools(), Out: out, Terminal: terminal}
}

// Select the recipes with the supplied names, or those a control plane needs
// when there are none.
func Select(names ...string) ([]Recipe, error) {
	all := Recipes()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(r Recipe) bool { return r.Optional }), nil
	}

	out := make([]Recipe, 0, len(names))

	for _, n := range names {
		i := slices.IndexFunc(all, func(r Recipe) bool {
			_, builds := r.Programs[n]
			return r.Name == n || builds
		})
		if i < 0 {
			return nil, fmt.Errorf("there is no tool %q; there are %s", n, strings.Join(recipeNames(all), ", "))
		}

		out = append(out, all[i])
	}

	return out, nil
}

func recipeNames(rs []Recipe) []string {
	out := make([]string, 0, len(rs))
	for _, r := range rs {
		out = append(out, r.Name)
	}

	return out
}

// Path of the named program, which must have been built.
func (c *Cache) Path(program string) (string, error) {
	rs, err := Select(program)
	if err != nil {
		return "", err
	}

	dir, err := c.Folder(rs[0])
	if err != nil {
		return "", err
	}

	if _, ok := rs[0].Programs[program]; !ok {
		program = firstProgram(rs[0])
	}

	p := filepath.Join(dir, program)
	if _, err := os.Stat(p); err != nil {
		return "", fmt.Errorf("%s is not built yet; run the tools command: %w", program, err)
	}

	return p, nil
}

func firstProgram(r Recipe) string {
	names := make([]string, 0, len(r.Programs))
	for n := range r.Programs {
		names = append(names, n)
	}

	slices.Sort(names)

	return names[0]
}

// Folder a tool's programs are in. It changes with the tool's module and the
// way it's built.
func (c *Cache) Folder(r Recipe) (string, error) {
	h := sha256.New()

	for _, f := range []string{"go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join(c.Modules, r.Name, f))
		if err != nil {
			return "", fmt.Errorf("cannot read the module of tool %q: %w", r.Name, err)
		}

		_, _ = h.Write(raw)
	}

	recipe, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("cannot encode the recipe of tool %q: %w", r.Name, err)
	}

	_, _ = h.Write(recipe)

	return filepath.Join(c.Dir, r.Name+"-"+hex.EncodeToString(h.Sum(nil))[:keyLength]), nil
}

// Ensure the supplied tools are built.
func (c *Cache) Ensure(ctx context.Context, rs []Recipe) error {
	missing := make([]Recipe, 0, len(rs))

	for _, r := range rs {
		dir, err := c.Folder(r)
		if err != nil {
			return err
		}

		if _, err := os.Stat(dir); err != nil {
			missing = append(missing, r)
		}
	}

	for i, r := range missing {
		if err := c.build(ctx, r, fmt.Sprintf("[%d/%d] %s", i+1, len(missing), r.Name)); err != nil {
			return fmt.Errorf("cannot build tool %q: %w", r.Name, err)
		}
	}

	return nil
}

// build a tool into a temporary folder, so that an interrupted build leaves
// nothing that looks like a tool.
func (c *Cache) build(ctx context.Context, r Recipe, label string) error {
	version, err := moduleVersion(filepath.Join(c.Modules, r.Name, "go.mod"), r.Module)
	if err != nil {
		return err
	}

	if err := os.MkdirAll(c.Dir, home.DirMode); err != nil {
		return fmt.Errorf("cannot create the tools directory: %w", err)
	}

	tmp, err := os.MkdirTemp(c.Dir, ".building-"+r.Name+"-*")
	if err != nil {
		return fmt.Errorf("cannot create a temporary directory: %w", err)
	}

	defer os.RemoveAll(tmp) //nolint:errcheck // It's gone already unless something failed.

	done := c.progress(label + " " + version)
	err = c.compile(ctx, r, version, tmp)
	done(err)

	if err != nil {
		return err
	}

	dir, err := c.Folder(r)
	if err != nil {
		return err
	}

	// Somebody else may have built it meanwhile; theirs is as good.
	if err := os.Rename(tmp, dir); err != nil && !exists(dir) {
		return fmt.Errorf("cannot move the build into place: %w", err)
	}

	return nil
}

func (c *Cache) compile(ctx context.Context, r Recipe, version, into string) error {
	names := make([]string, 0, len(r.Programs))
	for n := range r.Programs {
		names = append(names, n)
	}

	slices.Sort(names)

	for _, n := range names {
		args := []string{"build", "-mod=readonly", "-trimpath", "-ldflags", ldflags(r, version), "-o", filepath.Join(into, n)}
		if r.Tags != "" {
			args = append(args, "-tags", r.Tags)
		}

		if _, err := c.run(ctx, r, append(args, r.Programs[n])...); err != nil {
			return err
		}
	}

	for _, cp := range r.Copies {
		module := r.Module
		if cp.Module != "" {
			module = cp.Module
		}

		out, err := c.run(ctx, r, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module)
		if err != nil {
			return err
		}

		if err := copyTree(filepath.Join(strings.TrimSpace(out), cp.From), filepath.Join(into, cp.To)); err != nil {
			return err
		}
	}

	return nil
}

func ldflags(r Recipe, version string) string {
	fs := []string{"-s", "-w"}

	keys := make([]string, 0, len(r.Vars))
	for k := range r.Vars {
		keys = append(keys, k)
	}

	slices.Sort(keys)

	for _, k := range keys {
		v := strings.ReplaceAll(r.Vars[k], "VERSION-without-v", strings.TrimPrefix(version, "v"))
		fs = append(fs, "-X", k+"="+strings.ReplaceAll(v, "VERSION", version))
	}

	return strings.Join(fs, " ")
}

func (c *Cache) run(ctx context.Context, r Recipe, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(c.Modules, r.Name)
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")

	var stdout, stderr bytes.Buffer

	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}

	return stdout.String(), nil
}

// progress shows that something takes its time, until the returned function is
// called.
func (c *Cache) progress(label string) func(error) {
	start := time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	every := heartbeat

	if c.Terminal {
		every = time.Second
	} else {
		c.printf("    %s: building\n", label)
	}

	go func() {
		defer close(stopped)

		t := time.NewTicker(every)
		defer t.Stop()

		for {
			select {
			case <-stop:
				return
			case <-t.C:
				c.tick(label, start)
			}
		}
	}()

	return func(err error) {
		close(stop)
		<-stopped

		if c.Terminal {
			c.printf("\r\033[K")
		}

		if err == nil {
			c.printf("    %s: built in %s\n", label, time.Since(start).Round(time.Second))
		}
	}
}

func (c *Cache) tick(label string, start time.Time) {
	d := time.Since(start).Round(time.Second)
	if c.Terminal {
		c.printf("\r\033[K    %s: building, %s", label, d)
		return
	}

	c.printf("    %s: still building after %s\n", label, d)
}

func (c *Cache) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.Out, format, args...) }

// moduleVersion finds which version of a module a go.mod requires.
func moduleVersion(gomod, module string) (string, error) {
	raw, err := os.ReadFile(gomod)
	if err != nil {
		return "", fmt.Errorf("cannot read a tool's module: %w", err)
	}

	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) >= 2 && f[0] == module && strings.HasPrefix(f[1], "v") {
			return f[1], nil
		}
	}

	return "", fmt.Errorf("%q requires no version of %q", gomod, module)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// copyTree copies a folder of the read-only module cache to one that can be
// deleted.
func copyTree(from, to string) error {
	if !exists(from) {
		return errors.New("the module has no folder " + from)
	}

	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return fmt.Errorf("cannot copy %q: %w", from, err)
	}

	return nil
}
