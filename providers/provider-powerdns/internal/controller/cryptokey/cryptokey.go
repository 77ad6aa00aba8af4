// Package cryptokey reconciles CryptoKeys.
package cryptokey

import (
	"context"
	"slices"
	"strconv"

	"github.com/miekg/dns"
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

// Flags of a DNSKEY record.
const (
	flagsZone = int64(dns.ZONE)           // Signs records.
	flagsSEP  = int64(dns.ZONE | dns.SEP) // Signs keys too, or only.
)

// SetupGated adds the controller once the kind's CRD is established.
//
// The server chooses the external name, but an interrupted create is safe all
// the same: the key it left behind is found again by what it is.
func SetupGated(mgr ctrl.Manager, o controller.Options, h connect.Hub) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.CryptoKey]{
		GVK:  v1alpha1.CryptoKeyGroupVersionKind,
		New:  func() *v1alpha1.CryptoKey { return &v1alpha1.CryptoKey{} },
		List: &v1alpha1.CryptoKeyList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.CryptoKey] {
			return &connect.Connector[*v1alpha1.CryptoKey]{Hub: h, New: New}
		},
		NoDefaultName: true,
	})
}

// New returns what reconciles one CryptoKey with a server.
func New(h connect.Hub, s *clients.Server) managed.TypedExternalClient[*v1alpha1.CryptoKey] {
	return &external{kube: h.Kube, server: s, record: h.Recorder}
}

type external struct {
	kube   client.Client
	server *clients.Server
	record event.Recorder

	// settled says whether the key was as it should be before.
	settled bool
	// fields that differ.
	fields drift.Fields
}

func (e *external) Observe(ctx context.Context, mg *v1alpha1.CryptoKey) (managed.ExternalObservation, error) {
	e.settled = drift.Settled(mg)
	zone, err := zoneOf(mg)
	if err != nil {
		if meta.WasDeleted(mg) {
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, err
	}
	named := meta.GetExternalName(mg) != ""
	if !named && !meta.ExternalCreateIncomplete(mg) {
		return managed.ExternalObservation{}, nil
	}

	keys, err := e.server.API.CryptoKeys(ctx, zone)
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if !named {
		// The create was interrupted between the key and its name.
		k, err := e.unowned(ctx, mg, zone, keys)
		if err != nil || k == nil {
			return managed.ExternalObservation{}, err
		}
		meta.SetExternalName(mg, strconv.FormatInt(k.ID, 10))
	}

	id, err := idOf(mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	i := slices.IndexFunc(keys, func(k clients.CryptoKey) bool { return k.ID == id })
	if i < 0 {
		return managed.ExternalObservation{}, nil
	}
	k := keys[i]
	p := &mg.Spec.ForProvider
	if !matches(k, p) && !meta.WasDeleted(mg) {
		return managed.ExternalObservation{}, errors.Errorf("key %d of zone %s is a %s of algorithm %s, but spec.forProvider says %s of %s: set crossplane.io/external-name to the number of another key, or remove it", id, zone, k.KeyType, k.Algorithm, p.KeyType, p.Algorithm)
	}

	mg.Status.AtProvider = observation(zone, k)
	mg.SetConditions(xpv1.Available())
	e.fields = drift.Fields{}
	if p.Active != nil {
		e.fields.Check("active", k.Active, *p.Active)
	}
	if p.Published != nil {
		e.fields.Check("published", k.Published, *p.Published)
	}
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: len(e.fields) == 0, ResourceLateInitialized: !named, Diff: e.fields.Diff()}, nil
}

func (e *external) Create(ctx context.Context, mg *v1alpha1.CryptoKey) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	zone, err := zoneOf(mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if id, err := idOf(mg); err == nil {
		// That key is gone, and its number may be given to another.
		e.server.Release(zone, id)
	}
	// Nobody else may look for a key of this zone until this one is claimed.
	err = e.server.Write(ctx, zone, func(ctx context.Context) error {
		return e.create(ctx, mg, zone)
	})
	if clients.IsNotFound(err) {
		return managed.ExternalCreation{}, errors.Wrapf(err, "zone %s does not exist on the server: create it, for example with a Zone", zone)
	}
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, "the key was gone, and another was created or taken over: the parent zone's DS records may need to change")
	}
	return managed.ExternalCreation{}, nil
}

func (e *external) create(ctx context.Context, mg *v1alpha1.CryptoKey, zone string) error {
	keys, err := e.server.API.CryptoKeys(ctx, zone)
	if err != nil {
		return err
	}
	k, err := e.unowned(ctx, mg, zone, keys)
	if err != nil {
		return err
	}
	if k != nil {
		meta.SetExternalName(mg, strconv.FormatInt(k.ID, 10))
		return nil
	}

	p := mg.Spec.ForProvider
	want := clients.CryptoKey{KeyType: p.KeyType, Algorithm: algorithmOf(p), Active: p.Active == nil || *p.Active, Published: p.Published == nil || *p.Published}
	if p.Bits != nil {
		want.Bits = *p.Bits
	}
	if k, err = e.server.API.CreateCryptoKey(ctx, zone, want); err != nil {
		return err
	}
	// The server numbers keys anew once a zone is gone with its keys: who had
	// this number before has it no more.
	e.server.Release(zone, k.ID)
	e.server.Claim(zone, k.ID, owner(mg))
	meta.SetExternalName(mg, strconv.FormatInt(k.ID, 10))

	// A zone's first key changes what it must store beside its records. The
	// server does that itself only for zones with apiRectify.
	return e.server.API.RectifyZone(ctx, zone)
}

func (e *external) Update(ctx context.Context, mg *v1alpha1.CryptoKey) (managed.ExternalUpdate, error) {
	zone, err := zoneOf(mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	id, err := idOf(mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	p, at := mg.Spec.ForProvider, mg.Status.AtProvider
	active, published := value(p.Active, at.Active), value(p.Published, at.Published)
	err = e.server.Write(ctx, zone, func(ctx context.Context) error {
		return e.server.API.ChangeCryptoKey(ctx, zone, id, active, published)
	})
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	keys, err := e.server.API.CryptoKeys(ctx, zone)
	if err != nil {
		return managed.ExternalUpdate{}, errors.Wrap(err, "the key was changed but could not be read back")
	}
	if !slices.ContainsFunc(keys, func(k clients.CryptoKey) bool { return k.ID == id && k.Active == active && k.Published == published }) {
		return managed.ExternalUpdate{}, errors.Errorf("key %d of zone %s was changed but reads differently", id, zone)
	}
	if e.settled {
		drift.Corrected(e.record, mg, e.fields.String())
	}
	return managed.ExternalUpdate{}, nil
}

func (e *external) Delete(ctx context.Context, mg *v1alpha1.CryptoKey) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	zone, err := zoneOf(mg)
	if err != nil {
		return managed.ExternalDelete{}, err
	}
	id, err := idOf(mg)
	if err != nil {
		return managed.ExternalDelete{}, err
	}
	err = e.server.Write(ctx, zone, func(ctx context.Context) error {
		return e.server.API.DeleteCryptoKey(ctx, zone, id)
	})
	if err != nil && !clients.IsNotFound(err) {
		return managed.ExternalDelete{}, err
	}
	e.server.Release(zone, id)
	return managed.ExternalDelete{}, nil
}

func (e *external) Disconnect(context.Context) error { return nil }

// unowned returns a key that is what mg asks for and that no other CryptoKey
// stands for, and claims it for mg.
func (e *external) unowned(ctx context.Context, mg *v1alpha1.CryptoKey, zone string, keys []clients.CryptoKey) (*clients.CryptoKey, error) {
	owned, err := e.owned(ctx, mg, zone)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if matches(k, &mg.Spec.ForProvider) && !owned[k.ID] && e.server.Claim(zone, k.ID, owner(mg)) {
			return &k, nil
		}
	}
	return nil, nil //nolint:nilnil // There may be none.
}

// owned returns the keys of a zone that other CryptoKeys stand for. Zones of
// one name on two servers are taken for one: that leaves a key alone which
// could be taken over, and never takes over one that couldn't.
func (e *external) owned(ctx context.Context, mg *v1alpha1.CryptoKey, zone string) (map[int64]bool, error) {
	l := &v1alpha1.CryptoKeyList{}
	if err := e.kube.List(ctx, l); err != nil {
		return nil, errors.Wrap(err, "cannot list CryptoKeys to tell whose a key is")
	}
	owned := map[int64]bool{}
	for i := range l.Items {
		other := &l.Items[i]
		if other.GetUID() == mg.GetUID() || canonical.Name(other.Spec.ForProvider.Zone) != zone {
			continue
		}
		if id, err := idOf(other); err == nil {
			owned[id] = true
		}
	}
	return owned, nil
}

// matches says whether a key is what is asked for. The type the server reports
// changes with the other keys of the zone, so only the flags count: a ksk that
// has lost its zsk is reported as csk, and so is a zsk without a ksk.
func matches(k clients.CryptoKey, p *v1alpha1.CryptoKeyParameters) bool {
	flags := flagsSEP
	if p.KeyType == "zsk" {
		flags = flagsZone
	}
	return k.Flags == flags &&
		canonical.Algorithm(k.Algorithm) == canonical.Algorithm(algorithmOf(*p)) &&
		(p.Bits == nil || *p.Bits == k.Bits)
}

// algorithmOf a key, as a name the server takes.
func algorithmOf(p v1alpha1.CryptoKeyParameters) string {
	names := map[uint8]string{5: "rsasha1", 7: "rsasha1-nsec3-sha1", 8: "rsasha256", 10: "rsasha512", 13: "ecdsa256", 14: "ecdsa384", 15: "ed25519", 16: "ed448"}
	if n, ok := names[canonical.Algorithm(p.Algorithm)]; ok {
		return n
	}
	if p.Algorithm == "" {
		return "ecdsa256"
	}
	return p.Algorithm
}

func zoneOf(mg *v1alpha1.CryptoKey) (string, error) {
	if mg.Spec.ForProvider.Zone == "" {
		return "", errors.New("spec.forProvider.zone is empty: the reference to the Zone is not resolved yet")
	}
	zone := canonical.Name(mg.Spec.ForProvider.Zone)
	return zone, errors.Wrap(canonical.CheckName(zone), "spec.forProvider.zone is wrong")
}

func idOf(mg *v1alpha1.CryptoKey) (int64, error) {
	name := meta.GetExternalName(mg)
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil || id < 0 {
		return 0, errors.Errorf("annotation crossplane.io/external-name is %q, must be the number the server gave the key", name)
	}
	return id, nil
}

func owner(mg *v1alpha1.CryptoKey) string { return string(mg.GetUID()) }

func value(want, have *bool) bool {
	if want != nil {
		return *want
	}
	return have != nil && *have
}

func observation(zone string, k clients.CryptoKey) v1alpha1.CryptoKeyObservation {
	o := v1alpha1.CryptoKeyObservation{
		ID: &k.ID, Zone: zone, KeyType: k.KeyType, Algorithm: k.Algorithm, Bits: &k.Bits, Flags: &k.Flags,
		Active: &k.Active, Published: &k.Published, DNSKey: k.DNSKey,
	}
	if k.Flags == flagsSEP {
		// The server lists some for a zsk without a ksk too, which no parent
		// should have.
		o.DS = slices.Clone(k.DS)
	}
	if rr, err := dns.NewRR(zone + " 0 IN DNSKEY " + k.DNSKey); err == nil {
		if key, ok := rr.(*dns.DNSKEY); ok {
			tag := int64(key.KeyTag())
			o.KeyTag = &tag
		}
	}
	return o
}
