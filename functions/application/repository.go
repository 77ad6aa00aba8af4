package application

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/apis/common"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

// neverDelete is for what goes away with the repository it is in. Deleting it
// one by one would cost Gitea a commit each, and would take history away when
// the repository stays.
func neverDelete() common.ManagementPolicies {
	return common.ManagementPolicies{
		common.ManagementActionObserve,
		common.ManagementActionCreate,
		common.ManagementActionUpdate,
		common.ManagementActionLateInitialize,
	}
}

func (a *application) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: a.GetNamespace(), Labels: a.labels()}
}

// repository of the Application. Branches move by fast-forward only, so that
// what runs somewhere is a commit that ran somewhere else before.
func (a *application) repository() *gitea.Repository {
	repo := &gitea.Repository{
		ObjectMeta: a.meta(a.GetName()),
		Spec: gitea.RepositorySpec{ForProvider: gitea.RepositoryParameters{
			Owner:                  new(a.GetNamespace()),
			Description:            new("Application " + a.GetName() + ", made of " + a.Spec.BlueprintRef.Name),
			Private:                new(true),
			DefaultBranch:          new(a.defaultBranch()),
			HasWiki:                new(false),
			HasProjects:            new(false),
			AllowMerge:             new(false),
			AllowRebase:            new(false),
			AllowRebaseMerge:       new(false),
			AllowSquash:            new(false),
			AllowFastForwardOnly:   new(true),
			DefaultMergeStyle:      new("fast-forward-only"),
			DeleteBranchAfterMerge: new(false),
		}},
	}
	if a.Spec.DeletionPolicy == v1alpha1.DeletionOrphan {
		repo.Spec.ManagementPolicies = neverDelete()
	}
	return repo
}

// defaultBranch is main, which is made together with the first commit. In a
// repository that people filled before us it is the entry branch until there is
// a main: Gitea takes no default that does not exist.
func (a *application) defaultBranch() string {
	empty, known := a.run.Observed(keyRepository).Bool("status", "atProvider", "empty")
	if known && !empty && !a.exists(naming.BranchMain) {
		return a.entryBranch()
	}
	return naming.BranchMain
}

// exists tells whether a branch is known to be there.
func (a *application) exists(branch string) bool {
	content := a.run.Observed(keyContent)
	return a.run.Observed(keyBranchPrefix+branch).String("status", "atProvider", "commit") != "" ||
		slices.Contains(content.Strings("status", "atProvider", "initialBranches"), branch)
}

// begins tells whether there is an object that makes the branch.
func (a *application) begins(branch string) bool {
	return a.run.Observed(keyContent) != nil && (branch == a.entryBranch() || a.run.Observed(keyBranchPrefix+branch) != nil)
}

// composeContent fills the entry branch, has the other branches start there and
// protects them all. The provider knows in which order that can come about, and
// does not need a round of ours for each part to be ready. Only protections wait
// until there are objects for it to wait for: a protected branch cannot be created
// any more, by us either.
func (a *application) composeContent() error {
	files, err := a.files()
	if err != nil {
		return err
	}
	if err := a.run.Step("Content").Desire(keyContent, &gitea.RepositoryContent{
		ObjectMeta: a.meta(a.GetName()),
		Spec: gitea.RepositoryContentSpec{
			ManagedResourceSpec: managed(neverDelete()),
			ForProvider: gitea.RepositoryContentParameters{
				Owner:           new(a.GetNamespace()),
				Repository:      new(a.GetName()),
				Branch:          new(a.entryBranch()),
				InitialBranches: a.otherBranches(),
				Message:         new("Set " + a.GetName() + " to " + a.Spec.BlueprintRef.Name + " " + a.Spec.BlueprintRef.Version),
				Files:           files,
			},
		},
	}); err != nil {
		return err
	}
	branches := a.run.Step("Branches")
	for _, b := range a.otherBranches() {
		if err := branches.Desire(keyBranchPrefix+b, a.newBranch(b)); err != nil {
			return err
		}
	}
	protection := a.run.Step("Protection")
	for _, b := range a.branches() {
		if err := protection.DesireWhen(a.begins(b), "branch "+b, keyProtectionPrefix+b, a.protection(b)); err != nil {
			return err
		}
	}
	return nil
}

// newBranch begins with the first content of the repository, in one push. One that
// is added later is cut from what the Application last wrote. Where it was cut
// from is no longer ours to say once it exists.
func (a *application) newBranch(name string) *gitea.Branch {
	ref := a.run.Observed(keyContent).String("status", "atProvider", "commit")
	if was := a.run.Observed(keyBranchPrefix+name).String("spec", "forProvider", "ref"); was != "" {
		ref = was
	}
	if ref == "" {
		ref = a.entryBranch()
	}
	return &gitea.Branch{
		ObjectMeta: a.meta(a.GetName() + "-" + name),
		Spec: gitea.BranchSpec{
			ManagedResourceSpec: managed(neverDelete()),
			ForProvider: gitea.BranchParameters{
				Owner:      new(a.GetNamespace()),
				Repository: new(a.GetName()),
				Name:       new(name),
				Ref:        new(ref),
			},
		},
	}
}

// protection of a branch. The entry branch takes commits, the others only pull
// requests; none can be rewritten or deleted, by administrators either.
func (a *application) protection(branch string) *gitea.BranchProtection {
	bp := &gitea.BranchProtection{
		ObjectMeta: a.meta(a.GetName() + "-" + branch),
		Spec: gitea.BranchProtectionSpec{ForProvider: gitea.BranchProtectionParameters{
			Owner:                   new(a.GetNamespace()),
			Repository:              new(a.GetName()),
			RuleName:                new(branch),
			EnablePush:              new(branch == a.entryBranch()),
			EnableForcePush:         new(false),
			BlockAdminMergeOverride: new(true),
			BlockOnRejectedReviews:  new(true),
			DismissStaleApprovals:   new(true),
		}},
	}
	if a.Spec.DeletionPolicy == v1alpha1.DeletionOrphan {
		bp.Spec.ManagementPolicies = neverDelete()
	}
	return bp
}
