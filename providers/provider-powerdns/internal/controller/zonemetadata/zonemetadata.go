// Package zonemetadata reconciles ZoneMetadata.
package zonemetadata

import (
	"context"
	"slices"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/drift"
)

// SetupGated adds the controller once the kind's CRD is established.
//
// The external name can't be told before the reference to the zone is resolved,
// which comes after initializers have run, so Create sets it.
func SetupGated(mgr ctrl.Manager, o controller.Options, h connect.Hub) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.ZoneMetadata]{
		GVK:  v1alpha1.ZoneMetadataGroupVersionKind,
		New:  func() *v1alpha1.ZoneMetadata { return &v1alpha1.ZoneMetadata{} },
		List: &v1alpha1.ZoneMetadataList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.ZoneMetadata] {
			return &connect.Connector[*v1alpha1.ZoneMetadata]{Hub: h, New: New}
		},
		NoDefaultName: true,
	})
}

// New returns what reconciles one ZoneMetadata with a server.
func New(h connect.Hub, s *clients.Server) managed.TypedExternalClient[*v1alpha1.ZoneMetadata] {
	return &external{server: s, record: h.Recorder}
}

type external struct {
	server *clients.Server
	record event.Recorder

	// settled says whether the metadata was as it should be before.
	settled bool
	// fields that differ.
	fields drift.Fields
}

func (e *external) Observe(ctx context.Context, mg *v1alpha1.ZoneMetadata) (managed.ExternalObservation, error) {
	e.settled = drift.Settled(mg)
	zone, kind := identify(mg)
	if err := check(mg, zone, kind); err != nil {
		if meta.WasDeleted(mg) {
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, err
	}
	values, err := e.server.API.Metadata(ctx, zone, kind)
	if clients.IsNotFound(err) || err == nil && len(values) == 0 {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, err
	}

	found := slices.Sorted(slices.Values(values))
	mg.Status.AtProvider = v1alpha1.ZoneMetadataObservation{Zone: zone, Metadata: found}
	mg.SetConditions(xpv1.Available())
	e.fields = drift.Fields{}
	e.fields.Check("metadata", found, wanted(mg))

	late := meta.GetExternalName(mg) == ""
	meta.SetExternalName(mg, zone+"/"+kind)
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: len(e.fields) == 0, ResourceLateInitialized: late, Diff: e.fields.Diff()}, nil
}

func (e *external) Create(ctx context.Context, mg *v1alpha1.ZoneMetadata) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	zone, kind := identify(mg)
	meta.SetExternalName(mg, zone+"/"+kind)
	err := e.set(ctx, mg)
	if clients.IsNotFound(err) {
		return managed.ExternalCreation{}, errors.Wrapf(err, "zone %s does not exist on the server: create it, for example with a Zone", zone)
	}
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, "the metadata was gone, and was set again")
	}
	return managed.ExternalCreation{}, nil
}

func (e *external) Update(ctx context.Context, mg *v1alpha1.ZoneMetadata) (managed.ExternalUpdate, error) {
	if err := e.set(ctx, mg); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, e.fields.String())
	}
	return managed.ExternalUpdate{}, nil
}

func (e *external) set(ctx context.Context, mg *v1alpha1.ZoneMetadata) error {
	zone, kind := identify(mg)
	want := wanted(mg)
	if len(want) == 0 {
		return errors.New("spec.forProvider.metadata is empty, must have at least one value: delete the ZoneMetadata to have none")
	}
	err := e.server.Write(ctx, zone, func(ctx context.Context) error {
		return e.server.API.SetMetadata(ctx, zone, kind, want)
	})
	if err != nil {
		return err
	}
	got, err := e.server.API.Metadata(ctx, zone, kind)
	if err != nil {
		return errors.Wrapf(err, "metadata %s of zone %s was set but could not be read back", kind, zone)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		return errors.Errorf("metadata %s of zone %s was set but reads differently: %q", kind, zone, got)
	}
	return nil
}

func (e *external) Delete(ctx context.Context, mg *v1alpha1.ZoneMetadata) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	zone, kind := identify(mg)
	err := e.server.Write(ctx, zone, func(ctx context.Context) error {
		return e.server.API.DeleteMetadata(ctx, zone, kind)
	})
	if clients.IsNotFound(err) {
		return managed.ExternalDelete{}, nil
	}
	return managed.ExternalDelete{}, err
}

func (e *external) Disconnect(context.Context) error { return nil }

func identify(mg *v1alpha1.ZoneMetadata) (zone, kind string) {
	p := mg.Spec.ForProvider
	if p.Zone != "" {
		zone = canonical.Name(p.Zone)
	}
	return zone, strings.ToUpper(p.Kind)
}

// check that the metadata can exist, and is what the external name says.
func check(mg *v1alpha1.ZoneMetadata, zone, kind string) error {
	if zone == "" {
		return errors.New("spec.forProvider.zone is empty: the reference to the Zone is not resolved yet")
	}
	if err := canonical.CheckName(zone); err != nil {
		return errors.Wrap(err, "spec.forProvider.zone is wrong")
	}
	have := meta.GetExternalName(mg)
	z, k, _ := strings.Cut(have, "/")
	if have != "" && (canonical.Name(z) != zone || k != kind) {
		return errors.Errorf("annotation crossplane.io/external-name is %q, must be %q as zone and kind in spec.forProvider say, or left out", have, zone+"/"+kind)
	}
	return nil
}

func wanted(mg *v1alpha1.ZoneMetadata) []string {
	return slices.Compact(slices.Sorted(slices.Values(mg.Spec.ForProvider.Metadata)))
}
