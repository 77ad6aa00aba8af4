// Package delegation tells whether domains are delegated as they should be, and
// has registrars delegate them.
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
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/drift"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/parent"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar"
)

// impatient is how often a delegation that somebody is about to enter is looked
// at.
const impatient = time.Minute

// SetupGated adds the controller once the kind's CRD is established.
func SetupGated(mgr ctrl.Manager, o controller.Options, h connect.Hub) {
	desk := registrar.NewDesk()
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.Delegation]{
		GVK:  v1alpha1.DelegationGroupVersionKind,
		New:  func() *v1alpha1.Delegation { return &v1alpha1.Delegation{} },
		List: &v1alpha1.DelegationList{},
		Connect: func(kube client.Client) managed.TypedExternalConnector[*v1alpha1.Delegation] {
			return managed.TypedExternalConnectorFn[*v1alpha1.Delegation](func(context.Context, *v1alpha1.Delegation) (managed.TypedExternalClient[*v1alpha1.Delegation], error) {
				return New(kube, net.DefaultResolver, desk, h.Recorder), nil
			})
		},
		Name:         func(mg *v1alpha1.Delegation) string { return canonical.Name(mg.Spec.ForProvider.Domain) },
		PollInterval: poll,
		Hold:         hold,
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

// New returns what looks after one delegation: with a client that reads
// credentials, the resolver that finds parent zones, and the desk that asks
// registrars.
func New(kube client.Client, r parent.Resolver, d *registrar.Desk, rec event.Recorder) managed.TypedExternalClient[*v1alpha1.Delegation] {
	return &external{kube: kube, resolver: r, desk: d, record: rec, now: time.Now}
}

type external struct {
	kube     client.Client
	resolver parent.Resolver
	desk     *registrar.Desk
	record   event.Recorder
	now      func() time.Time

	// settled says whether all was as it should be before.
	settled bool
	// at is the domain at its registrar, if it has one.
	at *registrar.Domain
	// seen is what was observed, if there is a registrar.
	seen *v1alpha1.DelegationObservation
	// act is what the registrar is to do next.
	act *act
	// waits says what a deletion waits for, if there is nothing to do.
	waits string
}

// Observe what the parent zone's servers say, and the registrar.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Delegation) (managed.ExternalObservation, error) {
	e.settled = drift.Settled(mg)
	p := mg.Spec.ForProvider
	if meta.WasDeleted(mg) && !leaves(mg) {
		return managed.ExternalObservation{}, nil
	}
	if err := canonical.CheckName(p.Domain); err != nil {
		return managed.ExternalObservation{}, err
	}
	was := mg.Status.AtProvider
	o, err := e.ask(ctx, p, was)
	mg.Status.AtProvider = o
	if p.Registrar == nil {
		mg.Status.AtProvider.Registrar = nil
	}
	unknown := ""
	if err != nil {
		unknown = "Cannot find the servers of the parent zone: " + err.Error()
		e.report(mg, unready(ReasonParentUnreachable, unknown))
	}
	if p.Registrar != nil {
		return e.observeRegistrar(ctx, mg, was, unknown)
	}
	if unknown == "" {
		e.report(mg, judge(p, o, e.now()))
	}
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
}

// ask the parent zone's servers.
func (e *external) ask(ctx context.Context, p v1alpha1.DelegationParameters, was v1alpha1.DelegationObservation) (v1alpha1.DelegationObservation, error) {
	servers, err := e.servers(ctx, p)
	if err != nil {
		return was, err
	}
	return look(p, was, parent.Ask(ctx, p.Domain, servers), e.now()), nil
}

// report what was found.
func (*external) report(mg *v1alpha1.Delegation, ready xpv1.Condition) {
	mg.Status.AtProvider.Published = ready.Equal(xpv1.Available())
	mg.SetConditions(ready)
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

// Create nothing at the registrar yet: note what it has, so that deletion can
// restore it.
func (e *external) Create(_ context.Context, mg *v1alpha1.Delegation) (managed.ExternalCreation, error) {
	e.begin(mg)
	return managed.ExternalCreation{}, nil
}

// Update has the registrar do what is next.
func (e *external) Update(ctx context.Context, mg *v1alpha1.Delegation) (managed.ExternalUpdate, error) {
	if e.act == nil || e.begin(mg) {
		return managed.ExternalUpdate{}, nil
	}
	if err := e.act.do(ctx, e.at); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, e.act.fields.String())
	}
	e.remember(mg)
	return managed.ExternalUpdate{}, nil
}

// Delete what the registrar was told, a step at a time.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.Delegation) (managed.ExternalDelete, error) {
	if e.act == nil {
		return managed.ExternalDelete{}, errors.New(e.waits)
	}
	if err := e.act.do(ctx, e.at); err != nil {
		return managed.ExternalDelete{}, err
	}
	e.remember(mg)
	return managed.ExternalDelete{}, nil
}

// Disconnect from nothing.
func (e *external) Disconnect(context.Context) error { return nil }
