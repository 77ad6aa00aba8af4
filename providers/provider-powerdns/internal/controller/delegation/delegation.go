// Package delegation tells whether domains are delegated as they should be.
package delegation

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/parent"
)

// impatient is how often a delegation that somebody is about to enter is looked
// at.
const impatient = time.Minute

// SetupGated adds the controller once the kind's CRD is established.
func SetupGated(mgr ctrl.Manager, o controller.Options) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.Delegation]{
		GVK:  v1alpha1.DelegationGroupVersionKind,
		New:  func() *v1alpha1.Delegation { return &v1alpha1.Delegation{} },
		List: &v1alpha1.DelegationList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.Delegation] {
			return managed.TypedExternalConnectorFn[*v1alpha1.Delegation](func(context.Context, *v1alpha1.Delegation) (managed.TypedExternalClient[*v1alpha1.Delegation], error) {
				return New(net.DefaultResolver), nil
			})
		},
		Name:         func(mg *v1alpha1.Delegation) string { return canonical.Name(mg.Spec.ForProvider.Domain) },
		PollInterval: poll,
	})
}

// poll often while somebody has something to do, and at the moment when they
// need not wait any longer.
func poll(mg resource.Managed, interval time.Duration) time.Duration {
	d, ok := mg.(*v1alpha1.Delegation)
	if !ok || d.Status.AtProvider.Published {
		jitter := interval / 10                       //nolint:mnd // Ten per cent, as for all kinds.
		return interval - jitter + rand.N(2*jitter+1) //nolint:gosec // No secret.
	}
	next := min(interval, impatient)
	for _, until := range []*time.Time{at(d.Status.AtProvider.NameserversCachedUntil), at(d.Status.AtProvider.DSCachedUntil)} {
		if until == nil {
			continue
		}
		if left := time.Until(*until); left > 0 {
			next = min(next, left)
		}
	}
	return next
}

// New returns what looks at one delegation, with the resolver that finds parent
// zones.
func New(r parent.Resolver) managed.TypedExternalClient[*v1alpha1.Delegation] {
	return &external{resolver: r, now: time.Now}
}

type external struct {
	resolver parent.Resolver
	now      func() time.Time
}

// Observe what the parent zone's servers say. There is nothing to create, to
// change or to delete.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Delegation) (managed.ExternalObservation, error) {
	if meta.WasDeleted(mg) {
		return managed.ExternalObservation{}, nil
	}
	p := mg.Spec.ForProvider
	if err := canonical.CheckName(p.Domain); err != nil {
		return managed.ExternalObservation{}, err
	}
	servers, err := e.servers(ctx, p)
	if err != nil {
		mg.Status.AtProvider.Published = false
		mg.SetConditions(unready(ReasonParentUnreachable, "Cannot find the servers of the parent zone: "+err.Error()))
	} else {
		o := look(p, mg.Status.AtProvider, parent.Ask(ctx, p.Domain, servers), e.now())
		ready := judge(p, o, e.now())
		o.Published = ready.Equal(xpv1.Available())
		mg.Status.AtProvider = o
		mg.SetConditions(ready)
	}
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
}

func (e *external) servers(ctx context.Context, p v1alpha1.DelegationParameters) ([]parent.Server, error) {
	if len(p.Servers) == 0 {
		return parent.Find(ctx, e.resolver, p.Domain)
	}
	out := make([]parent.Server, 0, len(p.Servers))
	for _, s := range p.Servers {
		out = append(out, parent.Server{Name: s, Address: s})
	}
	slices.SortFunc(out, func(a, b parent.Server) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Create nothing.
func (e *external) Create(context.Context, *v1alpha1.Delegation) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, nil
}

// Update nothing.
func (e *external) Update(context.Context, *v1alpha1.Delegation) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, nil
}

// Delete nothing.
func (e *external) Delete(context.Context, *v1alpha1.Delegation) (managed.ExternalDelete, error) {
	return managed.ExternalDelete{}, nil
}

// Disconnect from nothing.
func (e *external) Disconnect(context.Context) error { return nil }
