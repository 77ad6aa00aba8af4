// Package application is the composition function of Applications.
package application

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/tenancy"
)

// Keys of composed resources. Those of one Environment follow the prefix.
const (
	keyRepository       = "repository"
	keyContent          = "content"
	keyDeployKey        = "deploy-key"
	keyBranchPrefix     = "branch-"
	keyProtectionPrefix = "protection-"
	keyHostPrefix       = "host-"
	keySourcePrefix     = "source-"
	keyDeliveryPrefix   = "delivery-"
	keyAccessPrefix     = "access-"
)

// An application is one run's view of an Application and of what it refers to.
type application struct {
	*v1alpha1.Application

	run       *composing.Run
	status    *v1alpha1.ApplicationStatus
	org       *v1alpha1.Organization
	domain    string
	blueprint *v1alpha1.Blueprint
	// envs by name. Missing ones are absent.
	envs map[string]*v1alpha1.Environment
	// flux has the versions of Flux's APIs that are served.
	flux map[schema.GroupVersion]bool
}

// Compose an Application. Nothing is composed of one that cannot be carried
// out as it was asked for, and nothing that was composed before goes away.
func Compose(r *composing.Run, xr *v1alpha1.Application) error {
	a := &application{Application: xr, run: r, status: &v1alpha1.ApplicationStatus{}, envs: map[string]*v1alpha1.Environment{}}
	r.Status(a.status, &a.status.Progress)

	if err := a.gather(); err != nil {
		return err
	}
	if r.Unresolved() {
		return nil
	}
	accepted := a.accept()
	a.report()
	if !accepted {
		return nil
	}

	if err := r.Step("Repository").Desire(keyRepository, a.repository()); err != nil {
		return err
	}
	for _, aspect := range []func() error{a.composeContent, a.composeDNS, a.composeDelivery} {
		if err := aspect(); err != nil {
			return err
		}
	}
	return nil
}

// gather everything the Application refers to. All requirements are made on
// every run: asking for one only after another has been answered would cost a
// call each.
func (a *application) gather() error {
	org, err := tenancy.Of(a.run, a.GetNamespace())
	if err != nil {
		return err
	}
	a.org = org
	if org != nil {
		a.domain = tenancy.Domain(a.run, org)
	}
	for _, e := range a.Spec.Environments {
		o := a.run.RequireOne("environment-"+e.Name, a.selector(v1alpha1.KindEnvironment, a.GetNamespace(), e.Name))
		if o == nil {
			continue
		}
		env := &v1alpha1.Environment{}
		if err := o.Into(env); err != nil {
			return err
		}
		a.envs[e.Name] = env
	}
	for _, ns := range []string{a.GetNamespace(), naming.NamespaceCatalogSovereign, naming.NamespaceCatalog} {
		o := a.run.RequireOne("blueprint-in-"+ns, a.selector(v1alpha1.KindBlueprint, ns, a.Spec.BlueprintRef.Name))
		if o == nil || a.blueprint != nil {
			continue
		}
		a.blueprint = &v1alpha1.Blueprint{}
		if err := o.Into(a.blueprint); err != nil {
			return err
		}
	}
	a.gatherFlux()
	return nil
}

func (*application) selector(kind, namespace, name string) composing.Selector {
	return composing.Selector{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: kind, Namespace: namespace, Name: name}
}

func (a *application) labels() map[string]string {
	return map[string]string{
		naming.LabelOrganization: a.GetNamespace(),
		naming.LabelApplication:  a.GetName(),
		naming.LabelBlueprint:    a.Spec.BlueprintRef.Name,
		naming.LabelManagedBy:    naming.ManagedBy,
	}
}

// entryBranch is the branch that changes of the Application are committed to.
func (a *application) entryBranch() string {
	return a.branch(a.Spec.Environments[0].Name)
}

func (a *application) branch(environment string) string {
	t, _ := naming.EnvTypeOf(a.GetNamespace(), environment)
	return naming.Branch(t)
}

// branches of the repository: the three that every one has, and those of the
// Application's other Environments, in a fixed order.
func (a *application) branches() []string {
	out := []string{naming.BranchDevelop, naming.BranchStaging, naming.BranchMain}
	for _, e := range a.Spec.Environments {
		b := a.branch(e.Name)
		if b == naming.BranchDevelop || b == naming.BranchStaging || b == naming.BranchMain {
			continue
		}
		out = append(out, b)
	}
	return out
}

// otherBranches are all but the entry branch.
func (a *application) otherBranches() []string {
	return slices.DeleteFunc(a.branches(), func(b string) bool { return b == a.entryBranch() })
}
