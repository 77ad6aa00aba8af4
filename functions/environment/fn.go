// Package environment is the composition function of Environments.
package environment

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/tenancy"
)

// Conditions and reasons of an Environment.
const (
	// ConditionAccepted says whether the Environment can be carried out as it
	// was asked for.
	ConditionAccepted = "Accepted"

	ReasonAccepted            = "Accepted"
	ReasonWrongNamespace      = "WrongNamespace"
	ReasonOrganizationMissing = "OrganizationMissing"
)

// Compose an Environment. Most of it is what other systems need to know about
// it, as far as they are installed.
func Compose(r *composing.Run, env *v1alpha1.Environment) error {
	st := &v1alpha1.EnvironmentStatus{}
	r.Status(st, &st.Progress)

	owned := tenancy.Exists(r, env.GetNamespace())
	apps, err := applicationsIn(tenancy.All(r, v1alpha1.KindApplication, env.GetNamespace()), env.GetName())
	if err != nil {
		return err
	}
	present := integrations(r)
	if r.Unresolved() {
		return nil
	}
	st.Applications, st.ApplicationCount = apps, len(apps)

	if err := guard(r, env, apps); err != nil {
		return err
	}

	envType, ok := naming.EnvTypeOf(env.GetNamespace(), env.GetName())
	if !ok || envType != env.Spec.EnvType {
		msg := fmt.Sprintf("metadata.name is %q, must be %q: an Environment is called after its namespace, which is its Organization, and spec.envType",
			env.GetName(), env.GetNamespace()+"-"+string(env.Spec.EnvType))
		r.Step("Accepted").Fail(ReasonWrongNamespace, msg)
		r.Condition(ConditionAccepted, false, ReasonWrongNamespace, msg)
		return nil
	}
	st.Branch = naming.Branch(envType)
	st.SubjectPrefix = naming.SubjectPrefix(env.GetName())
	st.SecretPath = naming.SecretPath(env.GetNamespace(), envType)

	step := r.Step("Organization")
	if !owned {
		msg := fmt.Sprintf("There is no Organization %q", env.GetNamespace())
		step.Wait(ReasonOrganizationMissing, msg)
		step.Blame(v1alpha1.KindOrganization, env.GetNamespace())
		r.Condition(ConditionAccepted, false, ReasonOrganizationMissing, msg)
		return nil
	}
	r.Condition(ConditionAccepted, true, ReasonAccepted, "The Environment can be carried out as asked for")

	for _, i := range present {
		if err := i.compose(r, env); err != nil {
			return err
		}
	}
	return nil
}

// applicationsIn are the Applications that name the Environment. One that
// cannot be read is an error: passing over it could end its guard.
func applicationsIn(all []*composing.Observed, environment string) ([]v1alpha1.EnvironmentApplication, error) {
	var out []v1alpha1.EnvironmentApplication
	for _, o := range all {
		app := &v1alpha1.Application{}
		if err := o.Into(app); err != nil {
			return nil, errors.Wrapf(err, "cannot read Application %s", o.Name())
		}
		for _, e := range app.Spec.Environments {
			if e.Name == environment {
				out = append(out, v1alpha1.EnvironmentApplication{Name: app.GetName(), State: stateIn(app, environment)})
			}
		}
	}
	return out, nil
}

func stateIn(app *v1alpha1.Application, environment string) v1alpha1.ApplicationState {
	for _, e := range app.Status.Environments {
		if e.Name == environment {
			return e.State
		}
	}
	return v1alpha1.StateInstalling
}

// guard refuses deletion of the Environment while Applications run in it.
func guard(r *composing.Run, env *v1alpha1.Environment, apps []v1alpha1.EnvironmentApplication) error {
	if len(apps) > 0 {
		names := make([]string, 0, len(apps))
		for _, a := range apps {
			names = append(names, a.Name)
		}
		reason := fmt.Sprintf("Environment %s is used by Application %s. Remove it from their spec.environments first", env.GetName(), strings.Join(names, ", "))
		g := composing.Guard("environment-"+env.GetName()+"-in-use", env.GetNamespace(), v1alpha1.SchemeGroupVersion.String(), v1alpha1.KindEnvironment, env.GetName(), reason)
		if err := r.Desire("guard-environment", g); err != nil {
			return err
		}
	}
	r.RetireOthers("guard-", "no Application uses the Environment any more")
	return nil
}

func labels(env *v1alpha1.Environment) map[string]string {
	return map[string]string{
		naming.LabelOrganization: env.GetNamespace(),
		naming.LabelEnvironment:  env.GetName(),
		naming.LabelManagedBy:    naming.ManagedBy,
	}
}

// fluxServiceAccount is who Flux acts as when it delivers to the Environment.
func fluxServiceAccount(env *v1alpha1.Environment) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "flux-" + env.GetName(), Namespace: env.GetNamespace(), Labels: labels(env)}}
}
