package plane

import (
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
)

func testPlan(t *testing.T) *plan {
	t.Helper()

	return &plan{
		state:   home.State{Name: "test", Dir: t.TempDir()},
		secrets: &sync.Mutex{},
		flux:    &sync.Mutex{},
		cfg: Config{
			Name: "test", PortBase: 17000,
			Programs:  map[string]string{"etcd": "etcd", "kube-apiserver": "apiserver", "kube-controller-manager": "kcm", "crossplane": "crossplane", "crane": "crane", "gitea": "gitea", "source-controller": "source", "kustomize-controller": "kustomize"},
			Folders:   map[string]string{"crossplane": "/tools/crossplane", "gitea": "/tools/gitea"},
			Functions: []Program{{Name: "function-catalyst-a"}, {Name: "function-catalyst-b"}},
			Providers: []Program{{Name: "provider-a"}},
		},
	}
}

// Components must need only components that exist, and never themselves.
func TestSpecs(t *testing.T) {
	specs := testPlan(t).specs()

	started := map[string]bool{}

	// Each pass starts what has all it needs; a cycle would leave some.
	for range specs {
		for _, s := range specs {
			if !slices.ContainsFunc(s.Needs, func(n string) bool { return !started[n] }) {
				started[s.Name] = true
			}
		}
	}

	for _, s := range specs {
		if !started[s.Name] {
			t.Errorf("%s can never start: it needs %v", s.Name, s.Needs)
		}

		if s.Path == "" {
			t.Errorf("%s has no program", s.Name)
		}
	}
}

// Nothing may listen on an address others can reach, as far as the programs let
// us choose.
func TestLoopback(t *testing.T) {
	p := testPlan(t)

	for _, s := range append(p.specs(), p.function(p.cfg.Functions[0], 0)("certs", ""), p.provider(p.cfg.Providers[0], 0)("certs", "kubeconfig")) {
		for _, a := range s.Args {
			if strings.Contains(a, "0.0.0.0") || strings.Contains(a, "=:") {
				t.Errorf("%s listens everywhere: %s", s.Name, a)
			}
		}
	}
}

func TestListeners(t *testing.T) {
	seen := map[int]string{}

	for _, l := range testPlan(t).cfg.Listeners() {
		if other, ok := seen[l.Port]; ok {
			t.Errorf("%s and %s share port %d", l.Component, other, l.Port)
		}

		seen[l.Port] = l.Component
	}
}

// Crossplane and its RBAC manager have the permissions of the Helm chart, and
// those are not everything.
func TestCrossplaneManifest(t *testing.T) {
	objs, err := kube.Decode(crossplaneManifest)
	if err != nil {
		t.Fatal(err)
	}

	names := map[string]bool{}
	for _, o := range objs {
		names[o.GetKind()+"/"+o.GetName()] = true

		if strings.Contains(o.GetName(), "cluster-admin") {
			t.Errorf("%s %q hands out everything", o.GetKind(), o.GetName())
		}
	}

	for _, want := range []string{
		"Namespace/crossplane-system",
		"Service/crossplane-webhooks",
		"ServiceAccount/crossplane",
		"ServiceAccount/rbac-manager",
		"ClusterRole/crossplane",
		"ClusterRole/crossplane:system:aggregate-to-crossplane",
		"ClusterRole/crossplane:allowed-provider-permissions",
		"ClusterRole/crossplane-rbac-manager",
		"ClusterRole/crossplane-admin",
		"ClusterRoleBinding/crossplane",
		"ClusterRoleBinding/crossplane-rbac-manager",
	} {
		if !names[want] {
			t.Errorf("the manifest lacks %s", want)
		}
	}
}

// Flux's controllers have the permissions of its installation, except those of
// an administrator.
func TestFluxManifest(t *testing.T) {
	objs, err := kube.Decode(fluxManifest)
	if err != nil {
		t.Fatal(err)
	}

	names := map[string]bool{}

	for _, o := range objs {
		names[o.GetKind()+"/"+o.GetName()] = true

		if role, _, _ := unstructured.NestedString(o.Object, "roleRef", "name"); role == "cluster-admin" {
			t.Errorf("%s %q hands out everything", o.GetKind(), o.GetName())
		}
	}

	for _, want := range []string{
		"Namespace/flux-system",
		"ServiceAccount/source-controller",
		"ServiceAccount/kustomize-controller",
		"ClusterRole/crd-controller-flux-system",
		"ClusterRoleBinding/crd-controller-flux-system",
		"ClusterRole/impersonator-flux-system",
		"ClusterRoleBinding/impersonator-flux-system",
	} {
		if !names[want] {
			t.Errorf("the manifest lacks %s", want)
		}
	}
}

func TestSecret(t *testing.T) {
	p := testPlan(t)

	first, err := p.secret("a")
	if err != nil {
		t.Fatalf("secret(...): %v", err)
	}

	again, err := p.secret("a")
	if err != nil {
		t.Fatalf("secret(...): %v", err)
	}

	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("secret(...) is generated once: -want, +got:\n%s", diff)
	}

	other, err := p.secret("b")
	if err != nil || other == first {
		t.Errorf("secret(...) differs by name: %v", err)
	}

	fi, err := os.Stat(p.state.Path("secrets", "a"))
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(os.FileMode(0o600), fi.Mode().Perm()); diff != "" {
		t.Errorf("secret(...) is private: -want, +got:\n%s", diff)
	}
}

func TestPreparePKI(t *testing.T) {
	p := testPlan(t)

	if err := p.preparePKI(); err != nil {
		t.Fatalf("preparePKI(): %v", err)
	}

	first, err := os.ReadFile(p.state.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}

	if !strings.Contains(string(first), "https://127.0.0.1:17443") {
		t.Errorf("the kubeconfig doesn't name our API server:\n%s", first)
	}

	if err := p.preparePKI(); err != nil {
		t.Fatalf("preparePKI(): %v", err)
	}

	again, err := os.ReadFile(p.state.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(first), string(again)); diff != "" {
		t.Errorf("a kubeconfig that a user exported stays valid: -want, +got:\n%s", diff)
	}
}

// A daemon answers, refuses a second one beside it and stops when told to. It
// has no programs here, so its components only fail to start.
func TestDaemon(t *testing.T) {
	p := testPlan(t)

	if err := home.WriteJSON(p.state.Config(), p.cfg); err != nil {
		t.Fatal(err)
	}

	c := NewClient(p.state)
	if c.Running() {
		t.Fatal("Running(): want false before the daemon starts")
	}

	ended := make(chan error, 1)
	go func() { ended <- NewDaemon(p.state, io.Discard).Run(t.Context()) }()

	if err := wait(t.Context(), startTimeout, func() bool {
		_, err := c.Status(t.Context())
		return err == nil
	}); err != nil {
		t.Fatalf("the daemon doesn't answer: %v", err)
	}

	if !c.Running() {
		t.Error("Running(): want true while the daemon runs")
	}

	if _, err := Acquire(p.state); err == nil {
		t.Error("Acquire(...): want an error while the daemon runs")
	}

	st, err := c.Status(t.Context())
	if err != nil {
		t.Fatalf("Status(...): %v", err)
	}

	got := map[string]bool{}
	for _, s := range st.Components {
		got[s.Name] = true
	}

	for _, want := range []string{Etcd, APIServer, Crossplane, "function-catalyst-a", "provider-a"} {
		if !got[want] {
			t.Errorf("Status(...) lacks %s", want)
		}
	}

	if err := c.Reload(t.Context()); err != nil {
		t.Errorf("Reload(...): %v", err)
	}

	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("Stop(...): %v", err)
	}

	if err := <-ended; err != nil {
		t.Errorf("Run(...): %v", err)
	}

	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("Stop(...) of a daemon that isn't running: %v", err)
	}
}
