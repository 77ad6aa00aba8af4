package hetzner

import (
	"strings"
	"testing"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/naming"
)

// A server's name is a host name of at most 63 characters, and is unique in a
// project that Sovereigns and host clusters may share.
func TestElasticGroup(t *testing.T) {
	const suffix = "-7ffffffffffffffe"
	seen := map[string]string{}
	for _, sovereign := range []string{"omantel", "omantel-hfmp", strings.Repeat("a", 32)} {
		for _, block := range []string{"mgt", "rtz", "dmz"} {
			c := Cluster{HostCluster: naming.HostCluster{Provider: "hz", Region: "fsn", BuildingBlock: block, EnvType: "prod"}, Namespace: Namespace(sovereign)}
			group, err := c.ElasticGroup()
			if err != nil {
				t.Fatal(err)
			}
			if n := len(group + suffix); n > 63 {
				t.Errorf("servers of group %s have names of %d characters", group, n)
			}
			if other := seen[group]; other != "" {
				t.Errorf("%s and %s have the same group %s", other, c.Name(""), group)
			}
			seen[group] = c.Name("")
			for _, role := range []v1alpha1.NodeRole{v1alpha1.RoleControlPlane, v1alpha1.RoleWorker} {
				if name := c.Name(ServerSuffix(role, 1)); strings.HasPrefix(name, group+"-") {
					t.Errorf("%s is called like a server of group %s", name, group)
				}
			}
		}
	}
}

func TestIDOfKey(t *testing.T) {
	ids := []v1alpha1.SSHKeyID{{PublicKey: "ssh-ed25519 AAAA a@b", ID: "1"}, {PublicKey: "ssh-ed25519 BBBB", ID: "2"}}
	cases := map[string]struct{ reason, key, want string }{
		"Comment": {reason: "A comment makes no other key", key: "ssh-ed25519 AAAA somebody else", want: "1"},
		"Second":  {reason: "Any of them", key: "ssh-ed25519 BBBB", want: "2"},
		"Unknown": {reason: "A key that is not there has no id", key: "ssh-ed25519 CCCC"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := IDOfKey(ids, tc.key); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
