// Package organization is the composition function of Organizations.
package organization

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/tenancy"
)

// Conditions and reasons of an Organization.
const (
	// ConditionAccepted says whether the Organization can be carried out as it
	// was asked for.
	ConditionAccepted = "Accepted"

	ReasonAccepted     = "Accepted"
	ReasonReservedName = "ReservedName"
)

// Compose an Organization: what keeps it alive first, then its namespace, then
// everything inside.
func Compose(r *composing.Run, org *v1alpha1.Organization) error {
	st := &v1alpha1.OrganizationStatus{Namespace: org.GetName()}
	r.Status(st, &st.Progress)

	children := map[string][]*composing.Observed{}
	for _, kind := range childKinds() {
		children[kind] = tenancy.All(r, kind, org.GetName())
	}
	st.Domain = tenancy.Domain(r, org)
	found := r.RequireOne("namespace", composing.Selector{APIVersion: "v1", Kind: "Namespace", Name: org.GetName()})
	if r.Unresolved() {
		return nil
	}
	st.Children = &v1alpha1.OrganizationChildren{
		Environments: len(children[v1alpha1.KindEnvironment]),
		Applications: len(children[v1alpha1.KindApplication]),
		Blueprints:   len(children[v1alpha1.KindBlueprint]),
	}

	// The guard comes before anything that can fail, or an error elsewhere
	// would take it down and let the Organization go under its children.
	if err := guard(r, org, children); err != nil {
		return err
	}

	// The API server refuses these names; this holds for objects that were
	// there before the rule.
	if naming.ReservedSlug(org.GetName()) {
		r.Step("Accepted").Fail(ReasonReservedName, fmt.Sprintf("metadata.name %q is reserved", org.GetName()))
		r.Condition(ConditionAccepted, false, ReasonReservedName, fmt.Sprintf("Name %q is reserved for the platform", org.GetName()))
		return nil
	}
	r.Condition(ConditionAccepted, true, ReasonAccepted, "The Organization can be carried out as asked for")

	ns := r.Step("Namespace")
	if err := ns.Desire("namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: org.GetName(), Labels: labels(org)}}); err != nil {
		return err
	}
	fill, err := usable(found, org)
	if err != nil {
		return err
	}
	for _, aspect := range []func(*composing.Run, *v1alpha1.Organization, bool) error{isolation, access, git} {
		if err := aspect(r, org, fill || ns.Ready()); err != nil {
			return err
		}
	}
	st.GitURL = gitURL(r, org)
	st.MissingMembers = missingMembers(r)
	return nil
}

// waitsForNamespace is what everything inside of it waits for.
const waitsForNamespace = "Namespace"

// usable tells whether a namespace that was found is the Organization's to fill
// at once. People may name it in the same files, and its own turn to be composed
// would come a round later.
func usable(found *composing.Observed, org *v1alpha1.Organization) (bool, error) {
	if found == nil {
		return false, nil
	}
	ns := &corev1.Namespace{}
	if err := found.Into(ns); err != nil {
		return false, errors.Wrapf(err, "cannot read Namespace %s", org.GetName())
	}
	owner := metav1.GetControllerOf(ns)
	return ns.Status.Phase == corev1.NamespaceActive && (owner == nil || owner.UID == org.GetUID()), nil
}

func childKinds() []string {
	return []string{v1alpha1.KindApplication, v1alpha1.KindBlueprint, v1alpha1.KindEnvironment}
}

func labels(org *v1alpha1.Organization) map[string]string {
	return map[string]string{
		naming.LabelOrganization: org.GetName(),
		naming.LabelManagedBy:    naming.ManagedBy,
	}
}

// guard refuses deletion of the Organization and of its namespace while it has
// children. Deleting the namespace would delete them all without a word.
func guard(r *composing.Run, org *v1alpha1.Organization, children map[string][]*composing.Observed) error {
	var parts []string
	for _, kind := range childKinds() {
		if names := tenancy.Names(children[kind]); len(names) > 0 {
			parts = append(parts, list(kind, names))
		}
	}
	if len(parts) > 0 && org.Spec.DeletionPolicy != v1alpha1.DeletionCascade {
		reason := fmt.Sprintf("Organization %s still has %s. Delete them first, or set spec.deletionPolicy to Cascade", org.GetName(), strings.Join(parts, ", "))
		for _, of := range []struct{ key, apiVersion, kind string }{
			{"organization", v1alpha1.SchemeGroupVersion.String(), v1alpha1.KindOrganization},
			{"namespace", "v1", "Namespace"},
		} {
			g := composing.Guard(of.key+"-"+org.GetName()+"-in-use", "", of.apiVersion, of.kind, org.GetName(), reason)
			if err := r.Desire("guard-"+of.key, g); err != nil {
				return err
			}
		}
	}
	r.RetireOthers("guard-", "nothing stands in the way of deleting the Organization any more")
	return nil
}

// maxNames in a message: enough to act on, and bounded.
const maxNames = 5

func list(kind string, names []string) string {
	slices.Sort(names)
	shown := strings.Join(names[:min(len(names), maxNames)], ", ")
	if len(names) > maxNames {
		shown += ", …"
	}
	if len(names) == 1 {
		return fmt.Sprintf("1 %s (%s)", kind, shown)
	}
	return fmt.Sprintf("%d %ss (%s)", len(names), kind, shown)
}
