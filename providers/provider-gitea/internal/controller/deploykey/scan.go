package deploykey

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// scanTimeout of one handshake.
const scanTimeout = 3 * time.Second

// A Scanner asks an SSH server for its host keys and returns them as lines of
// known_hosts.
type Scanner func(ctx context.Context, address string) ([]byte, error)

// scan asks once per kind of key, as ssh-keyscan does. It trusts what answers,
// on first use: who wants more configures the keys.
func scan(ctx context.Context, addr string) ([]byte, error) {
	lines := []string{}
	var last error
	for _, algorithms := range [][]string{
		{ssh.KeyAlgoED25519},
		{ssh.KeyAlgoECDSA256},
		{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
	} {
		key, err := hostKey(ctx, addr, algorithms)
		if err != nil {
			last = err
			if ctx.Err() != nil || isDial(err) {
				break
			}
			continue
		}
		lines = append(lines, knownhosts.Line([]string{addr}, key))
	}
	if len(lines) == 0 {
		return nil, errors.Wrapf(last, "cannot ask %s for its SSH host keys", addr)
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

func isDial(err error) bool {
	op := &net.OpError{}
	return errors.As(err, &op) && op.Op == "dial"
}

func hostKey(ctx context.Context, addr string, algorithms []string) (ssh.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // Nothing was written.
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	var key ssh.PublicKey
	_, _, _, err = ssh.NewClientConn(conn, addr, &ssh.ClientConfig{ //nolint:dogsled // It never succeeds.
		User:              "git",
		HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			key = k
			return errors.New("seen enough")
		},
	})
	if key != nil {
		return key, nil
	}
	return nil, err
}
