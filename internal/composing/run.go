package composing

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

// A Run is one call of a function.
type Run struct {
	req      *fnv1.RunFunctionRequest
	observed map[string]*Observed

	desired map[string]*desired
	retired map[string]string
	orders  []func() error

	requirements *fnv1.Requirements
	unresolved   bool

	steps      []*Step
	conditions []condition
	status     any
	progress   *v1alpha1.Progress
}

type desired struct {
	resource *structpb.Struct
	ready    bool
}

type condition struct {
	typ, reason, message string
	status               fnv1.Status
}

func newRun(req *fnv1.RunFunctionRequest) *Run {
	r := &Run{
		req:          req,
		observed:     make(map[string]*Observed, len(req.GetObserved().GetResources())),
		desired:      map[string]*desired{},
		retired:      map[string]string{},
		requirements: &fnv1.Requirements{Resources: map[string]*fnv1.ResourceSelector{}},
	}
	for key, res := range req.GetObserved().GetResources() {
		r.observed[key] = &Observed{s: res.GetResource()}
	}
	return r
}

// A Selector selects resources a run requires: the one called Name, or all
// with the Labels. Namespace is empty for cluster scoped resources, and for
// namespaced ones in any namespace.
type Selector struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
	Labels     map[string]string
}

// Require resources that the function does not compose. The key must be stable
// and unique within the run. A run whose requirements have not all been looked
// up is unresolved: its composer should return at once.
func (r *Run) Require(key string, sel Selector) []*Observed {
	rs := &fnv1.ResourceSelector{ApiVersion: sel.APIVersion, Kind: sel.Kind}
	if sel.Namespace != "" {
		rs.Namespace = &sel.Namespace
	}
	rs.Match = &fnv1.ResourceSelector_MatchLabels{MatchLabels: &fnv1.MatchLabels{Labels: sel.Labels}}
	if sel.Name != "" {
		rs.Match = &fnv1.ResourceSelector_MatchName{MatchName: sel.Name}
	}
	r.requirements.Resources[key] = rs

	got, ok := r.req.GetRequiredResources()[key]
	if !ok {
		r.unresolved = true
		return nil
	}
	out := make([]*Observed, 0, len(got.GetItems()))
	for _, item := range got.GetItems() {
		out = append(out, &Observed{s: item.GetResource()})
	}
	// The API server lists in the order of its storage, a cache in none.
	slices.SortFunc(out, func(a, b *Observed) int {
		return strings.Compare(a.Namespace()+"/"+a.Name(), b.Namespace()+"/"+b.Name())
	})
	return out
}

// RequireOne requires a resource by name. It returns nil if there is none.
func (r *Run) RequireOne(key string, sel Selector) *Observed {
	for _, o := range r.Require(key, sel) {
		if o.Name() == sel.Name && o.DeletedAt() == "" {
			return o
		}
	}
	return nil
}

// RequireAPIs tells whether the API server serves all of the groups' versions:
// whether the systems they belong to are installed. It requires the APIService
// that stands for each. Core watches that, so that a system which is installed
// later is noticed at once, and it is small: a schema is not watched, is not
// remembered from one reconcile to the next, and has core read all of the
// group's OpenAPI document each time.
func (r *Run) RequireAPIs(gvs ...schema.GroupVersion) bool {
	all := true
	for _, gv := range gvs {
		// Each is asked for, whatever became of the one before: a requirement
		// that shows up late costs another call.
		name := gv.Version + "." + gv.Group
		all = r.RequireOne(name, Selector{APIVersion: "apiregistration.k8s.io/v1", Kind: "APIService", Name: name}) != nil && all
	}
	return all
}

// Unresolved tells that something this run requires has not been looked up.
// What a composer returns then is never applied: core looks the requirements
// up and calls again.
func (r *Run) Unresolved() bool { return r.unresolved }

// Observed returns the composed resource of that key, or nil.
func (r *Run) Observed(key string) *Observed { return r.observed[key] }

// XR is the composite resource as it was observed.
func (r *Run) XR() *Observed { return &Observed{s: r.req.GetObserved().GetComposite().GetResource()} }

// Desire a resource under a key that names it within the composite resource.
// It counts as ready once its post-conditions hold.
func (r *Run) Desire(key string, o client.Object) error {
	s, err := encode(o)
	if err != nil {
		return errors.Wrapf(err, "cannot render %q", key)
	}
	ready, _, _ := r.readiness(key)
	r.desired[key] = &desired{resource: s, ready: ready}
	return nil
}

// RetireOthers retires the observed resources whose key has the prefix and that
// were not desired so far: whoever calls it has desired the whole set.
func (r *Run) RetireOthers(prefix, why string) {
	for _, key := range r.ObservedKeys(prefix) {
		r.Retire(key, why)
	}
}

// Retire an observed resource unless it was desired. A composed resource goes
// away no other way.
func (r *Run) Retire(key, why string) {
	if _, ok := r.desired[key]; !ok && r.observed[key] != nil {
		r.retired[key] = why
	}
}

// ObservedKeys of composed resources with the prefix, sorted.
func (r *Run) ObservedKeys(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.observed)), func(key string) bool { return !strings.HasPrefix(key, prefix) })
}

// Condition sets a condition of the composite resource. An event goes with its
// transitions.
func (r *Run) Condition(typ string, ok bool, reason, message string) {
	c := condition{typ: typ, reason: reason, message: message, status: fnv1.Status_STATUS_CONDITION_FALSE}
	if ok {
		c.status = fnv1.Status_STATUS_CONDITION_TRUE
	}
	r.conditions = append(r.conditions, c)
}

// Status sets the composite resource's status. Progress points to the part of
// it that the run fills in.
func (r *Run) Status(status any, p *v1alpha1.Progress) {
	r.status, r.progress = status, p
}

// finish turns the run into a response.
func (r *Run) finish(rsp *fnv1.RunFunctionResponse) error {
	for _, order := range r.orders {
		if err := order(); err != nil {
			return err
		}
	}
	if len(r.requirements.GetResources()) > 0 {
		rsp.Requirements = r.requirements
	}
	for _, key := range slices.Sorted(maps.Keys(r.desired)) {
		d := r.desired[key]
		res := &fnv1.Resource{Resource: d.resource, Ready: fnv1.Ready_READY_FALSE}
		if d.ready {
			res.Ready = fnv1.Ready_READY_TRUE
		}
		rsp.Desired.Resources[key] = res
	}
	r.hold(rsp)

	if r.unresolved {
		rsp.Meta.Ttl = durationpb.New(waitingTTL)
		return r.holdStatus(rsp)
	}

	ready := r.settle()
	rsp.Meta.Ttl = durationpb.New(waitingTTL)
	if ready {
		rsp.Meta.Ttl = durationpb.New(settledTTL)
	}
	r.report(rsp)
	return r.writeStatus(rsp, ready)
}

// hold re-emits what was composed before and is neither desired nor retired
// now. Omission is deletion, and an input that is late or gone is no reason to
// delete anything. What somebody else deletes is no exception: core takes the
// label of composed resources from what is left out, and a usage that lost it
// does not wait any more for the resource that it keeps another one for. A
// namespace that is deleted with all that is in it would lose its order.
func (r *Run) hold(rsp *fnv1.RunFunctionResponse) {
	for key, o := range r.observed {
		if _, ok := rsp.GetDesired().GetResources()[key]; ok || r.retired[key] != "" {
			continue
		}
		ready, _, _ := r.readiness(key)
		res := &fnv1.Resource{Resource: o.intent(), Ready: fnv1.Ready_READY_FALSE}
		if ready {
			res.Ready = fnv1.Ready_READY_TRUE
		}
		rsp.Desired.Resources[key] = res
	}
}

// holdStatus re-emits the status that was observed, but for its conditions,
// which core writes.
func (r *Run) holdStatus(rsp *fnv1.RunFunctionResponse) error {
	status := map[string]any{}
	if s := r.XR().s.GetFields()["status"].GetStructValue(); s != nil {
		status = s.AsMap()
		delete(status, "conditions")
	}
	s, err := structpb.NewStruct(status)
	if err != nil {
		return errors.Wrap(err, "cannot render status")
	}
	setStatus(rsp, s, fnv1.Ready_READY_FALSE)
	return nil
}

// report conditions, and events for those that changed. Events for what stays
// the same would repeat with every call.
func (r *Run) report(rsp *fnv1.RunFunctionResponse) {
	for _, c := range r.conditions {
		rsp.Conditions = append(rsp.Conditions, &fnv1.Condition{
			Type: c.typ, Status: c.status, Reason: c.reason, Message: &c.message,
			Target: fnv1.Target_TARGET_COMPOSITE.Enum(),
		})
		was, found := r.XR().Condition(c.typ)
		if found && was.Status == conditionStatus(c.status) && was.Reason == c.reason && was.Message == c.message {
			continue
		}
		if c.status == fnv1.Status_STATUS_CONDITION_TRUE {
			if found {
				response.Normal(rsp, c.message).WithReason(c.reason).TargetComposite()
			}
			continue
		}
		response.Warning(rsp, errors.New(c.message)).WithReason(c.reason).TargetComposite()
	}
	for _, key := range slices.Sorted(maps.Keys(r.retired)) {
		o := r.observed[key]
		if o.DeletedAt() == "" {
			response.Normalf(rsp, "Deleting %s %s: %s", o.Kind(), o.Name(), r.retired[key]).WithReason("Retired").TargetComposite()
		}
	}
}

func conditionStatus(s fnv1.Status) string {
	switch s {
	case fnv1.Status_STATUS_CONDITION_TRUE:
		return string(metav1.ConditionTrue)
	case fnv1.Status_STATUS_CONDITION_FALSE:
		return string(metav1.ConditionFalse)
	case fnv1.Status_STATUS_CONDITION_UNKNOWN, fnv1.Status_STATUS_CONDITION_UNSPECIFIED:
	}
	return string(metav1.ConditionUnknown)
}

func (r *Run) writeStatus(rsp *fnv1.RunFunctionResponse, ready bool) error {
	if r.status == nil {
		return r.holdStatus(rsp)
	}
	status, err := structOf(r.status)
	if err != nil {
		return errors.Wrap(err, "cannot render status")
	}
	rd := fnv1.Ready_READY_FALSE
	if ready {
		rd = fnv1.Ready_READY_TRUE
	}
	setStatus(rsp, status, rd)
	return nil
}

func setStatus(rsp *fnv1.RunFunctionResponse, status *structpb.Struct, ready fnv1.Ready) {
	rsp.Desired.Composite = &fnv1.Resource{Ready: ready, Resource: &structpb.Struct{Fields: map[string]*structpb.Value{
		"status": structpb.NewStructValue(status),
	}}}
}
