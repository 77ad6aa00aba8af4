package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
	"golang.org/x/crypto/ssh"
)

// sshKey: https://docs.hetzner.cloud/reference/cloud#ssh-keys
type sshKey struct {
	meta

	Fingerprint string
	PublicKey   string
}

func (k *sshKey) view(*project) any {
	return schema.SSHKey{ID: k.ID, Name: k.Name, Labels: k.labels(), Created: k.Created, Fingerprint: k.Fingerprint, PublicKey: k.PublicKey}
}

var sshKeys = register(&kind{
	plural: "ssh_keys", singular: "ssh_key", empty: func() object { return &sshKey{} }, sorts: byName,
	filters: map[string]func(object, string) bool{
		"fingerprint": func(o object, v string) bool { return o.(*sshKey).Fingerprint == v },
	},
})

func init() { sshKeys.create = createSSHKey }

func createSSHKey(c *call) (answer, error) {
	req, err := decode[schema.SSHKeyCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte(req.PublicKey)) //nolint:dogsled // That is its signature.
	if err != nil {
		return answer{}, invalid("public_key", "is not a valid SSH public key")
	}
	key := &sshKey{meta: m, PublicKey: req.PublicKey, Fingerprint: ssh.FingerprintLegacyMD5(pub)}
	for _, k := range each[*sshKey](c.p, "ssh_keys") {
		if k.Fingerprint == key.Fingerprint {
			return answer{}, notUnique("public_key", "SSH key with the same fingerprint already exists")
		}
	}
	c.obj = key
	c.p.add(c.kind.plural, key)
	return c.kind.one(c, http.StatusCreated)
}
