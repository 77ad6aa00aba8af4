package nodepool

import (
	"cmp"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/internal/hetzner"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// A start is what a server is created with: what Hetzner takes then and never
// again, so that to change it would be to replace the server, which keeps its own;
// and what it is told to follow.
type start struct {
	Image             string                      `json:"image"`
	SSHKeys           []*string                   `json:"sshKeys"`
	UserDataSecretRef xpv1.LocalSecretKeySelector `json:"userDataSecretRef"`

	// What every server follows, and keeps while it is not known.
	FirewallIDs      []*float64 `json:"firewallIds"`
	PlacementGroupID *float64   `json:"placementGroupId"`
}

// exists says whether Hetzner has created the server of that number. One that
// somebody deleted there, and that could not be created anew yet, still has the id
// it had.
func (p *pool) exists(number int) bool {
	o := p.run.Observed(keyServer(number))
	at := func(annotation string) time.Time {
		t, _ := time.Parse(time.RFC3339, o.String("metadata", "annotations", annotation))
		return t
	}
	ready, _ := o.Condition(string(xpv1.TypeReady))
	gone := ready.Reason == string(xpv1.ReasonCreating) && at(meta.AnnotationKeyExternalCreateFailed).After(at(meta.AnnotationKeyExternalCreateSucceeded))
	return o.String("metadata", "annotations", meta.AnnotationKeyExternalName) != "" && !gone
}

// startOf the server of that number: what it started with, or what new servers
// start with. One that has not been created follows the pool: what it refers to
// may be gone before it comes.
func (p *pool) startOf(number int) (start, error) {
	out := start{
		Image:   p.Spec.Image,
		SSHKeys: p.keys,
		UserDataSecretRef: xpv1.LocalSecretKeySelector{
			LocalSecretReference: xpv1.LocalSecretReference{Name: p.Spec.UserDataSecretRef.Name},
			Key:                  p.Spec.UserDataSecretRef.Key,
		},
	}
	if p.firewall != nil {
		out.FirewallIDs = []*float64{p.firewall}
	}
	out.PlacementGroupID = p.group
	if !p.exists(number) {
		return out, nil
	}
	had := struct {
		Spec struct {
			ForProvider start `json:"forProvider"`
		} `json:"spec"`
		Status struct {
			AtProvider struct {
				SSHKeys []*string `json:"sshKeys"`
			} `json:"atProvider"`
		} `json:"status"`
	}{}
	if err := p.run.Observed(keyServer(number)).Into(&had); err != nil {
		return out, err
	}
	was := had.Spec.ForProvider
	out.Image = cmp.Or(was.Image, out.Image)
	out.SSHKeys = was.SSHKeys
	// Keys that changed while the server was being created came too late for it.
	if started := had.Status.AtProvider.SSHKeys; len(started) > 0 {
		out.SSHKeys = started
	}
	if p.firewall == nil {
		out.FirewallIDs = was.FirewallIDs
	}
	if p.Spec.PlacementGroupRef != nil {
		out.PlacementGroupID = cmp.Or(p.group, was.PlacementGroupID)
	}
	if was.UserDataSecretRef.Name != "" {
		out.UserDataSecretRef = was.UserDataSecretRef
	}
	return out, nil
}

// server of that number.
func (p *pool) server(number int) (*hcloud.Server, error) {
	address, err := hetzner.Address(p.Spec.FirstAddress, number-p.Spec.FirstNumber)
	if err != nil {
		return nil, err
	}
	from, err := p.startOf(number)
	if err != nil {
		return nil, err
	}
	suffix := hetzner.ServerSuffix(p.Spec.Role, number)
	out := &hcloud.Server{
		ObjectMeta: p.cluster.Meta(suffix),
		Spec: hcloud.ServerSpec{
			ManagedResourceSpec: xpv2.ManagedResourceSpec{ProviderConfigReference: p.cluster.Config()},
			ForProvider: hcloud.ServerParameters{
				Name:       new(p.cluster.Name(suffix)),
				ServerType: new(p.Spec.ServerType),
				Image:      new(from.Image),
				Location:   new(p.location),
				Labels:     p.cluster.ServerLabels(p.Spec.Role),
				// By their ids: references would be resolved once, and a key that
				// is replaced before the server comes never again.
				SSHKeys:           from.SSHKeys,
				FirewallIds:       from.FirewallIDs,
				PlacementGroupID:  from.PlacementGroupID,
				UserDataSecretRef: &from.UserDataSecretRef,
				// A larger type keeps the disk, so that there is a way back.
				KeepDisk: new(true),
				// By its id: a list belongs to whoever applies it, so an id
				// that a provider resolves in it is taken away with the next
				// call, and put back, and so on.
				Network: []hcloud.ServerNetworkParameters{{SubnetID: new(p.subnet), IP: new(address)}},
			},
		},
	}
	for _, a := range p.Spec.Adopt {
		if a.Number == number {
			hetzner.Named(out, p.run.Observed(keyServer(number)), a.ID)
		}
	}
	return out, nil
}
