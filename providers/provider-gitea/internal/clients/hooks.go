package clients

import (
	"context"
	"net/http"
	"slices"
)

// A Hook is a webhook on the server. Its secret can't be read.
type Hook struct {
	ID           int64             `json:"id"`
	Name         string            `json:"name"`
	Type         string            `json:"type"`
	BranchFilter string            `json:"branch_filter"`
	Config       map[string]string `json:"config"`
	Events       []string          `json:"events"`
	Active       bool              `json:"active"`
	// AuthorizationHeader is cleared by an update that leaves it out.
	AuthorizationHeader string `json:"authorization_header,omitempty"`
}

// hookCall is a call about webhooks of the repository, or of the organization
// when the repository has no name.
func hookCall(method string, r Repo, id string, body any) call {
	k := call{method: method, route: "/orgs/{}/hooks", args: []string{r.Owner}, body: body, lock: r.String()}
	if r.Name != "" {
		k.route, k.args = "/repos/{}/{}/hooks", r.args()
	}
	if id != "" {
		k.route += "/{}"
		k.args = append(k.args, id)
	}
	if method == http.MethodGet {
		k.lock = ""
	}
	return k
}

// Hooks of the repository, or of the organization when the repository has no
// name.
func (c *Client) Hooks(ctx context.Context, r Repo) ([]Hook, error) {
	return list[Hook](ctx, c, hookCall(http.MethodGet, r, "", nil))
}

// CreateHook with the fields.
func (c *Client) CreateHook(ctx context.Context, r Repo, fields map[string]any) (*Hook, error) {
	h := &Hook{}
	return h, c.do(ctx, hookCall(http.MethodPost, r, "", fields), h)
}

// UpdateHook sets the fields. Events, branch filter and authorization header
// that are left out are reset; the secret can't be changed.
func (c *Client) UpdateHook(ctx context.Context, r Repo, id int64, fields map[string]any) (*Hook, error) {
	h := &Hook{}
	return h, c.do(ctx, hookCall(http.MethodPatch, r, itoa(id), fields), h)
}

// DeleteHook of the repository or organization.
func (c *Client) DeleteHook(ctx context.Context, r Repo, id int64) error {
	return c.do(ctx, hookCall(http.MethodDelete, r, itoa(id), nil), nil)
}

// Events Gitea has behind the two names that stand for several.
var (
	issueEvents = []string{"issues", "issue_assign", "issue_label", "issue_milestone", "issue_comment"} //nolint:gochecknoglobals // A constant.
	pullEvents  = []string{                                                                             //nolint:gochecknoglobals // A constant.
		"pull_request", "pull_request_assign", "pull_request_label", "pull_request_milestone",
		"pull_request_comment", "pull_request_review", "pull_request_review_request", "pull_request_sync",
	}
)

// HookEvents returns the events the server makes of those asked for, sorted.
func HookEvents(asked []string) []string {
	if len(asked) == 0 {
		return []string{"push"}
	}
	out := []string{}
	for _, e := range asked {
		switch e {
		case "issues":
			out = append(out, issueEvents...)
		case "issues_only":
			out = append(out, "issues")
		case "pull_request":
			out = append(out, pullEvents...)
		case "pull_request_only":
			out = append(out, "pull_request")
		default:
			out = append(out, e)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
