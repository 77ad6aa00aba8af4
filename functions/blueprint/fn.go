// Package blueprint is the composition function of Blueprints.
package blueprint

import (
	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/blueprint"
	"github.com/openova-io/catalyst/internal/composing"
)

// Conditions and reasons of a Blueprint.
const (
	// ConditionAccepted says whether Applications can be made of the Blueprint.
	ConditionAccepted = "Accepted"

	ReasonAccepted = "Accepted"
	ReasonInvalid  = "Invalid"
)

// Compose a Blueprint: for now nothing, but its author learns here and not from
// the first Application whether its schema and sizes are sound.
func Compose(r *composing.Run, bp *v1alpha1.Blueprint) error {
	st := &v1alpha1.BlueprintStatus{}
	r.Status(st, &st.Progress)

	s := r.Step("Accepted")
	if err := blueprint.Check(bp); err != nil {
		s.Fail(ReasonInvalid, err.Error())
		r.Condition(ConditionAccepted, false, ReasonInvalid, err.Error())
		return nil
	}
	r.Condition(ConditionAccepted, true, ReasonAccepted, "Applications can be made of the Blueprint")
	return nil
}
