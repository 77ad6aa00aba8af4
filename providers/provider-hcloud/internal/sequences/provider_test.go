package sequences

import (
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	xpcontroller "github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	xpfake "github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"

	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/controller"
)

var errDead = errors.New("the provider is dead")

// A provider is the program from its start to its death, and what it knows.
type provider struct {
	controllers map[schema.GroupVersionKind]reconcile.Reconciler
	dead        bool
	// writes to the API server and requests to Hetzner until it dies. It does
	// not when they are negative.
	writes, requests int
	// before says that it dies before the last of these is carried out.
	before bool
	// hiccups of the API server: how many of the next writes it answers with an
	// error, having carried them out or not.
	hiccups int
	cancel  context.CancelFunc
}

func (p *provider) die() {
	p.dead = true
	if p.cancel != nil {
		p.cancel()
	}
}

// last counts down to the provider's death.
func last(n *int) bool {
	if *n > 0 {
		*n--
	}
	return *n == 0
}

// startProvider as its main function would, but for what runs by itself.
func startProvider(pl *plane) (*provider, error) {
	p := &provider{controllers: map[schema.GroupVersionKind]reconcile.Reconciler{}, writes: -1, requests: -1}
	m := &programManager{provider: p}
	m.Client, m.Scheme = p.client(pl), pl.kube.Scheme()
	o := xpcontroller.Options{
		Logger: logging.NewNopLogger(), MaxConcurrentReconciles: 1, PollInterval: controller.DefaultPoll,
		GlobalRateLimiter: ratelimiter.NewGlobal(100), Features: &feature.Flags{}, Gate: m,
	}
	o.Features.Enable(feature.EnableBetaManagementPolicies)
	return p, controller.Add(m, o, clients.NewPool())
}

// client of the provider, which reads from a cache and writes nothing once it is
// dead.
func (p *provider) client(pl *plane) client.Client {
	write := func(o client.Object, do func(o client.Object) error) error {
		if p.dead {
			return errDead
		}
		if p.hiccups > 0 {
			p.hiccups--
			if pl.rng.IntN(2) == 0 {
				// What it answers does not arrive.
				_ = do(o.DeepCopyObject().(client.Object))
			}
			return kerrors.NewTimeoutError("the API server is slow", 1)
		}
		if !last(&p.writes) {
			return do(o)
		}
		if !p.before {
			_ = do(o)
		}
		p.die()
		return errDead
	}
	return interceptor.NewClient(pl.kube, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if pl.lag == 0 || key.Namespace != namespace {
				return c.Get(ctx, key, o, opts...)
			}
			return pl.cached(key, o)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return write(o, func(o client.Object) error { return c.Create(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			return write(o, func(o client.Object) error { return c.Update(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return write(o, func(o client.Object) error { return c.Patch(ctx, o, patch, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return write(o, func(o client.Object) error { return c.Delete(ctx, o, opts...) })
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			return write(o, func(o client.Object) error { return c.SubResource(sub).Update(ctx, o, opts...) })
		},
	})
}

// cached reads an object as caches have it.
func (p *plane) cached(key client.ObjectKey, into client.Object) error {
	i, err := p.item(into)
	if err != nil {
		return err
	}
	i.name = key.Name
	o, ok := p.seen(i)
	if !ok {
		return kerrors.NewNotFound(schema.GroupResource{Group: i.Group, Resource: i.Kind}, i.name)
	}
	return decode(o, into)
}

func (p *provider) reconcile(i item) (time.Duration, error) {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	defer p.cancel()
	res, err := p.controllers[i.GroupVersionKind].Reconcile(ctx, reconcile.Request{NamespacedName: i.key()})
	if err == nil && res.Requeue { //nolint:staticcheck // crossplane-runtime asks for it.
		err = errAgain
	}
	return res.RequeueAfter, err
}

var errAgain = errors.New("asks for another look")

// A programManager keeps the controllers it gets and lets nothing run.
type programManager struct {
	xpfake.Manager

	provider *provider
	kind     schema.GroupVersionKind
}

func (m *programManager) Register(callback func(), gvks ...schema.GroupVersionKind) {
	if len(gvks) == 1 {
		m.kind = gvks[0]
		callback()
	}
}

func (m *programManager) Set(schema.GroupVersionKind, bool) bool { return false }

func (m *programManager) Add(r manager.Runnable) error {
	if c, ok := r.(reconcile.Reconciler); ok {
		m.provider.controllers[m.kind] = c
	}
	return nil
}

func (m *programManager) GetControllerOptions() ctrlconfig.Controller {
	return ctrlconfig.Controller{SkipNameValidation: new(true)}
}

func (m *programManager) GetEventRecorderFor(string) record.EventRecorder { //nolint:ireturn // As the interface has it.
	return &record.FakeRecorder{}
}

// A wire leads to a handler in the same bubble of fake time.
type wire struct {
	host  string
	conns chan net.Conn
	done  chan struct{}
	srv   *http.Server
}

// wires by host.
var wires sync.Map

func init() { //nolint:gochecknoinits // It is there before any bubble is.
	t, _ := http.DefaultTransport.(*http.Transport)
	t.Proxy = nil
	t.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		w, ok := wires.Load(host)
		if !ok {
			return nil, errors.New("nobody is at " + address)
		}
		return w.(*wire).dial()
	}
}

func newWire(host string, h http.Handler) *wire {
	w := &wire{host: host, conns: make(chan net.Conn), done: make(chan struct{})}
	w.srv = &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	wires.Store(host, w)
	go func() { _ = w.srv.Serve(w) }()
	return w
}

func (w *wire) dial() (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case w.conns <- b:
		return a, nil
	case <-w.done:
		return nil, errDead
	}
}

// Accept the next connection.
func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

// Close the wire.
func (w *wire) Close() error {
	if _, ok := wires.LoadAndDelete(w.host); ok {
		close(w.done)
	}
	return nil
}

// Addr of the wire, which has none.
func (w *wire) Addr() net.Addr { return &net.UnixAddr{} }

func (w *wire) stop() { _ = w.srv.Close() }

// serve the provider's requests, as long as it lives. Others may get in between.
func (s *sequence) serve(rw http.ResponseWriter, r *http.Request) {
	p := s.provider
	if r.Method != http.MethodGet {
		s.asked = true
	}
	if p.dead {
		panic(http.ErrAbortHandler)
	}
	if last(&p.requests) {
		if !p.before {
			s.sim.ServeHTTP(httptest.NewRecorder(), r)
		}
		p.die()
		panic(http.ErrAbortHandler)
	}
	if s.between == 0 || r.Method == http.MethodGet && s.rng.IntN(4) > 0 {
		s.sim.ServeHTTP(rw, r)
		return
	}
	s.between--
	if s.rng.IntN(2) == 0 {
		s.interrupt(r)
		s.sim.ServeHTTP(rw, r)
		return
	}
	answer := httptest.NewRecorder()
	s.sim.ServeHTTP(answer, r)
	s.interrupt(r)
	maps.Copy(rw.Header(), answer.Header())
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes())
}

// interrupt the provider: people do something, and core sees it, while the
// provider waits for an answer.
func (s *sequence) interrupt(r *http.Request) {
	s.notef("meanwhile, at %s %s:", r.Method, r.URL.Path)
	s.inside = true
	defer func() { s.inside = false }()
	switch s.rng.IntN(5) {
	case 0:
		s.editOne()
	case 1:
		s.drift()
	case 2:
		s.takeName()
	}
	for range s.rng.IntN(8) {
		s.meanwhile()
	}
}

// kinds the provider looks at.
func managedKinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		hcloud.Firewall_GroupVersionKind, hcloud.LoadBalancer_GroupVersionKind, hcloud.LoadBalancerNetwork_GroupVersionKind,
		hcloud.LoadBalancerService_GroupVersionKind, hcloud.LoadBalancerTarget_GroupVersionKind, hcloud.Network_GroupVersionKind,
		hcloud.NetworkSubnet_GroupVersionKind, hcloud.PlacementGroup_GroupVersionKind, hcloud.Server_GroupVersionKind,
		hcloud.SSHKey_GroupVersionKind, hcloud.JoinTokenGroupVersionKind, hcloud.ClusterAuthorityGroupVersionKind, hcloud.KubeconfigGroupVersionKind, hcloud.ClusterLeftoversGroupVersionKind,
	}
}
