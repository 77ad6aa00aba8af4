package composing

import (
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

// Reasons of steps that hold for every kind.
const (
	ReasonIntegrationMissing = "IntegrationMissing"
	ReasonNotReady           = "NotReady"
	ReasonWaiting            = "Waiting"
)

// A Step on the way to a ready composite resource: some composed resources,
// ready together.
type Step struct {
	run  *Run
	name string
	keys []string

	// Set when the state does not follow from the composed resources.
	fixed           v1alpha1.StepState
	reason, message string
	blocker         *v1alpha1.Blocking
}

// Step adds a step. Steps are reported in the order they were added.
func (r *Run) Step(name string) *Step {
	s := &Step{run: r, name: name}
	r.steps = append(r.steps, s)
	return s
}

// Desire a resource as part of the step.
func (s *Step) Desire(key string, o client.Object) error {
	s.keys = append(s.keys, key)
	return s.run.Desire(key, o)
}

// DesireAfter desires a resource once the earlier step is ready. A resource
// that exists stays desired whatever becomes of the earlier step. Until then
// the step waits.
func (s *Step) DesireAfter(earlier *Step, key string, o client.Object) error {
	return s.DesireWhen(earlier.Ready(), earlier.name, key, o)
}

// DesireWhen desires a resource once what it waits for is there. A resource
// that exists stays desired whatever becomes of that.
func (s *Step) DesireWhen(ok bool, waitsFor, key string, o client.Object) error {
	if !ok && s.run.Observed(key) == nil {
		s.Wait(ReasonWaiting, "Waits for "+waitsFor)
		return nil
	}
	return s.Desire(key, o)
}

// Wait marks the step as waiting for something that no composed resource
// stands for.
func (s *Step) Wait(reason, message string) { s.fix(v1alpha1.StepWaiting, reason, message) }

// Skip marks the step as not applying here.
func (s *Step) Skip(reason, message string) { s.fix(v1alpha1.StepSkipped, reason, message) }

// Fail marks the step as needing somebody to change something.
func (s *Step) Fail(reason, message string) { s.fix(v1alpha1.StepFailed, reason, message) }

// Blame names the object that a waiting or failed step is about.
func (s *Step) Blame(kind, name string) {
	s.blocker = &v1alpha1.Blocking{Kind: kind, Name: name}
}

func (s *Step) fix(state v1alpha1.StepState, reason, message string) {
	if s.fixed == v1alpha1.StepFailed {
		return
	}
	s.fixed, s.reason, s.message = state, reason, message
}

// Ready tells whether the step's post-conditions hold or it does not apply.
func (s *Step) Ready() bool {
	if s.fixed != "" {
		return s.fixed == v1alpha1.StepSkipped
	}
	for _, key := range s.keys {
		if ready, _, _ := s.run.readiness(key); !ready {
			return false
		}
	}
	return true
}

// settle fills in the progress part of the status and tells whether the
// composite resource is ready.
func (r *Run) settle() bool {
	ready := true
	p := v1alpha1.Progress{Summary: "Ready"}
	for _, s := range r.steps {
		out, blocking := s.report()
		p.Steps = append(p.Steps, out)
		if blocking == nil {
			continue
		}
		ready = false
		if p.Blocking == nil {
			p.Blocking = blocking
			p.Summary = summary(blocking)
		}
	}
	if r.progress != nil {
		r.keepSince(&p)
		*r.progress = p
	}
	return ready
}

// Phase of the composite resource, as its steps so far and its past tell.
func (r *Run) Phase() v1alpha1.Phase {
	ready := true
	for _, s := range r.steps {
		ready = ready && s.Ready()
	}
	was := v1alpha1.Phase(r.XR().String("status", "phase"))
	switch {
	case ready:
		return v1alpha1.PhaseReady
	case was == v1alpha1.PhaseReady || was == v1alpha1.PhaseDegraded:
		return v1alpha1.PhaseDegraded
	case len(r.observed) == 0:
		return v1alpha1.PhasePending
	default:
		return v1alpha1.PhaseBootstrapping
	}
}

func summary(b *v1alpha1.Blocking) string {
	out := b.Step + ": "
	if b.Kind != "" {
		out += b.Kind + " " + b.Name + ": "
	}
	if b.Message != "" {
		return out + b.Message
	}
	return out + b.Reason
}

// report the step, and what blocks it unless it is ready.
func (s *Step) report() (v1alpha1.Step, *v1alpha1.Blocking) {
	out := v1alpha1.Step{Name: s.name, State: v1alpha1.StepReady, Since: s.since()}
	if s.fixed != "" {
		out.State, out.Reason, out.Message = s.fixed, s.reason, s.message
		if s.fixed == v1alpha1.StepSkipped {
			return out, nil
		}
		b := &v1alpha1.Blocking{Step: s.name, Reason: s.reason, Message: s.message}
		if s.blocker != nil {
			b.Kind, b.Name = s.blocker.Kind, s.blocker.Name
		}
		return out, b
	}
	for _, key := range s.keys {
		ready, reason, message := s.run.readiness(key)
		if ready {
			continue
		}
		out.State, out.Reason, out.Message = v1alpha1.StepWorking, reason, message
		b := &v1alpha1.Blocking{Step: s.name, Reason: reason, Message: message}
		d := Observed{s: s.run.desired[key].resource}
		b.Kind, b.Name = d.Kind(), d.Name()
		if o := s.run.Observed(key); o != nil {
			b.Name = o.Name()
		}
		return out, b
	}
	return out, nil
}

// since when the step is in its state: the last transition of anything it
// consists of. A clock would make every call differ from the one before.
func (s *Step) since() *metav1.Time {
	last := s.run.XR().CreatedAt()
	for _, key := range s.keys {
		o := s.run.Observed(key)
		if o == nil {
			continue
		}
		last = max(last, o.CreatedAt())
		for _, typ := range []string{"Ready", "Synced"} {
			if c, ok := o.Condition(typ); ok {
				last = max(last, c.Since)
			}
		}
	}
	t, err := time.Parse(time.RFC3339, last)
	if err != nil {
		return nil
	}
	mt := metav1.NewTime(t.UTC())
	return &mt
}

// keepSince keeps the time of steps whose state is what it was.
func (r *Run) keepSince(p *v1alpha1.Progress) {
	before := map[string]v1alpha1.Step{}
	for _, v := range r.XR().value("status", "steps").GetListValue().GetValues() {
		st := v1alpha1.Step{}
		if err := decode(v.GetStructValue(), &st); err == nil {
			before[st.Name] = st
		}
	}
	for i := range p.Steps {
		if b, ok := before[p.Steps[i].Name]; ok && b.State == p.Steps[i].State && b.Since != nil {
			p.Steps[i].Since = b.Since
		}
	}
}

// DesireAll desires several resources by key.
func (s *Step) DesireAll(objects map[string]client.Object) error {
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if err := s.Desire(key, objects[key]); err != nil {
			return err
		}
	}
	return nil
}

// DesireAllWhen desires several resources by key once what they wait for is
// ready.
func (s *Step) DesireAllWhen(ok bool, waitsFor string, objects map[string]client.Object) error {
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if err := s.DesireWhen(ok, waitsFor, key, objects[key]); err != nil {
			return err
		}
	}
	return nil
}
