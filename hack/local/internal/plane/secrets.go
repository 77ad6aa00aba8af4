package plane

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

// Names of generated secrets.
const (
	giteaPassword  = "gitea-password"   //nolint:gosec // It's a name.
	giteaToken     = "gitea-token"      //nolint:gosec // It's a name.
	powerDNSAPIKey = "powerdns-api-key" //nolint:gosec // It's a name.
	hcloudToken    = "hcloud-token"     //nolint:gosec // It's a name.
)

const (
	secretBytes = 20
	// Hetzner's tokens have 64 characters, and its Terraform provider insists.
	hcloudTokenBytes = 32
	tokenSuffix      = 4
	giteaTokenLength = 40
)

// secret returns the named random secret, which is generated once.
func (d *plan) secret(name string) (string, error) { return d.secretOf(name, secretBytes) }

func (d *plan) secretOf(name string, size int) (string, error) {
	d.secrets.Lock()
	defer d.secrets.Unlock()

	path := d.state.Path("secrets", name)

	raw, err := os.ReadFile(path)
	if err == nil {
		return string(raw), nil
	}

	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot read secret %q: %w", name, err)
	}

	s := randomString(size)

	return s, home.WriteFile(path, []byte(s))
}

// Credentials of the servers a provider talks to.
type Credentials struct {
	GiteaPassword  string
	GiteaToken     string
	PowerDNSAPIKey string
	HcloudToken    string
}

// ReadCredentials reads the credentials of a running control plane.
func ReadCredentials(s home.State) (Credentials, error) {
	c := Credentials{}

	for name, into := range map[string]*string{giteaPassword: &c.GiteaPassword, giteaToken: &c.GiteaToken, powerDNSAPIKey: &c.PowerDNSAPIKey, hcloudToken: &c.HcloudToken} {
		raw, err := os.ReadFile(s.Path("secrets", name))
		if err != nil {
			return Credentials{}, fmt.Errorf("cannot read secret %q: %w", name, err)
		}

		*into = string(raw)
	}

	return c, nil
}

// randomString has no characters that a shell or a configuration file treats
// specially.
func randomString(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // It never returns an error.

	return hex.EncodeToString(b)
}
