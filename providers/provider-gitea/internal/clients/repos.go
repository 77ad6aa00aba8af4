package clients

import (
	"context"
	"net/http"
)

// A Repo names a repository.
type Repo struct {
	Owner string
	Name  string
}

// String returns the repository's name as people write it.
func (r Repo) String() string { return r.Owner + "/" + r.Name }

func (r Repo) args(more ...string) []string { return append([]string{r.Owner, r.Name}, more...) }

// key of listings of the repository.
func (r Repo) key() string { return "repos/" + r.String() }

// A Repository on the server.
type Repository struct {
	ID                            int64  `json:"id"`
	Name                          string `json:"name"`
	FullName                      string `json:"full_name"`
	Description                   string `json:"description"`
	Website                       string `json:"website"`
	Empty                         bool   `json:"empty"`
	Private                       bool   `json:"private"`
	Template                      bool   `json:"template"`
	Mirror                        bool   `json:"mirror"`
	MirrorInterval                string `json:"mirror_interval"`
	Archived                      bool   `json:"archived"`
	Size                          int64  `json:"size"`
	HTMLURL                       string `json:"html_url"`
	CloneURL                      string `json:"clone_url"`
	SSHURL                        string `json:"ssh_url"`
	DefaultBranch                 string `json:"default_branch"`
	HasIssues                     bool   `json:"has_issues"`
	HasWiki                       bool   `json:"has_wiki"`
	HasPullRequests               bool   `json:"has_pull_requests"`
	HasProjects                   bool   `json:"has_projects"`
	HasReleases                   bool   `json:"has_releases"`
	HasPackages                   bool   `json:"has_packages"`
	HasActions                    bool   `json:"has_actions"`
	AllowMerge                    bool   `json:"allow_merge_commits"`
	AllowRebase                   bool   `json:"allow_rebase"`
	AllowRebaseMerge              bool   `json:"allow_rebase_explicit"`
	AllowSquash                   bool   `json:"allow_squash_merge"`
	AllowFastForwardOnly          bool   `json:"allow_fast_forward_only_merge"`
	AllowRebaseUpdate             bool   `json:"allow_rebase_update"`
	AllowManualMerge              bool   `json:"allow_manual_merge"`
	AutodetectManualMerge         bool   `json:"autodetect_manual_merge"`
	DefaultMergeStyle             string `json:"default_merge_style"`
	DefaultDeleteBranchAfterMerge bool   `json:"default_delete_branch_after_merge"`
	DefaultAllowMaintainerEdit    bool   `json:"default_allow_maintainer_edit"`
}

// GetRepository returns the repository.
func (c *Client) GetRepository(ctx context.Context, r Repo) (*Repository, error) {
	out := &Repository{}
	return out, c.do(ctx, call{method: http.MethodGet, route: "/repos/{}/{}", args: r.args()}, out)
}

// CreateRepository with the fields and returns what became of them. The owner may be an organization or the
// user the token belongs to; for other users an administrator's token is
// needed.
func (c *Client) CreateRepository(ctx context.Context, r Repo, fields map[string]any) (*Repository, error) {
	defer c.snaps.drop(r.key())
	fields["name"] = r.Name
	out := &Repository{}
	err := c.do(ctx, call{method: http.MethodPost, route: "/orgs/{}/repos", args: []string{r.Owner}, body: fields, lock: r.String()}, out)
	if !IsNotFound(err) {
		return out, err
	}
	// The owner is a user, or nobody. The administrators' call answers 422
	// for nobody.
	if exists, uerr := c.UserExists(ctx, r.Owner); uerr != nil || !exists {
		return nil, err
	}
	return out, c.do(ctx, call{method: http.MethodPost, route: "/admin/users/{}/repos", args: []string{r.Owner}, body: fields, lock: r.String()}, out)
}

// GenerateRepository from the template with the fields.
func (c *Client) GenerateRepository(ctx context.Context, template, r Repo, fields map[string]any) (*Repository, error) {
	defer c.snaps.drop(r.key())
	fields["owner"], fields["name"] = r.Owner, r.Name
	out := &Repository{}
	return out, c.do(ctx, call{method: http.MethodPost, route: "/repos/{}/{}/generate", args: template.args(), body: fields, lock: r.String()}, out)
}

// MigrateRepository from elsewhere with the fields.
func (c *Client) MigrateRepository(ctx context.Context, r Repo, fields map[string]any) (*Repository, error) {
	defer c.snaps.drop(r.key())
	fields["repo_owner"], fields["repo_name"] = r.Owner, r.Name
	out := &Repository{}
	return out, c.do(ctx, call{method: http.MethodPost, route: "/repos/migrate", body: fields, lock: r.String()}, out)
}

// UpdateRepository sets the fields and returns what became of them.
func (c *Client) UpdateRepository(ctx context.Context, r Repo, fields map[string]any) (*Repository, error) {
	out := &Repository{}
	return out, c.do(ctx, call{method: http.MethodPatch, route: "/repos/{}/{}", args: r.args(), body: fields, lock: r.String()}, out)
}

// DeleteRepository and everything in it.
func (c *Client) DeleteRepository(ctx context.Context, r Repo) error {
	defer c.snaps.drop(r.key())
	return c.do(ctx, call{method: http.MethodDelete, route: "/repos/{}/{}", args: r.args(), lock: r.String()}, nil)
}
