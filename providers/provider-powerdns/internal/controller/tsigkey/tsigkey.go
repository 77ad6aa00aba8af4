// Package tsigkey reconciles TSIGKeys.
package tsigkey

import (
	"context"
	"encoding/base64"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
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

// Keys of the connection Secret.
const (
	keyName      = "name"
	keyAlgorithm = "algorithm"
	keySecret    = "secret"
)

// SetupGated adds the controller once the kind's CRD is established.
func SetupGated(mgr ctrl.Manager, o controller.Options, h connect.Hub) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.TSIGKey]{
		GVK:  v1alpha1.TSIGKeyGroupVersionKind,
		New:  func() *v1alpha1.TSIGKey { return &v1alpha1.TSIGKey{} },
		List: &v1alpha1.TSIGKeyList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.TSIGKey] {
			return &connect.Connector[*v1alpha1.TSIGKey]{Hub: h, New: New}
		},
	})
}

// New returns what reconciles one TSIGKey with a server.
func New(h connect.Hub, s *clients.Server) managed.TypedExternalClient[*v1alpha1.TSIGKey] {
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
	// wanted is the secret the key should have, or empty for any.
	wanted string
}

func (e *external) Observe(ctx context.Context, mg *v1alpha1.TSIGKey) (managed.ExternalObservation, error) {
	e.settled = drift.Settled(mg)
	name := canonical.Name(meta.GetExternalName(mg))
	if err := canonical.CheckName(name); err != nil {
		if meta.WasDeleted(mg) {
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, errors.Wrap(err, "the name of the key, from the annotation crossplane.io/external-name or metadata.name, is wrong")
	}
	if !meta.WasDeleted(mg) {
		var err error
		if e.wanted, err = e.secret(ctx, mg); err != nil {
			return managed.ExternalObservation{}, err
		}
	}

	k, err := e.server.API.TSIGKey(ctx, name)
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, err
	}

	mg.Status.AtProvider = v1alpha1.TSIGKeyObservation{ID: k.ID, Name: k.Name, Algorithm: k.Algorithm}
	mg.SetConditions(xpv1.Available())
	e.fields = drift.Fields{}
	e.fields.Check("algorithm", strings.TrimSuffix(k.Algorithm, "."), algorithm(mg))
	if e.wanted != "" && e.wanted != k.Secret {
		// Both are secret.
		e.fields.Check("secret", "another one", "the one keySecretRef names")
	}
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: len(e.fields) == 0, Diff: e.fields.Diff(), ConnectionDetails: details(k)}, nil
}

func (e *external) Create(ctx context.Context, mg *v1alpha1.TSIGKey) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	name := canonical.Name(meta.GetExternalName(mg))
	var k *clients.TSIGKey
	err := e.server.Write(ctx, "", func(ctx context.Context) error {
		var err error
		k, err = e.server.API.CreateTSIGKey(ctx, name, algorithm(mg), e.wanted)
		return err
	})
	if clients.IsConflict(err) {
		// It was created since it was looked for. What differs is put right
		// next.
		return managed.ExternalCreation{}, nil
	}
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if e.settled {
		drift.Corrected(e.record, mg, "the key was gone, and was created again")
	}
	return managed.ExternalCreation{ConnectionDetails: details(k)}, nil
}

func (e *external) Update(ctx context.Context, mg *v1alpha1.TSIGKey) (managed.ExternalUpdate, error) {
	name := canonical.Name(meta.GetExternalName(mg))
	err := e.server.Write(ctx, "", func(ctx context.Context) error {
		if strings.TrimSuffix(mg.Status.AtProvider.Algorithm, ".") == algorithm(mg) {
			return e.server.API.ChangeTSIGKey(ctx, name, algorithm(mg), e.wanted)
		}
		return e.replace(ctx, name, algorithm(mg))
	})
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	k, err := e.server.API.TSIGKey(ctx, name)
	if err != nil {
		return managed.ExternalUpdate{}, errors.Wrap(err, "the key was changed but could not be read back")
	}
	if e.wanted != "" && k.Secret != e.wanted || strings.TrimSuffix(k.Algorithm, ".") != algorithm(mg) {
		return managed.ExternalUpdate{}, errors.Errorf("TSIG key %s was changed but reads differently", name)
	}
	if e.settled {
		drift.Corrected(e.record, mg, e.fields.String())
	}
	return managed.ExternalUpdate{ConnectionDetails: details(k)}, nil
}

// replace a key by one of another algorithm with the same secret. Asked to
// change the algorithm, the server would keep the key of the old one beside it,
// and use either.
func (e *external) replace(ctx context.Context, name, algorithm string) error {
	secret := e.wanted
	if secret == "" {
		k, err := e.server.API.TSIGKey(ctx, name)
		if err != nil {
			return err
		}
		secret = k.Secret
	}
	if err := e.server.API.DeleteTSIGKey(ctx, name); err != nil && !clients.IsNotFound(err) {
		return err
	}
	_, err := e.server.API.CreateTSIGKey(ctx, name, algorithm, secret)
	return err
}

func (e *external) Delete(ctx context.Context, mg *v1alpha1.TSIGKey) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	name := canonical.Name(meta.GetExternalName(mg))
	err := e.server.Write(ctx, "", func(ctx context.Context) error {
		return e.server.API.DeleteTSIGKey(ctx, name)
	})
	if clients.IsNotFound(err) {
		return managed.ExternalDelete{}, nil
	}
	return managed.ExternalDelete{}, err
}

func (e *external) Disconnect(context.Context) error { return nil }

// secret the key should have, or empty when the server may generate one. The
// server would take anything for a secret, and fail when it is used.
func (e *external) secret(ctx context.Context, mg *v1alpha1.TSIGKey) (string, error) {
	ref := mg.Spec.ForProvider.KeySecretRef
	if ref == nil {
		return "", nil
	}
	s := &corev1.Secret{}
	if err := e.kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, s); err != nil {
		return "", errors.Wrapf(err, "cannot get Secret %q that spec.forProvider.keySecretRef names", ref.Name)
	}
	data := strings.TrimSpace(string(s.Data[ref.Key]))
	if data == "" {
		return "", errors.Errorf("Secret %q that spec.forProvider.keySecretRef names has nothing in key %q", ref.Name, ref.Key)
	}
	if _, err := base64.StdEncoding.DecodeString(data); err != nil {
		return "", errors.Errorf("key %q of Secret %q that spec.forProvider.keySecretRef names is not base64", ref.Key, ref.Name)
	}
	return data, nil
}

func algorithm(mg *v1alpha1.TSIGKey) string {
	if a := mg.Spec.ForProvider.Algorithm; a != "" {
		return a
	}
	return "hmac-sha256"
}

func details(k *clients.TSIGKey) managed.ConnectionDetails {
	return managed.ConnectionDetails{keyName: []byte(k.Name), keyAlgorithm: []byte(k.Algorithm), keySecret: []byte(k.Secret)}
}
