package organization

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

// Keys of composed resources that the status is read from.
const (
	keyGitOrganization = "git-organization"
	keyGitRepository   = "git-shared-blueprints"
	keyTeamPrefix      = "team-"
)

type team struct {
	name, description, access string
	members                   []v1alpha1.OrganizationRole
}

func teams() []team {
	return []team{
		{naming.TeamAdmins, "People who run the Organization", "write", []v1alpha1.OrganizationRole{v1alpha1.RoleOwner, v1alpha1.RoleAdmin}},
		{naming.TeamDevelopers, "People who change its Applications", "write", []v1alpha1.OrganizationRole{v1alpha1.RoleDeveloper}},
		{naming.TeamViewers, "People who look at its Applications", "read", []v1alpha1.OrganizationRole{v1alpha1.RoleViewer}},
	}
}

// units of Gitea that every team gets. The wiki, projects and packages stay
// out: nothing of an Application lives there.
func units(access string) map[string]string {
	out := map[string]string{}
	for _, u := range []string{"repo.code", "repo.issues", "repo.pulls", "repo.releases"} {
		out[u] = access
	}
	return out
}

// git composes the Organization's home in Gitea. The provider knows what has to
// be there first. The repository starts empty: a first commit of Gitea's own takes
// half a second of both cores, and says nothing.
func git(r *composing.Run, org *v1alpha1.Organization, namespace bool) error {
	if err := r.Step("Git").DesireWhen(namespace, waitsForNamespace, keyGitOrganization, &gitea.Organization{
		ObjectMeta: metav1.ObjectMeta{Name: org.GetName(), Namespace: org.GetName(), Labels: labels(org)},
		Spec: gitea.OrganizationSpec{ForProvider: gitea.OrganizationParameters{
			FullName:                  new(org.Spec.DisplayName),
			Visibility:                new("private"),
			RepoAdminChangeTeamAccess: new(false),
		}},
	}); err != nil {
		return err
	}

	members := map[string]client.Object{}
	for _, t := range teams() {
		names := []string{}
		for _, m := range membersOf(org, t.members) {
			names = append(names, naming.Username(m))
		}
		slices.Sort(names)
		members[keyTeamPrefix+t.name] = &gitea.Team{
			ObjectMeta: metav1.ObjectMeta{Name: t.name, Namespace: org.GetName(), Labels: labels(org)},
			Spec: gitea.TeamSpec{ForProvider: gitea.TeamParameters{
				Owner:                   new(org.GetName()),
				Description:             new(t.description),
				UnitsMap:                units(t.access),
				IncludesAllRepositories: new(true),
				CanCreateOrgRepo:        new(false),
				Members:                 slices.Compact(names),
			}},
		}
	}
	if err := r.Step("Teams").DesireAllWhen(namespace, waitsForNamespace, members); err != nil {
		return err
	}

	return r.Step("SharedBlueprints").DesireWhen(namespace, waitsForNamespace, keyGitRepository, &gitea.Repository{
		ObjectMeta: metav1.ObjectMeta{Name: naming.SharedBlueprints, Namespace: org.GetName(), Labels: labels(org)},
		Spec: gitea.RepositorySpec{ForProvider: gitea.RepositoryParameters{
			Owner:         new(org.GetName()),
			Description:   new("Blueprints private to " + org.Spec.DisplayName + ", one folder each"),
			Private:       new(true),
			DefaultBranch: new(naming.BranchMain),
		}},
	})
}

// gitURL of the Organization, as Gitea itself would write it: it knows the URL
// of a repository, which is below that of its owner.
func gitURL(r *composing.Run, org *v1alpha1.Organization) string {
	u, ok := strings.CutSuffix(r.Observed(keyGitRepository).String("status", "atProvider", "htmlURL"), "/"+naming.SharedBlueprints)
	if !ok || !strings.HasSuffix(u, "/"+org.GetName()) {
		return ""
	}
	return u
}

func missingMembers(r *composing.Run) []string {
	var out []string
	for _, t := range teams() {
		out = append(out, r.Observed(keyTeamPrefix+t.name).Strings("status", "atProvider", "missingMembers")...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
