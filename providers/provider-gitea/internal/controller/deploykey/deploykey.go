// Package deploykey makes DeployKeys real.
package deploykey

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// Where known hosts come from.
const (
	knownConfigured = "Configured"
	knownScanned    = "Scanned"
	knownMissing    = "Missing"
)

// External makes the external client of DeployKeys.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.DeployKey] {
	return &external{Session: s, scan: scan}
}

type external struct {
	connect.Session
	connect.Stay

	scan    Scanner
	settled bool
}

func repo(mg *v1alpha1.DeployKey) (clients.Repo, bool) {
	return connect.Repo(mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
}

func readOnly(mg *v1alpha1.DeployKey) bool {
	return mg.Spec.ForProvider.ReadOnly == nil || *mg.Spec.ForProvider.ReadOnly
}

// Observe costs one GET. While the server's host keys are not known, it costs
// another for the repository's address, and asks there.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.DeployKey) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	r, known := repo(mg)
	gone, err := e.Gone(ctx, mg, r, known)
	if gone || err != nil {
		return managed.ExternalObservation{}, err
	}
	found, err := e.Gitea.GetDeployKey(ctx, r, connect.Name(mg))
	if clients.IsNotFound(err) || (err == nil && found == nil) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot list deploy keys")
	}
	observe(mg, found)
	if meta.WasDeleted(mg) || mg.GetWriteConnectionSecretToReference() == nil {
		return connect.Observed(mg, nil), nil
	}
	data, err := e.secret(ctx, mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	have, ok := readPair(data)
	d := diff(mg, found, have, ok)
	o := connect.Observed(mg, d)
	if len(d) > 0 {
		return o, nil
	}
	o.ConnectionDetails, err = e.details(ctx, mg, r, have, data[keyKnownHosts])
	return o, err
}

func observe(mg *v1alpha1.DeployKey, found *clients.DeployKey) {
	at := &mg.Status.AtProvider
	at.ID, at.Fingerprint, at.ReadOnly = found.ID, found.Fingerprint, &found.ReadOnly
}

func diff(mg *v1alpha1.DeployKey, found *clients.DeployKey, have pair, ok bool) fields.Set {
	s := fields.Set{}
	want := readOnly(mg)
	fields.Check(&s, "readOnly", "read_only", &want, found.ReadOnly)
	switch {
	case !ok:
		s = append(s, fields.Difference{Field: "writeConnectionSecretToRef", Found: "a Secret without private key", Want: "a Secret with the private key"})
	case !same(have.public, found.Key):
		s = append(s, fields.Difference{Field: "key", Found: "another key", Want: "the key of the Secret"})
	}
	return s
}

// secret returns what is in the Secret the key goes to, or nothing.
func (e *external) secret(ctx context.Context, mg *v1alpha1.DeployKey) (map[string][]byte, error) {
	ref := mg.GetWriteConnectionSecretToReference()
	if ref == nil {
		return nil, errors.New("spec.writeConnectionSecretToRef is required: it is where the private key goes")
	}
	s := &corev1.Secret{}
	err := e.Kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, s)
	if kerrors.IsNotFound(err) {
		return map[string][]byte{}, nil
	}
	if err != nil {
		return nil, errors.Wrapf(err, "cannot get Secret %q", ref.Name)
	}
	if s.Type != resource.SecretTypeConnection {
		return nil, errors.Errorf("Secret %q of spec.writeConnectionSecretToRef exists and is not a connection Secret", ref.Name)
	}
	return s.Data, nil
}

// details that go to the Secret.
func (e *external) details(ctx context.Context, mg *v1alpha1.DeployKey, r clients.Repo, p pair, hosts []byte) (managed.ConnectionDetails, error) {
	hosts, err := e.knownHosts(ctx, mg, r, hosts)
	if err != nil {
		return nil, err
	}
	return managed.ConnectionDetails{keyIdentity: p.private, keyPublic: p.public, keyKnownHosts: hosts}, nil
}

// knownHosts are those that are configured, those that were seen before, or
// those the server has now. A server whose SSH port can't be reached from here
// makes the key no worse: it is asked again at the next poll.
func (e *external) knownHosts(ctx context.Context, mg *v1alpha1.DeployKey, r clients.Repo, have []byte) ([]byte, error) {
	at := &mg.Status.AtProvider
	if at.SSHURL == "" || (len(have) == 0 && e.KnownHosts == "") {
		found, err := e.Gitea.GetRepository(ctx, r)
		if err != nil {
			return nil, errors.Wrap(err, "cannot get repository")
		}
		at.SSHURL = found.SSHURL
	}
	if e.KnownHosts != "" {
		at.KnownHosts = knownConfigured
		return []byte(e.KnownHosts), nil
	}
	if len(have) > 0 {
		at.KnownHosts = knownScanned
		return have, nil
	}
	at.KnownHosts = knownMissing
	seen, err := e.scan(ctx, address(at.SSHURL))
	if err != nil {
		return nil, nil //nolint:nilerr // Said in status.
	}
	at.KnownHosts = knownScanned
	return seen, nil
}

// Create the key. The private key is in its Secret before the public key is
// registered, so that an interruption in between loses nothing: the next
// attempt uses the key that is there.
func (e *external) Create(ctx context.Context, mg *v1alpha1.DeployKey) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	r, known := repo(mg)
	if !known {
		return managed.ExternalCreation{}, connect.ErrUnresolved()
	}
	d, err := e.register(ctx, mg, r)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if e.settled {
		e.Recreated(mg, "deploy key "+connect.Name(mg))
	}
	return managed.ExternalCreation{ConnectionDetails: d}, nil
}

// register the key of the Secret, or a new one.
func (e *external) register(ctx context.Context, mg *v1alpha1.DeployKey, r clients.Repo) (managed.ConnectionDetails, error) {
	data, err := e.secret(ctx, mg)
	if err != nil {
		return nil, err
	}
	p, ok := readPair(data)
	if !ok {
		if p, err = newPair(connect.Name(mg)); err != nil {
			return nil, err
		}
	}
	details, err := e.details(ctx, mg, r, p, data[keyKnownHosts])
	if err != nil {
		return nil, connect.Missing(err, r)
	}
	if err := e.publish(ctx, mg, details); err != nil {
		return nil, err
	}
	found, err := e.Gitea.CreateDeployKey(ctx, r, connect.Name(mg), string(p.public), readOnly(mg))
	if err != nil {
		return nil, errors.Wrapf(connect.Missing(err, r), "cannot register deploy key %q with repository %s", connect.Name(mg), r)
	}
	observe(mg, found)
	return details, nil
}

// publish the key into its Secret, as the reconciler would do later.
func (e *external) publish(ctx context.Context, mg *v1alpha1.DeployKey, d managed.ConnectionDetails) error {
	s := resource.LocalConnectionSecretFor(mg, v1alpha1.DeployKeyGroupVersionKind)
	s.Data = d
	a := resource.NewAPIPatchingApplicator(e.Kube)
	return errors.Wrapf(a.Apply(ctx, s, resource.ConnectionSecretMustBeControllableBy(mg.GetUID())), "cannot write Secret %q", s.Name)
}

// Update replaces the key: nothing of a deploy key can be changed.
func (e *external) Update(ctx context.Context, mg *v1alpha1.DeployKey) (managed.ExternalUpdate, error) {
	r, known := repo(mg)
	if !known {
		return managed.ExternalUpdate{}, connect.ErrUnresolved()
	}
	found, err := e.Gitea.GetDeployKey(ctx, r, connect.Name(mg))
	if err != nil {
		return managed.ExternalUpdate{}, errors.Wrap(err, "cannot list deploy keys")
	}
	data, err := e.secret(ctx, mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	have, ok := readPair(data)
	d := fields.Set{}
	if found != nil {
		if d = diff(mg, found, have, ok); len(d) > 0 {
			err := clients.IgnoreNotFound(e.Gitea.DeleteDeployKey(ctx, r, found.ID))
			if err != nil {
				return managed.ExternalUpdate{}, errors.Wrapf(err, "cannot delete replaced deploy key %q", connect.Name(mg))
			}
		}
	}
	if found != nil && len(d) == 0 {
		mg.SetConditions(xpv1.Available())
		return managed.ExternalUpdate{}, nil
	}
	details, err := e.register(ctx, mg, r)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	if e.settled {
		e.Corrected(mg, d)
	}
	mg.SetConditions(xpv1.Available())
	return managed.ExternalUpdate{ConnectionDetails: details}, nil
}

// Delete the key.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.DeployKey) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	r, known := repo(mg)
	if !known {
		return managed.ExternalDelete{}, nil
	}
	found, err := e.Gitea.GetDeployKey(ctx, r, connect.Name(mg))
	if clients.IsNotFound(err) || (err == nil && found == nil) {
		return managed.ExternalDelete{}, nil
	}
	if err != nil {
		return managed.ExternalDelete{}, errors.Wrap(err, "cannot list deploy keys")
	}
	return managed.ExternalDelete{}, errors.Wrapf(clients.IgnoreNotFound(e.Gitea.DeleteDeployKey(ctx, r, found.ID)), "cannot delete deploy key %q", connect.Name(mg))
}
