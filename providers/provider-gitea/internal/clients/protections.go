package clients

import (
	"context"
	"net/http"
)

// A BranchProtection is a rule of a repository on the server.
type BranchProtection struct {
	RuleName                      string   `json:"rule_name"`
	Priority                      int64    `json:"priority"`
	EnablePush                    bool     `json:"enable_push"`
	EnablePushWhitelist           bool     `json:"enable_push_whitelist"`
	PushWhitelistUsernames        []string `json:"push_whitelist_usernames"`
	PushWhitelistTeams            []string `json:"push_whitelist_teams"`
	PushWhitelistDeployKeys       bool     `json:"push_whitelist_deploy_keys"`
	EnableForcePush               bool     `json:"enable_force_push"`
	EnableForcePushAllowlist      bool     `json:"enable_force_push_allowlist"`
	ForcePushAllowlistUsernames   []string `json:"force_push_allowlist_usernames"`
	ForcePushAllowlistTeams       []string `json:"force_push_allowlist_teams"`
	ForcePushAllowlistDeployKeys  bool     `json:"force_push_allowlist_deploy_keys"`
	EnableMergeWhitelist          bool     `json:"enable_merge_whitelist"`
	MergeWhitelistUsernames       []string `json:"merge_whitelist_usernames"`
	MergeWhitelistTeams           []string `json:"merge_whitelist_teams"`
	EnableStatusCheck             bool     `json:"enable_status_check"`
	StatusCheckContexts           []string `json:"status_check_contexts"`
	RequiredApprovals             int64    `json:"required_approvals"`
	EnableApprovalsWhitelist      bool     `json:"enable_approvals_whitelist"`
	ApprovalsWhitelistUsernames   []string `json:"approvals_whitelist_username"`
	ApprovalsWhitelistTeams       []string `json:"approvals_whitelist_teams"`
	BlockOnRejectedReviews        bool     `json:"block_on_rejected_reviews"`
	BlockOnOfficialReviewRequests bool     `json:"block_on_official_review_requests"`
	BlockOnOutdatedBranch         bool     `json:"block_on_outdated_branch"`
	DismissStaleApprovals         bool     `json:"dismiss_stale_approvals"`
	IgnoreStaleApprovals          bool     `json:"ignore_stale_approvals"`
	RequireSignedCommits          bool     `json:"require_signed_commits"`
	ProtectedFilePatterns         string   `json:"protected_file_patterns"`
	UnprotectedFilePatterns       string   `json:"unprotected_file_patterns"`
	BlockAdminMergeOverride       bool     `json:"block_admin_merge_override"`
}

func protectionsKey(r Repo) string { return r.key() + "/protections" }

// GetBranchProtection returns the rule of that name, or nil. All rules of a
// repository share one listing.
func (c *Client) GetBranchProtection(ctx context.Context, r Repo, rule string) (*BranchProtection, error) {
	rules, err := share(ctx, c.snaps, protectionsKey(r), func(ctx context.Context) ([]BranchProtection, error) {
		// Not paged: Gitea returns all rules at once.
		out := []BranchProtection{}
		err := c.do(ctx, call{method: http.MethodGet, route: "/repos/{}/{}/branch_protections", args: r.args()}, &out)
		return out, err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range rules {
		if p.RuleName == rule {
			return &p, nil
		}
	}
	return nil, nil //nolint:nilnil // Nothing is a good answer here.
}

// FreshBranchProtection returns the rule of that name as it is now, or nil.
func (c *Client) FreshBranchProtection(ctx context.Context, r Repo, rule string) (*BranchProtection, error) {
	c.snaps.drop(protectionsKey(r))
	return c.GetBranchProtection(ctx, r, rule)
}

// CreateBranchProtection with the fields and returns what became of them.
func (c *Client) CreateBranchProtection(ctx context.Context, r Repo, rule string, fields map[string]any) (*BranchProtection, error) {
	defer c.snaps.drop(protectionsKey(r))
	fields["rule_name"] = rule
	out := &BranchProtection{}
	return out, c.do(ctx, call{method: http.MethodPost, route: "/repos/{}/{}/branch_protections", args: r.args(), body: fields, lock: r.String()}, out)
}

// UpdateBranchProtection sets the fields and returns what became of them.
func (c *Client) UpdateBranchProtection(ctx context.Context, r Repo, rule string, fields map[string]any) (*BranchProtection, error) {
	defer c.snaps.drop(protectionsKey(r))
	out := &BranchProtection{}
	return out, c.do(ctx, call{method: http.MethodPatch, route: "/repos/{}/{}/branch_protections/{}", args: r.args(rule), body: fields, lock: r.String()}, out)
}

// DeleteBranchProtection of the repository.
func (c *Client) DeleteBranchProtection(ctx context.Context, r Repo, rule string) error {
	defer c.snaps.drop(protectionsKey(r))
	return c.do(ctx, call{method: http.MethodDelete, route: "/repos/{}/{}/branch_protections/{}", args: r.args(rule), lock: r.String()}, nil)
}
