// Package repository makes Repositories real.
package repository

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
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

// External makes the external client of Repositories.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.Repository] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

func repo(mg *v1alpha1.Repository) (clients.Repo, bool) {
	name := connect.Name(mg)
	return connect.Repo(mg.Spec.ForProvider.Owner, &name)
}

// Observe costs one GET, and the shared listing of branches while the default
// branch is not the wanted one.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Repository) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	r, known := repo(mg)
	if !known {
		if meta.WasDeleted(mg) {
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, connect.ErrUnresolved()
	}
	found, err := e.Gitea.GetRepository(ctx, r)
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot get repository")
	}
	observe(mg, found)
	d, err := e.diff(ctx, mg, r, found)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	return connect.Observed(mg, d), nil
}

func observe(mg *v1alpha1.Repository, found *clients.Repository) {
	mg.Status.AtProvider = v1alpha1.RepositoryObservation{
		ID:            found.ID,
		HTMLURL:       found.HTMLURL,
		CloneURL:      found.CloneURL,
		SSHURL:        found.SSHURL,
		Empty:         &found.Empty,
		DefaultBranch: found.DefaultBranch,
		Size:          found.Size,
		Mirror:        found.Mirror,
	}
}

func (e *external) diff(ctx context.Context, mg *v1alpha1.Repository, r clients.Repo, found *clients.Repository) (fields.Set, error) {
	s := diff(mg.Spec.ForProvider, found)
	want := mg.Spec.ForProvider.DefaultBranch
	if want == nil || *want == found.DefaultBranch {
		return s, nil
	}
	if !found.Empty {
		heads, err := e.Gitea.Heads(ctx, r)
		if err != nil {
			return nil, errors.Wrap(err, "cannot list branches")
		}
		if heads[*want] == "" {
			// It becomes the default branch when it exists.
			return s, nil
		}
	}
	fields.Check(&s, "defaultBranch", "default_branch", want, found.DefaultBranch)
	return s, nil
}

// diff of everything but the default branch.
func diff(p v1alpha1.RepositoryParameters, found *clients.Repository) fields.Set {
	s := fields.Set{}
	fields.Check(&s, "description", "description", p.Description, found.Description)
	fields.Check(&s, "website", "website", p.Website, found.Website)
	fields.Check(&s, "private", "private", p.Private, found.Private)
	fields.Check(&s, "template", "template", p.Template, found.Template)
	fields.Check(&s, "archived", "archived", p.Archived, found.Archived)
	fields.Check(&s, "hasIssues", "has_issues", p.HasIssues, found.HasIssues)
	fields.Check(&s, "hasWiki", "has_wiki", p.HasWiki, found.HasWiki)
	fields.Check(&s, "hasProjects", "has_projects", p.HasProjects, found.HasProjects)
	fields.Check(&s, "hasReleases", "has_releases", p.HasReleases, found.HasReleases)
	fields.Check(&s, "hasPackages", "has_packages", p.HasPackages, found.HasPackages)
	fields.Check(&s, "hasActions", "has_actions", p.HasActions, found.HasActions)
	fields.Check(&s, "hasPullRequests", "has_pull_requests", p.HasPullRequests, found.HasPullRequests)
	if p.Migrate != nil && found.Mirror {
		checkInterval(&s, p.Migrate.MirrorInterval, found.MirrorInterval)
	}
	// Merge styles are settings of pull requests: without them they read as
	// not allowed and can't be changed.
	pulls := found.HasPullRequests
	if p.HasPullRequests != nil {
		pulls = *p.HasPullRequests
	}
	if !pulls {
		return s
	}
	fields.Check(&s, "allowMerge", "allow_merge_commits", p.AllowMerge, found.AllowMerge)
	fields.Check(&s, "allowRebase", "allow_rebase", p.AllowRebase, found.AllowRebase)
	fields.Check(&s, "allowRebaseMerge", "allow_rebase_explicit", p.AllowRebaseMerge, found.AllowRebaseMerge)
	fields.Check(&s, "allowSquash", "allow_squash_merge", p.AllowSquash, found.AllowSquash)
	fields.Check(&s, "allowFastForwardOnly", "allow_fast_forward_only_merge", p.AllowFastForwardOnly, found.AllowFastForwardOnly)
	fields.Check(&s, "allowManualMerge", "allow_manual_merge", p.AllowManualMerge, found.AllowManualMerge)
	fields.Check(&s, "allowRebaseUpdate", "allow_rebase_update", p.AllowRebaseUpdate, found.AllowRebaseUpdate)
	fields.Check(&s, "autodetectManualMerge", "autodetect_manual_merge", p.AutodetectManualMerge, found.AutodetectManualMerge)
	fields.Check(&s, "defaultMergeStyle", "default_merge_style", p.DefaultMergeStyle, found.DefaultMergeStyle)
	fields.Check(&s, "deleteBranchAfterMerge", "default_delete_branch_after_merge", p.DeleteBranchAfterMerge, found.DefaultDeleteBranchAfterMerge)
	fields.Check(&s, "defaultAllowMaintainerEdit", "default_allow_maintainer_edit", p.DefaultAllowMaintainerEdit, found.DefaultAllowMaintainerEdit)
	return s
}

// checkInterval compares durations, which Gitea writes its own way.
func checkInterval(s *fields.Set, want *string, found string) {
	if want == nil {
		return
	}
	w, werr := time.ParseDuration(*want)
	f, ferr := time.ParseDuration(found)
	if werr != nil || ferr != nil || w != f {
		fields.Check(s, "migrate.mirrorInterval", "mirror_interval", want, found)
	}
}

// Create adopts a repository that exists.
func (e *external) Create(ctx context.Context, mg *v1alpha1.Repository) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	r, known := repo(mg)
	if !known {
		return managed.ExternalCreation{}, connect.ErrUnresolved()
	}
	found, err := e.create(ctx, mg, r)
	if clients.IsStatus(err, http.StatusConflict) {
		if _, gerr := e.Gitea.GetRepository(ctx, r); gerr == nil {
			return managed.ExternalCreation{}, nil
		}
	}
	if clients.IsNotFound(err) {
		return managed.ExternalCreation{}, errors.Wrapf(err, "organization or user %q does not exist", r.Owner)
	}
	if err != nil {
		return managed.ExternalCreation{}, errors.Wrapf(err, "cannot create repository %s", r)
	}
	if e.settled {
		e.Recreated(mg, "repository "+r.String())
	}
	// Most settings can't be given to the call that creates.
	if d := diff(mg.Spec.ForProvider, found); len(d) > 0 && !found.Archived {
		_, err := e.Gitea.UpdateRepository(ctx, r, d.Body())
		return managed.ExternalCreation{}, errors.Wrapf(err, "cannot set %s of repository %s", d.Names(), r)
	}
	return managed.ExternalCreation{}, nil
}

func (e *external) create(ctx context.Context, mg *v1alpha1.Repository, r clients.Repo) (*clients.Repository, error) {
	p := mg.Spec.ForProvider
	b := map[string]any{}
	set(b, "private", p.Private)
	set(b, "description", p.Description)
	switch {
	case p.FromTemplate != nil:
		set(b, "default_branch", p.DefaultBranch)
		set(b, "labels", p.FromTemplate.Labels)
		set(b, "topics", p.FromTemplate.Topics)
		set(b, "protected_branch", p.FromTemplate.ProtectedBranch)
		b["git_content"] = true
		return e.Gitea.GenerateRepository(ctx, clients.Repo{Owner: p.FromTemplate.Owner, Name: p.FromTemplate.Repository}, r, b)
	case p.Migrate != nil:
		token, err := e.token(ctx, mg)
		if err != nil {
			return nil, err
		}
		b["clone_addr"], b["service"] = p.Migrate.CloneURL, "git"
		set(b, "mirror", p.Migrate.Mirror)
		set(b, "mirror_interval", p.Migrate.MirrorInterval)
		if token != "" {
			// Git servers take a token as password and don't look at the user.
			b["auth_username"], b["auth_password"] = "token", token
		}
		return e.Gitea.MigrateRepository(ctx, r, b)
	}
	set(b, "default_branch", p.DefaultBranch)
	set(b, "auto_init", p.AutoInit)
	set(b, "template", p.Template)
	return e.Gitea.CreateRepository(ctx, r, b)
}

func set[T any](b map[string]any, key string, v *T) {
	if v != nil {
		b[key] = *v
	}
}

func (e *external) token(ctx context.Context, mg *v1alpha1.Repository) (string, error) {
	ref := mg.Spec.ForProvider.Migrate.TokenSecretRef
	if ref == nil {
		return "", nil
	}
	s := &corev1.Secret{}
	if err := e.Kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, s); err != nil {
		return "", errors.Wrapf(err, "cannot get Secret %q of spec.forProvider.migrate.tokenSecretRef", ref.Name)
	}
	if len(s.Data[ref.Key]) == 0 {
		return "", errors.Errorf("Secret %q of spec.forProvider.migrate.tokenSecretRef has no key %q", ref.Name, ref.Key)
	}
	return string(s.Data[ref.Key]), nil
}

// Update what differs and read it back.
func (e *external) Update(ctx context.Context, mg *v1alpha1.Repository) (managed.ExternalUpdate, error) {
	r, known := repo(mg)
	if !known {
		return managed.ExternalUpdate{}, connect.ErrUnresolved()
	}
	found, d, err := e.read(ctx, mg, r)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	if len(d) > 0 {
		if _, err := e.Gitea.UpdateRepository(ctx, r, d.Body()); err != nil {
			return managed.ExternalUpdate{}, errors.Wrapf(err, "cannot update %s of repository %s", d.Names(), r)
		}
		var left fields.Set
		if found, left, err = e.read(ctx, mg, r); err != nil {
			return managed.ExternalUpdate{}, err
		}
		if err := connect.NotTaken(left, "the server's configuration may not allow it"); err != nil {
			return managed.ExternalUpdate{}, err
		}
		if e.settled {
			e.Corrected(mg, d)
		}
	}
	observe(mg, found)
	mg.SetConditions(xpv1.Available())
	return managed.ExternalUpdate{}, nil
}

func (e *external) read(ctx context.Context, mg *v1alpha1.Repository, r clients.Repo) (*clients.Repository, fields.Set, error) {
	found, err := e.Gitea.GetRepository(ctx, r)
	if err != nil {
		return nil, nil, errors.Wrap(err, "cannot get repository")
	}
	d, err := e.diff(ctx, mg, r, found)
	return found, d, err
}

// Delete the repository and everything in it.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.Repository) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	r, known := repo(mg)
	if !known {
		return managed.ExternalDelete{}, nil
	}
	return managed.ExternalDelete{}, errors.Wrapf(clients.IgnoreNotFound(e.Gitea.DeleteRepository(ctx, r)), "cannot delete repository %s", r)
}
