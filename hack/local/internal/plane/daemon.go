package plane

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/openova-io/catalyst/hack/local/internal/extruntime"
	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

const readHeaderTimeout = 10 * time.Second

// A plan is the control plane that one configuration describes. It never
// changes; a changed configuration makes another plan.
type plan struct {
	state   home.State
	cfg     Config
	secrets *sync.Mutex
	// flux is held while Flux's kinds and accounts are applied.
	flux *sync.Mutex

	// kubeReady is called each time the API server is ready to be used.
	kubeReady func(k *kube.Client)
}

// specs of all components that aren't packages.
func (d *plan) specs() []proc.Spec {
	return []proc.Spec{
		d.etcd(),
		d.apiServer(),
		d.controllerManager(),
		d.crossplane(),
		d.rbacManager(),
		d.registry(),
		d.powerDNS(),
		d.gitea(),
		d.sourceController(),
		d.kustomizeController(),
	}
}

// Status of a control plane.
type Status struct {
	PID        int           `json:"pid"`
	Config     Config        `json:"config"`
	Components []proc.Status `json:"components"`
}

// A Daemon supervises a control plane.
type Daemon struct {
	state   home.State
	log     io.Writer
	mgr     *proc.Manager
	secrets sync.Mutex
	flux    sync.Mutex

	mu          sync.Mutex
	plan        *plan
	runtime     *extruntime.Runtime
	stopRuntime func()
	stop        context.CancelFunc
}

// NewDaemon returns a Daemon that logs to the supplied writer.
func NewDaemon(s home.State, log io.Writer) *Daemon {
	return &Daemon{state: s, log: log, mgr: proc.NewManager(s, log), stopRuntime: func() {}}
}

// Run until the context is cancelled or somebody asks the daemon to stop.
func (d *Daemon) Run(ctx context.Context) error {
	lock, err := Acquire(d.state)
	if err != nil {
		return err
	}

	defer lock.Close() //nolint:errcheck // It's released by our end at the latest.

	ctx, d.stop = context.WithCancel(ctx)
	defer d.stop()

	// Components end in an order of their own, not all at once with us.
	lctx := context.WithoutCancel(ctx)
	if err := d.load(lctx); err != nil {
		return err
	}

	_ = os.Remove(d.state.Socket())

	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", d.state.Socket())
	if err != nil {
		return fmt.Errorf("cannot listen for commands: %w", err)
	}

	srv := &http.Server{Handler: d.handler(lctx), ReadHeaderTimeout: readHeaderTimeout}

	go func() { _ = srv.Serve(l) }()

	<-ctx.Done()

	// The package runtime goes first: it would start again what we stop.
	d.mu.Lock()
	stopRuntime := d.stopRuntime
	d.mu.Unlock()

	stopRuntime()
	d.mgr.Stop()

	_ = srv.Close()

	return nil
}

// Acquire the right to be the daemon of a control plane.
func Acquire(s home.State) (io.Closer, error) {
	f, err := os.OpenFile(s.Lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the daemon's lock: %w", err)
	}

	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another daemon supervises control plane %q: %w", s.Name, err)
	}

	return f, nil
}

// load the configuration and make it so.
func (d *Daemon) load(ctx context.Context) error {
	cfg, ok, err := Load(d.state)
	if err != nil {
		return err
	}

	if !ok {
		return fmt.Errorf("control plane %q has no configuration", d.state.Name)
	}

	p := &plan{state: d.state, cfg: cfg, secrets: &d.secrets, flux: &d.flux}
	p.kubeReady = func(k *kube.Client) { d.startRuntime(ctx, k) }

	if err := p.preparePKI(); err != nil {
		return err
	}

	d.mu.Lock()
	d.plan = p
	rt := d.runtime
	d.mu.Unlock()

	specs := p.specs()

	if cfg.HcloudSim != nil {
		s, err := p.hcloudSim(*cfg.HcloudSim)
		if err != nil {
			return err
		}

		specs = append(specs, s)
	}

	for _, s := range specs {
		d.mgr.Ensure(ctx, s)
	}

	if rt != nil {
		rt.Kick()
	}

	return nil
}

// startRuntime starts the package runtime the first time the API server is
// ready. Crossplane itself may not be there yet; the runtime waits.
func (d *Daemon) startRuntime(ctx context.Context, k *kube.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()

	if d.runtime != nil {
		d.runtime.Kick()
		return
	}

	d.runtime = extruntime.New(extruntime.Options{
		Kube:       k,
		Supervisor: d.mgr,
		State:      d.state,
		Namespace:  Namespace,
		CASecret:   rootCASecret,
		Log:        d.log,
		Programs:   d.programs,
		Kubeconfig: func(ctx context.Context, component string, sa types.NamespacedName) (string, error) {
			return d.state.KubeconfigFor(component), d.current().kubeconfigFor(ctx, k, component, sa)
		},
	})

	rctx, cancel := context.WithCancel(ctx)
	d.stopRuntime = sync.OnceFunc(func() { cancel(); <-d.runtime.Done() })

	go d.runtime.Run(rctx)
}

func (d *Daemon) current() *plan {
	d.mu.Lock()
	defer d.mu.Unlock()

	return d.plan
}

// programs of this checkout, as the package runtime wants them.
func (d *Daemon) programs() []extruntime.Program {
	p := d.current()
	ports := p.cfg.Ports()
	out := make([]extruntime.Program, 0, len(p.cfg.Functions)+len(p.cfg.Providers))

	for i, f := range p.cfg.Functions {
		out = append(out, extruntime.Program{Name: f.Name, Port: ports.Function(i), Spec: p.function(f, i)})
	}

	for i, f := range p.cfg.Providers {
		out = append(out, extruntime.Program{Name: f.Name, Port: ports.Provider(i), Spec: p.provider(f, i)})
	}

	return out
}

func (d *plan) function(f Program, i int) func(certs, kubeconfig string) proc.Spec {
	ports := d.cfg.Ports()
	addr := home.Addr(ports.Function(i))

	return func(certs, _ string) proc.Spec {
		return proc.Spec{
			Name: f.Name, Path: f.Path, Fingerprint: f.Fingerprint, Port: ports.Function(i),
			Args: slices.Concat(f.Args, []string{"--address=" + addr, "--health-address=" + home.Addr(ports.FunctionHealth(i)), "--metrics-address="}),
			Env:  []string{"TLS_SERVER_CERTS_DIR=" + certs, "GOGC=50"},
			Hooks: proc.Hooks{
				Probe: func(ctx context.Context) error { return d.probeFunction(ctx, addr) },
			},
		}
	}
}

// probeFunction makes a TLS handshake the way Crossplane does. A process that
// hangs still accepts connections, but doesn't shake hands.
func (d *plan) probeFunction(ctx context.Context, addr string) error {
	dir := d.state.Certs("crossplane-client")

	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		return fmt.Errorf("cannot load Crossplane's client certificate: %w", err)
	}

	raw, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return fmt.Errorf("cannot read Crossplane's root CA: %w", err)
	}

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)

	dialer := &tls.Dialer{Config: &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"},
	}}

	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("it doesn't answer: %w", err)
	}

	return c.Close()
}

func (d *plan) provider(f Program, i int) func(certs, kubeconfig string) proc.Spec {
	ports := d.cfg.Ports()
	health := home.Addr(ports.Provider(i))

	return func(certs, kubeconfig string) proc.Spec {
		return proc.Spec{
			Name: f.Name, Path: f.Path, Fingerprint: f.Fingerprint, Port: ports.Provider(i),
			Args: []string{"--health-probe-bind-address=" + health, "--metrics-bind-address=" + home.Addr(ports.ProviderMetrics(i))},
			Env: []string{
				"KUBECONFIG=" + kubeconfig,
				"POD_NAMESPACE=" + Namespace,
				"PROVIDER_NAME=" + f.Name,
				"TLS_SERVER_CERTS_DIR=" + certs,
				"TLS_CLIENT_CERTS_DIR=" + certs + "-client",
				"GOGC=50",
			},
			Hooks: proc.Hooks{Probe: probeHTTP("http://" + health + "/healthz")},
		}
	}
}

func (d *Daemon) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")

		st := Status{PID: os.Getpid(), Config: d.current().cfg, Components: d.components()}
		if err := json.NewEncoder(w).Encode(st); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})

	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		if err := d.load(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}

		// The registry pushes when it starts; one that runs must learn of new
		// packages too.
		if st, ok := d.mgr.Status(Registry); ok && st.State == proc.StateReady {
			if err := d.current().push(r.Context()); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	})

	mux.HandleFunc("POST /stop", func(http.ResponseWriter, *http.Request) { d.stop() })

	return mux
}

// components are all components, including programs that don't run because
// nobody needs them yet.
func (d *Daemon) components() []proc.Status {
	out := d.mgr.List()

	d.mu.Lock()
	rt := d.runtime
	d.mu.Unlock()

	for _, p := range d.programs() {
		if _, ok := d.mgr.Status(p.Name); ok {
			continue
		}

		st := proc.Status{Name: p.Name, Port: p.Port, State: proc.StateWaiting, Detail: "for its package to be installed"}
		if rt != nil && rt.Idle(p.Name) {
			st.State, st.Detail = proc.StateIdle, "none of its kinds is activated"
		}

		out = append(out, st)
	}

	return out
}

// push all packages to the local registry. They're pushed as they are, so a
// package that is there already costs a few requests.
func (d *plan) push(ctx context.Context) error {
	cfg, _, err := Load(d.state)
	if err != nil {
		return err
	}

	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)

	for _, p := range cfg.Packages {
		wg.Go(func() {
			if err := d.pushOne(ctx, p); err != nil {
				mu.Lock()
				defer mu.Unlock()

				errs = append(errs, err)
			}
		})
	}

	wg.Wait()

	return errors.Join(errs...)
}

func (d *plan) pushOne(ctx context.Context, p Package) error {
	ref := home.Addr(d.cfg.Ports().Registry()) + "/" + Path(p.Source) + ":" + p.Version

	cmd := exec.CommandContext(ctx, d.cfg.Programs["crank"], "xpkg", "push", "--package-files="+p.File, ref) //nolint:gosec // The program and its arguments are ours.

	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out

	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot push package %q: %w: %s", p.Name, err, lastLine(out.String()))
	}

	return nil
}
