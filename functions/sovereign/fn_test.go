package sovereign

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/proptest"
)

const sme = `apiVersion: catalyst.openova.io/v1alpha1
kind: Sovereign
metadata: {name: omantel}
spec:
  domain: {name: omantel.omani.works, mode: Pool, parentZone: omani.works, nameservers: [ns1.openova.io, ns2.openova.io, ns3.openova.io]}
  provider: hetzner
  providerConfig: default
  regions:
  - code: fsn
    network: {cidr: 10.0.0.0/16}
    hostClusters:
    - {buildingBlock: mgt, controlPlane: {serverType: cx42, count: 1}, workers: {serverType: cx32, count: 2, min: 2, max: 10}}
  kubernetes: {version: v1.31.4+k3s1}
  ssh: {publicKeys: [ssh-ed25519 AAAA admin]}
  deletionPolicy: Refuse`

const organizations = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: acme}
spec: {sovereignRef: {name: omantel}}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: globex}
spec: {sovereignRef: {name: bankdhofar}}`

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func world(t testing.TB, docs ...string) *proptest.World {
	t.Helper()
	return proptest.NewWorld(t, strings.Join(docs, "\n---\n"))
}

func with(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(sme) }

func corporate(t testing.TB) *proptest.World {
	t.Helper()
	w := proptest.Example(t, "../../examples/sovereign-corporate", "Sovereign", "bankdhofar")
	w.Objects = append(w.Objects, world(t, sme, platformSecrets).Objects...)
	return w
}

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), world(t, credited(), organizations, platformSecrets))
}

func FuzzRunFunction(f *testing.F) {
	proptest.Fuzz(f, newFn(), world(f, credited(), organizations, platformSecrets))
}

func spec(rsp *fnv1.RunFunctionResponse, key string) map[string]any {
	s, _ := rsp.GetDesired().GetResources()[key].GetResource().AsMap()["spec"].(map[string]any)
	return s
}

func status(rsp *fnv1.RunFunctionResponse) map[string]any {
	return rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)
}

// record renders an RRset as in a zone file.
func record(rsp *fnv1.RunFunctionResponse, key string) string {
	p, ok := spec(rsp, key)["forProvider"].(map[string]any)
	if !ok {
		return ""
	}
	var contents []string
	for _, r := range p["records"].([]any) {
		contents = append(contents, r.(map[string]any)["content"].(string))
	}
	return fmt.Sprintf("%v: %v %v %v %s", p["zone"], p["name"], p["ttl"], p["type"], strings.Join(contents, " "))
}

func records(rsp *fnv1.RunFunctionResponse) []string {
	var out []string
	for _, key := range proptest.Keys(rsp) {
		if strings.HasPrefix(key, keyNamePrefix) || strings.HasPrefix(key, "parent-") {
			out = append(out, record(rsp, key))
		}
	}
	slices.Sort(out)
	return out
}

func TestRecords(t *testing.T) {
	rsp := world(t, sme).Settle(t, newFn())
	var want []string
	for _, n := range []string{"", "*.", "console.", "api.", "gitea.", "harbor."} {
		want = append(want, "omantel.omani.works: "+n+"omantel.omani.works 300 A 192.0.2.10", "omantel.omani.works: "+n+"omantel.omani.works 300 AAAA 2001:db8::10")
	}
	want = append(want,
		"omani.works: omantel.omani.works 3600 NS ns1.openova.io. ns2.openova.io. ns3.openova.io.",
		"omani.works: omantel.omani.works 3600 DS 12345 13 2 bb")
	slices.Sort(want)
	if diff := cmp.Diff(want, records(rsp)); diff != "" {
		t.Errorf("records: -want, +got:\n%s", diff)
	}
}

// Deletion waits until resolvers have forgotten the DS records.
func TestDSTTL(t *testing.T) {
	for name, tc := range map[string]struct {
		reason, spec string
		want         float64
	}{
		"Default": {reason: "The same as for NS records", spec: sme, want: 3600},
		"Short":   {reason: "As short as is asked for", spec: with("parentZone: omani.works,", "parentZone: omani.works, dsTTL: 5,"), want: 5},
	} {
		t.Run(name, func(t *testing.T) {
			p := spec(world(t, tc.spec).Settle(t, newFn()), keyParentDS)["forProvider"].(map[string]any)
			if p["ttl"] != tc.want || p["waitOutTTL"] != true {
				t.Errorf("%s: want TTL %v that is waited out, got %v, %v", tc.reason, tc.want, p["ttl"], p["waitOutTTL"])
			}
		})
	}
}

// A name is never bogus: the parent zone says that the domain is signed only
// once its servers serve its keys.
func TestDelegationComesLast(t *testing.T) {
	w := world(t, sme)
	appeared := map[string]int{}
	for round := range 20 {
		_, rsp := w.Run(t, newFn())
		for _, key := range proptest.Keys(rsp) {
			if _, ok := appeared[key]; !ok {
				appeared[key] = round
			}
		}
		w.Apply(rsp, proptest.All)
	}
	order := []string{keyNamespace, keyZone, keyKSK, keyParentNS, keyParentDS}
	for i := 1; i < len(order); i++ {
		a, okA := appeared[order[i-1]]
		b, okB := appeared[order[i]]
		if !okA || !okB || a >= b {
			t.Errorf("%s appears in round %d (%t), %s in round %d (%t)", order[i-1], a, okA, order[i], b, okB)
		}
	}
}

func TestNoDSWithoutKeys(t *testing.T) {
	for _, missing := range []string{keyKSK, keyZSK, keyParentNS} {
		w := world(t, sme)
		var rsp *fnv1.RunFunctionResponse
		for range 10 {
			_, rsp = w.Run(t, newFn())
			w.Apply(rsp, func(key string) bool { return key != missing })
		}
		if slices.Contains(proptest.Keys(rsp), keyParentDS) {
			t.Errorf("the parent zone has a DS while %s is not ready", missing)
		}
	}
}

func TestAddressFollows(t *testing.T) {
	w := world(t, sme)
	w.Settle(t, newFn())
	key := keyClusterPrefix + "hz-fsn-mgt-prod"
	lb := w.Composed[key].GetFields()["status"].GetStructValue().GetFields()["loadBalancer"].GetStructValue()
	lb.Fields["ipv4"] = structpb.NewStringValue("192.0.2.99")
	delete(lb.GetFields(), "ipv6")
	_, rsp := w.Run(t, newFn())
	if diff := cmp.Diff("omantel.omani.works: console.omantel.omani.works 300 A 192.0.2.99", record(rsp, "name-console-a")); diff != "" {
		t.Errorf("a changed address: -want, +got:\n%s", diff)
	}
	if slices.Contains(proptest.Keys(rsp), "name-console-aaaa") {
		t.Error("an address that is gone stays named")
	}
	delete(w.Composed[key].GetFields()["status"].GetStructValue().GetFields(), "loadBalancer")
	_, rsp = w.Run(t, newFn())
	if record(rsp, "name-console-a") == "" {
		t.Error("names go when the address is not known for a while")
	}
}

func TestHostClusters(t *testing.T) {
	rsp := corporate(t).Settle(t, newFn())
	got := map[string]string{}
	for _, key := range proptest.Keys(rsp) {
		if name, ok := strings.CutPrefix(key, keyClusterPrefix); ok {
			got[name] = fmt.Sprint(spec(rsp, key)["network"].(map[string]any)["subnet"])
		}
	}
	want := map[string]string{
		"hz-fsn-mgt-prod": "10.0.1.0/24", "hz-fsn-rtz-prod": "10.0.2.0/24", "hz-fsn-dmz-prod": "10.0.3.0/24",
		"hz-hel-mgt-prod": "10.1.1.0/24", "hz-hel-rtz-prod": "10.1.2.0/24", "hz-hel-dmz-prod": "10.1.3.0/24",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("every region and building block has its cluster: -want, +got:\n%s", diff)
	}
	if n := len(proptest.Keys(rsp)); n > 40 {
		t.Errorf("composes %d resources, more than 40", n)
	}
}

func TestBound(t *testing.T) {
	for _, mode := range []string{"Pool", "BYORegistrar"} {
		w := corporate(t)
		d := w.XR.GetFields()["spec"].GetStructValue().GetFields()["domain"].GetStructValue()
		d.Fields["mode"] = structpb.NewStringValue(mode)
		if mode == "Pool" {
			d.Fields["parentZone"] = structpb.NewStringValue("bankdhofar.example")
		} else {
			d.Fields["registrar"] = structpb.NewStructValue(resource.MustStructJSON(`{"type":"OVH","credentialsSecretRef":{"name":"cloudflare","key":"token"}}`))
		}
		ssh := w.XR.GetFields()["spec"].GetStructValue().GetFields()["ssh"].GetStructValue()
		ssh.GetFields()["publicKeys"].GetListValue().Values = append(ssh.GetFields()["publicKeys"].GetListValue().GetValues(), structpb.NewStringValue("ssh-ed25519 BBBB"))
		w.Objects = append(w.Objects, world(t, sme, strings.ReplaceAll(organizations, "omantel", "bankdhofar"), registrarSecret).Objects...)
		if keys := proptest.Keys(w.Settle(t, newFn())); len(keys) > 40 {
			t.Errorf("the largest Sovereign of mode %s composes %d resources, more than 40: %v", mode, len(keys), keys)
		}
	}
}

func TestRegionRemoved(t *testing.T) {
	w := corporate(t)
	w.Settle(t, newFn())
	regions := w.XR.GetFields()["spec"].GetStructValue().GetFields()["regions"].GetListValue()
	regions.Values = regions.GetValues()[:1]
	var got []string
	for _, key := range proptest.Keys(w.Settle(t, newFn())) {
		if strings.HasPrefix(key, keyClusterPrefix) {
			got = append(got, key)
		}
	}
	want := []string{"host-cluster-hz-fsn-dmz-prod", "host-cluster-hz-fsn-mgt-prod", "host-cluster-hz-fsn-rtz-prod"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("host clusters of one region: -want, +got:\n%s", diff)
	}
}

func TestManualDelegation(t *testing.T) {
	const asked = `"parentZone":"bankdhofar.example.","nameserversTTL":300,"dsTTL":60,"nameserversCachedUntil":"2026-01-01T01:00:00Z"`
	ns := []any{"ns1.openova.io.", "ns2.openova.io.", "ns3.openova.io."}
	cases := map[string]struct {
		reason    string
		condition string
		observed  string
		want      map[string]any
		summary   string
		guarded   bool
	}{
		"Pending": {
			reason:    "The step says what to enter, and nothing else waits",
			condition: `{"type":"Ready","status":"False","reason":"NotDelegated","message":"Enter NS ns1.openova.io."}`,
			observed:  `{` + asked + `}`,
			want:      map[string]any{"state": "Pending", "parentZone": "bankdhofar.example", "nameservers": ns, "ds": []any{"12345 13 2 bb"}, "ttl": 300.0, "cachedUntil": "2026-01-01T01:00:00Z"},
			summary:   "Delegation: Delegation cloud.bankdhofar.example: Enter NS ns1.openova.io.",
		},
		"Signed": {
			reason:    "The zone's keys stay while resolvers expect signatures",
			condition: `{"type":"Ready","status":"True","reason":"Available"}`,
			observed:  `{` + asked + `,"published":true,"validated":true,"nameservers":["ns1.openova.io.","ns2.openova.io.","ns3.openova.io."],"ds":["12345 13 2 bb"]}`,
			want:      map[string]any{"state": "Published", "parentZone": "bankdhofar.example", "nameservers": ns, "ds": []any{"12345 13 2 bb"}, "foundNameservers": ns, "foundDS": []any{"12345 13 2 bb"}, "ttl": 300.0, "cachedUntil": "2026-01-01T01:00:00Z"},
			summary:   "Ready",
			guarded:   true,
		},
		"Forgotten": {
			reason:    "Records that were removed and forgotten hold nothing",
			condition: `{"type":"Ready","status":"False","reason":"MissingDS","message":"Enter DS 12345 13 2 bb"}`,
			observed:  `{` + asked + `,"nameservers":["ns1.openova.io.","ns2.openova.io.","ns3.openova.io."]}`,
			want:      map[string]any{"state": "Pending", "parentZone": "bankdhofar.example", "nameservers": ns, "ds": []any{"12345 13 2 bb"}, "foundNameservers": ns, "ttl": 300.0, "cachedUntil": "2026-01-01T01:00:00Z"},
			summary:   "Delegation: Delegation cloud.bankdhofar.example: Enter DS 12345 13 2 bb",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := corporate(t)
			w.Settle(t, newFn())
			w.Composed[keyDelegation].Fields["status"] = structpb.NewStructValue(resource.MustStructJSON(`{"atProvider":` + tc.observed + `,"conditions":[` + tc.condition + `]}`))
			_, rsp := w.Run(t, newFn())
			if diff := cmp.Diff(any(tc.want), status(rsp)["delegation"]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.summary, status(rsp)["summary"]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			for _, st := range status(rsp)["steps"].([]any) {
				if st := st.(map[string]any); st["name"] != "Delegation" && st["state"] != "Ready" {
					t.Errorf("%s: step %v is %v", tc.reason, st["name"], st["state"])
				}
			}
			keys := proptest.Keys(rsp)
			if got := slices.Contains(keys, "guard-sovereign") && slices.Contains(keys, "guard-namespace"); got != tc.guarded {
				t.Errorf("%s: guarded %t", tc.reason, got)
			}
			for _, key := range []string{keyParentNS, keyParentDS} {
				if slices.Contains(keys, key) {
					t.Errorf("%s: %s is composed although the parent zone is somebody else's", tc.reason, key)
				}
			}
		})
	}
}

// What somebody was told to enter is not taken back while the key's status is
// late.
func TestManualDSStays(t *testing.T) {
	w := corporate(t)
	w.Settle(t, newFn())
	delete(w.Composed[keyKSK].GetFields()["status"].GetStructValue().GetFields()["atProvider"].GetStructValue().GetFields(), "ds")
	_, rsp := w.Run(t, newFn())
	if diff := cmp.Diff([]any{"12345 13 2 bb"}, spec(rsp, keyDelegation)["forProvider"].(map[string]any)["ds"]); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestGuard(t *testing.T) {
	cases := map[string]struct {
		reason string
		docs   []string
		want   []string
	}{
		"Organization": {reason: "An Organization holds its Sovereign", docs: []string{sme, organizations}, want: []string{"guard-namespace", "guard-sovereign"}},
		"Cascade":      {reason: "Who asks for a cascade is not held up", docs: []string{with("deletionPolicy: Refuse", "deletionPolicy: Cascade"), organizations}},
		"Foreign":      {reason: "Another Sovereign's Organizations hold nothing here", docs: []string{sme, strings.ReplaceAll(organizations, "name: omantel", "name: bankdhofar")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			// The first call: a Sovereign can be deleted at any moment.
			_, rsp := world(t, tc.docs...).Run(t, newFn())
			var got []string
			for _, key := range proptest.Keys(rsp) {
				if strings.HasPrefix(key, keyGuardPrefix) {
					got = append(got, key)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			for _, key := range got {
				if reason := spec(rsp, key)["reason"].(string); !strings.Contains(reason, "(acme)") {
					t.Errorf("%s: %q does not name the Organization", tc.reason, reason)
				}
			}
		})
	}
}

func TestOrder(t *testing.T) {
	rsp := world(t, sme).Settle(t, newFn())
	var got []string
	for _, key := range proptest.Keys(rsp) {
		if strings.HasPrefix(key, "order-") {
			got = append(got, key)
		}
	}
	want := []string{"order-ksk-parent-ds", "order-parent-ns-zone", "order-zone-parent-ds"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order of deletion: -want, +got:\n%s", diff)
	}
	if p, ok := spec(rsp, keyZSK)["managementPolicies"].([]any); !ok || slices.Contains(p, any("*")) || slices.Contains(p, any("Delete")) {
		t.Errorf("no usage keeps the zone's signing key, so it must not be deleted by itself: %v", p)
	}
}

// The usage that an earlier release composed for the signing key goes.
func TestOrderRetired(t *testing.T) {
	w := world(t, sme)
	w.Settle(t, newFn())
	const key = "order-zsk-parent-ds"
	w.Composed[key] = w.Composed["order-ksk-parent-ds"]
	_, rsp := w.Run(t, newFn())
	if slices.Contains(proptest.Keys(rsp), key) {
		t.Errorf("%s stays", key)
	}
}

// What takes the Sovereign down is there as soon as its namespace is, and stays
// whatever becomes of the Sovereign: without it there would be nobody to do so.
func TestTeardown(t *testing.T) {
	cases := map[string]struct{ reason, spec, want string }{
		"Refuse":  {reason: "Organizations are left alone", spec: sme, want: "Refuse"},
		"Cascade": {reason: "Organizations go first", spec: with("deletionPolicy: Refuse", "deletionPolicy: Cascade"), want: "Cascade"},
		"Unset":   {reason: "An object that was there before the default", spec: with("  deletionPolicy: Refuse", ""), want: "Refuse"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, tc.spec, organizations)
			_, rsp := w.Run(t, newFn())
			w.Apply(rsp, proptest.All)
			_, rsp = w.Run(t, newFn())
			p, _ := spec(rsp, keyTeardown)["forProvider"].(map[string]any)
			if diff := cmp.Diff(any(tc.want), p["organizations"]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			w.Settle(t, newFn())
			domain := w.XR.GetFields()["spec"].GetStructValue().GetFields()["domain"].GetStructValue()
			domain.Fields["name"] = structpb.NewStringValue("api.omani.works")
			if _, rsp = w.Run(t, newFn()); spec(rsp, keyTeardown) == nil {
				t.Errorf("%s: goes when the Sovereign is not accepted any more", tc.reason)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	cases := map[string]struct{ reason, spec, want string }{
		"Foreign": {reason: "A name outside its parent zone", spec: with("name: omantel.omani.works", "name: omantel.example.org"), want: `spec.domain.name "omantel.example.org" must be one label in spec.domain.parentZone "omani.works"`},
		"Deep":    {reason: "Two labels below", spec: with("name: omantel.omani.works", "name: a.b.omani.works"), want: `spec.domain.name "a.b.omani.works" must be one label`},
	}
	for _, l := range naming.ReservedLabels() {
		cases["Reserved"+l] = struct{ reason, spec, want string }{reason: "A reserved label", spec: with("name: omantel.omani.works", "name: "+l+".omani.works"), want: fmt.Sprintf("spec.domain.name %q is reserved", l+".omani.works")}
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, rsp := world(t, tc.spec).Run(t, newFn())
			if got := rsp.GetConditions()[0].GetMessage(); !strings.HasPrefix(got, tc.want) {
				t.Errorf("%s: message %q, want %q", tc.reason, got, tc.want)
			}
			if keys := proptest.Keys(rsp); len(keys) > 0 {
				t.Errorf("%s: composes %v", tc.reason, keys)
			}
		})
	}
	if n := len(naming.ReservedLabels()); n != 21 {
		t.Errorf("%d reserved labels, want 21", n)
	}
	definition, err := os.ReadFile("../../apis/sovereigns/definition.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rule := "['" + strings.Join(naming.ReservedLabels(), "','") + "']"
	if !strings.Contains(strings.ReplaceAll(strings.Join(strings.Fields(string(definition)), ""), "''", "'"), rule) {
		t.Errorf("the API server does not refuse the same labels: %s", rule)
	}
}

func TestGolden(t *testing.T) {
	proptest.Golden(t, proptest.Example(t, "../../examples/sovereign-sme", "Sovereign", "omantel").Settle(t, newFn()), "testdata/sme.yaml")
	proptest.Golden(t, corporate(t).Settle(t, newFn()), "testdata/corporate.yaml")
	proptest.Golden(t, registered(t, registrarSecret).Settle(t, newFn()), "testdata/registrar.yaml")
}
