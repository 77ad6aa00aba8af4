package sovereign

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"

	"github.com/openova-io/catalyst/internal/proptest"
)

// registrarSecret in base64 is the-registrar-token.
const registrarSecret = `apiVersion: v1
kind: Secret
metadata: {name: cloudflare, namespace: catalyst-system}
type: Opaque
data: {token: dGhlLXJlZ2lzdHJhci10b2tlbg==, other: dGhlLW90aGVyLXRva2Vu}`

func registered(t testing.TB, docs ...string) *proptest.World {
	t.Helper()
	w := proptest.Example(t, "../../examples/sovereign-registrar", "Sovereign", "muscat")
	if len(docs) > 0 {
		w.Objects = append(w.Objects, world(t, append([]string{sme}, docs...)...).Objects...)
	}
	return w
}

func TestRegistrarProperties(t *testing.T) {
	proptest.Check(t, newFn(), registered(t, registrarSecret))
}

func TestRegistrar(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(spec map[string]*structpb.Value)
		want   map[string]any
	}{
		"Plain": {
			reason: "The Delegation reads the copy, under a name of its own",
			change: func(map[string]*structpb.Value) {},
			want:   map[string]any{"type": "Cloudflare", "credentialsSecretRef": map[string]any{"name": "registrar", "key": "credentials"}},
		},
		"Endpoint": {
			reason: "Some have another address",
			change: func(spec map[string]*structpb.Value) {
				r := spec["domain"].GetStructValue().GetFields()["registrar"].GetStructValue()
				r.Fields["endpoint"] = structpb.NewStringValue("https://api.example.org")
			},
			want: map[string]any{"type": "Cloudflare", "endpoint": "https://api.example.org", "credentialsSecretRef": map[string]any{"name": "registrar", "key": "credentials"}},
		},
		"Cascade": {
			reason: "Who cascades does not wait until somebody has removed DS records",
			change: func(spec map[string]*structpb.Value) { spec["deletionPolicy"] = structpb.NewStringValue("Cascade") },
			want:   map[string]any{"type": "Cloudflare", "abandonDS": true, "credentialsSecretRef": map[string]any{"name": "registrar", "key": "credentials"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := registered(t, registrarSecret)
			tc.change(w.XR.GetFields()["spec"].GetStructValue().GetFields())
			rsp := w.Settle(t, newFn())
			p := spec(rsp, keyDelegation)["forProvider"].(map[string]any)
			if diff := cmp.Diff(any(tc.want), p["registrar"]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(any(map[string]any{"credentials": "dGhlLXJlZ2lzdHJhci10b2tlbg=="}), rsp.GetDesired().GetResources()[keyRegistrar].GetResource().AsMap()["data"]); diff != "" {
				t.Errorf("%s: copy: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The registrar is told nothing before the zone's keys are served.
func TestRegistrarComesLast(t *testing.T) {
	for _, missing := range []string{keyZone, keyKSK, keyZSK} {
		w := registered(t, registrarSecret)
		var rsp *fnv1.RunFunctionResponse
		for range 10 {
			_, rsp = w.Run(t, newFn())
			w.Apply(rsp, func(key string) bool { return key != missing })
		}
		if slices.Contains(proptest.Keys(rsp), keyDelegation) {
			t.Errorf("there is a Delegation while %s is not ready", missing)
		}
	}
	w := registered(t, registrarSecret)
	var rsp *fnv1.RunFunctionResponse
	for range 10 {
		_, rsp = w.Run(t, newFn())
		w.Apply(rsp, func(key string) bool { return key != keyDelegation })
		if z := w.Composed[keyZSK]; z != nil {
			z.GetFields()["status"].GetStructValue().GetFields()["atProvider"].GetStructValue().Fields["published"] = structpb.NewBoolValue(false)
		}
	}
	if slices.Contains(proptest.Keys(rsp), keyDelegation) {
		t.Error("there is a Delegation while a key is not in the zone")
	}
}

// The zone, its keys and the credentials stay until the registrar has been told.
func TestRegistrarOrder(t *testing.T) {
	var got []string
	for _, key := range proptest.Keys(registered(t, registrarSecret).Settle(t, newFn())) {
		if strings.HasPrefix(key, "order-") {
			got = append(got, key)
		}
	}
	want := []string{"order-ksk-delegation", "order-registrar-delegation", "order-zone-delegation"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order of deletion: -want, +got:\n%s", diff)
	}
}

// DS records that somebody has to remove hold the Sovereign, and those that the
// registrar removes do not.
func TestRegistrarGuard(t *testing.T) {
	cases := map[string]struct {
		reason, registrar string
		byHand            bool
		guarded           bool
	}{
		"Sets":    {reason: "The Delegation has them removed before the keys go", registrar: `{"setsDS":true,"nameservers":["ns1.openova.io."]}`},
		"ByHand":  {reason: "Nobody here can remove them", registrar: `{"nameservers":["ns1.openova.io."]}`, byHand: true, guarded: true},
		"Unknown": {reason: "The registrar has not said yet", guarded: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := registered(t, registrarSecret)
			w.Settle(t, newFn())
			at := `"validated":true,"ds":["12345 13 2 bb"]`
			if tc.registrar != "" {
				at += `,"registrar":` + tc.registrar
			}
			w.Composed[keyDelegation].Fields["status"] = structpb.NewStructValue(resource.MustStructJSON(`{"atProvider":{` + at + `},"conditions":[{"type":"Ready","status":"True","reason":"Available"}]}`))
			_, rsp := w.Run(t, newFn())
			keys := proptest.Keys(rsp)
			if got := slices.Contains(keys, "guard-sovereign") && slices.Contains(keys, "guard-namespace"); got != tc.guarded {
				t.Errorf("%s: guarded %t", tc.reason, got)
			}
			d := status(rsp)["delegation"].(map[string]any)
			if byHand, _ := d["dsByHand"].(bool); byHand != tc.byHand {
				t.Errorf("%s: dsByHand is %t", tc.reason, byHand)
			}
			if diff := cmp.Diff(tc.registrar != "", cmp.Equal(d["registrarNameservers"], any([]any{"ns1.openova.io."}))); diff != "" {
				t.Errorf("%s: nameservers at the registrar: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRegistrarWaits(t *testing.T) {
	cases := map[string]struct {
		reason, docs, want string
	}{
		"Missing":   {reason: "It is not there yet", docs: organizations, want: "RegistrarCredentials: Secret cloudflare: Waits for Secret cloudflare of spec.domain.registrar.credentialsSecretRef in the namespace catalyst-system"},
		"Elsewhere": {reason: "Secrets of other namespaces are not the platform team's", docs: strings.ReplaceAll(registrarSecret, "catalyst-system", "acme"), want: "RegistrarCredentials: Secret cloudflare: Waits for Secret cloudflare of spec.domain.registrar.credentialsSecretRef in the namespace catalyst-system"},
		"Key":       {reason: "It has another key", docs: strings.ReplaceAll(registrarSecret, "{token:", "{tocken:"), want: "RegistrarCredentials: Secret cloudflare: Secret cloudflare of spec.domain.registrar.credentialsSecretRef has no key token"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := registered(t, tc.docs)
			var rsp *fnv1.RunFunctionResponse
			for range 8 {
				_, rsp = w.Run(t, newFn())
				w.Apply(rsp, proptest.All)
			}
			if keys := proptest.Keys(rsp); slices.Contains(keys, keyRegistrar) || slices.Contains(keys, keyDelegation) {
				t.Errorf("%s: composes %v", tc.reason, keys)
			}
			if diff := cmp.Diff(tc.want, status(rsp)["summary"]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is secret is in the copy, which stays when what it is a copy of goes: the
// registrar could be told nothing any more.
func TestRegistrarCopy(t *testing.T) {
	w := registered(t, registrarSecret)
	rsp := w.Settle(t, newFn())
	all := map[string]string{"status": fmt.Sprint(status(rsp), rsp.GetResults(), rsp.GetConditions())}
	for key, res := range rsp.GetDesired().GetResources() {
		if key != keyRegistrar {
			all[key] = fmt.Sprint(res.GetResource().AsMap())
		}
	}
	for key, text := range all {
		for _, s := range []string{"the-registrar-token", "dGhlLXJlZ2lzdHJhci10b2tlbg=="} {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %s", key, s)
			}
		}
	}
	w.Objects = nil
	_, rsp = w.Run(t, newFn())
	for _, key := range []string{keyRegistrar, keyDelegation} {
		if rsp.GetDesired().GetResources()[key] == nil {
			t.Errorf("%s goes with the platform team's Secret", key)
		}
	}
}

// An object that was there before the API server's rules is refused by the
// function.
func TestRegistrarRequired(t *testing.T) {
	_, rsp := world(t, with("mode: Pool, parentZone: omani.works,", "mode: BYORegistrar,")).Run(t, newFn())
	want := "spec.domain.registrar is required with spec.domain.mode BYORegistrar: name the registrar's type and its credentials, or set spec.domain.mode to BYOManual and enter the delegation by hand"
	if diff := cmp.Diff(want, rsp.GetConditions()[0].GetMessage()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if keys := proptest.Keys(rsp); len(keys) > 0 {
		t.Errorf("composes %v", keys)
	}
}
