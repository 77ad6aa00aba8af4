package organization

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/proptest"
)

const organization = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: acme}
spec:
  displayName: Acme Pharmacy
  domain: acme.example
  owners:
  - {email: a@acme.example, role: owner}
  - {email: d@acme.example, role: developer, username: dora}
  quota: {cpu: "8", memory: 16Gi}`

const children = `apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: acme-dev, namespace: acme}
spec: {envType: dev}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: acme-prod, namespace: acme}
spec: {envType: prod}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Application
metadata: {name: site, namespace: acme}
spec: {}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: globex-prod, namespace: globex}
spec: {envType: prod}`

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func world(t testing.TB, docs ...string) *proptest.World {
	t.Helper()
	return proptest.NewWorld(t, strings.Join(docs, "\n---\n"))
}

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), world(t, organization, children))
}

func FuzzRunFunction(f *testing.F) {
	proptest.Fuzz(f, newFn(), world(f, organization, children))
}

func own() []string {
	return []string{
		"access-org-admin", "access-org-developer", "access-org-viewer", "git-organization", "git-shared-blueprints",
		"limits", "namespace", "network-default-deny", "network-dns", "network-same-namespace", "quota",
		"team-admins", "team-developers", "team-viewers",
	}
}

func TestComposed(t *testing.T) {
	guarded := append([]string{"access-org-admin", "access-org-developer", "access-org-viewer", "git-organization", "git-shared-blueprints", "guard-namespace", "guard-organization"}, own()[5:]...)
	cases := map[string]struct {
		reason string
		docs   []string
		want   []string
	}{
		"Childless":    {reason: "Nothing guards an empty Organization", docs: []string{organization}, want: own()},
		"WithChildren": {reason: "Children guard the Organization and its namespace", docs: []string{organization, children}, want: guarded},
		"Cascade": {
			reason: "Who asks for a cascade is not held up",
			docs:   []string{organization + "\n  deletionPolicy: Cascade", children}, want: own(),
		},
		"ForeignChildren": {
			reason: "Another Organization's children are none of ours",
			docs:   []string{organization, strings.ReplaceAll(children, "namespace: acme", "namespace: other")}, want: own(),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := world(t, tc.docs...).Settle(t, newFn())
			if diff := cmp.Diff(tc.want, proptest.Keys(rsp)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The guard has to be there before anything else works: an Organization can be
// deleted at any moment.
func TestGuardComesFirst(t *testing.T) {
	_, rsp := world(t, organization, children).Run(t, newFn())
	want := []string{"guard-namespace", "guard-organization", "namespace"}
	if diff := cmp.Diff(want, proptest.Keys(rsp)); diff != "" {
		t.Errorf("first composed resources: -want, +got:\n%s", diff)
	}
	usage := rsp.GetDesired().GetResources()["guard-organization"].GetResource().AsMap()
	got := usage["spec"].(map[string]any)["reason"]
	if diff := cmp.Diff("Organization acme still has 1 Application (site), 2 Environments (acme-dev, acme-prod). Delete them first, or set spec.deletionPolicy to Cascade", got); diff != "" {
		t.Errorf("reason: -want, +got:\n%s", diff)
	}
}

// A namespace that people name in the same files is filled in the first round.
func TestNamespaceThatIsThere(t *testing.T) {
	const namespace = `apiVersion: v1
kind: Namespace
metadata: {name: acme}
status: {phase: Active}`
	alone := []string{"namespace"}
	cases := map[string]struct {
		reason, namespace string
		want              []string
	}{
		"Free":        {reason: "It is taken and filled at once", namespace: namespace, want: own()},
		"Terminating": {reason: "One that goes takes nothing in", namespace: strings.ReplaceAll(namespace, "Active", "Terminating"), want: alone},
		"Owned": {
			reason:    "One that something else controls is not filled: taking it fails, and says so",
			namespace: strings.ReplaceAll(namespace, "{name: acme}", "{name: acme, ownerReferences: [{apiVersion: example.org/v1, kind: Other, name: x, uid: u1, controller: true}]}"),
			want:      alone,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, rsp := world(t, organization, tc.namespace).Run(t, newFn())
			if diff := cmp.Diff(tc.want, proptest.Keys(rsp)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGuardGoesWithTheLastChild(t *testing.T) {
	w := world(t, organization, children)
	w.Settle(t, newFn())
	w.Objects = nil
	_, rsp := w.Run(t, newFn())
	if diff := cmp.Diff(own(), proptest.Keys(rsp)); diff != "" {
		t.Errorf("composed resources without children: -want, +got:\n%s", diff)
	}
	if len(rsp.GetResults()) != 2 {
		t.Errorf("want an event per guard that goes, got %v", rsp.GetResults())
	}
}

func TestReservedName(t *testing.T) {
	_, rsp := world(t, strings.Replace(organization, "name: acme", "name: flux", 1)).Run(t, newFn())
	if diff := cmp.Diff([]string(nil), proptest.Keys(rsp)); diff != "" {
		t.Errorf("composed resources of a reserved name: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(ReasonReservedName, rsp.GetConditions()[0].GetReason()); diff != "" {
		t.Errorf("reason: -want, +got:\n%s", diff)
	}
}

func TestMembers(t *testing.T) {
	rsp := world(t, organization).Settle(t, newFn())
	cases := map[string]struct {
		reason, key string
		want        []any
	}{
		"Admins":     {reason: "Owners run the Organization, and their account is called like their email", key: "team-admins", want: []any{"a"}},
		"Developers": {reason: "A user name that was given is used", key: "team-developers", want: []any{"dora"}},
		"Viewers":    {reason: "An empty team has no members, and says so", key: "team-viewers", want: []any{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := rsp.GetDesired().GetResources()[tc.key].GetResource().AsMap()["spec"].(map[string]any)["forProvider"].(map[string]any)["members"]
			if diff := cmp.Diff(any(tc.want), got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGolden(t *testing.T) {
	w := proptest.Example(t, "../../examples/quickstart", "Organization", "acme")
	proptest.Golden(t, w.Settle(t, newFn()), "testdata/quickstart.yaml")
}
