// Package zone reconciles Zones.
package zone

import (
	"context"
	"slices"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/source"

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
func SetupGated(mgr ctrl.Manager, o controller.Options, h connect.Hub, changed source.Source) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.Zone]{
		GVK:  v1alpha1.ZoneGroupVersionKind,
		New:  func() *v1alpha1.Zone { return &v1alpha1.Zone{} },
		List: &v1alpha1.ZoneList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.Zone] {
			return &connect.Connector[*v1alpha1.Zone]{Hub: h, New: New}
		},
		Sources: []source.Source{changed},
	})
}

// New returns what reconciles one Zone with a server.
func New(h connect.Hub, s *clients.Server) managed.TypedExternalClient[*v1alpha1.Zone] {
	return &external{server: s, record: h.Recorder}
}

type external struct {
	server *clients.Server
	record event.Recorder

	// settled says whether the Zone was as it should be before.
	settled bool
	// fields that differ.
	fields drift.Fields
}

func (e *external) Observe(ctx context.Context, mg *v1alpha1.Zone) (managed.ExternalObservation, error) {
	e.settled = drift.Settled(mg)
	name := canonical.Name(meta.GetExternalName(mg))
	if err := canonical.CheckName(name); err != nil {
		if meta.WasDeleted(mg) {
			// What can't exist was never created.
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, errors.Wrap(err, "the name of the zone, from the annotation crossplane.io/external-name or metadata.name, is wrong")
	}

	z, err := e.server.Zone(ctx, name, connect.ReaderName(v1alpha1.ZoneKind, mg))
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if z == nil {
		return managed.ExternalObservation{}, nil
	}

	mg.Status.AtProvider = observation(z)
	mg.SetConditions(xpv1.Available())
	e.fields = compare(z, &mg.Spec.ForProvider)
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: len(e.fields) == 0, Diff: e.fields.Diff()}, nil
}

func (e *external) Create(ctx context.Context, mg *v1alpha1.Zone) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	name := canonical.Name(meta.GetExternalName(mg))
	p := &mg.Spec.ForProvider

	settings := map[string]any{}
	for _, f := range compare(&clients.Zone{}, p) {
		settings[apiField(f.Name)] = f.Want
	}
	nameservers := []string{}
	for _, ns := range p.Nameservers {
		nameservers = append(nameservers, canonical.Name(ns))
	}
	err := e.server.Write(ctx, name, func(ctx context.Context) error {
		return e.server.API.CreateZone(ctx, name, nameservers, settings)
	})
	if clients.IsConflict(err) {
		// It was created since it was looked for, perhaps by this very
		// provider before it was interrupted. What differs is put right next.
		return managed.ExternalCreation{}, nil
	}
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	z, err := e.server.ReadBack(ctx, name)
	if err != nil {
		return managed.ExternalCreation{}, errors.Wrap(err, "the zone was created but could not be read back")
	}
	if z == nil {
		return managed.ExternalCreation{}, errors.New("the zone was created but is not there: something else deleted it")
	}
	if e.settled {
		drift.Corrected(e.record, mg, "the zone was gone, and was created again without the records it had")
	}
	return managed.ExternalCreation{}, nil
}

func (e *external) Update(ctx context.Context, mg *v1alpha1.Zone) (managed.ExternalUpdate, error) {
	name := canonical.Name(meta.GetExternalName(mg))
	settings := map[string]any{}
	for _, f := range e.fields {
		settings[apiField(f.Name)] = f.Want
	}
	err := e.server.Write(ctx, name, func(ctx context.Context) error {
		return e.server.API.ChangeZone(ctx, name, settings)
	})
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	z, err := e.server.API.ZoneHeader(ctx, name)
	if err != nil {
		return managed.ExternalUpdate{}, errors.Wrap(err, "the zone was changed but could not be read back")
	}
	if left := compare(z, &mg.Spec.ForProvider); len(left) > 0 {
		return managed.ExternalUpdate{}, errors.Errorf("the zone was changed but reads differently: the server did not take %s", fieldNames(left))
	}
	if e.settled {
		drift.Corrected(e.record, mg, e.fields.String())
	}
	return managed.ExternalUpdate{}, nil
}

func (e *external) Delete(ctx context.Context, mg *v1alpha1.Zone) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	name := canonical.Name(meta.GetExternalName(mg))
	err := e.server.Write(ctx, name, func(ctx context.Context) error {
		return e.server.API.DeleteZone(ctx, name)
	})
	e.server.Gone(name, connect.ReaderName(v1alpha1.ZoneKind, mg))
	if clients.IsNotFound(err) {
		return managed.ExternalDelete{}, nil
	}
	return managed.ExternalDelete{}, err
}

func (e *external) Disconnect(context.Context) error { return nil }

// compare a zone with what it should be. What is left out is left alone.
func compare(z *clients.Zone, p *v1alpha1.ZoneParameters) drift.Fields {
	f := drift.Fields{}
	kind := p.Kind
	if kind == "" {
		kind = "Native"
	}
	f.Check("kind", z.Kind, kind)
	check(&f, "account", z.Account, p.Account)
	if p.Masters != nil {
		f.Check("masters", sorted(z.Masters, identity), sorted(p.Masters, identity))
	}
	if p.Catalog != nil {
		want := *p.Catalog
		if want != "" {
			want = canonical.Name(want)
		}
		f.Check("catalog", z.Catalog, want)
	}
	check(&f, "soaEdit", z.SOAEdit, p.SOAEdit)
	check(&f, "soaEditAPI", z.SOAEditAPI, p.SOAEditAPI)
	check(&f, "apiRectify", z.APIRectify, p.APIRectify)
	check(&f, "dnssec", z.DNSSEC, p.DNSSEC)
	if p.NSEC3Param != nil && !strings.EqualFold(z.NSEC3Param, *p.NSEC3Param) {
		f.Check("nsec3Param", z.NSEC3Param, *p.NSEC3Param)
	}
	check(&f, "nsec3Narrow", z.NSEC3Narrow, p.NSEC3Narrow)
	if p.MasterTSIGKeys != nil {
		f.Check("masterTSIGKeys", sorted(z.MasterTSIGKeys, canonical.Name), sorted(p.MasterTSIGKeys, canonical.Name))
	}
	if p.SlaveTSIGKeys != nil {
		f.Check("slaveTSIGKeys", sorted(z.SlaveTSIGKeys, canonical.Name), sorted(p.SlaveTSIGKeys, canonical.Name))
	}
	return f
}

func check[T any](f *drift.Fields, name string, found T, want *T) {
	if want != nil {
		f.Check(name, found, *want)
	}
}

// apiField is the name a field has in the server's API.
func apiField(name string) string {
	names := map[string]string{
		"soaEdit":        "soa_edit",
		"soaEditAPI":     "soa_edit_api",
		"apiRectify":     "api_rectify",
		"nsec3Param":     "nsec3param",
		"nsec3Narrow":    "nsec3narrow",
		"masterTSIGKeys": "master_tsig_key_ids",
		"slaveTSIGKeys":  "slave_tsig_key_ids",
	}
	if n, ok := names[name]; ok {
		return n
	}
	return name
}

func fieldNames(f drift.Fields) string {
	names := make([]string, 0, len(f))
	for _, x := range f {
		names = append(names, x.Name)
	}
	return strings.Join(names, ", ")
}

func identity(s string) string { return s }

// sorted returns the items in order, each as fn makes it.
func sorted(items []string, fn func(string) string) []string {
	out := make([]string, 0, len(items))
	for _, i := range items {
		out = append(out, fn(i))
	}
	slices.Sort(out)
	return out
}

func observation(z *clients.Zone) v1alpha1.ZoneObservation {
	o := v1alpha1.ZoneObservation{
		ID:             z.ID,
		Name:           canonical.Name(z.Name),
		Kind:           z.Kind,
		Serial:         &z.Serial,
		EditedSerial:   &z.EditedSerial,
		NotifiedSerial: &z.NotifiedSerial,
		DNSSEC:         &z.DNSSEC,
		Account:        z.Account,
		Masters:        z.Masters,
		Catalog:        z.Catalog,
		SOAEdit:        z.SOAEdit,
		SOAEditAPI:     z.SOAEditAPI,
		APIRectify:     &z.APIRectify,
		NSEC3Param:     z.NSEC3Param,
		NSEC3Narrow:    &z.NSEC3Narrow,
		Presigned:      &z.Presigned,
	}
	for _, r := range z.RRsets {
		if r.Type != "NS" || canonical.Name(r.Name) != o.Name {
			continue
		}
		for _, rec := range r.Records {
			if !rec.Disabled {
				o.Nameservers = append(o.Nameservers, canonical.Name(rec.Content))
			}
		}
	}
	slices.Sort(o.Nameservers)
	return o
}
