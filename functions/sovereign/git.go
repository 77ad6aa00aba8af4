package sovereign

import (
	"cmp"
	"slices"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

// The Gitea organizations that every Sovereign has, and the repositories of the
// last.
const (
	orgSystem = "system"
	repoKit   = "catalyst-config"
)

func gitOrganizations() []struct{ name, description string } {
	return []struct{ name, description string }{
		{naming.NamespaceCatalog, "Blueprints of the public catalog"},
		{naming.NamespaceCatalogSovereign, "Blueprints of this Sovereign"},
		{orgSystem, "What the Sovereign itself consists of"},
	}
}

func gitRepositories() []struct{ name, description string } {
	return []struct{ name, description string }{
		{repoKit, "Sovereigns, their bootstrap kits and policies"},
		{"policy-bundle", "Policies of the platform"},
		{"runbooks", "Runbooks of the platform"},
	}
}

// gitOf is the Gitea a Sovereign's repositories are in.
func gitOf(name string) string { return cmp.Or(name, "default") }

// sharing are the other Sovereigns whose repositories are in this one's Git
// organizations: those of the same Gitea, if this one made them.
func (s *sovereign) sharing(all []*composing.Observed) []string {
	if !s.seeds(all) {
		return nil
	}
	var out []string
	for _, o := range all {
		if o.Name() != s.GetName() && gitOf(o.String("spec", "git", "providerConfig")) == gitOf(s.Spec.Git.ProviderConfig) {
			out = append(out, o.Name())
		}
	}
	slices.Sort(out)
	return out
}

// seeds tells whether this Sovereign makes the organizations and repositories.
// There is one of each in a Gitea, and one that makes it: the oldest Sovereign.
func (s *sovereign) seeds(all []*composing.Observed) bool {
	xr := s.run.XR()
	for _, o := range all {
		if o.Name() == s.GetName() || gitOf(o.String("spec", "git", "providerConfig")) != gitOf(s.Spec.Git.ProviderConfig) {
			continue
		}
		if c := cmp.Or(cmp.Compare(o.CreatedAt(), xr.CreatedAt()), cmp.Compare(o.Name(), s.GetName())); c < 0 {
			return false
		}
	}
	return true
}

// git composes the Sovereign's organizations and repositories, and in them its
// bootstrap kit.
func (s *sovereign) git(ns *composing.Step, seeds bool) error {
	managed := xpv2.ManagedResourceSpec{ProviderConfigReference: &xpv1.ProviderConfigReference{Kind: gitea.ClusterProviderConfigKind, Name: gitOf(s.Spec.Git.ProviderConfig)}}
	step := s.run.Step("Git")
	if seeds {
		if err := s.seed(step, ns, managed); err != nil {
			return err
		}
	} else {
		step.Skip("Shared", "An older Sovereign has made the Git organizations")
	}

	files, err := s.kitFiles()
	if err != nil {
		return err
	}
	s.status.BootstrapKit = &v1alpha1.BootstrapKitStatus{Path: s.kitPath(), Slots: len(files) - notSlots}
	content := managed
	if seeds {
		// It goes with its repository.
		content.ManagementPolicies = neverDelete()
	}
	return s.run.Step("BootstrapKit").DesireWhen(ns.Ready() && step.Ready(), "Git", keyKit, &gitea.RepositoryContent{
		ObjectMeta: s.meta(keyKit),
		Spec: gitea.RepositoryContentSpec{ManagedResourceSpec: content, ForProvider: gitea.RepositoryContentParameters{
			Owner:      new(orgSystem),
			Repository: new(repoKit),
			Branch:     new(naming.BranchMain),
			Message:    new("Write the bootstrap kit of " + s.Spec.Domain.Name),
			Files:      files,
		}},
	})
}

func (s *sovereign) seed(step, ns *composing.Step, managed xpv2.ManagedResourceSpec) error {
	for _, o := range gitOrganizations() {
		if err := step.DesireAfter(ns, keyGitPrefix+o.name, &gitea.Organization{
			ObjectMeta: s.meta(o.name),
			Spec: gitea.OrganizationSpec{ManagedResourceSpec: managed, ForProvider: gitea.OrganizationParameters{
				Description: new(o.description), Visibility: new("private"), RepoAdminChangeTeamAccess: new(false),
			}},
		}); err != nil {
			return err
		}
	}
	for _, repo := range gitRepositories() {
		if err := step.DesireAfter(ns, keyGitPrefix+orgSystem+"-"+repo.name, &gitea.Repository{
			ObjectMeta: s.meta(repo.name),
			Spec: gitea.RepositorySpec{ManagedResourceSpec: managed, ForProvider: gitea.RepositoryParameters{
				OwnerRef:      &xpv1.NamespacedReference{Name: orgSystem},
				Description:   new(repo.description),
				Private:       new(true),
				AutoInit:      new(true),
				DefaultBranch: new(naming.BranchMain),
			}},
		}); err != nil {
			return err
		}
	}
	return nil
}
