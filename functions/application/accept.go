package application

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/blueprint"
	"github.com/openova-io/catalyst/internal/naming"
)

// Conditions and reasons of an Application.
const (
	// ConditionAccepted says whether the Application can be carried out as it
	// was asked for.
	ConditionAccepted = "Accepted"

	ReasonAccepted            = "Accepted"
	ReasonOrganizationMissing = "OrganizationMissing"
	ReasonEnvironmentMissing  = "EnvironmentMissing"
	ReasonForeignEnvironment  = "ForeignEnvironment"
	ReasonBlueprintNotFound   = "BlueprintNotFound"
	ReasonBlueprintInvalid    = "BlueprintInvalid"
	ReasonVersionMismatch     = "VersionMismatch"
	ReasonInvalidParameters   = "InvalidParameters"
	ReasonUnknownSize         = "UnknownSize"
	ReasonInvalidPlacement    = "InvalidPlacement"
)

// A refusal says why an Application cannot be carried out.
type refusal struct {
	reason, message string
	// waits for an object that may still appear.
	waits      bool
	kind, name string
}

// accept the Application or say why not.
func (a *application) accept() bool {
	for _, check := range []func() *refusal{a.checkOrganization, a.checkEnvironments, a.checkBlueprint, a.checkParameters, a.checkSizes, a.checkPlacements} {
		no := check()
		if no == nil {
			continue
		}
		s := a.run.Step("Accepted")
		if no.waits {
			s.Wait(no.reason, no.message)
		} else {
			s.Fail(no.reason, no.message)
		}
		if no.kind != "" {
			s.Blame(no.kind, no.name)
		}
		a.run.Condition(ConditionAccepted, false, no.reason, no.message)
		return false
	}
	a.run.Condition(ConditionAccepted, true, ReasonAccepted, "The Application can be carried out as asked for")
	return true
}

func (a *application) checkOrganization() *refusal {
	if a.org != nil {
		return nil
	}
	return &refusal{
		reason: ReasonOrganizationMissing, waits: true, kind: v1alpha1.KindOrganization, name: a.GetNamespace(),
		message: fmt.Sprintf("There is no Organization %q, which the namespace belongs to", a.GetNamespace()),
	}
}

func (a *application) checkEnvironments() *refusal {
	for i, e := range a.Spec.Environments {
		if _, ok := naming.EnvTypeOf(a.GetNamespace(), e.Name); !ok {
			return &refusal{
				reason:  ReasonForeignEnvironment,
				message: fmt.Sprintf("spec.environments[%d].name is %q, must be an Environment of Organization %s: %s-<prod|stg|uat|dev|poc>", i, e.Name, a.GetNamespace(), a.GetNamespace()),
			}
		}
		if a.envs[e.Name] == nil {
			return &refusal{
				reason: ReasonEnvironmentMissing, waits: true, kind: v1alpha1.KindEnvironment, name: e.Name,
				message: fmt.Sprintf("spec.environments[%d].name is %q, and there is no such Environment in namespace %s", i, e.Name, a.GetNamespace()),
			}
		}
	}
	return nil
}

func (a *application) checkBlueprint() *refusal {
	ref := a.Spec.BlueprintRef
	if a.blueprint == nil {
		return &refusal{
			reason: ReasonBlueprintNotFound, waits: true, kind: v1alpha1.KindBlueprint, name: ref.Name,
			message: fmt.Sprintf("spec.blueprintRef.name is %q, and there is no such Blueprint in namespaces %s, %s and %s",
				ref.Name, a.GetNamespace(), naming.NamespaceCatalogSovereign, naming.NamespaceCatalog),
		}
	}
	if a.blueprint.Spec.Version != ref.Version {
		return &refusal{
			reason: ReasonVersionMismatch, kind: v1alpha1.KindBlueprint, name: ref.Name,
			message: fmt.Sprintf("spec.blueprintRef.version is %q, and Blueprint %s in namespace %s has version %s", ref.Version, ref.Name, a.blueprint.GetNamespace(), a.blueprint.Spec.Version),
		}
	}
	if err := blueprint.Check(a.blueprint); err != nil {
		return &refusal{
			reason: ReasonBlueprintInvalid, kind: v1alpha1.KindBlueprint, name: ref.Name,
			message: fmt.Sprintf("Blueprint %s in namespace %s: %v", ref.Name, a.blueprint.GetNamespace(), err),
		}
	}
	return nil
}

func (a *application) checkParameters() *refusal {
	if err := blueprint.CheckParameters(a.blueprint, a.Spec.Parameters); err != nil {
		return &refusal{reason: ReasonInvalidParameters, message: err.Error()}
	}
	return nil
}

func (a *application) checkSizes() *refusal {
	sizes := blueprint.Sizes(a.blueprint)
	for i, e := range a.Spec.Environments {
		if e.Size == "" || slices.Contains(sizes, e.Size) {
			continue
		}
		offers := "none"
		if len(sizes) > 0 {
			offers = strings.Join(sizes, ", ")
		}
		return &refusal{
			reason:  ReasonUnknownSize,
			message: fmt.Sprintf("spec.environments[%d].size is %q, and Blueprint %s offers %s", i, e.Size, a.blueprint.GetName(), offers),
		}
	}
	return nil
}

func (a *application) checkPlacements() *refusal {
	for i, e := range a.Spec.Environments {
		p := a.placement(e)
		if s := a.blueprint.Spec.PlacementSchema; s != nil && len(s.Modes) > 0 && !slices.Contains(s.Modes, p.Mode) {
			return &refusal{
				reason:  ReasonInvalidPlacement,
				message: fmt.Sprintf("spec.environments[%d].placement.mode is %q, and Blueprint %s supports %s", i, p.Mode, a.blueprint.GetName(), join(s.Modes)),
			}
		}
		if no := a.checkRegions(i, p); no != nil {
			return no
		}
		var offered []string
		if ep := a.envs[e.Name].Spec.Placement; ep != nil {
			offered = ep.HostClusters
		}
		for _, hc := range p.HostClusters {
			if slices.Contains(offered, hc) {
				continue
			}
			return &refusal{
				reason:  ReasonInvalidPlacement,
				message: fmt.Sprintf("spec.environments[%d].placement.hostClusters names %q, and Environment %s is on %s", i, hc, e.Name, orNone(strings.Join(offered, ", "))),
			}
		}
	}
	return nil
}

// checkRegions refuses fewer or more host clusters than the Blueprint can use.
func (a *application) checkRegions(i int, p v1alpha1.ApplicationPlacement) *refusal {
	s, n := a.blueprint.Spec.PlacementSchema, int64(len(p.HostClusters))
	if s == nil {
		return nil
	}
	least, most := ptr.Deref(s.MinRegions, 0), ptr.Deref(s.MaxRegions, n)
	if n >= least && n <= most {
		return nil
	}
	return &refusal{
		reason:  ReasonInvalidPlacement,
		message: fmt.Sprintf("spec.environments[%d].placement.hostClusters has %d entries, and Blueprint %s takes %d to %d", i, n, a.blueprint.GetName(), least, most),
	}
}

// placement of the Application in an Environment: what was asked for, or the
// Environment's first host cluster.
func (a *application) placement(e v1alpha1.ApplicationEnvironment) v1alpha1.ApplicationPlacement {
	out := v1alpha1.ApplicationPlacement{}
	if e.Placement != nil {
		out = *e.Placement
	}
	if out.Mode == "" {
		out.Mode = v1alpha1.PlacementSingleRegion
	}
	if len(out.HostClusters) > 0 {
		return out
	}
	if env := a.envs[e.Name]; env != nil && env.Spec.Placement != nil && len(env.Spec.Placement.HostClusters) > 0 {
		out.HostClusters = env.Spec.Placement.HostClusters[:1]
	}
	return out
}

func join[T ~string](in []T) string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
