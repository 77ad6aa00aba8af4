package delegation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar/registrartest"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/testkit"
)

const (
	oldNS   = "ns.old.example."
	minute  = time.Minute
	theName = "cloud.example.org"
)

// An office is a Delegation with a registrar, what the API server has of it, and
// the parent zone that the registrar writes when it is told to.
type office struct {
	*registry
	*registrartest.Server

	secret *corev1.Secret
	events *testkit.Recorder
	desk   *registrar.Desk
	mg     *v1alpha1.Delegation
	// published in the parent zone.
	published map[string][]string
}

// newOffice of a registrar where the domain is registered itself, or, at
// Cloudflare, lies in a zone.
func newOffice(t *testing.T, typ string, r *registry, published map[string][]string) *office {
	t.Helper()
	r.at = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o := &office{registry: r, Server: registrartest.Start(t, typ), events: &testkit.Recorder{}, desk: registrar.NewDesk(), mg: r.delegation(), published: published}
	if typ == registrar.Cloudflare {
		o.Register("example.org", "a.ns.cloudflare.com")
	} else {
		o.Register(theName, "ns.old.example")
	}
	o.publish(nil)
	o.desk.Now = func() time.Time { return o.at }
	o.secret = &corev1.Secret{Data: map[string][]byte{"key": []byte(o.Config.Credentials + "\n")}}
	o.mg.Spec.ForProvider.Servers = o.mg.Spec.ForProvider.Servers[:1]
	o.mg.Namespace, o.mg.Generation = "acme", 1
	o.mg.Spec.ForProvider.Registrar = &v1alpha1.DelegationRegistrar{
		Type: typ, Endpoint: o.Config.Endpoint,
		CredentialsSecretRef: xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: "registrar"}, Key: "key"},
	}
	return o
}

// publish in the parent zone what the registrar has, and DS records that somebody
// enters by hand.
func (o *office) publish(byHand []string) {
	o.t.Helper()
	ns := []string{}
	for _, n := range o.Nameservers(theName) {
		ns = append(ns, canonical.Name(n))
	}
	ds := append(o.DS(theName), byHand...)
	// A write takes a while where disks are slow.
	for _, rr := range []struct {
		typ      string
		ttl      int64
		contents []string
	}{{"NS", 600, ns}, {"DS", 300, ds}} {
		if was, ok := o.published[rr.typ]; !ok || !slices.Equal(was, rr.contents) {
			o.enter(rr.typ, rr.ttl, rr.contents, o.servers[0])
			o.published[rr.typ] = rr.contents
		}
	}
}

// get a Secret, as the API server does.
func (o *office) get(_ context.Context, key client.ObjectKey, obj client.Object) error {
	if o.secret == nil || key.Namespace != "acme" || key.Name != "registrar" {
		return kerrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, key.Name)
	}
	o.secret.DeepCopyInto(obj.(*corev1.Secret))
	return nil
}

// reconcile after a while, as the managed reconciler would, with a provider that
// has just started and an API server that keeps nothing but what was written. It
// returns what it ends with.
func (o *office) reconcile(after time.Duration) string {
	o.t.Helper()
	o.at = o.at.Add(after)
	e := New(&test.MockClient{MockGet: o.get}, nil, o.desk, o.events).(*external)
	e.now = func() time.Time { return o.at }
	mg := o.mg.DeepCopy()
	if mg.DeletionTimestamp != nil {
		if until, ready := hold(mg); o.at.Before(until) {
			return fmt.Sprintf("held for %s: %s", until.Sub(o.at), ready.Reason)
		}
	}
	obs, err := e.Observe(o.t.Context(), mg)
	switch {
	case err != nil:
	case mg.DeletionTimestamp != nil && obs.ResourceExists:
		_, err = e.Delete(o.t.Context(), mg)
	case mg.DeletionTimestamp != nil:
		return "gone"
	case !obs.ResourceExists:
		mg.Status = *o.mg.Status.DeepCopy()
		_, err = e.Create(o.t.Context(), mg)
		mg.SetConditions(xpv1.Creating())
	case !obs.ResourceUpToDate:
		_, err = e.Update(o.t.Context(), mg)
	}
	mg.SetConditions(xpv1.ReconcileSuccess().WithObservedGeneration(1))
	if err != nil {
		mg.SetConditions(xpv1.ReconcileError(err))
	}
	o.mg = mg
	for _, s := range o.Secrets {
		for _, c := range mg.Status.Conditions {
			if strings.Contains(c.Message, s) {
				o.t.Errorf("%s tells %q", c.Message, s)
			}
		}
	}
	if err != nil && mg.DeletionTimestamp != nil {
		return "waits: " + err.Error()
	}
	return string(mg.GetCondition(xpv1.TypeReady).Reason)
}

// step checks what a reconcile ends with, and what the registrar was told.
func (o *office) step(reason string, after time.Duration, want string, writes ...string) {
	o.t.Helper()
	got := o.reconcile(after)
	if short, _, _ := strings.Cut(got, ": "); got != want && short != want {
		o.t.Errorf("%s: got %q, want %q; %s", reason, got, want, o.mg.GetCondition(xpv1.TypeReady).Message)
	}
	if diff := cmp.Diff(writes, o.Writes()); diff != "" {
		o.t.Errorf("%s: what the registrar was told: -want, +got:\n%s", reason, diff)
	}
}

// message of the condition Ready.
func (o *office) message(want string) {
	o.t.Helper()
	if diff := cmp.Diff(want, strings.ReplaceAll(o.mg.GetCondition(xpv1.TypeReady).Message, o.servers[0].DNS.DNS, "A")); diff != "" {
		o.t.Errorf("message: -want, +got:\n%s", diff)
	}
}

func (o *office) delete() {
	now := metav1.NewTime(o.at)
	o.mg.DeletionTimestamp = &now
}

// oneServer of the parent zone is enough: that there may be several is tested
// elsewhere.
func oneServer(t *testing.T) func(t *testing.T, typ string) *office {
	t.Helper()
	r := newRegistry(t)
	published := map[string][]string{}
	return func(t *testing.T, typ string) *office {
		t.Helper()
		return newOffice(t, typ, &registry{t: t, servers: []*bench{r.servers[0], r.servers[0]}}, published)
	}
}

var tellNS = "set " + theName + ": ns1.example.net ns2.example.net"

// A name in a zone at Cloudflare comes and goes with all its records, in the order
// in which it is never bogus.
func TestRegistrarSetsAll(t *testing.T) {
	o := oneServer(t)(t, registrar.Cloudflare)
	ds := "add cloud.example.org DS " + strings.ToUpper(ours)
	o.step("What was there is noted first", 0, "Creating")
	o.step("Nameservers first", 0, "NotDelegated", "add cloud.example.org NS ns1.example.net", "add cloud.example.org NS ns2.example.net")
	o.message("Cloudflare has to name NS ns1.example.net., ns2.example.net. and no others for cloud.example.org; it names none")
	o.step("The parent zone does not have them yet", minute, "NotDelegated")
	o.message("Waits for the servers of zone example.org. to name NS ns1.example.net., ns2.example.net. and no others, as Cloudflare does; A says none")
	o.publish(nil)
	o.step("DS records next", minute, "MissingDS", ds)
	o.message("Cloudflare has to have DS " + ours + " of cloud.example.org")
	o.step("The parent zone does not have them yet", minute, "MissingDS")
	o.message("Waits for the servers of zone example.org. to have DS " + ours + ", as Cloudflare does; A says none")
	o.publish(nil)
	o.step("All is as wanted", minute, "Available")
	calls := o.Calls()
	o.step("A registrar that has all is not asked each minute", minute, "Available")
	if o.Calls() != calls {
		t.Errorf("%d calls although all was as wanted a minute ago", o.Calls()-calls)
	}
	o.step("Nor told anything when it is", 10*minute, "Available")
	if got := o.events.Take(); len(got) > 0 {
		t.Errorf("events: %v", got)
	}

	o.delete()
	o.step("The DS records go first", 0, "Available", "remove cloud.example.org DS "+strings.ToUpper(ours))
	o.step("The parent zone still has them", minute, "waits: waits for the servers of zone example.org. to drop DS "+ours+", which Cloudflare has no more")
	o.publish(nil)
	o.step("Resolvers hold them for as long as they might", minute, "Available")
	o.step("Until then nothing is done", 0, "held for 5m0s: DSCached")
	o.step("Still", 5*minute-time.Second, "held for 1s: DSCached")
	o.step("Then the delegation goes", time.Second, "Available", "remove cloud.example.org NS ns1.example.net", "remove cloud.example.org NS ns2.example.net")
	o.step("And the object with it", 0, "gone")
	if left := o.Nameservers(theName); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A name in a zone at Cloudflare moves here from servers that sign it.
func TestRegistrarMovesAll(t *testing.T) {
	o := oneServer(t)(t, registrar.Cloudflare)
	r, err := registrar.New(o.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ensure(t.Context(), canonical.Name(theName), registrar.Records{Nameservers: []string{oldNS}, DS: []string{theirs}}); err != nil {
		t.Fatal(err)
	}
	o.Writes()
	o.publish(nil)
	o.step("What was there is noted first", 0, "Creating")
	o.step("The DS records go first", 0, "WrongDS", "remove cloud.example.org DS "+strings.ToUpper(theirs))
	o.message("Cloudflare has to remove DS " + theirs + " of cloud.example.org, before anything else: they are not of the domain's keys")
	o.step("The parent zone still has them", minute, "WrongDS")
	o.message("Waits for the servers of zone example.org. to drop DS " + theirs + ", which Cloudflare has no more; A says " + theirs)
	o.publish(nil)
	o.step("Resolvers hold them for 300 s", minute, "DSCached")
	o.step("Still", 299*time.Second, "DSCached")
	o.step("The nameservers change", time.Second, "WrongNameservers", "add cloud.example.org NS ns1.example.net", "add cloud.example.org NS ns2.example.net", "remove cloud.example.org NS ns.old.example")
	o.publish(nil)
	o.step("Resolvers ask the old ones for 600 s", minute, "NameserversCached")
	o.step("Still", 599*time.Second, "NameserversCached")
	o.step("DS records may come", time.Second, "MissingDS", "add cloud.example.org DS "+strings.ToUpper(ours))
	o.publish(nil)
	o.step("All is as wanted", minute, "Available")

	o.mg.Status.AtProvider.Registrar.DS = nil
	o.delete()
	o.step("Nothing goes before the status says that it was there", 0, "Available")
	o.step("Then it goes", minute, "Available", "remove cloud.example.org DS "+strings.ToUpper(ours))
}

// A domain moves here from servers that sign it, at a registrar that sets no DS
// records: somebody enters them, and the registrar is told the rest in between.
func TestRegistrarSetsNameservers(t *testing.T) {
	start := oneServer(t)
	for _, typ := range []string{registrar.Dynadot, registrar.GoDaddy, registrar.Namecheap, registrar.OVH} {
		t.Run(typ, func(t *testing.T) {
			o := start(t, typ)
			byHand := "at " + typ + " by hand, in zone example.org., because its API does not set DS records of cloud.example.org"
			o.publish([]string{theirs})
			o.step("What was there is noted first", 0, "Creating")
			o.step("The DS records go first", 0, "WrongDS")
			o.message("Remove DS " + theirs + " " + byHand + ", before anything else: they are not of the domain's keys; A says " + theirs)
			o.publish(nil)
			o.step("Resolvers hold them for 300 s", minute, "DSCached")
			o.step("Still", 299*time.Second, "DSCached")
			o.step("The nameservers change", time.Second, "WrongNameservers", tellNS)
			o.message(typ + " has to name NS ns1.example.net., ns2.example.net. and no others for cloud.example.org; it names ns.old.example.")
			if typ == registrar.OVH {
				o.step("OVH is at it", minute, "RegistrarBusy")
				o.message("OVH has accepted a change of cloud.example.org and not finished it: task 1 is todo")
				o.Finish(false)
				o.step("And fails", minute, "WrongNameservers", tellNS)
				o.message("OVH has to name NS ns1.example.net., ns2.example.net. and no others for cloud.example.org; it names ns.old.example.; its last task 1 failed: the zone is not served there")
				o.Finish(true)
			}
			o.step("The parent zone does not have them yet", minute, "WrongNameservers")
			o.message("Waits for the servers of zone example.org. to name NS ns1.example.net., ns2.example.net. and no others, as " + typ + " does; A says ns.old.example.")
			o.publish(nil)
			o.step("Resolvers ask the old ones for 600 s", minute, "NameserversCached")
			o.step("DS records may come", 600*time.Second, "MissingDS")
			o.message("Enter DS " + ours + " " + byHand + "; A says none")
			o.publish([]string{ours})
			o.step("All is as wanted", minute, "Available")
			if diff := cmp.Diff(&v1alpha1.DelegationRegistrarObservation{Nameservers: want, Before: &v1alpha1.DelegationBefore{Nameservers: []string{oldNS}}}, o.mg.Status.AtProvider.Registrar); diff != "" {
				t.Errorf("status: -want, +got:\n%s", diff)
			}

			o.delete()
			o.step("Somebody has to remove the DS records", 0, "waits: remove DS "+ours+" "+byHand+": the nameservers stay until resolvers have forgotten them")
			o.publish(nil)
			o.step("Resolvers hold them", minute, "Available")
			o.step("So the nameservers stay", 299*time.Second, "held for 1s: DSCached")
			o.step("Then those come back that were there before", time.Second, "Available", "set "+theName+": ns.old.example")
			if typ == registrar.OVH {
				o.step("OVH is at it", minute, "waits: OVH has accepted a change of cloud.example.org and not finished it: task 3 is todo")
				o.Finish(true)
			}
			o.step("And the object goes", minute, "gone")
			if diff := cmp.Diff([]string{"ns.old.example"}, o.Nameservers(theName)); diff != "" {
				t.Errorf("nameservers: -want, +got:\n%s", diff)
			}
		})
	}
}

// established is a domain whose registrar has all that it can have.
func (o *office) established(ds ...string) {
	o.t.Helper()
	for range 4 {
		o.reconcile(11 * minute)
		o.publish(ds)
	}
	o.Writes()
	o.step("All is as wanted", minute, "Available")
	o.events.Take()
}

func TestRegistrarDrift(t *testing.T) {
	o := oneServer(t)(t, registrar.GoDaddy)
	o.established(ours)
	o.Register(theName, "ns.evil.example")
	o.step("It is found within ten minutes", 10*minute, "WrongNameservers", tellNS)
	if diff := cmp.Diff([]string{"Something else changed this; it was put right: nameservers: found [ns.evil.example.], restored [ns1.example.net. ns2.example.net.]"}, o.events.Take()); diff != "" {
		t.Errorf("events: -want, +got:\n%s", diff)
	}
	o.step("And put right", minute, "Available")
}

// A deletion takes back what was set, and nothing that somebody else has set since.
func TestRegistrarLeft(t *testing.T) {
	start := oneServer(t)
	cases := map[string]struct {
		reason string
		typ    string
		ds     []string
		change func(o *office)
		want   []string
		events []string
	}{
		"NeverTold": {
			reason: "A registrar that was told nothing is told nothing", typ: registrar.GoDaddy,
			change: func(o *office) { o.mg.Status.AtProvider.Registrar.Before = nil }, want: []string{"ns1.example.net", "ns2.example.net"},
		},
		"Others": {
			reason: "Somebody has moved the domain already", typ: registrar.GoDaddy,
			change: func(o *office) { o.Register(theName, "ns.new.example") }, want: []string{"ns.new.example"},
		},
		"NothingBefore": {
			reason: "A domain that is registered has nameservers", typ: registrar.GoDaddy,
			change: func(o *office) { o.mg.Status.AtProvider.Registrar.Before.Nameservers = nil }, want: []string{"ns1.example.net", "ns2.example.net"},
			events: []string{"GoDaddy still names NS ns1.example.net., ns2.example.net. for cloud.example.org: a domain that is registered has nameservers, and none are known that it had before"},
		},
		"Abandoned": {
			reason: "Who abandons DS records does not wait for anybody", typ: registrar.GoDaddy, ds: []string{ours},
			change: func(o *office) { o.mg.Spec.ForProvider.Registrar.AbandonDS = new(true) }, want: []string{"ns1.example.net", "ns2.example.net"},
			events: []string{"GoDaddy still names NS ns1.example.net., ns2.example.net. for cloud.example.org: resolvers may expect the domain to be signed because of DS records that somebody has to remove"},
		},
		"AbandonedUnsigned": {
			reason: "Where there are none, all is taken back", typ: registrar.GoDaddy,
			change: func(o *office) { o.mg.Spec.ForProvider.Registrar.AbandonDS = new(true) }, want: []string{"ns.old.example"},
		},
		"NoRegistrar": {
			reason: "Who takes the registrar away takes back nothing", typ: registrar.GoDaddy,
			change: func(o *office) { o.mg.Spec.ForProvider.Registrar = nil }, want: []string{"ns1.example.net", "ns2.example.net"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := start(t, tc.typ)
			if len(tc.ds) == 0 {
				o.mg.Spec.ForProvider.DS = nil
			}
			o.established(tc.ds...)
			tc.change(o)
			o.delete()
			got := ""
			for range 4 {
				if got = o.reconcile(minute); got == "gone" {
					break
				}
			}
			if got != "gone" {
				t.Errorf("%s: ends with %q", tc.reason, got)
			}
			if diff := cmp.Diff(tc.want, o.Nameservers(theName)); diff != "" {
				t.Errorf("%s: nameservers: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(append([]string{}, tc.events...), o.events.Take()); diff != "" {
				t.Errorf("%s: events: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Nothing is decided, and nothing taken back, while the parent zone's servers don't
// answer.
func TestRegistrarSilentParent(t *testing.T) {
	o := oneServer(t)(t, registrar.Cloudflare)
	o.reconcile(0)
	o.servers[0].DNS.Kill()
	o.step("It may have DS records", minute, "ParentUnreachable")
	o.servers[0].DNS.Restart()
	o.established()
	o.delete()
	o.step("The DS records go", minute, "Available", "remove cloud.example.org DS "+strings.ToUpper(ours))
	o.servers[0].DNS.Kill()
	o.at = o.at.Add(24 * time.Hour)
	o.step("It may have them still", minute, "waits")
	o.servers[0].DNS.Restart()
	o.publish(nil)
	o.step("It has not", minute, "Available")
}

func TestRegistrarErrors(t *testing.T) {
	start := oneServer(t)
	cases := map[string]struct {
		reason    string
		change    func(o *office)
		published bool
		ready     string
		message   string
		synced    string
	}{
		"NoSecret": {
			reason: "The Secret is not there", change: func(o *office) { o.secret = nil },
			ready: "RegistrarUnauthorized", message: `Cannot get Secret "registrar" that spec.forProvider.registrar.credentialsSecretRef names: secrets "registrar" not found`,
		},
		"NoKey": {
			reason: "It has another key", change: func(o *office) { o.secret.Data = nil },
			ready: "RegistrarUnauthorized", message: `Secret "registrar" that spec.forProvider.registrar.credentialsSecretRef names has nothing in key "key"`,
		},
		"Form": {
			reason: "What is in it is something else", change: func(o *office) { o.secret.Data["key"] = []byte("s3cret") },
			ready: "RegistrarUnauthorized", message: `Cannot use key "key" of Secret "registrar" that spec.forProvider.registrar.credentialsSecretRef names: credentials of GoDaddy must have the form key:secret`,
		},
		"Unauthorized": {
			reason: "401", change: func(o *office) { o.secret.Data["key"] = []byte("gd-key-01234:wrong") },
			ready: "RegistrarUnauthorized", message: "Cannot read the nameservers of cloud.example.org: GoDaddy answered 401: UNABLE_TO_AUTHENTICATE Unauthorized : Could not authenticate API key/secret sso-key [redacted] (check the Secret that credentialsSecretRef names)",
		},
		"Forbidden": {
			reason: "403", change: func(o *office) { o.Cause(registrartest.Deny, 9) },
			ready: "RegistrarForbidden", message: "Cannot read the nameservers of cloud.example.org: GoDaddy answered 403: ACCESS_DENIED Authenticated user is not allowed access (GoDaddy opens its API to accounts with ten domains or more, or in its Premier club; set the mode BYOManual otherwise)",
		},
		"Unknown": {
			reason: "404", change: func(o *office) { o.mg.Spec.ForProvider.Domain = "other.example.org" },
			ready: "RegistrarUnknownDomain", message: "Cannot read the nameservers of other.example.org: GoDaddy answered 404: NOT_FOUND The domain is not in the account (check that the domain is in the account the credentials are of; a name below a registered domain is delegated in the zone of that domain)",
		},
		"Limited": {
			reason: "429", change: func(o *office) { o.Cause(registrartest.Limit, 9) },
			ready: "RegistrarLimited", message: "Cannot read the nameservers of cloud.example.org: GoDaddy answered 429: TOO_MANY_REQUESTS Too many requests received within interval (it is tried again later)",
		},
		"Broken": {
			reason: "502", change: func(o *office) { o.Cause(registrartest.Break, 9) },
			ready: "RegistrarUnavailable", message: "Cannot read the nameservers of cloud.example.org: GoDaddy answered 502 Bad Gateway (it is tried again later)",
		},
		"Published": {
			reason: "What the parent zone has does not depend on who may be asked", published: true, change: func(o *office) { o.Cause(registrartest.Break, 9) },
			ready: "Available", synced: "cannot read the nameservers of cloud.example.org: GoDaddy answered 502 Bad Gateway (it is tried again later)",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := start(t, registrar.GoDaddy)
			if tc.published {
				o.established(ours)
			}
			tc.change(o)
			for range 2 {
				o.step(tc.reason, 10*minute, tc.ready)
			}
			o.message(tc.message)
			if got := o.mg.GetCondition(xpv1.TypeSynced); tc.synced != "" && got.Message != tc.synced || got.Status != corev1.ConditionFalse {
				t.Errorf("%s: Synced says %s", tc.reason, got.Message)
			}
		})
	}
}

// A refusal is shown until the registrar may be told again, without asking it.
func TestRegistrarRefuses(t *testing.T) {
	o := oneServer(t)(t, registrar.Cloudflare)
	o.mg.Spec.ForProvider.Domain = theName
	o.Register(theName, "a.ns.cloudflare.com")
	o.reconcile(0)
	const want = "cannot set the nameservers of cloud.example.org: Cloudflare cannot do it: the nameservers of a domain that is registered there stay Cloudflare's (move the domain to another registrar, or delegate a name below it)"
	for i := range 3 {
		o.step("It cannot", time.Second, "NotDelegated")
		if diff := cmp.Diff(want, o.mg.GetCondition(xpv1.TypeSynced).Message); diff != "" {
			t.Errorf("%d: -want, +got:\n%s", i, diff)
		}
	}
	calls := o.Calls()
	o.step("And is not asked again within a minute", time.Second, "NotDelegated")
	if o.Calls() != calls {
		t.Errorf("%d calls", o.Calls()-calls)
	}
}

// What may not be created is looked at all the same, and told nothing before it is
// known what was there.
func TestRegistrarPolicies(t *testing.T) {
	o := oneServer(t)(t, registrar.GoDaddy)
	o.mg.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	e := New(&test.MockClient{MockGet: o.get}, nil, o.desk, o.events)
	obs, err := e.Observe(t.Context(), o.mg)
	if err != nil || !obs.ResourceExists || obs.ResourceUpToDate {
		t.Errorf("got %+v, %v", obs, err)
	}
	if !slices.Equal(o.mg.Status.AtProvider.Registrar.Nameservers, []string{oldNS}) {
		t.Errorf("status: %+v", o.mg.Status.AtProvider.Registrar)
	}
	o.mg.Spec.ManagementPolicies = append(o.mg.Spec.ManagementPolicies, xpv1.ManagementActionUpdate)
	o.step("What was there is noted first", 0, "WrongNameservers")
	o.step("Then it is told", minute, "WrongNameservers", tellNS)
}
