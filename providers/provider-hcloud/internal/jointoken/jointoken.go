// Package jointoken makes JoinTokens real. A composition function is pure and
// cannot draw a random number; this is where the one that a cluster needs comes
// from.
package jointoken

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

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
)

// Key of the token in its Secret.
const Key = "token"

// size of a token in bytes.
const size = 32

// Setup adds the controller of JoinTokens once their CRD is there.
func Setup(mgr ctrl.Manager, o controller.Options) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.JoinToken]{
		GVK:  v1alpha1.JoinTokenGroupVersionKind,
		New:  func() *v1alpha1.JoinToken { return &v1alpha1.JoinToken{} },
		List: &v1alpha1.JoinTokenList{},
		Connect: func(kube client.Client) managed.TypedExternalConnector[*v1alpha1.JoinToken] {
			return managed.TypedExternalConnectorFn[*v1alpha1.JoinToken](func(context.Context, *v1alpha1.JoinToken) (managed.TypedExternalClient[*v1alpha1.JoinToken], error) {
				return &external{kube: kube}, nil
			})
		},
		// A Secret is shown at once, or found to exist when it is created.
		CreationGracePeriod: time.Second,
	})
}

type external struct {
	kube client.Client
}

// Observe the token's Secret.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.JoinToken) (managed.ExternalObservation, error) {
	if meta.WasDeleted(mg) {
		// The Secret is the JoinToken's own and goes with it.
		return managed.ExternalObservation{}, nil
	}
	s, err := own.Brought(ctx, e.kube, mg, v1alpha1.JoinTokenGroupVersionKind, Key)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if len(s.Data[Key]) > 0 {
		mg.Status.AtProvider.Generated = true
		mg.SetConditions(xpv1.Available())
		return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: metav1.IsControlledBy(s, mg), ConnectionDetails: s.Data}, nil
	}
	if mg.Status.AtProvider.Generated {
		return managed.ExternalObservation{}, errors.Errorf("Secret %q has lost its key %q. Restore it: servers that run would refuse those that present another token", s.Name, Key)
	}
	return managed.ExternalObservation{}, nil
}

// Create the token, unless there is one.
func (e *external) Create(ctx context.Context, mg *v1alpha1.JoinToken) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	s, err := own.Brought(ctx, e.kube, mg, v1alpha1.JoinTokenGroupVersionKind, Key)
	if err != nil || len(s.Data[Key]) > 0 {
		return managed.ExternalCreation{}, err
	}
	token := make([]byte, size)
	if _, err := rand.Read(token); err != nil {
		return managed.ExternalCreation{}, errors.Wrap(err, "cannot generate a token")
	}
	s.Data = map[string][]byte{Key: []byte(hex.EncodeToString(token))}
	return managed.ExternalCreation{}, own.Write(ctx, e.kube, s)
}

// Update takes over a Secret that was brought. The token in it does not change.
func (e *external) Update(ctx context.Context, mg *v1alpha1.JoinToken) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, own.TakeOver(ctx, e.kube, mg, v1alpha1.JoinTokenGroupVersionKind, Key)
}

// Delete has nothing to do: the Secret goes with its owner.
func (e *external) Delete(context.Context, *v1alpha1.JoinToken) (managed.ExternalDelete, error) {
	return managed.ExternalDelete{}, nil
}

// Disconnect has nothing to close.
func (e *external) Disconnect(context.Context) error { return nil }
