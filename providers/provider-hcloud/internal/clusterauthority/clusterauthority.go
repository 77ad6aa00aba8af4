// Package clusterauthority makes ClusterAuthorities real. Who has the authority
// of a cluster before the cluster is there needs nobody to fetch a kubeconfig
// from its servers.
package clusterauthority

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/own"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/pki"
)

// Authorities of a cluster: what their keys in the Secret start with, and what
// their certificates are called.
const (
	Server = "server-ca"
	Client = "client-ca"
)

// What the keys in the Secret end with.
const (
	suffixCertificate = ".crt"
	suffixKey         = ".key"
)

// Pair of that authority in the data of a Secret.
func Pair(data map[string][]byte, authority string) pki.Pair {
	return pki.Pair{Certificate: data[authority+suffixCertificate], Key: data[authority+suffixKey]}
}

// Setup adds the controller of ClusterAuthorities once their CRD is there.
func Setup(mgr ctrl.Manager, o controller.Options) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.ClusterAuthority]{
		GVK:  v1alpha1.ClusterAuthorityGroupVersionKind,
		New:  func() *v1alpha1.ClusterAuthority { return &v1alpha1.ClusterAuthority{} },
		List: &v1alpha1.ClusterAuthorityList{},
		Connect: func(kube client.Client) managed.TypedExternalConnector[*v1alpha1.ClusterAuthority] {
			return managed.TypedExternalConnectorFn[*v1alpha1.ClusterAuthority](func(context.Context, *v1alpha1.ClusterAuthority) (managed.TypedExternalClient[*v1alpha1.ClusterAuthority], error) {
				return &external{kube: kube, now: time.Now}, nil
			})
		},
		// A Secret is shown at once, or found to exist when it is created.
		CreationGracePeriod: time.Second,
	})
}

type external struct {
	kube client.Client
	now  func() time.Time
}

// Observe the authority's Secret.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.ClusterAuthority) (managed.ExternalObservation, error) {
	if meta.WasDeleted(mg) {
		// The Secret is the ClusterAuthority's own and goes with it.
		return managed.ExternalObservation{}, nil
	}
	s, err := own.Brought(ctx, e.kube, mg, v1alpha1.ClusterAuthorityGroupVersionKind, keys()...)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	missing := missing(s)
	switch {
	case len(missing) == len(keys()) && !mg.Status.AtProvider.Generated:
		return managed.ExternalObservation{}, nil
	case len(missing) > 0:
		return managed.ExternalObservation{}, errors.Errorf("Secret %q has lost %s. Restore it: servers that run know no other authority", s.Name, strings.Join(missing, ", "))
	}
	var end time.Time
	for _, name := range authorities() {
		a, err := pki.Parse(Pair(s.Data, name))
		if err != nil {
			return managed.ExternalObservation{}, errors.Wrapf(err, "Secret %q has no authority in %s and %s", s.Name, name+suffixCertificate, name+suffixKey)
		}
		if end.IsZero() || a.Certificate.NotAfter.Before(end) {
			end = a.Certificate.NotAfter
		}
	}
	mg.Status.AtProvider = v1alpha1.ClusterAuthorityObservation{Generated: true, NotAfter: &metav1.Time{Time: end}}
	mg.SetConditions(xpv1.Available())
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: metav1.IsControlledBy(s, mg)}, nil
}

func authorities() []string { return []string{Server, Client} }

func keys() []string {
	var out []string
	for _, a := range authorities() {
		out = append(out, a+suffixCertificate, a+suffixKey)
	}
	return out
}

// missing keys of the Secret.
func missing(s *corev1.Secret) []string {
	var out []string
	for _, k := range keys() {
		if len(s.Data[k]) == 0 {
			out = append(out, k)
		}
	}
	return out
}

// Create the authority, unless there is one.
func (e *external) Create(ctx context.Context, mg *v1alpha1.ClusterAuthority) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	s, err := own.Brought(ctx, e.kube, mg, v1alpha1.ClusterAuthorityGroupVersionKind, keys()...)
	if err != nil || len(missing(s)) < len(keys()) {
		return managed.ExternalCreation{}, err
	}
	s.Data = map[string][]byte{}
	for _, a := range authorities() {
		name := pkix.Name{CommonName: fmt.Sprintf("%s-%s", mg.Spec.ForProvider.Cluster, a)}
		if d := mg.Spec.ForProvider.Domain; d != nil {
			name.Organization = []string{*d}
		}
		pair, err := pki.NewAuthority(name, e.now())
		if err != nil {
			return managed.ExternalCreation{}, err
		}
		s.Data[a+suffixCertificate], s.Data[a+suffixKey] = pair.Certificate, pair.Key
	}
	return managed.ExternalCreation{}, own.Write(ctx, e.kube, s)
}

// Update takes over a Secret that was brought. The authority in it does not
// change.
func (e *external) Update(ctx context.Context, mg *v1alpha1.ClusterAuthority) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, own.TakeOver(ctx, e.kube, mg, v1alpha1.ClusterAuthorityGroupVersionKind, keys()...)
}

// Delete has nothing to do: the Secret goes with its owner.
func (e *external) Delete(context.Context, *v1alpha1.ClusterAuthority) (managed.ExternalDelete, error) {
	return managed.ExternalDelete{}, nil
}

// Disconnect has nothing to close.
func (e *external) Disconnect(context.Context) error { return nil }
