// Package tenancy finds what an object's Organization decides for it. The
// Organization is the one the object's namespace is named after; nothing
// people write in it chooses another.
package tenancy

import (
	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
)

// apiVersion of Catalyst's own kinds.
const apiVersion = v1alpha1.Group + "/" + v1alpha1.Version

// Exists tells whether there is an Organization that owns a namespace. The
// namespace is labelled once the Organization has taken it, and then asked alone:
// the Organization changes with everything that comes up inside of it, and each
// change would have whoever requires it composed again.
func Exists(r *composing.Run, namespace string) bool {
	ns := r.RequireOne("namespace", composing.Selector{APIVersion: "v1", Kind: "Namespace", Name: namespace})
	if ns.String("metadata", "labels", naming.LabelOrganization) == namespace {
		return true
	}
	return r.RequireOne("organization", composing.Selector{APIVersion: apiVersion, Kind: v1alpha1.KindOrganization, Name: namespace}) != nil
}

// Of returns the Organization that owns a namespace, or nil if there is none.
func Of(r *composing.Run, namespace string) (*v1alpha1.Organization, error) {
	o := r.RequireOne("organization", composing.Selector{APIVersion: apiVersion, Kind: v1alpha1.KindOrganization, Name: namespace})
	if o == nil {
		return nil, nil
	}
	org := &v1alpha1.Organization{}
	if err := o.Into(org); err != nil {
		return nil, err
	}
	return org, nil
}

// Domain under which an Organization's Applications get their names: its own
// or its Sovereign's. Empty if it has none, or if its Sovereign is not there to
// ask.
func Domain(r *composing.Run, org *v1alpha1.Organization) string {
	if org.Spec.Domain != "" {
		return org.Spec.Domain
	}
	if org.Spec.SovereignRef == nil {
		return ""
	}
	s := r.RequireOne("sovereign", composing.Selector{APIVersion: apiVersion, Kind: v1alpha1.KindSovereign, Name: org.Spec.SovereignRef.Name})
	return s.String("spec", "domain", "name")
}

// All objects of a Catalyst kind in a namespace. One that is being deleted is
// there until it is gone.
func All(r *composing.Run, kind, namespace string) []*composing.Observed {
	return r.Require(kind, composing.Selector{APIVersion: apiVersion, Kind: kind, Namespace: namespace})
}

// Names of objects.
func Names(in []*composing.Observed) []string {
	out := make([]string, 0, len(in))
	for _, o := range in {
		out = append(out, o.Name())
	}
	return out
}
