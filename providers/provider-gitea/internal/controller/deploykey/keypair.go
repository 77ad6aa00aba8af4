package deploykey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// Keys of the Secret, which are those Flux expects.
const (
	keyIdentity   = "identity"
	keyPublic     = "identity.pub"
	keyKnownHosts = "known_hosts"
)

// A pair of keys.
type pair struct {
	// private key in OpenSSH's format.
	private []byte
	// public key as a line of authorized_keys.
	public []byte
}

// newPair makes a pair of keys.
func newPair(comment string) (pair, error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return pair{}, errors.Wrap(err, "cannot generate key")
	}
	block, err := ssh.MarshalPrivateKey(priv, comment)
	if err != nil {
		return pair{}, errors.Wrap(err, "cannot encode private key")
	}
	line, err := ssh.NewPublicKey(pub)
	if err != nil {
		return pair{}, errors.Wrap(err, "cannot encode public key")
	}
	return pair{private: pem.EncodeToMemory(block), public: ssh.MarshalAuthorizedKey(line)}, nil
}

// readPair takes the pair out of a Secret, or nothing when there is none or it
// is damaged. The public key is that of the private one, whatever else the
// Secret says.
func readPair(data map[string][]byte) (pair, bool) {
	signer, err := ssh.ParsePrivateKey(data[keyIdentity])
	if err != nil {
		return pair{}, false
	}
	return pair{private: data[keyIdentity], public: ssh.MarshalAuthorizedKey(signer.PublicKey())}, true
}

// same returns whether two lines of authorized_keys hold the same key.
func same(line []byte, other string) bool {
	a, _, _, _, aerr := ssh.ParseAuthorizedKey(line)          //nolint:dogsled // Comment and options don't matter.
	b, _, _, _, berr := ssh.ParseAuthorizedKey([]byte(other)) //nolint:dogsled // Comment and options don't matter.
	return aerr == nil && berr == nil && bytes.Equal(a.Marshal(), b.Marshal())
}

// address of an SSH server in a URL as Gitea writes it: ssh://git@host:port/o/r
// or git@host:o/r.
func address(url string) string {
	if rest, ok := strings.CutPrefix(url, "ssh://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		return withPort(host[strings.LastIndex(host, "@")+1:])
	}
	host, _, _ := strings.Cut(url[strings.LastIndex(url, "@")+1:], ":")
	return withPort(host)
}

func withPort(host string) string {
	if host == "" || strings.LastIndex(host, ":") > strings.LastIndex(host, "]") {
		return host
	}
	return host + ":22"
}
