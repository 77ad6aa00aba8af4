// Package provider is what Catalyst's native providers have in common: the
// program's frame, the set-up of one managed reconciler per kind and the way
// from a managed resource to the server it lives on.
package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	commonv1alpha1 "github.com/openova-io/catalyst/apis/common/v1alpha1"
)

// Kinds of provider configuration a managed resource may reference.
const (
	KindProviderConfig        = "ProviderConfig"
	KindClusterProviderConfig = "ClusterProviderConfig"
)

// A Config is a ProviderConfig or a ClusterProviderConfig of any provider.
type Config interface {
	resource.ProviderConfig

	// ConfigSpec of this provider configuration.
	ConfigSpec() commonv1alpha1.ProviderConfigSpec
}

// An Endpoint is a server and what opens it.
type Endpoint struct {
	// URL of the server's API, without a trailing slash.
	URL string
	// Credentials as they were read from their source, without surrounding
	// white space.
	Credentials string
	// CABundle to trust in place of the system's, in PEM. May be empty.
	CABundle []byte
}

// Key identifies the endpoint, credentials included, without revealing them.
// Clients are shared between managed resources by this key.
func (e Endpoint) Key() string {
	h := sha256.New()
	for _, part := range []string{e.URL, e.Credentials, string(e.CABundle)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// credentialsAge is how long credentials are used before they are read again.
// It bounds how long a rotated credential goes unnoticed.
const credentialsAge = 10 * time.Second

// A Resolver finds the Endpoint of a managed resource through the provider
// configuration it references.
type Resolver struct {
	// Kube reads provider configurations and credentials.
	Kube client.Client
	// Usage records which managed resources use which configuration.
	Usage *resource.ProviderConfigUsageTracker
	// NewConfig returns an empty namespaced provider configuration.
	NewConfig func() Config
	// NewClusterConfig returns an empty cluster scoped provider configuration.
	NewClusterConfig func() Config

	// read credentials by the configuration's UID. Every reconcile asks for
	// them, and Secrets are not cached as other objects are: a provider has no
	// business with all of them.
	read sync.Map
}

// Credentials as they were read for one generation of a configuration.
type credentials struct {
	generation int64
	at         time.Time
	data       string
}

// Resolve the endpoint mg lives on and record that mg uses it.
func (r *Resolver) Resolve(ctx context.Context, mg resource.ModernManaged) (Endpoint, error) {
	// A resource that is being deleted was tracked before. In a namespace that
	// is being deleted its usage may be gone already and cannot be created
	// again, which is no reason to strand the resource.
	if !meta.WasDeleted(mg) {
		if err := r.Usage.Track(ctx, mg); err != nil {
			return Endpoint{}, errors.Wrap(err, "cannot track use of the provider configuration")
		}
	}
	ref := mg.GetProviderConfigReference()

	cfg := r.NewClusterConfig()
	nn := types.NamespacedName{Name: ref.Name}
	switch ref.Kind {
	case KindClusterProviderConfig:
	case KindProviderConfig:
		cfg = r.NewConfig()
		nn.Namespace = mg.GetNamespace()
	default:
		return Endpoint{}, errors.Errorf("spec.providerConfigRef.kind is %q, must be %s or %s", ref.Kind, KindProviderConfig, KindClusterProviderConfig)
	}
	if err := r.Kube.Get(ctx, nn, cfg); err != nil {
		return Endpoint{}, errors.Wrapf(err, "cannot get %s %q", ref.Kind, ref.Name)
	}
	spec := cfg.ConfigSpec()
	if ref.Kind == KindProviderConfig {
		if err := confine(spec.Credentials, mg.GetNamespace()); err != nil {
			return Endpoint{}, errors.Wrapf(err, "%s %q", ref.Kind, ref.Name)
		}
	}
	creds, err := r.credentials(ctx, cfg)
	if err != nil {
		return Endpoint{}, errors.Wrapf(err, "cannot get credentials of %s %q", ref.Kind, ref.Name)
	}
	if creds == "" {
		return Endpoint{}, errors.Errorf("credentials of %s %q are empty", ref.Kind, ref.Name)
	}
	return Endpoint{URL: strings.TrimRight(spec.URL, "/"), Credentials: creds, CABundle: spec.CABundle}, nil
}

func (r *Resolver) credentials(ctx context.Context, cfg Config) (string, error) {
	if got, ok := r.read.Load(cfg.GetUID()); ok {
		if c, ok := got.(credentials); ok && c.generation == cfg.GetGeneration() && time.Since(c.at) < credentialsAge {
			return c.data, nil
		}
	}
	from := cfg.ConfigSpec().Credentials
	data, err := resource.CommonCredentialExtractor(ctx, from.Source, r.Kube, from.CommonCredentialSelectors)
	if err != nil {
		return "", err
	}
	c := credentials{generation: cfg.GetGeneration(), at: time.Now(), data: strings.TrimSpace(string(data))}
	if c.data != "" {
		r.read.Store(cfg.GetUID(), c)
	}
	return c.data, nil
}

// confine refuses credentials that people of the namespace could not read themselves: a namespaced
// provider configuration is writable by whoever owns the namespace, and the
// provider reads with rights of its own.
func confine(c commonv1alpha1.ProviderCredentials, namespace string) error {
	if c.Source != xpv2.CredentialsSourceSecret {
		return errors.Errorf("spec.credentials.source is %q, must be %s in a namespaced provider configuration", c.Source, xpv2.CredentialsSourceSecret)
	}
	if c.SecretRef == nil {
		return errors.New("spec.credentials.secretRef is required")
	}
	if c.SecretRef.Namespace != namespace {
		return errors.Errorf("spec.credentials.secretRef.namespace is %q, must be %q, the namespace of the provider configuration", c.SecretRef.Namespace, namespace)
	}
	return nil
}
