// Package rrset reconciles RRsets.
package rrset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

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

// defaultTTL of a new RRset, as the server's own.
const defaultTTL = 3600

// noZone is the error of an RRset that waits for its zone.
const noZone = "zone %s does not exist on the server: create it, for example with a Zone"

// minConcurrent is how many RRsets are reconciled at once at least. A reconcile
// that writes waits for its zone's next batch, and the batch can only be as
// large as there are reconciles that wait.
const minConcurrent = 1000

// SetupGated adds the controller once the kind's CRD is established.
func SetupGated(mgr ctrl.Manager, o controller.Options, h connect.Hub, changed source.Source) {
	o.MaxConcurrentReconciles = max(o.MaxConcurrentReconciles, minConcurrent)
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.RRset]{
		GVK:  v1alpha1.RRsetGroupVersionKind,
		New:  func() *v1alpha1.RRset { return &v1alpha1.RRset{} },
		List: &v1alpha1.RRsetList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.RRset] {
			return &connect.Connector[*v1alpha1.RRset]{Hub: h, New: New}
		},
		Name:    func(mg *v1alpha1.RRset) string { return identify(mg).externalName() },
		Hold:    hold,
		Sources: []source.Source{changed},
	})
}

// An identity of an RRset: canonical, whatever the spec looks like.
type identity struct{ zone, name, rrtype string }

func identify(mg *v1alpha1.RRset) identity {
	p := mg.Spec.ForProvider
	id := identity{name: canonical.Name(p.Name), rrtype: strings.ToUpper(p.Type)}
	if p.Zone != "" {
		id.zone = canonical.Name(p.Zone)
	}
	return id
}

func (i identity) externalName() string { return i.name + "/" + i.rrtype }

// check that the identity can exist, and is what the external name says.
func (i identity) check(mg *v1alpha1.RRset) error {
	if i.zone == "" {
		return errors.New("spec.forProvider.zone is empty: the reference to the Zone is not resolved yet")
	}
	for _, n := range []string{i.zone, i.name} {
		if err := canonical.CheckName(n); err != nil {
			return err
		}
	}
	if !canonical.In(i.name, i.zone) {
		return errors.Errorf("spec.forProvider.name is %q, must lie in zone %q", i.name, i.zone)
	}
	have := meta.GetExternalName(mg)
	n, t, _ := strings.Cut(have, "/")
	if have != "" && (identity{name: canonical.Name(n), rrtype: t}).externalName() != i.externalName() {
		return errors.Errorf("annotation crossplane.io/external-name is %q, must be %q as name and type in spec.forProvider say, or left out", have, i.externalName())
	}
	return nil
}

// New returns what reconciles one RRset with a server.
func New(h connect.Hub, s *clients.Server) managed.TypedExternalClient[*v1alpha1.RRset] {
	return &external{server: s, record: h.Recorder, now: time.Now}
}

type external struct {
	server *clients.Server
	record event.Recorder
	now    func() time.Time

	// settled says whether the RRset was as it should be before.
	settled bool
	// fields that differ.
	fields drift.Fields
	// zoneMissing says that the zone did not exist a moment ago.
	zoneMissing bool
	// remembered says that the status has the TTL that a removal waits out.
	remembered bool
}

func (e *external) Observe(ctx context.Context, mg *v1alpha1.RRset) (managed.ExternalObservation, error) {
	e.settled = drift.Settled(mg)
	id := identify(mg)
	if err := id.check(mg); err != nil {
		if meta.WasDeleted(mg) {
			// What can't exist was never created.
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, err
	}

	r, zoneExists, err := e.server.RRset(ctx, id.zone, id.name, id.rrtype, connect.ReaderName(v1alpha1.RRsetKind, mg))
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	e.zoneMissing = !zoneExists
	if r == nil {
		// What is not removed for good yet goes through Delete, which notes when
		// it was.
		e.remembered = true
		return managed.ExternalObservation{ResourceExists: meta.WasDeleted(mg) && waits(mg) && !e.forgotten(mg)}, nil
	}

	p := &mg.Spec.ForProvider
	late := p.TTL == nil
	if late {
		ttl := r.TTL
		p.TTL = &ttl
	}
	e.look(mg, observation(id, r))
	mg.SetConditions(xpv1.Available())
	e.fields = compare(r, p)
	return managed.ExternalObservation{
		ResourceExists:          true,
		ResourceUpToDate:        len(e.fields) == 0,
		ResourceLateInitialized: late,
		Diff:                    e.fields.Diff(),
	}, nil
}

func (e *external) Create(ctx context.Context, mg *v1alpha1.RRset) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	if err := e.write(ctx, mg); err != nil {
		return managed.ExternalCreation{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, "the RRset was gone, and was created again")
	}
	return managed.ExternalCreation{}, nil
}

func (e *external) Update(ctx context.Context, mg *v1alpha1.RRset) (managed.ExternalUpdate, error) {
	if err := e.write(ctx, mg); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, e.fields.String())
	}
	return managed.ExternalUpdate{}, nil
}

func (e *external) Delete(ctx context.Context, mg *v1alpha1.RRset) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	if waits(mg) && !e.remembered {
		// Nothing goes before the status says for how long it will be missed:
		// a provider that restarts in between must know.
		return managed.ExternalDelete{}, nil
	}
	id := identify(mg)
	if err := e.server.Delete(ctx, id.zone, id.name, id.rrtype); err != nil {
		return managed.ExternalDelete{}, err
	}
	if waits(mg) {
		mg.Status.AtProvider.RemovedAt = after(e.now(), 0)
	}
	e.server.Gone(id.zone, connect.ReaderName(v1alpha1.RRsetKind, mg))
	return managed.ExternalDelete{}, nil
}

func (e *external) Disconnect(context.Context) error { return nil }

// write the RRset whole.
func (e *external) write(ctx context.Context, mg *v1alpha1.RRset) error {
	id := identify(mg)
	r, err := desired(id, &mg.Spec.ForProvider)
	if err != nil {
		return err
	}
	if e.zoneMissing {
		// A thousand RRsets may wait for one zone: none of them has to ask.
		return errors.Errorf(noZone, id.zone)
	}
	err = e.server.Replace(ctx, id.zone, r)
	switch {
	case clients.IsNotFound(err):
		return errors.Errorf(noZone, id.zone)
	case clients.IsInvalid(err) && strings.Contains(err.Error(), "Conflicts with pre-existing RRset"):
		return errors.Wrap(err, conflict(id, e.server.Beside(id.zone, id.name, id.rrtype)))
	default:
		return err
	}
}

// conflict explains why an RRset can't stand beside what has its name.
func conflict(id identity, beside []string) string {
	slices.Sort(beside)
	if slices.Contains(beside, "CNAME") || len(beside) == 0 && id.rrtype != "CNAME" {
		return fmt.Sprintf("a CNAME cannot stand beside other records: there is a CNAME at name %s, so type %s can't be; delete one of them", id.name, id.rrtype)
	}
	others := "other records"
	if len(beside) > 0 {
		others = strings.Join(beside, ", ")
	}
	return fmt.Sprintf("a %s cannot stand beside %s at name %s; delete one of them", id.rrtype, others, id.name)
}

// desired RRset.
func desired(id identity, p *v1alpha1.RRsetParameters) (clients.RRset, error) {
	r := clients.RRset{Name: id.name, Type: id.rrtype, TTL: defaultTTL}
	if p.TTL != nil {
		r.TTL = *p.TTL
	}
	if len(p.Records) == 0 {
		return r, errors.New("spec.forProvider.records is empty, must have at least one record: an RRset without records is a deletion")
	}
	seen := map[string]int{}
	for i, rec := range p.Records {
		k := canonical.Key(r.Type, rec.Content)
		if first, ok := seen[k]; ok {
			return r, errors.Errorf("spec.forProvider.records[%d] is the same record as records[%d]: %q", i, first, rec.Content)
		}
		seen[k] = i
		r.Records = append(r.Records, clients.Record{Content: canonical.Content(r.Type, rec.Content), Disabled: rec.Disabled != nil && *rec.Disabled})
	}
	if p.Comments != nil {
		r.Comments = []clients.Comment{}
		for _, c := range p.Comments {
			r.Comments = append(r.Comments, clients.Comment{Content: c.Content, Account: c.Account})
		}
	}
	return r, nil
}

// compare an RRset with what it should be.
func compare(r *clients.RRset, p *v1alpha1.RRsetParameters) drift.Fields {
	f := drift.Fields{}
	if p.TTL != nil {
		f.Check("ttl", r.TTL, *p.TTL)
	}
	found, want := []string{}, []string{}
	for _, rec := range r.Records {
		found = append(found, comparableRecord(r.Type, rec.Content, rec.Disabled))
	}
	for _, rec := range p.Records {
		want = append(want, comparableRecord(r.Type, rec.Content, rec.Disabled != nil && *rec.Disabled))
	}
	slices.Sort(found)
	slices.Sort(want)
	f.Check("records", found, want)

	if p.Comments == nil {
		return f
	}
	found, want = []string{}, []string{}
	for _, c := range r.Comments {
		found = append(found, fmt.Sprintf("%q by %q", c.Content, c.Account))
	}
	for _, c := range p.Comments {
		want = append(want, fmt.Sprintf("%q by %q", c.Content, c.Account))
	}
	slices.Sort(found)
	slices.Sort(want)
	f.Check("comments", found, want)
	return f
}

// comparableRecord is a record the one way it can be written.
func comparableRecord(rrtype, content string, disabled bool) string {
	k := canonical.Key(rrtype, content)
	if disabled {
		k += " (disabled)"
	}
	return k
}

func observation(id identity, r *clients.RRset) v1alpha1.RRsetObservation {
	ttl := r.TTL
	o := v1alpha1.RRsetObservation{Zone: id.zone, FQDN: id.name, TTL: &ttl}
	for _, rec := range r.Records {
		disabled := rec.Disabled
		out := v1alpha1.Record{Content: rec.Content}
		if disabled {
			out.Disabled = &disabled
		}
		o.Records = append(o.Records, out)
	}
	// The server may list them in any order, and the status must not flap.
	slices.SortFunc(o.Records, func(a, b v1alpha1.Record) int { return strings.Compare(a.Content, b.Content) })
	for _, c := range r.Comments {
		o.Comments = append(o.Comments, v1alpha1.Comment{Content: c.Content, Account: c.Account})
	}
	slices.SortFunc(o.Comments, func(a, b v1alpha1.Comment) int { return strings.Compare(a.Content+a.Account, b.Content+b.Account) })
	return o
}
