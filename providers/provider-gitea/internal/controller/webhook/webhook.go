// Package webhook makes Webhooks real.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// Defaults of what a Webhook leaves out.
const (
	defaultType        = "gitea"
	defaultContentType = "json"
)

// Fields that are corrected by replacing the webhook: Gitea answers an update
// of the secret with 200 and keeps the old one.
const (
	fieldSecret     = "secretSecretRef"
	fieldDuplicates = "duplicates"
)

// External makes the external client of Webhooks.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.Webhook] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

// repo the webhook is at. It has no name for a webhook of an organization.
func repo(mg *v1alpha1.Webhook) (clients.Repo, bool) {
	p := mg.Spec.ForProvider
	r, known := connect.Repo(p.Owner, p.Repository)
	if p.Repository == nil && p.RepositoryRef == nil && p.RepositorySelector == nil {
		known = r.Owner != ""
	}
	return r, known
}

// Observe costs one GET.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Webhook) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	r, known := repo(mg)
	gone, err := e.Gone(ctx, mg, r, known)
	if gone || err != nil {
		return managed.ExternalObservation{}, err
	}
	hooks, err := e.find(ctx, mg, r)
	if clients.IsNotFound(err) || (err == nil && len(hooks) == 0) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	observe(mg, &hooks[0])
	if meta.WasDeleted(mg) {
		// The secret may be gone already, and is not needed.
		return connect.Observed(mg, nil), nil
	}
	secret, err := e.secret(ctx, mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	return connect.Observed(mg, diff(mg, hooks, secret)), nil
}

func observe(mg *v1alpha1.Webhook, h *clients.Hook) {
	at := &mg.Status.AtProvider
	at.ID, at.Active, at.Events = h.ID, &h.Active, slices.Sorted(slices.Values(h.Events))
}

// find the webhook by its name. One without a name is found by the ID it had,
// or by what it does. The newest comes first: more than one is left when a
// replacement was interrupted.
func (e *external) find(ctx context.Context, mg *v1alpha1.Webhook, r clients.Repo) ([]clients.Hook, error) {
	all, err := e.Gitea.Hooks(ctx, r)
	if err != nil {
		return nil, errors.Wrap(err, "cannot list webhooks")
	}
	name := connect.Name(mg)
	match := func(is func(h clients.Hook) bool) []clients.Hook {
		out := []clients.Hook{}
		for _, h := range all {
			if is(h) {
				out = append(out, h)
			}
		}
		slices.SortFunc(out, func(a, b clients.Hook) int { return int(b.ID - a.ID) })
		return out
	}
	if found := match(func(h clients.Hook) bool { return h.Name == name }); len(found) > 0 {
		return found, nil
	}
	id, _ := strconv.ParseInt(name, 10, 64)
	if found := match(func(h clients.Hook) bool { return h.ID == id || h.ID == mg.Status.AtProvider.ID }); len(found) > 0 {
		return found, nil
	}
	found := match(func(h clients.Hook) bool {
		return h.Name == "" && h.Type == kind(mg) && h.Config["url"] == mg.Spec.ForProvider.URL &&
			slices.Equal(slices.Sorted(slices.Values(h.Events)), clients.HookEvents(mg.Spec.ForProvider.Events))
	})
	return found[:min(1, len(found))], nil
}

func kind(mg *v1alpha1.Webhook) string {
	if t := mg.Spec.ForProvider.Type; t != nil {
		return *t
	}
	return defaultType
}

func or[T any](v *T, or T) *T {
	if v != nil {
		return v
	}
	return &or
}

func diff(mg *v1alpha1.Webhook, hooks []clients.Hook, secret string) fields.Set {
	p, h := mg.Spec.ForProvider, hooks[0]
	s := fields.Set{}
	// Named, it is found again whatever is changed about it. One that was
	// imported by its ID keeps the name it has.
	if name := connect.Name(mg); name != strconv.FormatInt(h.ID, 10) {
		fields.Check(&s, "name", "name", &name, h.Name)
	}
	fields.Check(&s, "url", "url", &p.URL, h.Config["url"])
	fields.Check(&s, "contentType", "content_type", or(p.ContentType, defaultContentType), h.Config["content_type"])
	fields.Check(&s, "active", "active", or(p.Active, true), h.Active)
	fields.Check(&s, "branchFilter", "branch_filter", p.BranchFilter, h.BranchFilter)
	fields.CheckList(&s, "events", "events", clients.HookEvents(p.Events), h.Events)
	want := hash(mg, secret)
	if mg.Status.AtProvider.SecretHash != want {
		s = append(s, fields.Difference{Field: fieldSecret, Found: "another secret", Want: "the secret of spec.forProvider.secretSecretRef"})
	}
	if len(hooks) > 1 {
		s = append(s, fields.Difference{Field: fieldDuplicates, Found: len(hooks) - 1, Want: 0})
	}
	return s
}

// hash of the secret the server was given, salted with who gave it.
func hash(mg *v1alpha1.Webhook, secret string) string {
	if secret == "" {
		return ""
	}
	m := hmac.New(sha256.New, []byte(mg.GetUID()))
	_, _ = m.Write([]byte(secret))
	return hex.EncodeToString(m.Sum(nil))
}

func (e *external) secret(ctx context.Context, mg *v1alpha1.Webhook) (string, error) {
	ref := mg.Spec.ForProvider.SecretSecretRef
	if ref == nil {
		return "", nil
	}
	s := &corev1.Secret{}
	err := e.Kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, s)
	if kerrors.IsNotFound(err) || (err == nil && len(s.Data[ref.Key]) == 0) {
		return "", errors.Errorf("spec.forProvider.secretSecretRef: there is no Secret %q with a key %q", ref.Name, ref.Key)
	}
	return string(s.Data[ref.Key]), errors.Wrapf(err, "cannot get Secret %q", ref.Name)
}

// Create the webhook. One that exists was found by Observe.
func (e *external) Create(ctx context.Context, mg *v1alpha1.Webhook) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	r, known := repo(mg)
	if !known {
		return managed.ExternalCreation{}, connect.ErrUnresolved()
	}
	secret, err := e.secret(ctx, mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if err := e.create(ctx, mg, r, secret); err != nil {
		return managed.ExternalCreation{}, err
	}
	// When this record is lost, the secret is given to the server once more.
	mg.Status.AtProvider.SecretHash = hash(mg, secret)
	if e.settled {
		e.Recreated(mg, "webhook "+connect.Name(mg))
	}
	return managed.ExternalCreation{}, nil
}

func (e *external) create(ctx context.Context, mg *v1alpha1.Webhook, r clients.Repo, secret string) error {
	b := body(mg, &clients.Hook{})
	b["type"] = kind(mg)
	b["name"] = connect.Name(mg)
	config, _ := b["config"].(map[string]string)
	if secret != "" {
		config["secret"] = secret
	}
	_, err := e.Gitea.CreateHook(ctx, r, b)
	if clients.IsNotFound(err) && r.Name == "" {
		return errors.Wrapf(err, "organization %q does not exist", r.Owner)
	}
	return errors.Wrap(connect.Missing(err, r), "cannot create webhook")
}

// body of a write. Gitea resets what an update leaves out.
func body(mg *v1alpha1.Webhook, found *clients.Hook) map[string]any {
	p := mg.Spec.ForProvider
	b := map[string]any{
		"name":          connect.Name(mg),
		"active":        *or(p.Active, true),
		"events":        p.Events,
		"branch_filter": *or(p.BranchFilter, found.BranchFilter),
		"config":        map[string]string{"url": p.URL, "content_type": *or(p.ContentType, defaultContentType)},
	}
	if connect.Name(mg) == strconv.FormatInt(found.ID, 10) {
		b["name"] = found.Name
	}
	if found.AuthorizationHeader != "" {
		b["authorization_header"] = found.AuthorizationHeader
	}
	if len(p.Events) == 0 {
		b["events"] = clients.HookEvents(nil)
	}
	return b
}

// Update what differs and read it back.
func (e *external) Update(ctx context.Context, mg *v1alpha1.Webhook) (managed.ExternalUpdate, error) {
	r, known := repo(mg)
	if !known {
		return managed.ExternalUpdate{}, connect.ErrUnresolved()
	}
	secret, err := e.secret(ctx, mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	hooks, err := e.find(ctx, mg, r)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	if len(hooks) == 0 {
		return managed.ExternalUpdate{}, errors.Errorf("webhook %q is gone", connect.Name(mg))
	}
	d := diff(mg, hooks, secret)
	if err := e.correct(ctx, mg, r, hooks, d, secret); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if hooks, err = e.find(ctx, mg, r); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if len(hooks) == 0 {
		return managed.ExternalUpdate{}, errors.Errorf("webhook %q is gone", connect.Name(mg))
	}
	if err := connect.NotTaken(diff(mg, hooks, secret), "another client may be changing it, or the server does not know an event"); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if e.settled && len(d) > 0 {
		e.Corrected(mg, d)
	}
	observe(mg, &hooks[0])
	mg.SetConditions(xpv1.Available())
	return managed.ExternalUpdate{}, nil
}

// correct the differences. The replacement of a webhook exists before the
// replaced one is deleted, so that no event is lost.
func (e *external) correct(ctx context.Context, mg *v1alpha1.Webhook, r clients.Repo, hooks []clients.Hook, d fields.Set, secret string) error {
	obsolete := hooks[1:]
	switch {
	case len(d) == 0:
		return nil
	case slices.ContainsFunc(d, func(x fields.Difference) bool { return x.Field == fieldSecret }):
		if err := e.create(ctx, mg, r, secret); err != nil {
			return err
		}
		obsolete = hooks
	default:
		if _, err := e.Gitea.UpdateHook(ctx, r, hooks[0].ID, body(mg, &hooks[0])); err != nil {
			return errors.Wrapf(err, "cannot update %s of webhook %q", d.Names(), connect.Name(mg))
		}
	}
	for _, h := range obsolete {
		if err := clients.IgnoreNotFound(e.Gitea.DeleteHook(ctx, r, h.ID)); err != nil {
			return errors.Wrapf(err, "cannot delete replaced webhook %d", h.ID)
		}
	}
	mg.Status.AtProvider.SecretHash = hash(mg, secret)
	return nil
}

// Delete the webhook.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.Webhook) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	r, known := repo(mg)
	if !known {
		return managed.ExternalDelete{}, nil
	}
	hooks, err := e.find(ctx, mg, r)
	if err != nil {
		return managed.ExternalDelete{}, clients.IgnoreNotFound(err)
	}
	for _, h := range hooks {
		if err := clients.IgnoreNotFound(e.Gitea.DeleteHook(ctx, r, h.ID)); err != nil {
			return managed.ExternalDelete{}, errors.Wrapf(err, "cannot delete webhook %q", connect.Name(mg))
		}
	}
	return managed.ExternalDelete{}, nil
}
