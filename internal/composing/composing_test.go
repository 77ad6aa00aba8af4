package composing

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func run(c Composer[v1alpha1.Organization], req *fnv1.RunFunctionRequest) *fnv1.RunFunctionResponse {
	if req.GetMeta() == nil {
		req.Meta = &fnv1.RequestMeta{Tag: "tag"}
	}
	rsp, _ := NewFunction(logging.NewNopLogger(), c).RunFunction(context.Background(), req)
	return rsp
}

func observed(composed map[string]string) *fnv1.State {
	s := &fnv1.State{
		Composite: &fnv1.Resource{Resource: resource.MustStructJSON(`{"metadata":{"name":"xr","creationTimestamp":"2026-01-01T00:00:00Z"}}`)},
		Resources: map[string]*fnv1.Resource{},
	}
	for k, j := range composed {
		s.Resources[k] = &fnv1.Resource{Resource: resource.MustStructJSON(j)}
	}
	return s
}

func TestRunFunction(t *testing.T) {
	earlier := &fnv1.State{Resources: map[string]*fnv1.Resource{"earlier": {Resource: resource.MustStructJSON(`{"kind":"Earlier"}`)}}}
	existing := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u","resourceVersion":"1","labels":{"l":"v"}},"data":{"k":"v"},"status":{"x":1}}`
	type want struct {
		keys  []string
		fatal string
		ttl   int64
	}
	cases := map[string]struct {
		reason  string
		compose Composer[v1alpha1.Organization]
		req     *fnv1.RunFunctionRequest
		want    want
	}{
		"Settled": {
			reason:  "What is ready is looked at again after a long time",
			compose: func(r *Run, _ *v1alpha1.Organization) error { return r.Step("S").Desire("a", configMap("a")) },
			req:     &fnv1.RunFunctionRequest{Observed: observed(map[string]string{"a": existing})},
			want:    want{keys: []string{"a"}, ttl: 600},
		},
		"Waiting": {
			reason:  "What is not ready is looked at sooner",
			compose: func(r *Run, _ *v1alpha1.Organization) error { return r.Step("S").Desire("a", configMap("a")) },
			req:     &fnv1.RunFunctionRequest{Observed: observed(nil)},
			want:    want{keys: []string{"a"}, ttl: 60},
		},
		"PassThrough": {
			reason:  "What an earlier step desired stays desired",
			compose: func(*Run, *v1alpha1.Organization) error { return nil },
			req:     &fnv1.RunFunctionRequest{Observed: observed(nil), Desired: earlier},
			want:    want{keys: []string{"earlier"}, ttl: 600},
		},
		"Hold": {
			reason:  "What was composed stays desired unless it is retired",
			compose: func(*Run, *v1alpha1.Organization) error { return nil },
			req:     &fnv1.RunFunctionRequest{Observed: observed(map[string]string{"a": existing})},
			want:    want{keys: []string{"a"}, ttl: 600},
		},
		"HoldDeleted": {
			reason:  "What somebody else deletes stays desired: core would take its label, and a usage would let go",
			compose: func(*Run, *v1alpha1.Organization) error { return nil },
			req:     &fnv1.RunFunctionRequest{Observed: observed(map[string]string{"a": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z"}}`})},
			want:    want{keys: []string{"a"}, ttl: 600},
		},
		"Retire": {
			reason: "What is retired goes, and nothing beside it",
			compose: func(r *Run, _ *v1alpha1.Organization) error {
				r.RetireOthers("a", "it is not needed")
				return nil
			},
			req:  &fnv1.RunFunctionRequest{Observed: observed(map[string]string{"a": existing, "b": existing})},
			want: want{keys: []string{"b"}, ttl: 600},
		},
		"Unresolved": {
			reason: "Nothing is settled while a requirement has not been looked up",
			compose: func(r *Run, _ *v1alpha1.Organization) error {
				r.Require("k", Selector{APIVersion: "v1", Kind: "Secret", Name: "n"})
				return nil
			},
			req:  &fnv1.RunFunctionRequest{Observed: observed(map[string]string{"a": existing})},
			want: want{keys: []string{"a"}, ttl: 60},
		},
		"Error": {
			reason:  "An error is fatal",
			compose: func(*Run, *v1alpha1.Organization) error { return errors.New("boom") },
			req:     &fnv1.RunFunctionRequest{Observed: observed(nil)},
			want:    want{fatal: "boom", ttl: 600},
		},
		"Panic": {
			reason:  "A panic is fatal for this composite resource only",
			compose: func(*Run, *v1alpha1.Organization) error { panic("boom") },
			req:     &fnv1.RunFunctionRequest{Observed: observed(nil)},
			want:    want{fatal: "function panicked: boom", ttl: 600},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := run(tc.compose, tc.req)
			got := want{ttl: rsp.GetMeta().GetTtl().GetSeconds()}
			for _, k := range []string{"a", "b", "earlier"} {
				if _, ok := rsp.GetDesired().GetResources()[k]; ok {
					got.keys = append(got.keys, k)
				}
			}
			for _, r := range rsp.GetResults() {
				if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
					got.fatal = r.GetMessage()
				}
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if rsp.GetMeta().GetTag() != "tag" {
				t.Errorf("%s: the tag did not come back", tc.reason)
			}
		})
	}
}

// What is held is what somebody asked for, not what the API server adds.
func TestHeldResource(t *testing.T) {
	rsp := run(func(*Run, *v1alpha1.Organization) error { return nil }, &fnv1.RunFunctionRequest{Observed: observed(map[string]string{
		"a": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u","resourceVersion":"1","generation":3,"managedFields":[],"ownerReferences":[],"labels":{"l":"v"}},"data":{"k":"v"},"status":{"x":1}}`,
	})})
	want := &fnv1.Resource{
		Ready:    fnv1.Ready_READY_TRUE,
		Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"l":"v"}},"data":{"k":"v"}}`),
	}
	if diff := cmp.Diff(want, rsp.GetDesired().GetResources()["a"], protocmp.Transform()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestConditionEvents(t *testing.T) {
	refuse := func(r *Run, _ *v1alpha1.Organization) error {
		r.Condition("Accepted", false, "Bad", "It is bad")
		return nil
	}
	accept := func(r *Run, _ *v1alpha1.Organization) error {
		r.Condition("Accepted", true, "Good", "It is good")
		return nil
	}
	with := func(conditions string) *fnv1.RunFunctionRequest {
		s := observed(nil)
		s.Composite.Resource = resource.MustStructJSON(`{"status":{"conditions":[` + conditions + `]}}`)
		return &fnv1.RunFunctionRequest{Observed: s}
	}
	const bad = `{"type":"Accepted","status":"False","reason":"Bad","message":"It is bad"}`
	cases := map[string]struct {
		reason  string
		compose Composer[v1alpha1.Organization]
		req     *fnv1.RunFunctionRequest
		want    []fnv1.Severity
	}{
		"FirstRefusal":    {reason: "A refusal is worth an event", compose: refuse, req: with(""), want: []fnv1.Severity{fnv1.Severity_SEVERITY_WARNING}},
		"SameRefusal":     {reason: "The same refusal is not", compose: refuse, req: with(bad)},
		"FirstAcceptance": {reason: "All is well from the start is no news", compose: accept, req: with("")},
		"Recovery":        {reason: "All is well again is", compose: accept, req: with(bad), want: []fnv1.Severity{fnv1.Severity_SEVERITY_NORMAL}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []fnv1.Severity
			for _, r := range run(tc.compose, tc.req).GetResults() {
				got = append(got, r.GetSeverity())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReadiness(t *testing.T) {
	const ready = `{"type":"Ready","status":"True","reason":"Available"}`
	type want struct {
		Ready           bool
		Reason, Message string
	}
	cases := map[string]struct {
		reason string
		object string
		want   want
	}{
		"Missing":        {reason: "What does not exist is not ready", want: want{Reason: "Creating", Message: "Not created yet"}},
		"Deleting":       {reason: "What goes is not ready", object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}`, want: want{Reason: "Deleting", Message: "Being deleted"}},
		"NoStatus":       {reason: "A kind without a status is ready when it exists", object: `{"apiVersion":"v1","kind":"ConfigMap"}`, want: want{Ready: true}},
		"Namespace":      {reason: "A namespace is ready when it is active", object: `{"apiVersion":"v1","kind":"Namespace","status":{"phase":"Active"}}`, want: want{Ready: true}},
		"NamespaceGoing": {reason: "A namespace that goes is not ready", object: `{"apiVersion":"v1","kind":"Namespace","status":{"phase":"Terminating"}}`, want: want{Reason: ReasonNotReady, Message: `Namespace is "Terminating", not Active`}},
		"Managed":        {reason: "A managed resource says so itself", object: `{"apiVersion":"gitea.openova.io/v1alpha1","kind":"Team","status":{"conditions":[` + ready + `]}}`, want: want{Ready: true}},
		"Unsynced":       {reason: "A managed resource whose last change failed is not ready", object: `{"apiVersion":"gitea.openova.io/v1alpha1","kind":"Team","status":{"conditions":[` + ready + `,{"type":"Synced","status":"False","reason":"ReconcileError","message":"boom"}]}}`, want: want{Reason: "ReconcileError", Message: "boom"}},
		"Stale":          {reason: "A condition about an earlier spec does not count", object: `{"apiVersion":"example.org/v1","kind":"X","metadata":{"generation":2},"status":{"conditions":[{"type":"Ready","status":"True","observedGeneration":1}]}}`, want: want{Reason: "Updating", Message: "Its last change has not been carried out yet"}},
		"New":            {reason: "A managed resource without conditions is as good as not there", object: `{"apiVersion":"gitea.openova.io/v1alpha1","kind":"Team"}`, want: want{Reason: "Creating", Message: "Not created yet"}},
		"Creating":       {reason: "A managed resource that is being created looks no different", object: `{"apiVersion":"gitea.openova.io/v1alpha1","kind":"Team","status":{"conditions":[{"type":"Ready","status":"False","reason":"Creating"}]}}`, want: want{Reason: "Creating", Message: "Not created yet"}},
		"Explained":      {reason: "What a provider says about a creation is passed on", object: `{"apiVersion":"gitea.openova.io/v1alpha1","kind":"Team","status":{"conditions":[{"type":"Ready","status":"False","reason":"Creating","message":"waits for its Organization"}]}}`, want: want{Reason: "Creating", Message: "waits for its Organization"}},
		"Child":          {reason: "A composite resource that comes up says how far it is", object: `{"apiVersion":"catalyst.openova.io/v1alpha1","kind":"NodePool","status":{"blocking":{"step":"Servers","reason":"Creating","name":"w1"},"summary":"Servers: Server w1: Not created yet","conditions":[{"type":"Ready","status":"False","reason":"Creating"}]}}`, want: want{Reason: ReasonNotReady, Message: "In step Servers"}},
		"ChildFails":     {reason: "What went wrong in a composite resource is passed on", object: `{"apiVersion":"catalyst.openova.io/v1alpha1","kind":"NodePool","status":{"blocking":{"step":"Servers","reason":"ReconcileError","name":"w1"},"summary":"Servers: Server w1: no capacity","conditions":[{"type":"Ready","status":"False","reason":"Creating"}]}}`, want: want{Reason: ReasonNotReady, Message: "Servers: Server w1: no capacity"}},
		"Unknown":        {reason: "A kind nobody knows is not ready without saying so", object: `{"apiVersion":"example.org/v1","kind":"X"}`, want: want{Reason: ReasonNotReady, Message: "Has not reported whether it is ready"}},
		"Silent":         {reason: "A condition without a message is put in words", object: `{"apiVersion":"example.org/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"False","reason":"Creating"}]}}`, want: want{Reason: "Creating", Message: "Not ready: Creating"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			composed := map[string]string{}
			if tc.object != "" {
				composed["a"] = tc.object
			}
			got := want{}
			got.Ready, got.Reason, got.Message = newRun(&fnv1.RunFunctionRequest{Observed: observed(composed)}).readiness("a")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	existing := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","creationTimestamp":"2026-01-02T00:00:00Z"}}`
	st := &v1alpha1.OrganizationStatus{}
	run(func(r *Run, _ *v1alpha1.Organization) error {
		r.Status(st, &st.Progress)
		first := r.Step("First")
		if err := first.Desire("a", configMap("a")); err != nil {
			return err
		}
		second := r.Step("Second")
		if err := second.DesireAfter(first, "b", configMap("b")); err != nil {
			return err
		}
		if err := r.Step("Third").DesireAfter(second, "c", configMap("c")); err != nil {
			return err
		}
		r.Step("Fourth").Skip(ReasonIntegrationMissing, "It is not installed")
		return nil
	}, &fnv1.RunFunctionRequest{Observed: observed(map[string]string{"a": existing})})

	type step struct {
		Name    string
		State   v1alpha1.StepState
		Message string
	}
	got := []step{}
	for _, s := range st.Steps {
		got = append(got, step{s.Name, s.State, s.Message})
	}
	want := []step{
		{"First", v1alpha1.StepReady, ""},
		{"Second", v1alpha1.StepWorking, "Not created yet"},
		{"Third", v1alpha1.StepWaiting, "Waits for Second"},
		{"Fourth", v1alpha1.StepSkipped, "It is not installed"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("2026-01-02 00:00:00 +0000 UTC", st.Steps[0].Since.String()); diff != "" {
		t.Errorf("a step is ready since its objects are: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("Second: ConfigMap b: Not created yet", st.Summary); diff != "" {
		t.Errorf("summary: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(&v1alpha1.Blocking{Step: "Second", Kind: "ConfigMap", Name: "b", Reason: "Creating", Message: "Not created yet"}, st.Blocking); diff != "" {
		t.Errorf("blocking: -want, +got:\n%s", diff)
	}
}

// A usage comes with the resource it waits for, once the one it holds is there.
func TestOutlive(t *testing.T) {
	compose := func(r *Run, _ *v1alpha1.Organization) error {
		r.Outlive("ns", "x-", Edge{Of: "a", By: "b"})
		s := r.Step("S")
		if err := s.Desire("a", configMap("a")); err != nil {
			return err
		}
		return s.Desire("b", configMap("b"))
	}
	object := func(name string) string {
		return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"}}`
	}
	usage := map[string]any{
		"apiVersion": "protection.crossplane.io/v1beta1", "kind": "Usage", "metadata": map[string]any{"name": "x-a-outlives-b", "namespace": "ns"},
		"spec": map[string]any{
			"of":             map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": map[string]any{"name": "a"}},
			"by":             map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": map[string]any{"name": "b"}},
			"replayDeletion": true,
		},
	}
	cases := map[string]struct {
		reason   string
		composed map[string]string
		want     map[string]any
	}{
		"Nothing": {reason: "There is nothing to hold yet"},
		"Held":    {reason: "What it waits for comes in the same call", composed: map[string]string{"a": object("a")}, want: usage},
		"Both":    {reason: "Both are there", composed: map[string]string{"a": object("a"), "b": object("b")}, want: usage},
		"Waiter":  {reason: "A usage of what is not there would be an error", composed: map[string]string{"b": object("b")}},
		"Going": {
			reason:   "What goes already is not waited for anew",
			composed: map[string]string{"a": object("a"), "b": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","deletionTimestamp":"2026-01-01T00:00:00Z"}}`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := run(compose, &fnv1.RunFunctionRequest{Observed: observed(tc.composed)})
			var got map[string]any
			if u := rsp.GetDesired().GetResources()["order-a-b"]; u != nil {
				got = u.GetResource().AsMap()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
