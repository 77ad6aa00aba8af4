package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

const (
	// image servers start from.
	image = "ubuntu-24.04"
	// fluxVersion the control plane installs.
	fluxVersion = "v2.4.0"
	// tokenKey of the join token in its Secret.
	tokenKey = "token"
)

//go:embed cloudinit/common.sh
var commonScript string

//go:embed cloudinit/control-plane.sh
var controlPlaneScript string

//go:embed cloudinit/worker.sh
var workerScript string

//go:embed cloudinit/cilium.yaml
var cilium string

// userData names the keys of the cloud-init that new servers start with.
type userData struct{ controlPlane, worker string }

// A cloudConfig is what cloud-init reads.
// https://cloudinit.readthedocs.io/en/latest/reference/modules.html
type cloudConfig struct {
	PackageUpdate bool       `json:"package_update"`
	Packages      []string   `json:"packages"`
	WriteFiles    []file     `json:"write_files"`
	RunCmd        [][]string `json:"runcmd"`
}

type file struct {
	Path        string `json:"path"`
	Permissions string `json:"permissions"`
	Content     string `json:"content"`
}

// bootstrap composes the token that servers join with and the cloud-init that
// they start with. It returns nothing to start with until the token and the
// load balancer's address, which certificates name, are known.
func (c *hostCluster) bootstrap(token *composing.Observed) (*userData, *composing.Step, error) {
	s := c.run.Step("Bootstrap")
	managed := c.managed()
	managed.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: c.cluster.Object(keyToken)}
	if err := s.Desire(keyToken, &hcloud.JoinToken{
		ObjectMeta: c.cluster.Meta(keyToken),
		Spec:       hcloud.JoinTokenSpec{ManagedResourceSpec: managed},
	}); err != nil {
		return nil, nil, err
	}

	lb := c.run.Observed(keyLB).String("status", "atProvider", "ipv4")
	secret := decoded(token.String("data", tokenKey))
	switch {
	case lb == "":
		s.Wait(ReasonAddressUnknown, "Waits for the load balancer's address, which the cluster's certificate names")
		s.Blame(hcloud.LoadBalancer_Kind, c.cluster.Object("lb"))
		return nil, s, nil
	case secret == "":
		s.Wait(ReasonTokenUnknown, "Waits for the token that servers join with")
		s.Blame(hcloud.JoinTokenGroupVersionKind.Kind, c.cluster.Object(keyToken))
		return nil, s, nil
	}
	texts, data, err := c.userData(secret, lb)
	if err != nil {
		return nil, nil, err
	}
	err = s.Desire(keyCloudInit, texts)
	return data, s, err
}

// userData renders the cloud-init of each role. Servers keep the one they
// started with: a key of the Secret is named after what it holds, and stays as
// long as a server uses it.
func (c *hostCluster) userData(token, lb string) (*corev1.Secret, *userData, error) {
	out := &corev1.Secret{ObjectMeta: c.cluster.Meta(keyCloudInit), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{}}
	for _, key := range c.keysInUse() {
		if old := decoded(c.run.Observed(keyCloudInit).String("data", key)); old != "" {
			out.Data[key] = []byte(old)
		}
	}
	data := &userData{}
	for _, role := range []struct {
		name   v1alpha1.NodeRole
		key    *string
		config *cloudConfig
	}{
		{v1alpha1.RoleControlPlane, &data.controlPlane, c.controlPlaneConfig(token, lb)},
		{v1alpha1.RoleWorker, &data.worker, c.workerConfig(token)},
	} {
		text, err := yaml.Marshal(role.config)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot render the cloud-init of a %s: %w", role.name, err)
		}
		text = append([]byte("#cloud-config\n"), text...)
		sum := sha256.Sum256(text)
		*role.key = string(role.name) + "-" + hex.EncodeToString(sum[:4])
		out.Data[*role.key] = text
	}
	return out, data, nil
}

// decoded value of a Secret's key. What is no base64 counts as absent.
func decoded(value string) string {
	out, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return ""
	}
	return string(out)
}

// keysInUse by servers, and by pools that are about to make some.
func (c *hostCluster) keysInUse() []string {
	keys := map[string]bool{}
	for _, key := range c.run.ObservedKeys(keyPoolPrefix) {
		pool := c.run.Observed(key)
		keys[pool.String("spec", "userDataSecretRef", "key")] = true
		for _, k := range pool.Strings("status", "userDataKeys") {
			keys[k] = true
		}
	}
	delete(keys, "")
	return slices.Sorted(maps.Keys(keys))
}

func (c *hostCluster) controlPlaneConfig(token, lb string) *cloudConfig {
	k3s := map[string]any{
		"token":                  token,
		"tls-san":                []string{c.Spec.Domain, lb, c.address(hostLoadBalancer)},
		"flannel-backend":        "none",
		"disable-network-policy": true,
		"disable":                []string{"traefik", "servicelb"},
		"node-label":             []string{"catalyst.openova.io/role=" + string(v1alpha1.RoleControlPlane)},
	}
	out := c.config(v1alpha1.RoleControlPlane, k3s, controlPlaneScript)
	out.WriteFiles = append(out.WriteFiles, file{"/var/lib/rancher/k3s/server/manifests/cilium.yaml", "0600", cilium})
	return out
}

func (c *hostCluster) workerConfig(token string) *cloudConfig {
	return c.config(v1alpha1.RoleWorker, map[string]any{
		"token":      token,
		"node-label": []string{"catalyst.openova.io/role=" + string(v1alpha1.RoleWorker)},
	}, workerScript)
}

// config of a server with the role.
func (c *hostCluster) config(role v1alpha1.NodeRole, k3s map[string]any, script string) *cloudConfig {
	return &cloudConfig{
		PackageUpdate: true,
		Packages:      []string{"curl", "iptables", "jq", "ca-certificates", "git", "fail2ban", "unattended-upgrades"},
		WriteFiles: []file{
			{"/var/lib/catalyst/sovereign.json", "0644", fmt.Sprintf("{\"domain\": %q, \"hostCluster\": %q, \"role\": %q}\n", c.Spec.Domain, c.GetName(), role)},
			{"/etc/catalyst/bootstrap.env", "0600", c.environment()},
			{"/etc/rancher/k3s/config.yaml", "0600", marshal(k3s)},
			{"/etc/ssh/sshd_config.d/50-catalyst.conf", "0644", "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxAuthTries 3\nLoginGraceTime 30\n"},
			{"/etc/apt/apt.conf.d/52catalyst-upgrades", "0644", upgrades},
			{"/etc/fail2ban/jail.d/sshd.local", "0644", "[sshd]\nenabled = true\nmaxretry = 5\nfindtime = 10m\nbantime = 1h\n"},
			{"/usr/local/lib/catalyst/common.sh", "0700", commonScript},
			{"/usr/local/sbin/catalyst-bootstrap", "0700", script},
		},
		RunCmd: [][]string{{"systemctl", "restart", "ssh"}, {"/usr/local/sbin/catalyst-bootstrap"}},
	}
}

// upgrades of security only, with a restart at night where one is needed.
const upgrades = `#clear Unattended-Upgrade::Allowed-Origins;
Unattended-Upgrade::Allowed-Origins { "${distro_id}:${distro_codename}-security"; };
Unattended-Upgrade::Automatic-Reboot "true";
Unattended-Upgrade::Automatic-Reboot-Time "02:30";
`

// environment of the scripts. Nothing in it needs quoting: versions and
// addresses have no blanks.
func (c *hostCluster) environment() string {
	lines := []string{
		"CATALYST_K3S_VERSION=" + c.Spec.Kubernetes.Version,
		"CATALYST_FLUX_VERSION=" + fluxVersion,
		"CATALYST_ENDPOINT=" + c.address(hostLoadBalancer),
		"CATALYST_FIRST=" + c.address(hostFirstControlPlane),
		"CATALYST_SUBNET_PREFIX=" + strings.TrimSuffix(c.address(0), "0"),
	}
	return strings.Join(lines, "\n") + "\n"
}

// marshal what always can be.
func marshal(v map[string]any) string {
	out, err := yaml.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cannot marshal: %v", err))
	}
	return string(out)
}
