// Package branchprotection makes BranchProtections real.
package branchprotection

import (
	"context"
	"net/http"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// hint why a write can have no effect.
const hint = "Gitea leaves out users and teams who have no access to the repository, and lists of a permission that is off; an old Gitea does not know every field"

// External makes the external client of BranchProtections.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.BranchProtection] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

func repo(mg *v1alpha1.BranchProtection) (clients.Repo, bool) {
	return connect.Repo(mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
}

// Observe costs one GET for all rules of a repository.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.BranchProtection) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	r, known := repo(mg)
	gone, err := e.Gone(ctx, mg, r, known)
	if gone || err != nil {
		return managed.ExternalObservation{}, err
	}
	found, err := e.Gitea.GetBranchProtection(ctx, r, connect.Name(mg))
	if clients.IsNotFound(err) || (err == nil && found == nil) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot list branch protections")
	}
	observe(mg, found)
	return connect.Observed(mg, diff(mg.Spec.ForProvider, found)), nil
}

func observe(mg *v1alpha1.BranchProtection, found *clients.BranchProtection) {
	mg.Status.AtProvider = v1alpha1.BranchProtectionObservation{
		RuleName:                found.RuleName,
		EnablePush:              &found.EnablePush,
		RequiredApprovals:       &found.RequiredApprovals,
		BlockAdminMergeOverride: &found.BlockAdminMergeOverride,
	}
}

func diff(p v1alpha1.BranchProtectionParameters, f *clients.BranchProtection) fields.Set {
	s := fields.Set{}
	fields.Check(&s, "priority", "priority", p.Priority, f.Priority)
	fields.Check(&s, "enablePush", "enable_push", p.EnablePush, f.EnablePush)
	fields.Check(&s, "enablePushWhitelist", "enable_push_whitelist", p.EnablePushWhitelist, f.EnablePushWhitelist)
	fields.CheckNames(&s, "pushWhitelistUsernames", "push_whitelist_usernames", p.PushWhitelistUsernames, f.PushWhitelistUsernames)
	fields.CheckNames(&s, "pushWhitelistTeams", "push_whitelist_teams", p.PushWhitelistTeams, f.PushWhitelistTeams)
	fields.Check(&s, "pushWhitelistDeployKeys", "push_whitelist_deploy_keys", p.PushWhitelistDeployKeys, f.PushWhitelistDeployKeys)
	fields.Check(&s, "enableForcePush", "enable_force_push", p.EnableForcePush, f.EnableForcePush)
	fields.Check(&s, "enableForcePushAllowlist", "enable_force_push_allowlist", p.EnableForcePushAllowlist, f.EnableForcePushAllowlist)
	fields.CheckNames(&s, "forcePushAllowlistUsernames", "force_push_allowlist_usernames", p.ForcePushAllowlistUsernames, f.ForcePushAllowlistUsernames)
	fields.CheckNames(&s, "forcePushAllowlistTeams", "force_push_allowlist_teams", p.ForcePushAllowlistTeams, f.ForcePushAllowlistTeams)
	fields.Check(&s, "forcePushAllowlistDeployKeys", "force_push_allowlist_deploy_keys", p.ForcePushAllowlistDeployKeys, f.ForcePushAllowlistDeployKeys)
	fields.Check(&s, "enableMergeWhitelist", "enable_merge_whitelist", p.EnableMergeWhitelist, f.EnableMergeWhitelist)
	fields.CheckNames(&s, "mergeWhitelistUsernames", "merge_whitelist_usernames", p.MergeWhitelistUsernames, f.MergeWhitelistUsernames)
	fields.CheckNames(&s, "mergeWhitelistTeams", "merge_whitelist_teams", p.MergeWhitelistTeams, f.MergeWhitelistTeams)
	fields.Check(&s, "enableStatusCheck", "enable_status_check", p.EnableStatusCheck, f.EnableStatusCheck)
	fields.CheckList(&s, "statusCheckContexts", "status_check_contexts", p.StatusCheckContexts, f.StatusCheckContexts)
	fields.Check(&s, "requiredApprovals", "required_approvals", p.RequiredApprovals, f.RequiredApprovals)
	fields.Check(&s, "enableApprovalsWhitelist", "enable_approvals_whitelist", p.EnableApprovalsWhitelist, f.EnableApprovalsWhitelist)
	fields.CheckNames(&s, "approvalsWhitelistUsernames", "approvals_whitelist_username", p.ApprovalsWhitelistUsernames, f.ApprovalsWhitelistUsernames)
	fields.CheckNames(&s, "approvalsWhitelistTeams", "approvals_whitelist_teams", p.ApprovalsWhitelistTeams, f.ApprovalsWhitelistTeams)
	fields.Check(&s, "blockOnRejectedReviews", "block_on_rejected_reviews", p.BlockOnRejectedReviews, f.BlockOnRejectedReviews)
	fields.Check(&s, "blockOnOfficialReviewRequests", "block_on_official_review_requests", p.BlockOnOfficialReviewRequests, f.BlockOnOfficialReviewRequests)
	fields.Check(&s, "blockOnOutdatedBranch", "block_on_outdated_branch", p.BlockOnOutdatedBranch, f.BlockOnOutdatedBranch)
	fields.Check(&s, "dismissStaleApprovals", "dismiss_stale_approvals", p.DismissStaleApprovals, f.DismissStaleApprovals)
	fields.Check(&s, "ignoreStaleApprovals", "ignore_stale_approvals", p.IgnoreStaleApprovals, f.IgnoreStaleApprovals)
	fields.Check(&s, "requireSignedCommits", "require_signed_commits", p.RequireSignedCommits, f.RequireSignedCommits)
	fields.Check(&s, "protectedFilePatterns", "protected_file_patterns", p.ProtectedFilePatterns, f.ProtectedFilePatterns)
	fields.Check(&s, "unprotectedFilePatterns", "unprotected_file_patterns", p.UnprotectedFilePatterns, f.UnprotectedFilePatterns)
	fields.Check(&s, "blockAdminMergeOverride", "block_admin_merge_override", p.BlockAdminMergeOverride, f.BlockAdminMergeOverride)
	return s
}

// body of a write. Gitea looks at a push list only beside the permission to
// push, and at deploy keys only beside the list.
func body(d fields.Set, p v1alpha1.BranchProtectionParameters, f *clients.BranchProtection) map[string]any {
	b := d.Body()
	chain(b, []string{"enable_push", "enable_push_whitelist", "push_whitelist_deploy_keys"},
		[]*bool{p.EnablePush, p.EnablePushWhitelist, p.PushWhitelistDeployKeys},
		[]bool{f.EnablePush, f.EnablePushWhitelist, f.PushWhitelistDeployKeys})
	chain(b, []string{"enable_force_push", "enable_force_push_allowlist", "force_push_allowlist_deploy_keys"},
		[]*bool{p.EnableForcePush, p.EnableForcePushAllowlist, p.ForcePushAllowlistDeployKeys},
		[]bool{f.EnableForcePush, f.EnableForcePushAllowlist, f.ForcePushAllowlistDeployKeys})
	return b
}

// chain adds all keys of a chain when one of them is written: as wanted, or as
// found.
func chain(b map[string]any, keys []string, want []*bool, found []bool) {
	written := false
	for _, k := range keys {
		_, ok := b[k]
		written = written || ok
	}
	if !written {
		return
	}
	for i, k := range keys {
		b[k] = found[i]
		if want[i] != nil {
			b[k] = *want[i]
		}
	}
}

// Create adopts a rule that exists, which Gitea answers with 403.
func (e *external) Create(ctx context.Context, mg *v1alpha1.BranchProtection) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	r, known := repo(mg)
	if !known {
		return managed.ExternalCreation{}, connect.ErrUnresolved()
	}
	rule, empty := connect.Name(mg), &clients.BranchProtection{}
	found, err := e.Gitea.CreateBranchProtection(ctx, r, rule, body(diff(mg.Spec.ForProvider, empty), mg.Spec.ForProvider, empty))
	if clients.IsStatus(err, http.StatusForbidden, http.StatusConflict) {
		if have, gerr := e.Gitea.FreshBranchProtection(ctx, r, rule); gerr == nil && have != nil {
			return managed.ExternalCreation{}, nil
		}
	}
	if err != nil {
		return managed.ExternalCreation{}, errors.Wrapf(connect.Missing(err, r), "cannot create branch protection %q of repository %s", rule, r)
	}
	if e.settled {
		e.Recreated(mg, "branch protection "+rule)
	}
	return managed.ExternalCreation{}, connect.NotTaken(diff(mg.Spec.ForProvider, found), hint)
}

// Update what differs and read it back.
func (e *external) Update(ctx context.Context, mg *v1alpha1.BranchProtection) (managed.ExternalUpdate, error) {
	r, known := repo(mg)
	if !known {
		return managed.ExternalUpdate{}, connect.ErrUnresolved()
	}
	found, err := e.fresh(ctx, r, connect.Name(mg))
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	d := diff(mg.Spec.ForProvider, found)
	if len(d) > 0 {
		if _, err := e.Gitea.UpdateBranchProtection(ctx, r, found.RuleName, body(d, mg.Spec.ForProvider, found)); err != nil {
			return managed.ExternalUpdate{}, errors.Wrapf(err, "cannot update %s of branch protection %q of repository %s", d.Names(), found.RuleName, r)
		}
		if found, err = e.fresh(ctx, r, found.RuleName); err != nil {
			return managed.ExternalUpdate{}, err
		}
		if err := connect.NotTaken(diff(mg.Spec.ForProvider, found), hint); err != nil {
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

func (e *external) fresh(ctx context.Context, r clients.Repo, rule string) (*clients.BranchProtection, error) {
	found, err := e.Gitea.FreshBranchProtection(ctx, r, rule)
	if err != nil {
		return nil, errors.Wrap(err, "cannot list branch protections")
	}
	if found == nil {
		return nil, errors.Errorf("branch protection %q of repository %s is gone", rule, r)
	}
	return found, nil
}

// Delete the rule.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.BranchProtection) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	r, known := repo(mg)
	if !known {
		return managed.ExternalDelete{}, nil
	}
	err := clients.IgnoreNotFound(e.Gitea.DeleteBranchProtection(ctx, r, connect.Name(mg)))
	return managed.ExternalDelete{}, errors.Wrapf(err, "cannot delete branch protection %q of repository %s", connect.Name(mg), r)
}
