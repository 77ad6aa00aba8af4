package clients

import (
	"context"
	"net/http"
)

// A DeployKey of a repository on the server.
type DeployKey struct {
	ID          int64  `json:"id"`
	Key         string `json:"key"`
	Title       string `json:"title"`
	Fingerprint string `json:"fingerprint"`
	ReadOnly    bool   `json:"read_only"`
}

// GetDeployKey returns the key of that title, or nil. Titles are unique in a
// repository.
func (c *Client) GetDeployKey(ctx context.Context, r Repo, title string) (*DeployKey, error) {
	keys, err := list[DeployKey](ctx, c, call{method: http.MethodGet, route: "/repos/{}/{}/keys", args: r.args()})
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.Title == title {
			return &k, nil
		}
	}
	return nil, nil //nolint:nilnil // Nothing is a good answer here.
}

// CreateDeployKey registers the public key.
func (c *Client) CreateDeployKey(ctx context.Context, r Repo, title, key string, readOnly bool) (*DeployKey, error) {
	out := &DeployKey{}
	body := map[string]any{"title": title, "key": key, "read_only": readOnly}
	return out, c.do(ctx, call{method: http.MethodPost, route: "/repos/{}/{}/keys", args: r.args(), body: body, lock: r.String()}, out)
}

// DeleteDeployKey of the repository.
func (c *Client) DeleteDeployKey(ctx context.Context, r Repo, id int64) error {
	return c.do(ctx, call{method: http.MethodDelete, route: "/repos/{}/{}/keys/{}", args: r.args(itoa(id)), lock: r.String()}, nil)
}
