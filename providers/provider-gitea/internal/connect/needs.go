package connect

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	kmeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
)

// A Need is what a managed resource needs first and another one of its namespace
// brings about. There may be several, and one that is met by its milestone says
// nothing of the others. Objects that are applied together come up in order that way,
// without one error. What no object stands for is nobody's to wait for: it is
// there, or the server says that it is not. Only what has just been composed waits
// for a moment, because core applies what goes with it in any order.
type Need struct {
	// What is needed, e.g. "Repository acme".
	What string
	// Milestone that ends the wait.
	Milestone string
}

// Milestones, by what they are about. Those of what is in a repository begin like
// that of the repository, and are forgotten with it.

// OrganizationExists is reached when the Organization was created.
func OrganizationExists(namespace, name string) string {
	return namespace + "/organization/" + name
}

// RepositoryExists is reached when the Repository was created.
func RepositoryExists(namespace string, r clients.Repo) string {
	return namespace + "/repository/" + r.String()
}

// BranchExists is reached when the branch was.
func BranchExists(namespace string, r clients.Repo, branch string) string {
	return RepositoryExists(namespace, r) + "/branch/" + branch
}

// ContentExists is reached when a RepositoryContent was written.
func ContentExists(namespace string, r clients.Repo) string {
	return RepositoryExists(namespace, r) + "/content"
}

// Reached milestones of the managed resource's namespace.
func (s Session) Reached(keys ...string) { s.Milestones.Reach(keys...) }

// Reaches of each kind are the milestones that it stands for.

// OrganizationReaches its existence.
func OrganizationReaches(mg *v1alpha1.Organization) []string {
	return []string{OrganizationExists(mg.GetNamespace(), Name(mg))}
}

// RepositoryReaches its existence.
func RepositoryReaches(mg *v1alpha1.Repository) []string {
	name := Name(mg)
	r, _ := Repo(mg.Spec.ForProvider.Owner, &name)
	return []string{RepositoryExists(mg.GetNamespace(), r)}
}

// BranchReaches its existence.
func BranchReaches(mg *v1alpha1.Branch) []string {
	r, _ := Repo(mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
	return []string{BranchExists(mg.GetNamespace(), r, Name(mg))}
}

// ContentReaches a commit, and the branches that start there.
func ContentReaches(mg *v1alpha1.RepositoryContent) []string {
	r, _ := Repo(mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
	out := []string{ContentExists(mg.GetNamespace(), r)}
	for _, b := range append([]string{mg.Status.AtProvider.Branch}, mg.Status.AtProvider.InitialBranches...) {
		out = append(out, BranchExists(mg.GetNamespace(), r, b))
	}
	return out
}

// NeedOrganization is the need of what lives in an organization.
func NeedOrganization(ctx context.Context, kube client.Reader, mg resource.Managed, owner *string) ([]Need, error) {
	l := &v1alpha1.OrganizationList{}
	if err := list(ctx, kube, mg.GetNamespace(), l); err != nil || owner == nil {
		return nil, err
	}
	need := func(name string) []Need {
		return []Need{{What: v1alpha1.OrganizationKind + " " + name, Milestone: OrganizationExists(mg.GetNamespace(), *owner)}}
	}
	for i := range l.Items {
		o := &l.Items[i]
		if named(o, nil) != *owner {
			continue
		}
		if begun(o) {
			return nil, nil
		}
		return need(o.GetName()), nil
	}
	if young(mg) {
		return need(*owner), nil
	}
	return nil, nil
}

// NeedRepository is the need of what lives in a repository.
func NeedRepository(ctx context.Context, kube client.Reader, mg resource.Managed, owner, name *string) ([]Need, error) {
	r, known := Repo(owner, name)
	if !known {
		return nil, nil
	}
	l := &v1alpha1.RepositoryList{}
	if err := list(ctx, kube, mg.GetNamespace(), l); err != nil {
		return nil, err
	}
	need := func(name string) []Need {
		return []Need{{What: v1alpha1.RepositoryKind + " " + name, Milestone: RepositoryExists(mg.GetNamespace(), r)}}
	}
	for i := range l.Items {
		o := &l.Items[i]
		if Value(o.Spec.ForProvider.Owner) != r.Owner || named(o, nil) != r.Name {
			continue
		}
		if begun(o) {
			return nil, nil
		}
		return need(o.GetName()), nil
	}
	if young(mg) {
		return need(r.Name), nil
	}
	return nil, nil
}

// NeedContent is the need of a branch: a commit to start at. Whoever writes the
// first content of a repository begins branches in the same push, which is three
// times cheaper than to create them.
func NeedContent(ctx context.Context, kube client.Reader, mg *v1alpha1.Branch) ([]Need, error) {
	p := mg.Spec.ForProvider
	needs, err := NeedRepository(ctx, kube, mg, p.Owner, p.Repository)
	if err != nil {
		return nil, err
	}
	cs, err := contentsOf(ctx, kube, mg.GetNamespace(), p.Owner, p.Repository)
	if err != nil {
		return nil, err
	}
	r, _ := Repo(p.Owner, p.Repository)
	for _, c := range cs {
		if !written(c) {
			return append(needs, Need{What: v1alpha1.RepositoryContentKind + " " + c.GetName(), Milestone: ContentExists(mg.GetNamespace(), r)}), nil
		}
	}
	if len(cs) == 0 && young(mg) {
		return append(needs, Need{What: "the content of " + r.String(), Milestone: ContentExists(mg.GetNamespace(), r)}), nil
	}
	return needs, nil
}

// NeedBranch is the need of a protection: a branch that is protected cannot be
// created any more, by us either.
func NeedBranch(ctx context.Context, kube client.Reader, mg *v1alpha1.BranchProtection) ([]Need, error) {
	p := mg.Spec.ForProvider
	ns, branch := mg.GetNamespace(), named(mg, p.RuleName)
	r, known := Repo(p.Owner, p.Repository)
	if !known {
		return nil, nil
	}
	needs, err := NeedRepository(ctx, kube, mg, p.Owner, p.Repository)
	if err != nil {
		return nil, err
	}
	cs, err := contentsOf(ctx, kube, ns, p.Owner, p.Repository)
	if err != nil {
		return nil, err
	}
	for _, c := range cs {
		begins := Value(c.Spec.ForProvider.Branch) == branch || slices.Contains(c.Spec.ForProvider.InitialBranches, branch)
		if begins && !written(c) {
			return append(needs, Need{What: v1alpha1.RepositoryContentKind + " " + c.GetName(), Milestone: BranchExists(ns, r, branch)}), nil
		}
		if begins && (Value(c.Spec.ForProvider.Branch) == branch || slices.Contains(c.Status.AtProvider.InitialBranches, branch)) {
			return needs, nil
		}
	}
	bs := &v1alpha1.BranchList{}
	if err := list(ctx, kube, ns, bs); err != nil {
		return nil, err
	}
	for i := range bs.Items {
		o := &bs.Items[i]
		of, _ := Repo(o.Spec.ForProvider.Owner, o.Spec.ForProvider.Repository)
		if of != r || named(o, o.Spec.ForProvider.Name) != branch {
			continue
		}
		if begun(o) {
			return needs, nil
		}
		return append(needs, Need{What: v1alpha1.BranchKind + " " + o.GetName(), Milestone: BranchExists(ns, r, branch)}), nil
	}
	if young(mg) {
		return append(needs, Need{What: "branch " + branch + " of " + r.String(), Milestone: BranchExists(ns, r, branch)}), nil
	}
	return needs, nil
}

// youth of what was composed: how long what it needs may follow. Creation times
// are whole seconds.
const youth = 2 * time.Second

func young(mg resource.Managed) bool {
	return metav1.GetControllerOf(mg) != nil && time.Since(mg.GetCreationTimestamp().Time) < youth
}

func contentsOf(ctx context.Context, kube client.Reader, namespace string, owner, name *string) ([]*v1alpha1.RepositoryContent, error) {
	r, known := Repo(owner, name)
	l := &v1alpha1.RepositoryContentList{}
	if err := list(ctx, kube, namespace, l); err != nil || !known {
		return nil, err
	}
	var out []*v1alpha1.RepositoryContent
	for i := range l.Items {
		of, _ := Repo(l.Items[i].Spec.ForProvider.Owner, l.Items[i].Spec.ForProvider.Repository)
		if of == r {
			out = append(out, &l.Items[i])
		}
	}
	return out, nil
}

// list what there is of a kind in a namespace. Of a kind that is not active on
// this cluster there is nothing.
func list(ctx context.Context, kube client.Reader, namespace string, l client.ObjectList) error {
	err := kube.List(ctx, l, client.InNamespace(namespace))
	if kmeta.IsNoMatchError(err) {
		return nil
	}
	return errors.Wrapf(err, "cannot list %T", l)
}

// named is the external name an object has or is going to have.
func named(mg resource.Managed, name *string) string {
	return cmp.Or(meta.GetExternalName(mg), Value(name), mg.GetName())
}

// begun tells whether the external resource was there once. One that is going
// is nobody's to wait for.
func begun(mg resource.Managed) bool {
	c := mg.GetCondition(xpv1.TypeReady)
	return meta.WasDeleted(mg) || c.Status == corev1.ConditionTrue || (c.Reason != "" && c.Reason != xpv1.ReasonCreating)
}

func written(c *v1alpha1.RepositoryContent) bool {
	return c.Status.AtProvider.Commit != "" || begun(c)
}
