package extruntime

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/pki"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

const (
	testNamespace = "crossplane-system"
	testCA        = "crossplane-root-ca"
)

func TestProgramName(t *testing.T) {
	cases := map[string]struct {
		reason string
		image  string
		want   string
	}{
		"Tag":      {reason: "The tag isn't part of the name", image: "ghcr.io/openova-io/provider-gitea:v1", want: "provider-gitea"},
		"Digest":   {reason: "Nor is the digest", image: "ghcr.io/openova-io/provider-gitea@sha256:abc", want: "provider-gitea"},
		"Both":     {reason: "Nor are both", image: "ghcr.io/openova-io/provider-gitea:v1@sha256:abc", want: "provider-gitea"},
		"Port":     {reason: "A registry's port isn't a tag", image: "127.0.0.1:16500/openova-io/provider-gitea", want: "provider-gitea"},
		"BareName": {reason: "A name alone is a name", image: "provider-gitea", want: "provider-gitea"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, ProgramName(tc.image)); diff != "" {
				t.Errorf("%s\nProgramName(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A fakeSupervisor remembers what it was asked to run.
type fakeSupervisor struct {
	specs  map[string]proc.Spec
	states map[string]proc.State
}

func (f *fakeSupervisor) Ensure(_ context.Context, s proc.Spec) { f.specs[s.Name] = s }
func (f *fakeSupervisor) Remove(name string)                    { delete(f.specs, name) }
func (f *fakeSupervisor) Changed() <-chan struct{}              { return nil }

func (f *fakeSupervisor) Status(name string) (proc.Status, bool) {
	_, ok := f.specs[name]
	return proc.Status{Name: name, State: f.states[name], LastExit: "exited: signal: killed"}, ok
}

func revision(kind, image, state string, status map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": pkgAPI,
		"kind":       kind,
		"metadata":   map[string]any{"name": "pkg-abc", "uid": "rev-uid", "labels": map[string]any{labelPackage: "pkg"}},
		"spec":       map[string]any{"image": image, "desiredState": state},
		"status":     status,
	}}
}

func mrd(state string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": extAPI,
		"kind":       "ManagedResourceDefinition",
		"metadata": map[string]any{"name": "zones.powerdns.openova.io", "ownerReferences": []any{
			map[string]any{"apiVersion": pkgAPI, "kind": kindProviderRevision, "name": "pkg-abc", "uid": "rev-uid", "controller": true},
		}},
		"spec": map[string]any{"state": state},
	}}
}

func established(more map[string]any) map[string]any {
	status := map[string]any{
		"capabilities": []any{"safe-start"},
		"conditions":   []any{map[string]any{"type": condRevisionHealthy, "status": "True"}},
	}
	maps.Copy(status, more)

	return status
}

func TestReconcile(t *testing.T) {
	const (
		function = "ghcr.io/openova-io/function-catalyst-thing:v1"
		provider = "ghcr.io/openova-io/provider-thing:v1"
	)

	type want struct {
		running    []string
		objects    []string
		endpoint   string
		conditions []kube.Condition
	}

	healthy := kube.Condition{Type: condRuntimeHealthy, Status: "True", Reason: reasonHealthy}
	active := kube.Condition{Type: condRuntimeActive, Status: "True", Reason: reasonActive}

	cases := map[string]struct {
		reason string
		rev    *unstructured.Unstructured
		mrd    *unstructured.Unstructured
		state  proc.State
		want   want
	}{
		"Function": {
			reason: "An active function runs, has a certificate and an endpoint, and is healthy",
			rev:    revision(kindFunctionRevision, function, "Active", map[string]any{}),
			state:  proc.StateReady,
			want: want{
				running:    []string{"function-catalyst-thing"},
				objects:    []string{"Secret/pkg-tls-server"},
				endpoint:   "dns:///127.0.0.1:1000",
				conditions: []kube.Condition{healthy, active},
			},
		},
		"FunctionDown": {
			reason: "A function whose process died is unhealthy, and says why",
			rev:    revision(kindFunctionRevision, function, "Active", map[string]any{}),
			state:  proc.StateBackOff,
			want: want{
				running:  []string{"function-catalyst-thing"},
				objects:  []string{"Secret/pkg-tls-server"},
				endpoint: "dns:///127.0.0.1:1000",
				conditions: []kube.Condition{{
					Type: condRuntimeHealthy, Status: "False", Reason: reasonUnhealthy,
					Message: "Process function-catalyst-thing is not ready: BackOff, last time it exited: signal: killed",
				}},
			},
		},
		"Inactive": {
			reason: "An inactive revision runs nothing and is healthy, as Crossplane itself has it",
			rev:    revision(kindFunctionRevision, function, "Inactive", map[string]any{}),
			want:   want{conditions: []kube.Condition{healthy}},
		},
		"Unknown": {
			reason: "A package we can't run is unhealthy",
			rev:    revision(kindFunctionRevision, "xpkg.example.org/other:v1", "Active", map[string]any{}),
			want: want{conditions: []kube.Condition{{
				Type: condRuntimeHealthy, Status: "False", Reason: reasonUnhealthy, Message: `This checkout has no program for package "other"`,
			}}},
		},
		"ProviderNotEstablished": {
			reason: "A provider whose CRDs aren't there has its certificates, but doesn't run",
			rev:    revision(kindProviderRevision, provider, "Active", map[string]any{}),
			want: want{
				objects: []string{"Secret/pkg-tls-server", "Secret/pkg-tls-client"},
				conditions: []kube.Condition{{
					Type: condRuntimeHealthy, Status: "False", Reason: reasonUnhealthy, Message: "Package revision is not healthy yet",
				}},
			},
		},
		"ProviderAwaitingActivation": {
			reason: "A provider that starts safely isn't started before one of its kinds is active, and that's healthy",
			rev:    revision(kindProviderRevision, provider, "Active", established(nil)),
			mrd:    mrd("Inactive"),
			want: want{
				objects: []string{"Secret/pkg-tls-server", "Secret/pkg-tls-client", "ServiceAccount/pkg-abc", "Deployment/pkg-abc"},
				conditions: []kube.Condition{healthy, {
					Type: condRuntimeActive, Status: "False", Reason: reasonAwaiting,
					Message: "Package runtime is not started; awaiting the first ManagedResourceDefinition to be activated",
				}},
			},
		},
		"Provider": {
			reason: "A provider with an active kind runs under its own account",
			rev:    revision(kindProviderRevision, provider, "Active", established(nil)),
			mrd:    mrd("Active"),
			state:  proc.StateReady,
			want: want{
				running:    []string{"provider-thing"},
				objects:    []string{"Secret/pkg-tls-server", "Secret/pkg-tls-client", "ServiceAccount/pkg-abc", "Deployment/pkg-abc"},
				conditions: []kube.Condition{healthy, active},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			k := newFake(t, tc.rev, tc.mrd)
			sup := &fakeSupervisor{specs: map[string]proc.Spec{}, states: map[string]proc.State{
				"function-catalyst-thing": tc.state, "provider-thing": tc.state,
			}}
			r := newRuntime(t, k, sup)

			if err := r.reconcile(t.Context()); err != nil {
				t.Fatalf("%s\nreconcile(...): %v", tc.reason, err)
			}

			got := want{}
			for n := range sup.specs {
				got.running = append(got.running, n)
			}

			for _, o := range []struct{ kind, api, name string }{
				{"Secret", "v1", "pkg-tls-server"},
				{"Secret", "v1", "pkg-tls-client"},
				{"ServiceAccount", "v1", "pkg-abc"},
				{"Deployment", "apps/v1", "pkg-abc"},
			} {
				u := &unstructured.Unstructured{}
				u.SetAPIVersion(o.api)
				u.SetKind(o.kind)

				if k.Get(t.Context(), types.NamespacedName{Namespace: testNamespace, Name: o.name}, u) != nil {
					continue
				}

				got.objects = append(got.objects, o.kind+"/"+o.name)

				// The RBAC manager finds accounts by owner, and the garbage
				// collector what can go.
				if !ownedBy(u, tc.rev) {
					t.Errorf("%s\n%s %q isn't owned by the revision", tc.reason, o.kind, o.name)
				}
			}

			rev := tc.rev.DeepCopy()
			if err := k.Get(t.Context(), client.ObjectKeyFromObject(rev), rev); err != nil {
				t.Fatal(err)
			}

			got.endpoint, _, _ = unstructured.NestedString(rev.Object, "status", "endpoint")

			for _, typ := range []string{condRuntimeHealthy, condRuntimeActive} {
				if c, ok := kube.GetCondition(rev, typ); ok {
					got.conditions = append(got.conditions, c)
				}
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s\nreconcile(...): -want, +got:\n%s", tc.reason, diff)
			}

			settled(t, r, k, rev)
		})
	}
}

func TestAccountName(t *testing.T) {
	image := func(name, prefix, runtime string) *unstructured.Unstructured {
		spec := map[string]any{"matchImages": []any{map[string]any{"type": "Prefix", "prefix": prefix}}}
		if runtime != "" {
			spec["runtime"] = map[string]any{"configRef": map[string]any{"name": runtime}}
		}

		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": pkgBetaAPI, "kind": "ImageConfig", "metadata": map[string]any{"name": name}, "spec": spec,
		}}
	}
	config := func(name string, spec map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": pkgBetaAPI, "kind": "DeploymentRuntimeConfig", "metadata": map[string]any{"name": name}, "spec": spec,
		}}
	}
	account := func(name string) map[string]any {
		return map[string]any{"serviceAccountTemplate": map[string]any{"metadata": map[string]any{"name": name}}}
	}

	cases := map[string]struct {
		reason string
		objs   []*unstructured.Unstructured
		want   string
		err    bool
	}{
		"Default": {reason: "A provider has an account of its revision's name", want: "pkg-abc"},
		"Named": {
			reason: "The account is that of the runtime's configuration, for the longest prefix of the image",
			objs: []*unstructured.Unstructured{
				image("mirror", "mirror.example/provider-thing", ""), image("all", "mirror.example/", "other"), image("thing", "mirror.example/provider-", "thing"),
				config("thing", account("thing")), config("other", account("other")),
			},
			want: "thing",
		},
		"Original": {
			reason: "An image that came from a mirror has the mirror's name",
			objs:   []*unstructured.Unstructured{image("thing", "ghcr.io/openova-io/provider-thing", "thing"), config("thing", account("thing"))},
			want:   "pkg-abc",
		},
		"NoAccount": {
			reason: "A configuration may be about something else",
			objs:   []*unstructured.Unstructured{image("thing", "mirror.example/", "thing"), config("thing", map[string]any{})},
			want:   "pkg-abc",
		},
		"Missing": {
			reason: "A configuration that is named has to be there",
			objs:   []*unstructured.Unstructured{image("thing", "mirror.example/", "thing")},
			err:    true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rev := revision(kindProviderRevision, "ghcr.io/openova-io/provider-thing:v1", "Active", map[string]any{"resolvedImage": "mirror.example/provider-thing:v1"})
			r := newRuntime(t, newFake(t, append(tc.objs, rev)...), &fakeSupervisor{})

			got, err := r.accountName(t.Context(), rev)
			if (err != nil) != tc.err {
				t.Errorf("%s\naccountName(...): %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\naccountName(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// settled checks that a second look at an unchanged revision writes nothing and
// restarts nothing.
func settled(t *testing.T, r *Runtime, k *kube.Client, rev *unstructured.Unstructured) {
	t.Helper()

	sup, ok := r.Supervisor.(*fakeSupervisor)
	if !ok {
		t.Fatal("the supervisor isn't ours")
	}

	before := map[string]string{}
	for n, s := range sup.specs {
		before[n] = s.Fingerprint
	}

	if err := r.reconcile(t.Context()); err != nil {
		t.Fatalf("reconcile(...): %v", err)
	}

	again := rev.DeepCopy()
	if err := k.Get(t.Context(), client.ObjectKeyFromObject(rev), again); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(rev.GetResourceVersion(), again.GetResourceVersion()); diff != "" {
		t.Errorf("reconcile(...) of a settled revision writes: -want, +got:\n%s", diff)
	}

	for n, s := range sup.specs {
		if diff := cmp.Diff(before[n], s.Fingerprint); diff != "" {
			t.Errorf("reconcile(...) of a settled revision restarts %s: -want, +got:\n%s", n, diff)
		}
	}
}

func TestRemove(t *testing.T) {
	rev := revision(kindFunctionRevision, "ghcr.io/openova-io/function-catalyst-thing:v1", "Active", map[string]any{})
	k := newFake(t, rev, nil)
	sup := &fakeSupervisor{specs: map[string]proc.Spec{}, states: map[string]proc.State{}}
	r := newRuntime(t, k, sup)

	if err := r.reconcile(t.Context()); err != nil {
		t.Fatalf("reconcile(...): %v", err)
	}

	if err := k.Delete(t.Context(), rev); err != nil {
		t.Fatal(err)
	}

	if err := r.reconcile(t.Context()); err != nil {
		t.Fatalf("reconcile(...): %v", err)
	}

	if diff := cmp.Diff(0, len(sup.specs)); diff != "" {
		t.Errorf("reconcile(...) stops the program of a revision that is gone: -want, +got:\n%s", diff)
	}
}

func newFake(t *testing.T, objs ...*unstructured.Unstructured) *kube.Client {
	t.Helper()

	dir := t.TempDir()
	if _, err := pki.EnsureCA(dir, "ca"); err != nil {
		t.Fatal(err)
	}

	data := map[string][]byte{}

	for key, file := range map[string]string{"tls.crt": "ca.crt", "tls.key": "ca.key"} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}

		data[key] = raw
	}

	s := scheme.Scheme
	for _, gvk := range []schema.GroupVersionKind{
		schema.FromAPIVersionAndKind(pkgAPI, kindFunctionRevision),
		schema.FromAPIVersionAndKind(pkgAPI, kindProviderRevision),
		schema.FromAPIVersionAndKind(extAPI, "ManagedResourceDefinition"),
		schema.FromAPIVersionAndKind(pkgBetaAPI, "ImageConfig"),
		schema.FromAPIVersionAndKind(pkgBetaAPI, "DeploymentRuntimeConfig"),
	} {
		s.AddKnownTypeWithName(gvk, &unstructured.Unstructured{})

		gvk.Kind += "List"
		s.AddKnownTypeWithName(gvk, &unstructured.UnstructuredList{})
	}

	b := fake.NewClientBuilder().WithScheme(s).WithObjects(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, Name: testCA},
		Data:       data,
	})

	for _, o := range objs {
		if o != nil {
			b = b.WithObjects(o).WithStatusSubresource(o)
		}
	}

	return &kube.Client{WithWatch: b.Build()}
}

func newRuntime(t *testing.T, k *kube.Client, sup Supervisor) *Runtime {
	t.Helper()

	program := func(name string, port int) Program {
		return Program{Name: name, Port: port, Spec: func(_, _ string) proc.Spec { return proc.Spec{Name: name} }}
	}

	return New(Options{
		Kube:       k,
		Supervisor: sup,
		State:      home.State{Name: "test", Dir: t.TempDir()},
		Namespace:  testNamespace,
		CASecret:   testCA,
		Log:        io.Discard,
		Programs: func() []Program {
			return []Program{program("function-catalyst-thing", 1000), program("provider-thing", 2000)}
		},
		Kubeconfig: func(context.Context, string, types.NamespacedName) (string, error) { return "kubeconfig", nil },
	})
}
