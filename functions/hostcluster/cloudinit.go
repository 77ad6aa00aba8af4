package hostcluster

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
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

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
	// manifestsDir is where k3s looks for what it is to apply. What fails is tried
	// again, so that the kinds of Flux may come later than what is of them.
	// https://docs.k3s.io/installation/packaged-components
	manifestsDir = "/var/lib/rancher/k3s/server/manifests/"
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

// secrets that a cluster starts with, as far as they are there.
type secrets struct {
	// token that servers join with.
	token string
	// authority is the data of the cluster's ClusterAuthority, by file.
	authority map[string]string
	// manifests of what the cluster starts with beyond Kubernetes, by file.
	manifests map[string]string
}

// bootstrap composes what servers start with: the token they join with, the
// authority of the cluster, a key to the repository that Flux follows, and the
// cloud-init that has it all. It returns nothing to start with until all of it
// and the load balancer's address, which certificates name, are known.
func (c *hostCluster) bootstrap(in *inputs) (*userData, *composing.Step, error) {
	s := c.run.Step("Bootstrap")
	written := func(key string) xpv2.ManagedResourceSpec {
		out := c.managed()
		out.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: c.cluster.Object(key)}
		return out
	}
	if err := s.Desire(keyToken, &hcloud.JoinToken{
		ObjectMeta: c.cluster.Meta(keyToken),
		Spec:       hcloud.JoinTokenSpec{ManagedResourceSpec: written(keyToken)},
	}); err != nil {
		return nil, nil, err
	}
	if err := s.Desire(keyAuthority, &hcloud.ClusterAuthority{
		ObjectMeta: c.cluster.Meta(keyAuthority),
		Spec: hcloud.ClusterAuthoritySpec{
			ManagedResourceSpec: written(keyAuthority),
			ForProvider:         hcloud.ClusterAuthorityParameters{Cluster: c.GetName(), Domain: new(c.Spec.Domain)},
		},
	}); err != nil {
		return nil, nil, err
	}

	lb := c.run.Observed(keyLB).String("status", "atProvider", "ipv4")
	if lb == "" {
		s.Wait(ReasonAddressUnknown, "Waits for the load balancer's address, which the cluster's certificate names")
		s.Blame(hcloud.LoadBalancer_Kind, c.cluster.Object("lb"))
		return nil, s, nil
	}
	if err := c.deployKey(s); err != nil {
		return nil, nil, err
	}
	got, err := c.secrets(s, in)
	if got == nil || err != nil {
		return nil, s, err
	}
	texts, data, err := c.userData(got, lb)
	if err != nil {
		return nil, nil, err
	}
	err = s.Desire(keyCloudInit, texts)
	return data, s, err
}

// secrets that are all there, or nothing: the step tells which one is waited for.
func (c *hostCluster) secrets(s *composing.Step, in *inputs) (*secrets, error) {
	out := &secrets{token: decoded(in.token.String("data", tokenKey)), authority: map[string]string{}}
	if out.token == "" {
		s.Wait(ReasonTokenUnknown, "Waits for the token that servers join with")
		s.Blame(hcloud.JoinTokenGroupVersionKind.Kind, c.cluster.Object(keyToken))
		return nil, nil
	}
	for _, file := range authorityFiles() {
		out.authority[file] = decoded(in.authority.String("data", file))
		if out.authority[file] == "" {
			s.Wait(ReasonAuthorityUnknown, "Waits for the authority that vouches for the cluster")
			s.Blame(hcloud.ClusterAuthorityGroupVersionKind.Kind, c.cluster.Object(keyAuthority))
			return nil, nil
		}
	}
	manifests, missing, err := c.manifests(in)
	if err != nil {
		return nil, err
	}
	if missing != nil {
		s.Wait(missing.reason, missing.message)
		s.Blame(missing.kind, missing.name)
		return nil, nil
	}
	out.manifests = manifests
	return out, nil
}

// authorityFiles are those that k3s takes before its first start, and the keys
// they have in the Secret of the ClusterAuthority.
// https://docs.k3s.io/cli/certificate#using-custom-ca-certificates
func authorityFiles() []string {
	return []string{"client-ca.crt", "client-ca.key", "server-ca.crt", "server-ca.key"}
}

// userData renders the cloud-init of each role. Servers keep the one they
// started with: a key of the Secret is named after what it holds, and stays as
// long as a server uses it.
func (c *hostCluster) userData(in *secrets, lb string) (*corev1.Secret, *userData, error) {
	out := &corev1.Secret{ObjectMeta: c.cluster.Meta(keyCloudInit), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{}}
	for _, key := range c.keysInUse() {
		if old := decoded(c.run.Observed(keyCloudInit).String("data", key)); old != "" {
			out.Data[key] = []byte(old)
		}
	}
	data := &userData{}
	add := func(role v1alpha1.NodeRole, config *cloudConfig) (key string, text []byte, err error) {
		if text, err = config.render(); err != nil {
			return "", nil, fmt.Errorf("cannot render the cloud-init of a %s: %w", role, err)
		}
		sum := sha256.Sum256(text)
		key = string(role) + "-" + hex.EncodeToString(sum[:4])
		out.Data[key] = text
		return key, text, nil
	}
	var err error
	var worker []byte
	if data.worker, worker, err = add(v1alpha1.RoleWorker, c.workerConfig(in.token)); err != nil {
		return nil, nil, err
	}
	head := c.controlPlaneConfig(in, lb)
	elastic, err := c.elastic(string(worker))
	if err != nil {
		return nil, nil, err
	}
	head.WriteFiles = append(head.WriteFiles, file{manifestsDir + "catalyst-autoscaler.yaml", "0600", elastic})
	data.controlPlane, _, err = add(v1alpha1.RoleControlPlane, head)
	return out, data, err
}

// render the configuration as user data.
func (c *cloudConfig) render() ([]byte, error) {
	text, err := yaml.Marshal(c)
	return append([]byte("#cloud-config\n"), text...), err
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

func (c *hostCluster) controlPlaneConfig(in *secrets, lb string) *cloudConfig {
	k3s := map[string]any{
		"token":                  in.token,
		"tls-san":                []string{c.Spec.Domain, lb, c.address(hostLoadBalancer)},
		"flannel-backend":        "none",
		"disable-network-policy": true,
		"disable":                []string{"traefik", "servicelb"},
		"node-label":             []string{"catalyst.openova.io/role=" + string(v1alpha1.RoleControlPlane)},
	}
	out := c.config(v1alpha1.RoleControlPlane, k3s, controlPlaneScript)
	for _, name := range authorityFiles() {
		out.WriteFiles = append(out.WriteFiles, file{"/var/lib/rancher/k3s/server/tls/" + name, "0600", in.authority[name]})
	}
	out.WriteFiles = append(out.WriteFiles, file{manifestsDir + "cilium.yaml", "0600", cilium})
	for _, name := range slices.Sorted(maps.Keys(in.manifests)) {
		out.WriteFiles = append(out.WriteFiles, file{manifestsDir + name, "0600", in.manifests[name]})
	}
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
