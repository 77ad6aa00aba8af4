package clients

import (
	"context"
	"net/http"
	"strings"
)

// OwnersTeam is the name of the team every organization has.
const OwnersTeam = "Owners"

// A Team of an organization on the server.
type Team struct {
	ID                      int64             `json:"id"`
	Name                    string            `json:"name"`
	Description             string            `json:"description"`
	Permission              string            `json:"permission"`
	UnitsMap                map[string]string `json:"units_map"`
	IncludesAllRepositories bool              `json:"includes_all_repositories"`
	CanCreateOrgRepo        bool              `json:"can_create_org_repo"`
}

func teamsKey(org string) string { return "teams/" + org }

// GetTeam returns the team of that name, or nil. All teams of an organization
// share one listing.
func (c *Client) GetTeam(ctx context.Context, org, name string) (*Team, error) {
	teams, err := share(ctx, c.snaps, teamsKey(org), func(ctx context.Context) ([]Team, error) {
		return list[Team](ctx, c, call{method: http.MethodGet, route: "/orgs/{}/teams", args: []string{org}})
	})
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		if strings.EqualFold(t.Name, name) {
			return &t, nil
		}
	}
	return nil, nil //nolint:nilnil // Nothing is a good answer here.
}

// RefreshTeams forgets what the teams of the organization looked like.
func (c *Client) RefreshTeams(org string) { c.snaps.drop(teamsKey(org)) }

// CreateTeam with the fields.
func (c *Client) CreateTeam(ctx context.Context, org, name string, fields map[string]any) (*Team, error) {
	defer c.snaps.drop(teamsKey(org))
	fields["name"] = name
	t := &Team{}
	return t, c.do(ctx, call{method: http.MethodPost, route: "/orgs/{}/teams", args: []string{org}, body: fields, lock: org}, t)
}

// UpdateTeam sets the fields.
func (c *Client) UpdateTeam(ctx context.Context, org string, id int64, fields map[string]any) error {
	defer c.snaps.drop(teamsKey(org))
	return c.do(ctx, call{method: http.MethodPatch, route: "/teams/{}", args: []string{itoa(id)}, body: fields, lock: org}, nil)
}

// DeleteTeam of the organization.
func (c *Client) DeleteTeam(ctx context.Context, org string, id int64) error {
	defer c.snaps.drop(teamsKey(org))
	return c.do(ctx, call{method: http.MethodDelete, route: "/teams/{}", args: []string{itoa(id)}, lock: org}, nil)
}

// TeamMembers returns the login names of who is in the team.
func (c *Client) TeamMembers(ctx context.Context, id int64) ([]string, error) {
	users, err := list[struct {
		Login string `json:"login"`
	}](ctx, c, call{method: http.MethodGet, route: "/teams/{}/members", args: []string{itoa(id)}})
	if err != nil {
		return nil, err
	}
	logins := make([]string, 0, len(users))
	for _, u := range users {
		logins = append(logins, u.Login)
	}
	return logins, nil
}

// AddTeamMember puts the user into the team. It returns a not found error when
// there is no such user.
func (c *Client) AddTeamMember(ctx context.Context, org string, id int64, login string) error {
	return c.do(ctx, call{method: http.MethodPut, route: "/teams/{}/members/{}", args: []string{itoa(id), login}, lock: org}, nil)
}

// RemoveTeamMember takes the user out of the team.
func (c *Client) RemoveTeamMember(ctx context.Context, org string, id int64, login string) error {
	return IgnoreNotFound(c.do(ctx, call{method: http.MethodDelete, route: "/teams/{}/members/{}", args: []string{itoa(id), login}, lock: org}, nil))
}

// UserExists returns whether somebody has the login name.
func (c *Client) UserExists(ctx context.Context, login string) (bool, error) {
	err := c.do(ctx, call{method: http.MethodGet, route: "/users/{}", args: []string{login}}, nil)
	if IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
