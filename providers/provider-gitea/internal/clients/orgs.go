package clients

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

func itoa(i int64) string { return strconv.FormatInt(i, 10) }

// An Organization on the server.
type Organization struct {
	ID                        int64  `json:"id"`
	Name                      string `json:"name"`
	FullName                  string `json:"full_name"`
	Email                     string `json:"email"`
	Description               string `json:"description"`
	Website                   string `json:"website"`
	Location                  string `json:"location"`
	Visibility                string `json:"visibility"`
	RepoAdminChangeTeamAccess bool   `json:"repo_admin_change_team_access"`
}

// GetOrganization returns the organization.
func (c *Client) GetOrganization(ctx context.Context, name string) (*Organization, error) {
	o := &Organization{}
	return o, c.do(ctx, call{method: http.MethodGet, route: "/orgs/{}", args: []string{name}}, o)
}

// CreateOrganization with the fields.
func (c *Client) CreateOrganization(ctx context.Context, name string, fields map[string]any) error {
	fields["username"] = name
	return c.do(ctx, call{method: http.MethodPost, route: "/orgs", body: fields, lock: name}, nil)
}

// UpdateOrganization sets the fields.
func (c *Client) UpdateOrganization(ctx context.Context, name string, fields map[string]any) error {
	return c.do(ctx, call{method: http.MethodPatch, route: "/orgs/{}", args: []string{name}, body: fields, lock: name}, nil)
}

// DeleteOrganization that owns no repositories.
func (c *Client) DeleteOrganization(ctx context.Context, name string) error {
	defer c.snaps.drop(teamsKey(name))
	return c.do(ctx, call{method: http.MethodDelete, route: "/orgs/{}", args: []string{name}, lock: name}, nil)
}

// OrganizationRepositories returns the names of the first n repositories of
// the organization, and how many there are.
func (c *Client) OrganizationRepositories(ctx context.Context, name string, n int) ([]string, int64, error) {
	repos := []Repository{}
	h, err := c.send(ctx, call{
		method: http.MethodGet, route: "/orgs/{}/repos", args: []string{name},
		query: url.Values{"limit": {itoa(int64(n))}},
	}, &repos)
	if err != nil {
		return nil, 0, err
	}
	names := make([]string, 0, len(repos))
	for _, r := range repos {
		names = append(names, r.Name)
	}
	total, err := strconv.ParseInt(h.Get("X-Total-Count"), 10, 64)
	if err != nil || total < int64(len(names)) {
		total = int64(len(names))
	}
	return names, total, nil
}
