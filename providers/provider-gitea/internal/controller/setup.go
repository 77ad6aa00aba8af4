// Package controller sets up the reconcilers of all kinds.
package controller

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/branch"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/branchprotection"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/deploykey"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/organization"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/repository"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/repositorycontent"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/team"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/webhook"
)

// Setup adds the controllers of all kinds.
func Setup(mgr ctrl.Manager, o controller.Options) error {
	if err := metrics.Registry.Register(clients.Requests); err != nil {
		return errors.Wrap(err, "cannot register metrics")
	}
	// A listing half a poll interval old is shared: a change made elsewhere is
	// seen after one and a half intervals at most.
	s := &setup{mgr: mgr, o: o, pool: clients.NewPool(clients.WithSnapshotAge(o.PollInterval / 2)), milestones: connect.NewMilestones()} //nolint:mnd // Half.

	configs(mgr, o)
	add(s, kind[*v1alpha1.Organization]{
		gvk: v1alpha1.OrganizationGroupVersionKind, empty: func() *v1alpha1.Organization { return &v1alpha1.Organization{} }, list: &v1alpha1.OrganizationList{},
		external: organization.External,
		reaches:  connect.OrganizationReaches,
	})
	add(s, kind[*v1alpha1.Team]{
		gvk: v1alpha1.TeamGroupVersionKind, empty: func() *v1alpha1.Team { return &v1alpha1.Team{} }, list: &v1alpha1.TeamList{},
		external: team.External,
		name:     func(mg *v1alpha1.Team) *string { return mg.Spec.ForProvider.Name },
		need: func(ctx context.Context, kube client.Reader, mg *v1alpha1.Team) ([]connect.Need, error) {
			return connect.NeedOrganization(ctx, kube, mg, mg.Spec.ForProvider.Owner)
		},
	})
	add(s, kind[*v1alpha1.Repository]{
		gvk: v1alpha1.RepositoryGroupVersionKind, empty: func() *v1alpha1.Repository { return &v1alpha1.Repository{} }, list: &v1alpha1.RepositoryList{},
		external: repository.External,
		reaches:  connect.RepositoryReaches,
		need: func(ctx context.Context, kube client.Reader, mg *v1alpha1.Repository) ([]connect.Need, error) {
			return connect.NeedOrganization(ctx, kube, mg, mg.Spec.ForProvider.Owner)
		},
	})
	add(s, kind[*v1alpha1.Branch]{
		gvk: v1alpha1.BranchGroupVersionKind, empty: func() *v1alpha1.Branch { return &v1alpha1.Branch{} }, list: &v1alpha1.BranchList{},
		external: branch.External,
		reaches:  connect.BranchReaches,
		name:     func(mg *v1alpha1.Branch) *string { return mg.Spec.ForProvider.Name },
		need:     connect.NeedContent,
	})
	add(s, kind[*v1alpha1.RepositoryContent]{
		gvk: v1alpha1.RepositoryContentGroupVersionKind, empty: func() *v1alpha1.RepositoryContent { return &v1alpha1.RepositoryContent{} }, list: &v1alpha1.RepositoryContentList{},
		external: repositorycontent.External,
		reaches:  connect.ContentReaches,
		need: func(ctx context.Context, kube client.Reader, mg *v1alpha1.RepositoryContent) ([]connect.Need, error) {
			return connect.NeedRepository(ctx, kube, mg, mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
		},
	})
	add(s, kind[*v1alpha1.BranchProtection]{
		gvk: v1alpha1.BranchProtectionGroupVersionKind, empty: func() *v1alpha1.BranchProtection { return &v1alpha1.BranchProtection{} }, list: &v1alpha1.BranchProtectionList{},
		external: branchprotection.External,
		name:     func(mg *v1alpha1.BranchProtection) *string { return mg.Spec.ForProvider.RuleName },
		need: func(ctx context.Context, _ client.Reader, mg *v1alpha1.BranchProtection) ([]connect.Need, error) {
			// Each kind's cache is as late as it likes, and a protection that
			// comes before its branch keeps it out for good.
			return connect.NeedBranch(ctx, mgr.GetAPIReader(), mg)
		},
	})
	add(s, kind[*v1alpha1.Webhook]{
		gvk: v1alpha1.WebhookGroupVersionKind, empty: func() *v1alpha1.Webhook { return &v1alpha1.Webhook{} }, list: &v1alpha1.WebhookList{},
		external: webhook.External,
		need: func(ctx context.Context, kube client.Reader, mg *v1alpha1.Webhook) ([]connect.Need, error) {
			if mg.Spec.ForProvider.Repository == nil {
				return connect.NeedOrganization(ctx, kube, mg, mg.Spec.ForProvider.Owner)
			}
			return connect.NeedRepository(ctx, kube, mg, mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
		},
	})
	add(s, kind[*v1alpha1.DeployKey]{
		gvk: v1alpha1.DeployKeyGroupVersionKind, empty: func() *v1alpha1.DeployKey { return &v1alpha1.DeployKey{} }, list: &v1alpha1.DeployKeyList{},
		external: deploykey.External,
		name:     func(mg *v1alpha1.DeployKey) *string { return mg.Spec.ForProvider.Title },
		need: func(ctx context.Context, kube client.Reader, mg *v1alpha1.DeployKey) ([]connect.Need, error) {
			return connect.NeedRepository(ctx, kube, mg, mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
		},
	})
	return nil
}

// setup is what the controllers share.
type setup struct {
	mgr  ctrl.Manager
	o    controller.Options
	pool *clients.Pool
	// milestones of all kinds.
	milestones *connect.Milestones
}

// configs are looked after once their CRDs and that of the record of their use
// are there.
func configs(mgr ctrl.Manager, o controller.Options) {
	kinds := []provider.ConfigKind{
		{
			ProviderConfigKinds: resource.ProviderConfigKinds{
				Config:    v1alpha1.ProviderConfigGroupVersionKind,
				Usage:     v1alpha1.ProviderConfigUsageGroupVersionKind,
				UsageList: v1alpha1.SchemeGroupVersion.WithKind("ProviderConfigUsageList"),
			},
			Object: &v1alpha1.ProviderConfig{}, Usage: &v1alpha1.ProviderConfigUsage{},
		},
		{
			ProviderConfigKinds: resource.ProviderConfigKinds{
				Config:    v1alpha1.ClusterProviderConfigGroupVersionKind,
				Usage:     v1alpha1.ProviderConfigUsageGroupVersionKind,
				UsageList: v1alpha1.SchemeGroupVersion.WithKind("ProviderConfigUsageList"),
			},
			Object: &v1alpha1.ClusterProviderConfig{}, Usage: &v1alpha1.ProviderConfigUsage{},
		},
	}
	for _, k := range kinds {
		o.Gate.Register(func() {
			if err := provider.SetupConfig(mgr, o, k); err != nil {
				// As with kinds: a provider that lacks a controller is worse
				// than one that restarts.
				panic(err)
			}
		}, k.Config, k.ProviderConfigKinds.Usage)
	}
}

// A kind of managed resource.
type kind[T resource.ModernManaged] struct {
	gvk      schema.GroupVersionKind
	empty    func() T
	list     resource.ManagedList
	external connect.External[T]
	// name is the external name in the spec, if it may be there. The default is
	// the managed resource's own name.
	name func(T) *string
	// reaches are the milestones that a managed resource stands for.
	reaches func(T) []string
	// need of a managed resource that others bring about, in order.
	need func(ctx context.Context, kube client.Reader, mg T) ([]connect.Need, error)
}

// add the controller of a kind. The provider configuration's kinds are waited
// for too: every connection reads them.
func add[T resource.ModernManaged](s *setup, k kind[T]) {
	prompt := &connect.Prompt{}
	out := provider.Kind[T]{
		GVK:     k.gvk,
		New:     k.empty,
		List:    k.list,
		Sources: []source.Source{prompt},
		Connect: func(kube client.Client) managed.TypedExternalConnector[T] {
			return &connect.Connector[T]{
				Resolver:   connect.NewResolver(kube),
				Pool:       s.pool,
				Kube:       kube,
				Record:     event.NewAPIRecorder(s.mgr.GetEventRecorderFor(managed.ControllerName(k.gvk.GroupKind().String()))), //nolint:staticcheck // crossplane-runtime takes no other.
				External:   k.external,
				Prompt:     prompt,
				Milestones: s.milestones,
				Reaches:    k.reaches,
			}
		},
	}
	if k.name != nil {
		out.Name = func(mg T) string {
			if n := k.name(mg); n != nil {
				return *n
			}
			return mg.GetName()
		}
	}
	if k.need != nil {
		out.Await = func(ctx context.Context, kube client.Client, mg T) (string, error) {
			needs, err := k.need(ctx, kube, mg)
			if err != nil {
				return "", err
			}
			who := client.ObjectKeyFromObject(mg)
			return s.milestones.Unmet(needs, who, func() { prompt.Again(who) }), nil
		}
	}
	provider.SetupGated(s.mgr, s.o, out)
}
