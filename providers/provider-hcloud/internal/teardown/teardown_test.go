package teardown

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

const ns = "sovereign-omantel"

var deleted = metav1.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A plane has objects and notes what is done to them.
type plane struct {
	client.Client

	did []string
}

// newPlane of YAML documents. What is to be deleted has a finalizer.
func newPlane(t *testing.T, docs ...string) *plane {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane{}
	b := fake.NewClientBuilder().WithScheme(s)
	kinds := map[schema.GroupVersionKind]bool{
		sovereignGVK: true, organizationGVK: true, usageGV.WithKind("Usage"): true, usageGV.WithKind("ClusterUsage"): true,
	}
	for _, k := range []string{"catalyst.openova.io/HostCluster", "catalyst.openova.io/NodePool", "catalyst.openova.io/Application", "hcloud.openova.io/LoadBalancer", "hcloud.openova.io/Server", "hcloud.openova.io/SSHKey", "hcloud.openova.io/Teardown", "hcloud.openova.io/ProviderConfigUsage", "powerdns.openova.io/Zone", "gitea.openova.io/Organization"} {
		group, kind, _ := strings.Cut(k, "/")
		kinds[schema.GroupVersionKind{Group: group, Version: "v1alpha1", Kind: kind}] = true
		b = b.WithObjects(&apiextensionsv1.CustomResourceDefinition{
			ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(kind) + "s." + group},
			Spec: apiextensionsv1.CustomResourceDefinitionSpec{
				Group: group, Scope: apiextensionsv1.NamespaceScoped, Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind},
				Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1alpha1", Storage: true}},
			},
		})
	}
	for gvk := range kinds {
		s.AddKnownTypeWithName(gvk, &unstructured.Unstructured{})
		s.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), &unstructured.UnstructuredList{})
	}
	for _, doc := range docs {
		for d := range strings.SplitSeq(doc, "\n---\n") {
			u := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(d), &u.Object); err != nil {
				t.Fatalf("%v\n%s", err, d)
			}
			if u.GetDeletionTimestamp() != nil && len(u.GetFinalizers()) == 0 {
				u.SetFinalizers([]string{"its-own"})
			}
			b = b.WithObjects(u)
		}
	}
	p.Client = b.WithInterceptorFuncs(interceptor.Funcs{
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			p.did = append(p.did, "delete "+o.GetObjectKind().GroupVersionKind().Kind+" "+o.GetName())
			if o.GetLabels()[labelInUse] == "true" {
				return &kerrors.StatusError{ErrStatus: metav1.Status{Code: 409, Reason: "This resource is in-use"}}
			}
			return c.Delete(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			did := fmt.Sprintf("finalizers of %s %v", o.GetName(), o.GetFinalizers())
			if o.GetAnnotations()[AnnotationWoken] != "" {
				did = "wake " + o.GetName()
			}
			p.did = append(p.did, did)
			return c.Patch(ctx, o, patch, opts...)
		},
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			return errors.New("nothing is created")
		},
		Update: func(context.Context, client.WithWatch, client.Object, ...client.UpdateOption) error {
			return errors.New("nothing is updated")
		},
	}).Build()
	return p
}

// teardown of a Sovereign.
func teardown(mods ...func(*v1alpha1.Teardown)) *v1alpha1.Teardown {
	mg := &v1alpha1.Teardown{ObjectMeta: metav1.ObjectMeta{Name: "omantel", Namespace: ns, OwnerReferences: []metav1.OwnerReference{
		{APIVersion: sovereignGVK.GroupVersion().String(), Kind: sovereignGVK.Kind, Name: "omantel", UID: "sov", Controller: new(true)},
	}}}
	mg.Spec.ForProvider.Organizations = v1alpha1.TeardownCascade
	for _, m := range mods {
		m(mg)
	}
	return mg
}

func refuse(mg *v1alpha1.Teardown)  { mg.Spec.ForProvider.Organizations = v1alpha1.TeardownRefuse }
func leaving(mg *v1alpha1.Teardown) { mg.DeletionTimestamp = &deleted }
func orphan(mg *v1alpha1.Teardown)  { mg.OwnerReferences = nil }

func without(mg *v1alpha1.Teardown) {
	mg.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionUpdate}
}

func known(names ...string) func(*v1alpha1.Teardown) {
	return func(mg *v1alpha1.Teardown) { mg.Status.AtProvider.Organizations = names }
}

const (
	sovereign = `apiVersion: catalyst.openova.io/v1alpha1
kind: Sovereign
metadata: {name: omantel, uid: sov}`
	held = `apiVersion: catalyst.openova.io/v1alpha1
kind: Sovereign
metadata: {name: omantel, uid: sov, finalizers: [hcloud.openova.io/teardown]}`
	going = `apiVersion: catalyst.openova.io/v1alpha1
kind: Sovereign
metadata: {name: omantel, uid: sov, finalizers: [hcloud.openova.io/teardown], deletionTimestamp: "2026-01-01T00:00:00Z"}
spec: {deletionPolicy: Cascade}`
	acme = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: acme, uid: acme}
spec: {sovereignRef: {name: omantel}}`
	globex = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: globex, uid: globex}
spec: {sovereignRef: {name: bankdhofar}}`
	hostCluster = `apiVersion: catalyst.openova.io/v1alpha1
kind: HostCluster
metadata: {name: hz, namespace: sovereign-omantel, uid: hz, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: Sovereign, name: omantel, uid: sov, controller: true}]}`
	loadBalancer = `apiVersion: hcloud.openova.io/v1alpha1
kind: LoadBalancer
metadata: {name: hz-lb, namespace: sovereign-omantel, deletionTimestamp: "2026-01-01T00:00:00Z", labels: {openova.io/host-cluster: hz}, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: HostCluster, name: hz, uid: hz, controller: true}]}
status: {conditions: [{type: Ready, status: "False", message: Being deleted}, {type: Synced, status: "False", message: "locked:\n  by an action"}]}`
	servers = `apiVersion: hcloud.openova.io/v1alpha1
kind: Server
metadata: {name: hz-cp1, namespace: sovereign-omantel, labels: {openova.io/host-cluster: hz, crossplane.io/in-use: "true"}, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: NodePool, name: hz, uid: np, controller: true}]}
---
apiVersion: protection.crossplane.io/v1beta1
kind: Usage
metadata: {name: hz-cp1-outlives-lb, namespace: sovereign-omantel}
spec: {of: {apiVersion: hcloud.openova.io/v1alpha1, kind: Server, resourceRef: {name: hz-cp1}}, by: {apiVersion: hcloud.openova.io/v1alpha1, kind: LoadBalancer, resourceRef: {name: hz-lb}}}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: Server
metadata: {name: hz-w1, namespace: sovereign-omantel, deletionTimestamp: "2026-01-01T00:00:00Z", labels: {openova.io/host-cluster: hz}, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: NodePool, name: hz, uid: np, controller: true}]}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: Server
metadata: {name: hz-w2, namespace: sovereign-omantel, deletionTimestamp: "2026-01-01T00:00:00Z", labels: {openova.io/host-cluster: hz}, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: NodePool, name: hz, uid: np, controller: true}]}`
	rest = `apiVersion: powerdns.openova.io/v1alpha1
kind: Zone
metadata: {name: omantel.omani.works, namespace: sovereign-omantel, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: Sovereign, name: omantel, uid: sov, controller: true}]}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: SSHKey
metadata: {name: key, namespace: sovereign-omantel, ownerReferences: [{apiVersion: catalyst.openova.io/v1alpha1, kind: Sovereign, name: omantel, uid: sov, controller: true}]}`
	noise = `apiVersion: hcloud.openova.io/v1alpha1
kind: Teardown
metadata: {name: omantel, namespace: sovereign-omantel}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: ProviderConfigUsage
metadata: {name: u, namespace: sovereign-omantel}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: Server
metadata: {name: elsewhere, namespace: sovereign-bankdhofar}`
	people = `apiVersion: catalyst.openova.io/v1alpha1
kind: NodePool
metadata: {name: mine, namespace: sovereign-omantel}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: Server
metadata: {name: mine, namespace: sovereign-omantel}
---
apiVersion: gitea.openova.io/v1alpha1
kind: Organization
metadata: {name: mine, namespace: sovereign-omantel}`
)

func with(doc string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(doc) }

// TestSteps: what one look finds and does.
func TestSteps(t *testing.T) {
	type want struct {
		Exists   bool
		Did      []string
		Layer    string
		WaitsFor string
		Left     int
		Names    []string
	}
	clusters := "2 of 3, host clusters"
	cases := map[string]struct {
		reason string
		mg     *v1alpha1.Teardown
		docs   []string
		want   want
	}{
		"Hold": {
			reason: "A Sovereign that lives is held, and nothing else happens",
			mg:     teardown(), docs: []string{sovereign, acme, hostCluster, rest},
			want: want{Exists: true, Did: []string{"finalizers of omantel [hcloud.openova.io/teardown]"}},
		},
		"Held": {reason: "One that is held is left alone", mg: teardown(), docs: []string{held, acme, hostCluster}, want: want{Exists: true}},
		"Again": {
			reason: "What was said of a deletion is not said of a Sovereign that lives",
			mg:     teardown(known("acme")), docs: []string{held}, want: want{Exists: true},
		},
		"ByHand": {
			reason: "A Teardown that is deleted by hand lets the Sovereign go and deletes nothing",
			mg:     teardown(leaving), docs: []string{held, acme, hostCluster},
			want: want{Exists: true, Did: []string{"finalizers of omantel []"}},
		},
		"ByHandGone":   {reason: "And is gone then", mg: teardown(leaving), docs: []string{sovereign, acme, hostCluster}},
		"Orphan":       {reason: "One that belongs to nobody does nothing", mg: teardown(orphan), docs: []string{acme, hostCluster}, want: want{Exists: true}},
		"OrphanGone":   {reason: "And goes at once", mg: teardown(orphan, leaving), docs: []string{acme, hostCluster}},
		"AboutToGo":    {reason: "Without a deletion of its own nothing is deleted once the Sovereign is gone", mg: teardown(), docs: []string{acme, hostCluster}, want: want{Exists: true}},
		"HandOver":     {reason: "Without Delete a Sovereign that lives is let go", mg: teardown(without), docs: []string{held, acme}, want: want{Exists: true, Did: []string{"finalizers of omantel []"}}},
		"HandOverGone": {reason: "Without Delete one that is deleted is let go, with all that it has", mg: teardown(without), docs: []string{going, acme, hostCluster}, want: want{Exists: true, Did: []string{"finalizers of omantel []"}}},
		"Orphaned": {
			reason: "A Sovereign that is deleted without what belongs to it takes nothing with it",
			mg:     teardown(), docs: []string{with(going, "[hcloud", "[orphan, hcloud"), acme, hostCluster},
			want: want{Exists: true, Did: []string{"finalizers of omantel [orphan]"}},
		},
		"NoteFirst": {
			reason: "An Organization is noted before it is deleted: its namespace is waited for",
			mg:     teardown(), docs: []string{going, acme, globex, hostCluster, rest},
			want: want{Exists: true, Layer: "1 of 3, Organizations", WaitsFor: "Organization acme", Left: 4, Names: []string{"acme"}},
		},
		"Organizations": {
			reason: "Those that name the Sovereign are deleted, before anything of it",
			mg:     teardown(known("acme")), docs: []string{going, acme, globex, hostCluster, rest},
			want: want{Exists: true, Did: []string{"delete Organization acme"}, Layer: "1 of 3, Organizations", WaitsFor: "Organization acme", Left: 4, Names: []string{"acme"}},
		},
		"Refuses": {
			reason: "An Organization that refuses is waited for by name, and its guard says why",
			mg:     teardown(known("acme", "hooli")), docs: []string{going, with(acme, "uid: acme", `uid: acme, labels: {crossplane.io/in-use: "true"}`), with(acme, "acme", "hooli", "uid: acme", `uid: hooli, deletionTimestamp: "2026-01-01T00:00:00Z"`), `apiVersion: protection.crossplane.io/v1beta1
kind: ClusterUsage
metadata: {name: organization-acme-in-use}
spec: {reason: Organization acme still has 1 Application (shop), of: {apiVersion: catalyst.openova.io/v1alpha1, kind: Organization, resourceRef: {name: acme}}}`},
			want: want{Exists: true, Did: []string{"delete Organization acme"}, Layer: "1 of 3, Organizations", WaitsFor: "2 Organizations (acme: Organization acme still has 1 Application (shop); hooli)", Left: 2, Names: []string{"acme", "hooli"}},
		},
		"Namespace": {
			reason: "An Organization is gone when its namespace is, which says what is left",
			mg:     teardown(known("acme", "globex", "hooli", "initech")), docs: []string{going, globex, hostCluster, `apiVersion: v1
kind: Namespace
metadata: {name: acme, labels: {openova.io/organization: acme}, deletionTimestamp: "2026-01-01T00:00:00Z"}
status: {conditions: [{type: NamespaceDeletionContentFailure, status: "False", message: All content successfully deleted}, {type: NamespaceContentRemaining, status: "True", message: "Some resources are remaining: repositories.gitea.openova.io has 1 resource instances"}]}`, `apiVersion: v1
kind: Namespace
metadata: {name: globex, labels: {openova.io/organization: globex}}`, `apiVersion: v1
kind: Namespace
metadata: {name: initech}`},
			want: want{Exists: true, Layer: "1 of 3, Organizations", WaitsFor: "Namespace acme: Some resources are remaining: repositories.gitea.openova.io has 1 resource instances", Left: 2, Names: []string{"acme"}},
		},
		"Refuse": {
			reason: "Organizations that came after the deletion are waited for, and not deleted without Cascade",
			mg:     teardown(known("acme")), docs: []string{with(going, "Cascade", "Refuse"), acme, hostCluster, rest},
			want: want{Exists: true, Layer: "1 of 3, Organizations", WaitsFor: "Organization acme: delete it, or set spec.deletionPolicy of the Sovereign to Cascade", Left: 4, Names: []string{"acme"}},
		},
		"LateRefuse": {
			reason: "And left alone once the Sovereign is gone",
			mg:     teardown(leaving, refuse), docs: []string{acme, rest},
			want: want{Exists: true, Layer: "3 of 3, domain and Git", WaitsFor: "SSHKey key, Zone omantel.omani.works", Left: 2},
		},
		"Clusters": {
			reason: "Host clusters go next, and with them what people have made at Hetzner",
			mg:     teardown(), docs: []string{going, hostCluster, rest, people, noise},
			want: want{Exists: true, Did: []string{"delete HostCluster hz", "delete NodePool mine", "delete Server mine"}, Layer: clusters, WaitsFor: "HostCluster hz, NodePool mine, Server mine", Left: 6},
		},
		"Follow": {
			reason: "What follows by its owner is waited for: first what is going, with its reason, then how much is kept by that",
			mg:     teardown(), docs: []string{going, loadBalancer, servers, rest, noise},
			want: want{Exists: true, Layer: clusters, WaitsFor: "LoadBalancer hz-lb: locked: by an action, 2 Servers; 1 more after that", Left: 6},
		},
		"Half": {
			reason: "A usage that stays although what it is by is gone is not woken",
			mg:     teardown(), docs: []string{going, strings.Join(strings.Split(servers, "\n---\n")[:2], "\n---\n")},
			want: want{Exists: true, Layer: clusters, WaitsFor: "Server hz-cp1: after LoadBalancer hz-lb, which is gone: in a moment", Left: 1},
		},
		"Overdue": {
			reason: "Core takes its time to see that what a usage is by is gone, and is told",
			mg:     teardown(), docs: []string{going, with(strings.Join(strings.Split(servers, "\n---\n")[:2], "\n---\n"), "{name: hz-cp1-outlives-lb,", `{name: hz-cp1-outlives-lb, deletionTimestamp: "2026-01-01T00:00:00Z",`)},
			want: want{Exists: true, Did: []string{"wake hz-cp1-outlives-lb"}, Layer: clusters, WaitsFor: "Server hz-cp1: after LoadBalancer hz-lb, which is gone: in a moment", Left: 1},
		},
		"OverdueWhileAlive": {
			reason: "A host cluster that goes alone is not waited for either",
			mg:     teardown(), docs: []string{held, with(strings.Split(servers, "\n---\n")[1], "{name: hz-cp1-outlives-lb,", `{name: hz-cp1-outlives-lb, deletionTimestamp: "2026-01-01T00:00:00Z",`)},
			want: want{Exists: true, Did: []string{"wake hz-cp1-outlives-lb"}},
		},
		"Waiting": {
			reason: "One whose time has not come is let be",
			mg:     teardown(), docs: []string{going, loadBalancer, with(strings.Join(strings.Split(servers, "\n---\n")[:2], "\n---\n"), "{name: hz-cp1-outlives-lb,", `{name: hz-cp1-outlives-lb, deletionTimestamp: "2026-01-01T00:00:00Z",`)},
			want: want{Exists: true, Layer: clusters, WaitsFor: "LoadBalancer hz-lb: locked: by an action; 1 more after that", Left: 2},
		},
		"Kept": {
			reason: "What is kept says by whom",
			mg:     teardown(), docs: []string{going, loadBalancer, servers},
			want: want{Exists: true, Layer: clusters, WaitsFor: "LoadBalancer hz-lb: locked: by an action, 2 Servers; 1 more after that", Left: 4},
		},
		"Release": {
			reason: "Then the Sovereign goes, and the rest follows it",
			mg:     teardown(), docs: []string{going, rest, noise},
			want: want{Exists: true, Did: []string{"finalizers of omantel []"}, Layer: "3 of 3, domain and Git", WaitsFor: "SSHKey key, Zone omantel.omani.works", Left: 2},
		},
		"Rest": {
			reason: "The Teardown stays until that is gone",
			mg:     teardown(leaving), docs: []string{rest, noise},
			want: want{Exists: true, Layer: "3 of 3, domain and Git", WaitsFor: "SSHKey key, Zone omantel.omani.works", Left: 2},
		},
		"Gone": {reason: "And is gone then, whatever else is in the namespace", mg: teardown(leaving), docs: []string{noise}},
		"Late": {
			reason: "Organizations are deleted if the Sovereign was not held in time",
			mg:     teardown(leaving, known("acme")), docs: []string{acme},
			want: want{Exists: true, Did: []string{"delete Organization acme"}, Layer: "1 of 3, Organizations", WaitsFor: "Organization acme", Left: 1, Names: []string{"acme"}},
		},
		"Namesake": {
			reason: "Another Sovereign of the name has Organizations of its own",
			mg:     teardown(leaving, known("acme")), docs: []string{with(held, "uid: sov", "uid: other"), acme},
		},
		"Foreground": {
			reason: "A Sovereign that is still there is let go at the end, although the Teardown is being deleted",
			mg:     teardown(leaving), docs: []string{going},
			want: want{Exists: true, Did: []string{"finalizers of omantel []"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlane(t, tc.docs...)
			o := look(t, p, tc.mg)
			at := tc.mg.Status.AtProvider
			got := want{Exists: o, Did: p.did, Layer: at.Layer, WaitsFor: at.WaitsFor, Names: at.Organizations}
			if at.Left != nil {
				got.Left = *at.Left
			}
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if name == "Kept" {
				want := v1alpha1.TeardownObject{Kind: "Server", Name: "hz-cp1", Reason: "after LoadBalancer hz-lb"}
				if diff := gocmp.Diff(want, at.Remaining[3]); diff != "" {
					t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
				}
			}
			if c := tc.mg.GetCondition(TypeCleared); tc.want.Layer != "" && c.Message != "Layer "+tc.want.Layer+": waits for "+tc.want.WaitsFor {
				t.Errorf("%s: condition says %q", tc.reason, c.Message)
			}
		})
	}
}

// look at the Teardown once, as the managed reconciler does.
func look(t *testing.T, p *plane, mg *v1alpha1.Teardown) bool {
	t.Helper()
	e := &external{kube: p}
	o, err := e.Observe(t.Context(), mg)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case mg.GetDeletionTimestamp() != nil && o.ResourceExists:
		_, err = e.Delete(t.Context(), mg)
		mg.SetConditions(xpv1.Deleting())
	case mg.GetDeletionTimestamp() == nil && !o.ResourceUpToDate:
		_, err = e.Update(t.Context(), mg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.ResourceExists
}

// TestToTheEnd: looked at again and again, a Sovereign goes layer by layer.
func TestToTheEnd(t *testing.T) {
	p := newPlane(t, going, acme, hostCluster, rest, `apiVersion: v1
kind: Namespace
metadata: {name: acme, labels: {openova.io/organization: acme}}`)
	mg := teardown()
	remove := func(gvk schema.GroupVersionKind, namespace, name string) {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(gvk)
		u.SetNamespace(namespace)
		u.SetName(name)
		if err := p.Delete(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	var layers []string
	for range 20 {
		exists := look(t, p, mg)
		if !exists {
			break
		}
		if at := mg.Status.AtProvider; len(layers) == 0 || layers[len(layers)-1] != at.WaitsFor {
			layers = append(layers, at.WaitsFor)
		}
		switch mg.Status.AtProvider.WaitsFor {
		case "Namespace acme":
			remove(namespaceGVK, "", "acme")
		case "SSHKey key, Zone omantel.omani.works":
			mg.DeletionTimestamp = new(metav1.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC))
			remove(schema.GroupVersionKind{Group: groupPowerDNS, Version: "v1alpha1", Kind: "Zone"}, ns, "omantel.omani.works")
		case "SSHKey key":
			remove(schema.GroupVersionKind{Group: v1alpha1.CRDGroup, Version: "v1alpha1", Kind: "SSHKey"}, ns, "key")
		}
	}
	want := []string{"Organization acme", "Namespace acme", "HostCluster hz", "SSHKey key, Zone omantel.omani.works", "SSHKey key"}
	if since := mg.Status.AtProvider.Since; since == nil || !since.Equal(&deleted) {
		t.Errorf("want it to last since %v, got %v", deleted, since)
	}
	if diff := gocmp.Diff(want, layers); diff != "" {
		t.Errorf("what was waited for: -want, +got:\n%s", diff)
	}
	if left := mg.Status.AtProvider.Left; left == nil || *left != 0 {
		t.Errorf("want nothing left, got %v", left)
	}
}

// TestSettled: what has not changed is not said in other words or as of another
// time, or the object would be written again.
func TestSettled(t *testing.T) {
	for name, mg := range map[string]*v1alpha1.Teardown{"Alive": teardown(), "Deleted": teardown(leaving)} {
		t.Run(name, func(t *testing.T) {
			p := newPlane(t, going, loadBalancer, servers, rest, people)
			look(t, p, mg)
			// What people have made is deleted by the first look.
			look(t, p, mg)
			before := mg.DeepCopy()
			look(t, p, mg)
			if diff := gocmp.Diff(before, mg); diff != "" {
				t.Errorf("-before, +after:\n%s", diff)
			}
			// Conditions that differ in their time only are equal.
			for i, c := range before.Status.Conditions {
				if was, is := c.LastTransitionTime, mg.Status.Conditions[i].LastTransitionTime; !was.Equal(&is) {
					t.Errorf("condition %s was of %v and is of %v", c.Type, was, is)
				}
			}
		})
	}
}

// TestMayNotWake: whether a Sovereign is held does not depend on a right that only
// saves time.
func TestMayNotWake(t *testing.T) {
	overdue := with(strings.Split(servers, "\n---\n")[1], "{name: hz-cp1-outlives-lb,", `{name: hz-cp1-outlives-lb, deletionTimestamp: "2026-01-01T00:00:00Z",`)
	p := newPlane(t, with(held, "finalizers: ["+Finalizer+"]", "finalizers: []"), overdue)
	w, ok := p.Client.(client.WithWatch)
	if !ok {
		t.Fatal("the client cannot watch")
	}
	p.Client = interceptor.NewClient(w, interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if o.GetObjectKind().GroupVersionKind().Kind == "Usage" {
				return errors.New("forbidden")
			}
			return c.Patch(ctx, o, patch, opts...)
		},
	})
	e := &external{kube: p}
	if _, err := e.Observe(t.Context(), teardown()); err != nil {
		t.Fatal(err)
	}
	_, err := e.Update(t.Context(), teardown())
	if err == nil || err.Error() != `cannot wake Usage "hz-cp1-outlives-lb": forbidden` {
		t.Errorf("want what is forbidden to be said, got %v", err)
	}
	if diff := gocmp.Diff([]string{"finalizers of omantel [" + Finalizer + "]"}, p.did); diff != "" {
		t.Errorf("what was done: -want, +got:\n%s", diff)
	}
}

// TestErrors: what cannot be seen is no reason to take it for gone.
func TestErrors(t *testing.T) {
	cases := map[string]struct{ reason, kind, want string }{
		"Sovereign":     {reason: "Whether the Sovereign is there", kind: "Sovereign", want: `cannot get Sovereign "omantel": forbidden`},
		"Organizations": {reason: "Organizations", kind: "OrganizationList", want: "cannot list objects of kind Organization.catalyst.openova.io: forbidden"},
		"Objects":       {reason: "Objects of a provider", kind: "ZoneList", want: "cannot list objects of kind Zone.powerdns.openova.io: forbidden"},
		"Usages":        {reason: "Usages", kind: "UsageList", want: "cannot list objects of kind Usage.protection.crossplane.io: forbidden"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			forbid := func(o runtime.Object) error {
				if o.GetObjectKind().GroupVersionKind().Kind == tc.kind {
					return errors.New("forbidden")
				}
				return nil
			}
			p := newPlane(t, going, acme, rest)
			w, ok := p.Client.(client.WithWatch)
			if !ok {
				t.Fatal("the client cannot watch")
			}
			p.Client = interceptor.NewClient(w, interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					return cmp.Or(forbid(o), c.Get(ctx, key, o, opts...))
				},
				List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
					return cmp.Or(forbid(l), c.List(ctx, l, opts...))
				},
			})
			_, err := (&external{kube: p}).Observe(t.Context(), teardown())
			if err == nil || err.Error() != tc.want {
				t.Errorf("%s: want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestWords(t *testing.T) {
	many := func(n int, kind, reason string) []object {
		var out []object
		for i := range n {
			u := &unstructured.Unstructured{Object: map[string]any{}}
			u.SetName(fmt.Sprintf("o%d", i+1))
			out = append(out, object{Unstructured: u, gvk: schema.GroupVersionKind{Kind: kind}, going: true, reason: reason})
		}
		return out
	}
	held := func(in []object) []object {
		for i := range in {
			in[i].going = false
		}
		return in
	}
	cases := map[string]struct {
		reason  string
		objects []object
		want    string
	}{
		"Plural":  {reason: "Kinds have plurals", objects: slices.Concat(many(2, "CryptoKey", ""), many(2, "ClusterAuthority", ""), many(2, "ClusterLeftovers", "")), want: "2 CryptoKeys, 2 ClusterAuthorities, 2 ClusterLeftovers"},
		"Bounded": {reason: "So many names and no more", objects: many(7, "Server", "locked"), want: "7 Servers (o1: locked; o2: locked; o3: locked; o4: locked; o5: locked; …)"},
		"Kinds":   {reason: "So many kinds and no more", objects: slices.Concat(many(1, "A", ""), many(1, "B", ""), many(1, "C", ""), many(1, "D", ""), many(1, "E", ""), many(2, "F", "")), want: "A o1, B o1, C o1, D o1, objects of 2 more kinds"},
		"Kept": {
			reason: "What nothing but usages keep is told by these", objects: slices.Concat(held(many(3, "Server", "after LoadBalancer lb")), held(many(1, "Network", "after Server s"))),
			want: "3 objects: after LoadBalancer lb, Network o1: after Server s",
		},
		"Long": {reason: "So much of a reason and no more", objects: many(1, "Server", strings.Repeat("x", 400)), want: "Server o1: " + strings.Repeat("x", 300) + "…"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := gocmp.Diff(tc.want, summary(tc.objects)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPace(t *testing.T) {
	got := map[string]time.Duration{"alive": pace(teardown(), time.Hour), "going": pace(teardown(func(mg *v1alpha1.Teardown) { mg.Status.AtProvider.Since = &deleted }), time.Hour)}
	if want := map[string]time.Duration{"alive": idle, "going": busy}; !maps.Equal(want, got) {
		t.Errorf("want %v, got %v", want, got)
	}
}
