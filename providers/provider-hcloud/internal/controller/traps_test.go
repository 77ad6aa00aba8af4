package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

// count of what exists in the project.
func (w *world) count(plural string) int { return len(w.sim.Dump("default")[plural]) }

func (w *world) inject(f hcloudsim.Fault) int64 {
	w.t.Helper()
	id, err := w.sim.Inject(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) api() *hcloud.Client {
	return hcloud.NewClient(hcloud.WithEndpoint(w.url), hcloud.WithToken(token))
}

func TestUserDataSecret(t *testing.T) {
	cases := map[string]struct {
		reason string
		data   map[string][]byte
		want   string
	}{
		"NoSecret": {
			reason: "A server is not created without its user data",
			want:   `connect failed: spec.forProvider.userDataSecretRef: cannot get Secret "cp1-cloud-init": secrets "cp1-cloud-init" not found`,
		},
		"NoKey": {
			reason: "Nor with another key's",
			data:   map[string][]byte{"other": []byte("x")},
			want:   `connect failed: spec.forProvider.userDataSecretRef: Secret "cp1-cloud-init" has nothing under key "user-data"`,
		},
		"Empty": {
			reason: "Nor with nothing",
			data:   map[string][]byte{"user-data": {}},
			want:   `connect failed: spec.forProvider.userDataSecretRef: Secret "cp1-cloud-init" has nothing under key "user-data"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, hcloudsim.Config{})
			objs := w.examples("SSHKey", "Network", "NetworkSubnet", "Firewall", "PlacementGroup", "PrimaryIP", "Server")
			w.settle(objs[:len(objs)-1]...)
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cp1-cloud-init"}}
			w.get(secret)
			right := secret.Data
			if err := w.kube.Delete(context.Background(), secret); err != nil {
				t.Fatal(err)
			}
			if tc.data != nil {
				w.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cp1-cloud-init"}, Data: tc.data})
			}
			server := objs[len(objs)-1]
			for range 3 {
				w.reconcile(server)
			}
			w.get(server)
			if diff := cmp.Diff(tc.want, server.GetCondition(xpv1.TypeSynced).Message); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if n := w.count("servers"); n != 0 {
				t.Errorf("%s: there are %d servers", tc.reason, n)
			}

			if tc.data == nil {
				w.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cp1-cloud-init"}, Data: right})
			} else {
				w.get(secret)
				w.change(secret, func() { secret.Data = right })
			}
			w.settle(server)
			if got := string(w.bodies["POST /v1/servers"]); !strings.Contains(got, `"user_data":"#cloud-config\npackage_update: true\n"`) {
				t.Errorf("the server was created without its user data: %s", got)
			}
		})
	}
}

// TestRefusedReplacement changes what only a new server could have, and deletes
// the server while that is refused.
func TestRefusedReplacement(t *testing.T) {
	cases := map[string]struct {
		reason string
		kinds  []string
		change func(o object)
		want   string
	}{
		"Server": {
			reason: "A plugin SDK resource is not replaced",
			kinds:  []string{"SSHKey", "Network", "NetworkSubnet", "Firewall", "PlacementGroup", "PrimaryIP", "Server"},
			change: func(o object) { o.(*v1alpha1.Server).Spec.ForProvider.Location = new("hel1") },
			want:   `update failed: refuse to update the external resource because the following update requires replacing it: cannot change the value of the argument "location" from "fsn1" to "hel1"`,
		},
		"FloatingIP": {
			reason: "Nor is it created anew when it is deleted",
			kinds:  []string{"FloatingIP"},
			change: func(o object) {
				p := &o.(*v1alpha1.FloatingIP).Spec.ForProvider
				p.Type, p.HomeLocation = new("ipv6"), new("nbg1")
			},
			want: "update failed: refuse to update the external resource because the following update requires replacing it",
		},
		"PrimaryIP": {
			reason: "Nor is one of the plugin framework",
			kinds:  []string{"PrimaryIP"},
			change: func(o object) { o.(*v1alpha1.PrimaryIP).Spec.ForProvider.Type = new("ipv6") },
			want:   `update failed: diff contains fields that require resource replacement: diff contains fields that require resource replacement: AttributeName("type"), `,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, hcloudsim.Config{})
			objs := w.examples(tc.kinds...)
			w.settle(objs...)
			o := objs[len(objs)-1]
			w.change(o, func() { tc.change(o) })
			w.forget()
			for range 3 {
				w.reconcile(o)
			}
			w.get(o)
			if got := o.GetCondition(xpv1.TypeSynced).Message; !strings.HasPrefix(got, tc.want) {
				t.Errorf("%s: want %q, got %q", tc.reason, tc.want, got)
			}
			w.remove(o)
			for _, r := range w.requests {
				if strings.HasPrefix(r, http.MethodPost) && !strings.Contains(r, "/actions/") {
					t.Errorf("%s: it was created again: %s", tc.reason, r)
				}
			}
			w.remove(objs[:len(objs)-1]...)
			if diff := cmp.Diff(0, len(w.sim.Dump("default"))); diff != "" {
				t.Errorf("%s: left over: %v", tc.reason, w.sim.Dump("default"))
			}
		})
	}
}

// TestDeletedWithoutReference takes away what a reference inside a list was
// resolved to, as applying the list again does, and deletes the server at once.
func TestDeletedWithoutReference(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	objs := w.examples("SSHKey", "Network", "NetworkSubnet", "Firewall", "PlacementGroup", "PrimaryIP", "Server")
	w.settle(objs...)
	for _, o := range objs {
		if s, ok := o.(*v1alpha1.Server); ok {
			w.change(s, func() {
				for i := range s.Spec.ForProvider.Network {
					s.Spec.ForProvider.Network[i].SubnetID = nil
				}
			})
		}
	}
	w.remove(objs...)
	if diff := cmp.Diff(0, len(w.sim.Dump("default"))); diff != "" {
		t.Errorf("left over: %v", w.sim.Dump("default"))
	}
}

// TestLostCreate loses the answer to a create, in every way there is, for every
// kind whose identifier the server chooses.
func TestLostCreate(t *testing.T) {
	kinds := map[string]struct {
		plural string
		with   []string
	}{
		"Firewall":            {plural: "firewalls"},
		"FloatingIP":          {plural: "floating_ips"},
		"LoadBalancer":        {plural: "load_balancers"},
		"Network":             {plural: "networks"},
		"PlacementGroup":      {plural: "placement_groups"},
		"PrimaryIP":           {plural: "primary_ips"},
		"SSHKey":              {plural: "ssh_keys"},
		"Server":              {plural: "servers", with: []string{"SSHKey", "Network", "NetworkSubnet", "Firewall", "PlacementGroup", "PrimaryIP"}},
		"UploadedCertificate": {plural: "certificates"},
		"Volume":              {plural: "volumes"},
		"Zone":                {plural: "zones"},
	}
	ways := map[string]func(w *world, plural string){
		"NoAnswer": func(w *world, plural string) {
			w.inject(hcloudsim.Fault{Effect: hcloudsim.EffectLose, Method: http.MethodPost, Path: "/" + plural, Count: 1})
		},
		"BadGateway": func(w *world, plural string) {
			w.answer = func(r *http.Request) int {
				if r.Method == http.MethodPost && r.URL.Path == "/v1/"+plural {
					w.answer = nil
					return http.StatusInternalServerError
				}
				return 0
			}
		},
		"Killed": func(w *world, _ string) {
			// The provider dies before it can write down what it created.
			w.lose = func(o client.Object) bool {
				a := o.GetAnnotations()
				return a[meta.AnnotationKeyExternalCreateSucceeded] != "" && a[meta.AnnotationKeyExternalName] != ""
			}
		},
	}
	for kind, k := range kinds {
		for way, lose := range ways {
			t.Run(kind+way, func(t *testing.T) {
				w := newWorld(t, hcloudsim.Config{})
				if len(k.with) > 0 {
					w.settle(w.examples(k.with...)...)
				}
				objs := w.examples(kind)
				o := objs[len(objs)-1]
				lose(w, k.plural)
				w.reconcile(o)
				if n := w.count(k.plural); n != 1 {
					t.Fatalf("the first attempt made %d of %s", n, k.plural)
				}
				w.lose, w.answer = nil, nil
				w.restart()
				w.settle(o)
				if n := w.count(k.plural); n != 1 {
					t.Errorf("there are %d of %s", n, k.plural)
				}
				w.remove(o)
				if n := w.count(k.plural); n != 0 {
					t.Errorf("%d of %s are left over", n, k.plural)
				}
			})
		}
	}
}

// TestLostCreateAnew loses the answer when what somebody deleted at Hetzner is
// created again.
func TestLostCreateAnew(t *testing.T) {
	ways := map[string]func(w *world, was string){
		"NoAnswer": func(w *world, _ string) {
			w.inject(hcloudsim.Fault{Effect: hcloudsim.EffectLose, Method: http.MethodPost, Path: "/networks", Count: 1})
		},
		"Killed": func(w *world, was string) {
			w.lose = func(o client.Object) bool { return o.GetAnnotations()[meta.AnnotationKeyExternalName] != was }
		},
	}
	for way, lose := range ways {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("%sStartedAnew%t", way, again), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, hcloudsim.Config{})
				o := w.examples("Network")[0]
				w.settle(o)
				w.get(o)
				was := meta.GetExternalName(o)
				id, err := strconv.ParseInt(was, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.api().Network.Delete(context.Background(), &hcloud.Network{ID: id}); err != nil {
					t.Fatal(err)
				}
				// Annotations know whole seconds.
				time.Sleep(time.Second)
				lose(w, was)
				w.reconcile(o)
				if n := w.count("networks"); n != 1 {
					t.Fatalf("the first attempt made %d networks", n)
				}
				w.lose = nil
				if again {
					w.restart()
				}
				w.settle(o)
				w.get(o)
				if meta.GetExternalName(o) == was || w.count("networks") != 1 {
					t.Errorf("it is number %s, as before, of %d networks", was, w.count("networks"))
				}
				if a := o.GetAnnotations(); a[AnnotationCreateLost] != "" || meta.ExternalCreateIncomplete(o) {
					t.Errorf("it is still looked for: %v", a)
				}
				w.remove(o)
				if n := w.count("networks"); n != 0 {
					t.Errorf("%d networks are left over", n)
				}
			})
		}
	}
}

// TestForeignName meets an object of the same name that somebody else made.
func TestForeignName(t *testing.T) {
	lost := []hcloudsim.Fault{{Effect: hcloudsim.EffectDrop, Method: http.MethodPost, Path: "/networks", Count: 1}}
	cases := map[string]struct {
		reason string
		faults []hcloudsim.Fault
		// since is how long it has been there when it is met for the first time.
		since time.Duration
	}{
		"Answered": {reason: "A name that is taken is somebody else's", since: time.Hour},
		"Lost":     {reason: "And stays theirs when the answer got lost on the way", faults: lost, since: time.Hour},
		"Just":     {reason: "And when they were only a moment before", faults: lost},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, hcloudsim.Config{})
			_, ipRange, err := net.ParseCIDR("10.0.0.0/16")
			if err != nil {
				t.Fatal(err)
			}
			w.sim.Advance(-tc.since)
			foreign, _, err := w.api().Network.Create(context.Background(), hcloud.NetworkCreateOpts{Name: "catalyst-omantel-net", IPRange: ipRange})
			if err != nil {
				t.Fatal(err)
			}
			w.sim.Advance(tc.since)
			for _, f := range tc.faults {
				w.inject(f)
			}
			o := w.examples("Network")[0]
			for range 4 {
				w.reconcile(o)
			}
			w.get(o)
			if diff := cmp.Diff("", meta.GetExternalName(o)); diff != "" {
				t.Errorf("%s: taken over: -want, +got:\n%s", tc.reason, diff)
			}
			if msg := o.GetCondition(xpv1.TypeSynced).Message; !strings.Contains(msg, "uniqueness_error") {
				t.Errorf("%s: the condition does not say why: %s", tc.reason, msg)
			}
			w.remove(o)
			if got, _, err := w.api().Network.GetByID(context.Background(), foreign.ID); err != nil || got == nil {
				t.Errorf("%s: it is gone: %v", tc.reason, err)
			}
		})
	}
}

// TestAdopt takes over what exists by its identifier.
func TestAdopt(t *testing.T) {
	cases := map[string]struct {
		reason   string
		policies xpv1.ManagementPolicies
		left     int
	}{
		"Observe": {reason: "What is only observed is never changed, nor deleted", policies: xpv1.ManagementPolicies{xpv1.ManagementActionObserve}, left: 1},
		"All":     {reason: "What is as it should be is not changed when it is taken over", policies: xpv1.ManagementPolicies{xpv1.ManagementActionAll}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, hcloudsim.Config{})
			objs := w.examples("Network")
			w.settle(objs...)
			made := objs[0].(*v1alpha1.Network)
			mg := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "adopted"}}
			mg.SetManagementPolicies(tc.policies)
			meta.SetExternalName(mg, meta.GetExternalName(made))
			if name == "All" {
				mg.Spec.ForProvider = *made.Spec.ForProvider.DeepCopy()
			}
			w.create(mg)
			w.forget()
			w.settle(mg)
			if diff := cmp.Diff([]string{}, w.changes()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(new("10.0.0.0/16"), mg.Status.AtProvider.IPRange); diff != "" {
				t.Errorf("%s: status: -want, +got:\n%s", tc.reason, diff)
			}
			w.remove(mg)
			if diff := cmp.Diff(tc.left, w.count("networks")); diff != "" {
				t.Errorf("%s: networks left: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestBudgetSpent has the API refuse everything for a while.
func TestBudgetSpent(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	settled := w.examples("Network", "NetworkSubnet", "Firewall")
	w.settle(settled...)
	waiting := w.examples("PlacementGroup")[0]

	fault := w.inject(hcloudsim.Fault{Effect: hcloudsim.EffectRateLimit})
	w.forget()
	for range 20 {
		for _, o := range append(settled, waiting) {
			w.reconcile(o)
		}
	}
	if n := len(w.requests); n > 5 {
		t.Errorf("%d requests were made although the API refused them", n)
	}
	for _, o := range settled {
		w.get(o)
		if s := unsettled(o); s != "" {
			t.Errorf("%s was fine, and is not any more: %s", o.GetName(), s)
		}
		want := throttled(corev1.ConditionTrue, ReasonBudgetSpent, clients.ErrBudgetSpent.Error())
		if diff := cmp.Diff(want, o.GetCondition(TypeThrottled), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "LastTransitionTime" }, cmp.Ignore())); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", o.GetName(), diff)
		}
		if after := poll(o, interval); after < retryAfter || after > 3*retryAfter {
			t.Errorf("%s is looked at again after %s", o.GetName(), after)
		}
	}
	w.get(waiting)
	if got := waiting.GetCondition(xpv1.TypeSynced); got.Status != corev1.ConditionFalse || !strings.Contains(got.Message, clients.ErrBudgetSpent.Error()) {
		t.Errorf("what waits does not say so: %s", got.Message)
	}

	w.sim.Heal(fault)
	w.later = time.Minute
	w.settle(append(settled, waiting)...)
	for _, o := range settled {
		if got := o.GetCondition(TypeThrottled).Status; got != corev1.ConditionFalse {
			t.Errorf("%s: Throttled is still %s", o.GetName(), got)
		}
	}
}

// TestTurn creates with the first request that is granted, while others queue.
func TestTurn(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	first := w.examples("Network")
	w.settle(first...)
	fault := w.inject(hcloudsim.Fault{Effect: hcloudsim.EffectRateLimit})
	w.reconcile(first[0])
	o := w.examples("PlacementGroup")[0]
	w.reconcile(o)
	w.awake = func() { w.sim.Heal(fault) }
	w.forget()
	w.reconcile(o)
	if diff := cmp.Diff([]string{"create PlacementGroup control-plane", "POST /v1/placement_groups"}, w.changes()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	w.settle(o)
}

// TestNoSecretsInStatus looks for a server's user data in everything that is
// stored of it.
func TestNoSecretsInStatus(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	objs := w.examples("SSHKey", "Network", "NetworkSubnet", "Firewall", "PlacementGroup", "PrimaryIP", "Server")
	w.settle(objs...)
	server := objs[len(objs)-1]
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cp1-cloud-init"}}
	w.get(secret)
	w.change(secret, func() { secret.Data["user-data"] = []byte("#cloud-config\npassword: other-secret\n") })
	w.reconcile(server)
	w.get(server)
	b, err := json.Marshal(server)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"package_update", "other-secret", token} {
		if strings.Contains(string(b), s) {
			t.Errorf("%q is in the stored object: %s", s, b)
		}
	}
	want := `update failed: refuse to update the external resource because the following update requires replacing it: cannot change the value of the argument "user_data"`
	if diff := cmp.Diff(want, server.GetCondition(xpv1.TypeSynced).Message); diff != "" {
		t.Errorf("A changed Secret is refused without its content: -want, +got:\n%s", diff)
	}
}

// hourly requests that a Sovereign of a hundred servers may make: a tenth of the
// budget.
const hourly = 360

// TestSteadyState counts the requests of a Sovereign of a hundred servers.
func TestSteadyState(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{RateLimit: 10_000_000, Limits: map[string]int{"network_members": 0}})
	objs := w.examples("SSHKey", "Network", "NetworkSubnet", "Firewall", "LoadBalancer", "LoadBalancerNetwork", "ManagedCertificate", "LoadBalancerService", "LoadBalancerTarget")
	objs = objs[:len(objs)-1]
	for i := range 100 {
		s := &v1alpha1.Server{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("n%d", i)}}
		s.Spec.ForProvider = v1alpha1.ServerParameters{
			Name: new(s.Name), ServerType: new("cx33"), Image: new("ubuntu-24.04"), Location: new("fsn1"),
			Network: []v1alpha1.ServerNetworkParameters{{SubnetIDRef: &xpv1.NamespacedReference{Name: "omantel"}}},
		}
		w.create(s)
		objs = append(objs, s)
	}
	w.settle(objs...)
	w.forget()
	w.settle(objs...)
	if diff := cmp.Diff([]string{}, w.changes()); diff != "" {
		t.Errorf("a settled Sovereign is changed: -want, +got:\n%s", diff)
	}
	perHour := len(w.requests) * int(time.Hour/DefaultPoll)
	t.Logf("%d objects are looked at with %d requests: %d an hour", len(objs), len(w.requests), perHour)
	if perHour > hourly {
		t.Errorf("%d requests an hour are more than %d", perHour, hourly)
	}
}

var errLost = errors.New("the provider was killed")

// TestPlain keeps what changes from one answer to the next out of conditions.
func TestPlain(t *testing.T) {
	cases := map[string]struct{ reason, err, want string }{
		"Request": {reason: "Each request has an identifier", err: "invalid input in field 'ip' (invalid_input, 00000000000001c9)", want: "invalid input in field 'ip' (invalid_input)"},
		"Action":  {reason: "And so has each action", err: "Action failed (action_failed, 1045)", want: "Action failed (action_failed)"},
		"Other":   {reason: "Other numbers mean something", err: "SSH key not found: 1065", want: "SSH key not found: 1065"},
	}
	e := &external{project: &clients.Client{Budget: clients.NewBudget()}}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, e.plain(errors.New(tc.err), nil).Error()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
