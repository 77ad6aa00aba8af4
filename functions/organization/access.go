package organization

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
)

// A role of people in an Organization, and the ClusterRole that says what they
// may do in its namespace. The ClusterRoles are installed with Catalyst.
type role struct {
	name    string
	members []v1alpha1.OrganizationRole
}

func roles() []role {
	return []role{
		{name: "org-admin", members: []v1alpha1.OrganizationRole{v1alpha1.RoleOwner, v1alpha1.RoleAdmin}},
		{name: "org-developer", members: []v1alpha1.OrganizationRole{v1alpha1.RoleDeveloper}},
		{name: "org-viewer", members: []v1alpha1.OrganizationRole{v1alpha1.RoleViewer}},
	}
}

// access binds each role's people, by email and by the group an identity
// provider puts them in, to what the role may do.
func access(r *composing.Run, org *v1alpha1.Organization, namespace bool) error {
	objects := map[string]client.Object{}
	for _, ro := range roles() {
		subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "catalyst:" + org.GetName() + ":" + ro.name}}
		for _, m := range membersOf(org, ro.members) {
			subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: m.Email})
		}
		objects["access-"+ro.name] = &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "catalyst-" + ro.name, Namespace: org.GetName(), Labels: labels(org)},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "catalyst:" + ro.name},
			Subjects:   subjects,
		}
	}
	return r.Step("Access").DesireAllWhen(namespace, waitsForNamespace, objects)
}

func membersOf(org *v1alpha1.Organization, in []v1alpha1.OrganizationRole) []v1alpha1.OrganizationMember {
	var out []v1alpha1.OrganizationMember
	for _, m := range org.Spec.Owners {
		for _, ro := range in {
			if m.Role == ro {
				out = append(out, m)
			}
		}
	}
	return out
}
