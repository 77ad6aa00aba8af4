// Package connect connects managed resources to the servers they live on.
package connect

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
)

// A Hub is what the controllers of all kinds share.
type Hub struct {
	// Kube reads what managed resources reference.
	Kube client.Client
	// Servers that managed resources live on.
	Servers *clients.Servers
	// Recorder of events.
	Recorder event.Recorder
}

// A Connector connects managed resources of one kind. It resolves the endpoint
// through the provider configuration, records that it is used, and hands the
// server at the endpoint to New.
type Connector[T resource.ModernManaged] struct {
	Hub Hub
	New func(Hub, *clients.Server) managed.TypedExternalClient[T]
}

// Connect a managed resource to its server.
func (c *Connector[T]) Connect(ctx context.Context, mg T) (managed.TypedExternalClient[T], error) {
	r := &provider.Resolver{
		Kube:             c.Hub.Kube,
		Usage:            resource.NewProviderConfigUsageTracker(c.Hub.Kube, &v1alpha1.ProviderConfigUsage{}),
		NewConfig:        func() provider.Config { return &v1alpha1.ProviderConfig{} },
		NewClusterConfig: func() provider.Config { return &v1alpha1.ClusterProviderConfig{} },
	}
	e, err := r.Resolve(ctx, mg)
	if err != nil {
		return nil, err
	}
	s, err := c.Hub.Servers.Get(e)
	if err != nil {
		return nil, err
	}
	return c.New(c.Hub, s), nil
}

// ReaderName is what a managed resource is called among the readers of a zone.
func ReaderName(kind string, mg client.Object) string {
	return kind + "/" + types.NamespacedName{Namespace: mg.GetNamespace(), Name: mg.GetName()}.String()
}
