// Package kubeconfig makes Kubeconfigs real: a certificate that the authority of
// a cluster signs, and where to show it.
package kubeconfig

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clusterauthority"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/own"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/pki"
)

// Keys of the kubeconfig in its Secret.
const (
	Key = "kubeconfig"
	// KeyFlux is where Flux looks for it.
	KeyFlux = "value"
)

const (
	// defaultValidity of a certificate.
	defaultValidity = 365 * 24 * time.Hour
	// left is the part of a certificate's life that it is renewed in: a third.
	left = 3
	// poll is how soon a changed authority and a late renewal are noticed. It
	// asks nobody but the provider's own cache.
	poll = time.Minute
)

// Setup adds the controller of Kubeconfigs once their CRD is there.
func Setup(mgr ctrl.Manager, o controller.Options) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.Kubeconfig]{
		GVK:  v1alpha1.KubeconfigGroupVersionKind,
		New:  func() *v1alpha1.Kubeconfig { return &v1alpha1.Kubeconfig{} },
		List: &v1alpha1.KubeconfigList{},
		Connect: func(kube client.Client) managed.TypedExternalConnector[*v1alpha1.Kubeconfig] {
			return managed.TypedExternalConnectorFn[*v1alpha1.Kubeconfig](func(context.Context, *v1alpha1.Kubeconfig) (managed.TypedExternalClient[*v1alpha1.Kubeconfig], error) {
				return &external{kube: kube, now: time.Now}, nil
			})
		},
		CreationGracePeriod: time.Second,
		PollInterval:        func(_ resource.Managed, d time.Duration) time.Duration { return min(d, poll) },
	})
}

type external struct {
	kube client.Client
	now  func() time.Time
}

// Observe the kubeconfig's Secret.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Kubeconfig) (managed.ExternalObservation, error) {
	if meta.WasDeleted(mg) {
		// The Secret is the Kubeconfig's own and goes with it.
		return managed.ExternalObservation{}, nil
	}
	s, err := own.Secret(ctx, e.kube, mg, v1alpha1.KubeconfigGroupVersionKind)
	if err != nil || len(s.Data[Key]) == 0 {
		return managed.ExternalObservation{}, err
	}
	a, err := e.authority(ctx, mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	cert, current := e.current(mg, s, a)
	if !current {
		return managed.ExternalObservation{ResourceExists: true}, nil
	}
	mg.Status.AtProvider.NotAfter = &metav1.Time{Time: cert.NotAfter}
	mg.SetConditions(xpv1.Available())
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
}

// An authority signs the certificate, and vouches for the server.
type authority struct {
	*pki.Authority

	server []byte
}

// authority of the cluster.
func (e *external) authority(ctx context.Context, mg *v1alpha1.Kubeconfig) (*authority, error) {
	name := mg.Spec.ForProvider.AuthoritySecretRef.Name
	s := &corev1.Secret{}
	if err := e.kube.Get(ctx, client.ObjectKey{Namespace: mg.GetNamespace(), Name: name}, s); err != nil {
		return nil, errors.Wrapf(err, "cannot get Secret %q of spec.forProvider.authoritySecretRef", name)
	}
	server := clusterauthority.Pair(s.Data, clusterauthority.Server).Certificate
	if len(server) == 0 {
		return nil, errors.Errorf("Secret %q of spec.forProvider.authoritySecretRef has no certificate of the authority that vouches for the server", name)
	}
	a, err := pki.Parse(clusterauthority.Pair(s.Data, clusterauthority.Client))
	if err != nil {
		return nil, errors.Wrapf(err, "Secret %q of spec.forProvider.authoritySecretRef has no authority that signs for clients", name)
	}
	return &authority{Authority: a, server: server}, nil
}

// current tells whether the kubeconfig in the Secret is what was asked for and
// lasts, and returns its certificate.
func (e *external) current(mg *v1alpha1.Kubeconfig, s *corev1.Secret, a *authority) (*x509.Certificate, bool) {
	p := mg.Spec.ForProvider
	cfg, err := clientcmd.Load(s.Data[Key])
	if err != nil || !bytes.Equal(s.Data[Key], s.Data[KeyFlux]) {
		return nil, false
	}
	cluster, user := cfg.Clusters[p.Cluster], cfg.AuthInfos[p.User]
	if cluster == nil || user == nil || cluster.Server != p.Server || cluster.TLSServerName != serverName(mg) || !bytes.Equal(cluster.CertificateAuthorityData, a.server) {
		return nil, false
	}
	pair, err := tls.X509KeyPair(user.ClientCertificateData, user.ClientKeyData)
	if err != nil {
		return nil, false
	}
	cert, now := pair.Leaf, e.now()
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return nil, false
	}
	issued := cert.NotBefore.Add(pki.Backdate)
	switch {
	case cert.Subject.CommonName != p.User || !slices.Equal(cert.Subject.Organization, []string{p.Organization}):
		return nil, false
	case !cert.NotAfter.Equal(a.NotAfter(issued, validity(mg))):
		return nil, false
	case cert.NotAfter.Sub(now) <= cert.NotAfter.Sub(issued)/left:
		return nil, false
	}
	return cert, true
}

func serverName(mg *v1alpha1.Kubeconfig) string {
	if n := mg.Spec.ForProvider.ServerName; n != nil {
		return *n
	}
	return ""
}

func validity(mg *v1alpha1.Kubeconfig) time.Duration {
	if v := mg.Spec.ForProvider.Validity; v != nil {
		return v.Duration
	}
	return defaultValidity
}

// Create the kubeconfig.
func (e *external) Create(ctx context.Context, mg *v1alpha1.Kubeconfig) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	details, err := e.issue(ctx, mg)
	return managed.ExternalCreation{ConnectionDetails: details}, err
}

// Update the kubeconfig.
func (e *external) Update(ctx context.Context, mg *v1alpha1.Kubeconfig) (managed.ExternalUpdate, error) {
	details, err := e.issue(ctx, mg)
	return managed.ExternalUpdate{ConnectionDetails: details}, err
}

// issue a certificate and a kubeconfig that has it.
func (e *external) issue(ctx context.Context, mg *v1alpha1.Kubeconfig) (managed.ConnectionDetails, error) {
	a, err := e.authority(ctx, mg)
	if err != nil {
		return nil, err
	}
	p := mg.Spec.ForProvider
	pair, err := a.Client(pkix.Name{CommonName: p.User, Organization: []string{p.Organization}}, e.now(), validity(mg))
	if err != nil {
		return nil, err
	}
	out, err := clientcmd.Write(api.Config{
		Clusters:       map[string]*api.Cluster{p.Cluster: {Server: p.Server, TLSServerName: serverName(mg), CertificateAuthorityData: a.server}},
		AuthInfos:      map[string]*api.AuthInfo{p.User: {ClientCertificateData: pair.Certificate, ClientKeyData: pair.Key}},
		Contexts:       map[string]*api.Context{p.Cluster: {Cluster: p.Cluster, AuthInfo: p.User}},
		CurrentContext: p.Cluster,
	})
	return managed.ConnectionDetails{Key: out, KeyFlux: out}, errors.Wrap(err, "cannot write the kubeconfig")
}

// Delete has nothing to do: the Secret goes with its owner.
func (e *external) Delete(context.Context, *v1alpha1.Kubeconfig) (managed.ExternalDelete, error) {
	return managed.ExternalDelete{}, nil
}

// Disconnect has nothing to close.
func (e *external) Disconnect(context.Context) error { return nil }
