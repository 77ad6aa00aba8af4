// Package controller sets up the reconcilers of all kinds.
package controller

import (
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
	s := &setup{mgr: mgr, o: o, pool: clients.NewPool(clients.WithSnapshotAge(o.PollInterval / 2))} //nolint:mnd // Half.

	configs(mgr, o)
	add(s, v1alpha1.OrganizationGroupVersionKind, func() *v1alpha1.Organization { return &v1alpha1.Organization{} }, &v1alpha1.OrganizationList{}, organization.External, nil)
	add(s, v1alpha1.TeamGroupVersionKind, func() *v1alpha1.Team { return &v1alpha1.Team{} }, &v1alpha1.TeamList{}, team.External,
		func(mg *v1alpha1.Team) *string { return mg.Spec.ForProvider.Name })
	add(s, v1alpha1.RepositoryGroupVersionKind, func() *v1alpha1.Repository { return &v1alpha1.Repository{} }, &v1alpha1.RepositoryList{}, repository.External, nil)
	add(s, v1alpha1.BranchGroupVersionKind, func() *v1alpha1.Branch { return &v1alpha1.Branch{} }, &v1alpha1.BranchList{}, branch.External,
		func(mg *v1alpha1.Branch) *string { return mg.Spec.ForProvider.Name })
	add(s, v1alpha1.RepositoryContentGroupVersionKind, func() *v1alpha1.RepositoryContent { return &v1alpha1.RepositoryContent{} }, &v1alpha1.RepositoryContentList{}, repositorycontent.External, nil)
	add(s, v1alpha1.BranchProtectionGroupVersionKind, func() *v1alpha1.BranchProtection { return &v1alpha1.BranchProtection{} }, &v1alpha1.BranchProtectionList{}, branchprotection.External,
		func(mg *v1alpha1.BranchProtection) *string { return mg.Spec.ForProvider.RuleName })
	add(s, v1alpha1.WebhookGroupVersionKind, func() *v1alpha1.Webhook { return &v1alpha1.Webhook{} }, &v1alpha1.WebhookList{}, webhook.External, nil)
	add(s, v1alpha1.DeployKeyGroupVersionKind, func() *v1alpha1.DeployKey { return &v1alpha1.DeployKey{} }, &v1alpha1.DeployKeyList{}, deploykey.External,
		func(mg *v1alpha1.DeployKey) *string { return mg.Spec.ForProvider.Title })
	return nil
}

// setup is what the controllers share.
type setup struct {
	mgr  ctrl.Manager
	o    controller.Options
	pool *clients.Pool
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

// add the controller of a kind. Its external name comes from its spec when
// name is given and returns one, and from its own name otherwise. The provider
// configuration's kinds are waited for too: every connection reads them.
func add[T resource.ModernManaged](s *setup, gvk schema.GroupVersionKind, empty func() T, list resource.ManagedList, external connect.External[T], name func(T) *string) {
	prompt := &connect.Prompt{}
	kind := provider.Kind[T]{
		GVK:     gvk,
		New:     empty,
		List:    list,
		Sources: []source.Source{prompt},
		Connect: func(kube client.Client) managed.TypedExternalConnector[T] {
			return &connect.Connector[T]{
				Resolver: connect.NewResolver(kube),
				Pool:     s.pool,
				Kube:     kube,
				Record:   event.NewAPIRecorder(s.mgr.GetEventRecorderFor(managed.ControllerName(gvk.GroupKind().String()))), //nolint:staticcheck // crossplane-runtime takes no other.
				External: external,
				Prompt:   prompt,
			}
		},
	}
	if name != nil {
		kind.Name = func(mg T) string {
			if n := name(mg); n != nil {
				return *n
			}
			return mg.GetName()
		}
	}
	provider.SetupGated(s.mgr, s.o, kind)
}
