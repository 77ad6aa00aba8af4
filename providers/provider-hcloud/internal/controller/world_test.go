package controller

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpfake "github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

const (
	namespace   = "sovereign-omantel"
	token       = "sim-token-0123456789012345678901234567890123456789012345678901234"
	examplesDir = "../../../../examples/provider-hcloud"
	// interval is what the tests poll at.
	interval = DefaultPoll
)

// A world is a project on the stand-in for Hetzner's API, an API server that
// is none, and the reconcilers of all kinds between them.
type world struct {
	t      *testing.T
	sim    *hcloudsim.Sim
	url    string
	kube   client.Client
	scheme *runtime.Scheme
	shared *reconcilers
	rec    map[string]*managed.Reconciler
	// requests to the API, writes to the API server, and what was asked of
	// external clients.
	requests, writes, verbs []string
	next                    int
	// bodies of the last request of each method and path.
	bodies map[string][]byte
	// answer in place of what the API answers, once it has done what it was
	// asked, unless it is zero.
	answer func(r *http.Request) int
	// lose an update of the API server.
	lose func(o client.Object) bool
	// awake is called when somebody's turn has come. Nobody's does without.
	awake func()
	// later is how far ahead the budget's clock is.
	later time.Duration
}

func newWorld(t *testing.T, cfg hcloudsim.Config) *world {
	t.Helper()
	w := &world{t: t, scheme: runtime.NewScheme(), bodies: map[string][]byte{}}
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(w.scheme); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Tokens = map[string]string{token: "default"}
	w.sim = hcloudsim.New(cfg)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.serve(rw, r)
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL + "/v1"

	b := fake.NewClientBuilder().WithScheme(w.scheme).WithStatusSubresource(&v1alpha1.ClusterProviderConfig{})
	for _, k := range kinds() {
		b = b.WithStatusSubresource(k.new())
	}
	w.kube = b.WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			err := c.Get(ctx, key, o, opts...)
			// Unlike this client, the cache fills in the kind, and server-side
			// apply wants it.
			if gvk, kerr := apiutil.GVKForObject(o, w.scheme); kerr == nil {
				o.GetObjectKind().SetGroupVersionKind(gvk)
			}
			return err
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if w.lose != nil && w.lose(o) {
				return errLost
			}
			w.writes = append(w.writes, fmt.Sprintf("update %T %s", o, o.GetName()))
			return c.Update(ctx, o, opts...)
		},
	}).Build()
	w.create(
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "catalyst-system", Name: "hcloud-token"}, Data: map[string][]byte{"token": []byte(token)}},
	)
	w.restart()
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.requests = append(w.requests, r.Method+" "+r.URL.Path)
	b, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	w.bodies[r.Method+" "+r.URL.Path] = b
	r.Body = io.NopCloser(bytes.NewReader(b))
	if w.answer != nil {
		if status := w.answer(r); status != 0 {
			w.sim.ServeHTTP(httptest.NewRecorder(), r)
			rw.WriteHeader(status)
			return
		}
	}
	w.sim.ServeHTTP(rw, r)
}

// restart the provider: what it remembered is gone.
func (w *world) restart() {
	w.shared = newReconcilers(clients.NewPool())
	w.shared.pool.MakeBudget = func() *clients.Budget {
		b := clients.NewBudget()
		b.Now = func() time.Time { return time.Now().Add(w.later) }
		// Nobody's turn comes while a test looks.
		b.Sleep = func(context.Context, time.Duration) error {
			if w.awake == nil {
				return context.DeadlineExceeded
			}
			w.awake()
			return nil
		}
		return b
	}
	w.rec = map[string]*managed.Reconciler{}
	mgr := &xpfake.Manager{Client: w.kube, Scheme: w.scheme}
	for _, k := range kinds() {
		c := w.shared.connector(w.kube, w.shared.provider.Resources[k.resource])
		w.rec[k.gvk.Kind] = managed.NewReconciler(mgr, resource.ManagedKind(k.gvk),
			managed.WithExternalConnector(untyped{connector: c, world: w}),
			managed.WithFinalizer(upjet.NewOperationTrackerFinalizer(w.shared.operations, resource.NewAPIFinalizer(w.kube, managed.FinalizerName))),
			managed.WithInitializers(),
			managed.WithPollInterval(interval),
			managed.WithPollIntervalHook(poll),
			managed.WithTimeout(time.Minute),
			managed.WithCreationGracePeriod(0),
			managed.WithDeterministicExternalName(true),
			managed.WithManagementPolicies(),
		)
	}
}

type untyped struct {
	*connector

	world *world
}

func (u untyped) Connect(ctx context.Context, mg resource.Managed) (managed.ExternalClient, error) {
	o, ok := mg.(object)
	if !ok {
		return nil, errNotOurs(mg)
	}
	e, err := u.connector.Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	return &counted{ExternalClient: e, world: u.world}, nil
}

// counted counts what is asked of an external client, whether or not it asks
// anything of the API.
type counted struct {
	managed.ExternalClient

	world *world
}

func (c *counted) Create(ctx context.Context, mg resource.Managed) (managed.ExternalCreation, error) {
	c.world.verbs = append(c.world.verbs, "create "+kindOf(mg)+" "+mg.GetName())
	return c.ExternalClient.Create(ctx, mg)
}

func (c *counted) Update(ctx context.Context, mg resource.Managed) (managed.ExternalUpdate, error) {
	c.world.verbs = append(c.world.verbs, "update "+kindOf(mg)+" "+mg.GetName())
	return c.ExternalClient.Update(ctx, mg)
}

func (c *counted) Delete(ctx context.Context, mg resource.Managed) (managed.ExternalDelete, error) {
	c.world.verbs = append(c.world.verbs, "delete "+kindOf(mg)+" "+mg.GetName())
	return c.ExternalClient.Delete(ctx, mg)
}

// create objects as the API server would, with what it defaults.
func (w *world) create(objs ...client.Object) {
	w.t.Helper()
	for _, o := range objs {
		w.next++
		o.SetUID(types.UID(fmt.Sprintf("uid-%d", w.next)))
		switch o := o.(type) {
		case *corev1.Secret:
			if o.Data == nil {
				o.Data = map[string][]byte{}
			}
			for k, v := range o.StringData {
				o.Data[k] = []byte(v)
			}
			o.StringData = nil
		case *v1alpha1.ClusterProviderConfig:
			o.Spec.Endpoint = w.url
			o.Spec.PollInterval = &metav1.Duration{Duration: 2 * time.Millisecond}
		case object:
			if o.GetProviderConfigReference() == nil {
				o.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "default"})
			}
			if len(o.GetManagementPolicies()) == 0 {
				o.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionAll})
			}
		}
		if err := w.kube.Create(context.Background(), o); err != nil {
			w.t.Fatalf("cannot create %T %s: %v", o, o.GetName(), err)
		}
	}
}

// get the object anew.
func (w *world) get(o client.Object) {
	w.t.Helper()
	if err := w.kube.Get(context.Background(), client.ObjectKeyFromObject(o), o); err != nil {
		w.t.Fatalf("cannot get %T %s: %v", o, o.GetName(), err)
	}
}

// change the object.
func (w *world) change(o client.Object, f func()) {
	w.t.Helper()
	w.get(o)
	f()
	if err := w.kube.Update(context.Background(), o); err != nil {
		w.t.Fatalf("cannot change %T %s: %v", o, o.GetName(), err)
	}
}

func kindOf(o client.Object) string {
	_, kind, _ := strings.Cut(fmt.Sprintf("%T", o), ".")
	return kind
}

// reconcile the object once.
func (w *world) reconcile(o object) ctrl.Result {
	w.t.Helper()
	res, err := w.rec[kindOf(o)].Reconcile(context.Background(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(o)})
	if err != nil {
		w.t.Fatalf("cannot reconcile %s %s: %v", kindOf(o), o.GetName(), err)
	}
	return res
}

// settle reconciles the objects until all of them are ready and synced.
func (w *world) settle(objs ...object) {
	w.t.Helper()
	var open []string
	for range 12 {
		open = nil
		for _, o := range objs {
			w.address(o, objs)
			res := w.reconcile(o)
			w.get(o)
			if s := unsettled(o); s != "" || res.RequeueAfter == 0 {
				open = append(open, fmt.Sprintf("%s %s: %s", kindOf(o), o.GetName(), s))
			}
		}
		if len(open) == 0 {
			return
		}
	}
	w.t.Fatalf("not settled:\n%s\n%s", strings.Join(open, "\n"), strings.Join(w.requests[max(0, len(w.requests)-20):], "\n"))
}

// address gives a reverse DNS entry the address that only the server knows.
func (w *world) address(o object, objs []object) {
	entry, ok := o.(*v1alpha1.RDNS)
	if !ok {
		return
	}
	for _, other := range objs {
		ip, ok := other.(*v1alpha1.PrimaryIP)
		if !ok || ip.Status.AtProvider.IPAddress == nil || *ip.Status.AtProvider.IPAddress == *entry.Spec.ForProvider.IPAddress {
			continue
		}
		w.change(entry, func() { entry.Spec.ForProvider.IPAddress = ip.Status.AtProvider.IPAddress })
	}
}

func unsettled(o object) string {
	for _, c := range []xpv1.ConditionType{xpv1.TypeSynced, xpv1.TypeReady} {
		if cond := o.GetCondition(c); cond.Status != corev1.ConditionTrue {
			return fmt.Sprintf("%s is %s: %s: %s", c, cond.Status, cond.Reason, cond.Message)
		}
	}
	return ""
}

// remove the objects until all of them are gone.
func (w *world) remove(objs ...object) {
	w.t.Helper()
	for _, o := range objs {
		w.get(o)
		if err := w.kube.Delete(context.Background(), o); err != nil {
			w.t.Fatalf("cannot delete %s: %v", o.GetName(), err)
		}
	}
	var open []string
	for range 12 {
		open = nil
		for _, o := range objs {
			err := w.kube.Get(context.Background(), client.ObjectKeyFromObject(o), o)
			if resource.IgnoreNotFound(err) != nil {
				w.t.Fatal(err)
			}
			if err != nil {
				continue
			}
			w.reconcile(o)
			if err := w.kube.Get(context.Background(), client.ObjectKeyFromObject(o), o); err == nil {
				open = append(open, fmt.Sprintf("%s %s: %s", kindOf(o), o.GetName(), unsettled(o)))
			}
		}
		if len(open) == 0 {
			return
		}
	}
	w.t.Fatalf("not gone:\n%s", strings.Join(open, "\n"))
}

// forget the requests and writes so far.
func (w *world) forget() { w.requests, w.writes, w.verbs = nil, nil, nil }

// changes asked of the API or of an external client since the last forget.
func (w *world) changes() []string {
	out := append([]string{}, w.verbs...)
	for _, r := range w.requests {
		if !strings.HasPrefix(r, http.MethodGet) {
			out = append(out, r)
		}
	}
	return out
}

// examples of the kinds, by kind; all examples if none are named. Secrets and
// the provider's configuration are created.
func (w *world) examples(names ...string) []object {
	w.t.Helper()
	if len(names) == 0 {
		files, err := filepath.Glob(examplesDir + "/*.yaml")
		if err != nil {
			w.t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
		}
	}
	var out []object
	for _, n := range append([]string{"providerconfig"}, names...) {
		for _, o := range w.read(strings.ToLower(n)) {
			if mg, ok := o.(object); ok {
				out = append(out, mg)
			}
			if _, ok := o.(*v1alpha1.ProviderConfig); ok {
				continue
			}
			if w.kube.Get(context.Background(), client.ObjectKeyFromObject(o), o.DeepCopyObject().(client.Object)) == nil {
				continue
			}
			w.create(o)
		}
	}
	return out
}

func (w *world) read(name string) []client.Object {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(examplesDir, name+".yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(b), 4096)
	var out []client.Object
	for {
		raw := runtime.RawExtension{}
		if err := d.Decode(&raw); err != nil {
			if errors.Is(err, io.EOF) {
				return out
			}
			w.t.Fatalf("%s: %v", name, err)
		}
		tm := metav1.TypeMeta{}
		if err := yaml.Unmarshal(raw.Raw, &tm); err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		o, err := w.scheme.New(tm.GroupVersionKind())
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		if err := yaml.UnmarshalStrict(raw.Raw, o); err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		if c, ok := o.(*v1alpha1.UploadedCertificate); ok {
			c.Spec.ForProvider.Certificate = new(w.certificate(c.Spec.ForProvider.PrivateKeySecretRef.Name))
		}
		out = append(out, o.(client.Object))
	}
}

// certificate makes a certificate and the Secret with its key.
func (w *world) certificate(secret string) string {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "console.omantel.example"}, DNSNames: []string{"console.omantel.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		w.t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: secret},
		Data:       map[string][]byte{"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pk})},
	})
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
