// Package hostcluster is the composition function of HostClusters.
package hostcluster

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
)

// Conditions and reasons of a HostCluster.
const (
	// ConditionAccepted says whether the cluster can be carried out as it was
	// asked for.
	ConditionAccepted = "Accepted"

	ReasonAccepted         = "Accepted"
	ReasonInvalid          = "Invalid"
	ReasonTokenUnknown     = "TokenUnknown"
	ReasonAuthorityUnknown = "AuthorityUnknown"
	ReasonAddressUnknown   = "AddressUnknown"
	ReasonDeployKeyUnknown = "DeployKeyUnknown"
	ReasonSecretMissing    = "SecretMissing"
)

// Keys of composed resources.
const (
	keyNetwork        = "network"
	keySubnet         = "subnet"
	keyLeftovers      = "leftovers"
	keyFirewall       = "firewall"
	keyPlacementGroup = "placement-group"
	keySSHKeyPrefix   = "ssh-key-"
	keyLB             = "load-balancer"
	keyLBNetwork      = "load-balancer-network"
	keyServicePrefix  = "service-"
	keyTarget         = "target"
	keyToken          = "join-token"
	keyAuthority      = "authority"
	keyKubeconfig     = "kubeconfig"
	keyDeployKey      = "deploy-key"
	keyCloudInit      = "cloud-init"
	keyPoolPrefix     = "pool-"
	keyControlPlane   = keyPoolPrefix + "control-plane"
	keyWorkersPrefix  = keyPoolPrefix + "workers-"
)

// A hostCluster that is composed.
type hostCluster struct {
	*v1alpha1.HostCluster

	run     *composing.Run
	cluster hetzner.Cluster
	// location of the servers and zone of the network, as Hetzner calls them.
	location, zone string
	subnet         netip.Prefix
}

// Compose a HostCluster: the order of its deletion first, then the network, what
// is in front of the servers, and the servers.
func Compose(r *composing.Run, hc *v1alpha1.HostCluster) error {
	st := &v1alpha1.HostClusterStatus{}
	r.Status(st, &st.Progress)

	c := &hostCluster{HostCluster: hc, run: r}
	in := c.require()
	if r.Unresolved() {
		return nil
	}
	c.order()
	if err := c.check(); err != nil {
		r.Step("Accepted").Fail(ReasonInvalid, err.Error())
		r.Condition(ConditionAccepted, false, ReasonInvalid, err.Error())
		c.report(st)
		return nil
	}
	r.Condition(ConditionAccepted, true, ReasonAccepted, "The HostCluster can be carried out as asked for")

	subnet, err := c.network()
	if err != nil {
		return err
	}
	access, err := c.access()
	if err != nil {
		return err
	}
	front, err := c.loadBalancer(subnet)
	if err != nil {
		return err
	}
	data, bootstrap, err := c.bootstrap(in)
	if err != nil {
		return err
	}
	if err := c.kubeconfig(in); err != nil {
		return err
	}
	if err := c.pools(data, subnet.Ready() && access.Ready() && front.Ready(), bootstrap); err != nil {
		return err
	}
	st.APIBudget = c.apiBudget()
	c.report(st)
	return nil
}

// inputs are the Secrets a HostCluster is made of. All of them are in its own
// namespace: whoever may apply one there can read no others with it.
type inputs struct {
	token, authority, deployKey *composing.Observed
	// sources of the Secrets the cluster starts with, by name.
	sources map[string]*composing.Observed
}

// require everything on every run: what shows up late costs another one.
func (c *hostCluster) require() *inputs {
	secret := func(key, name string) *composing.Observed {
		return c.run.RequireOne(key, composing.Selector{APIVersion: "v1", Kind: "Secret", Namespace: c.GetNamespace(), Name: name})
	}
	own := func(key string) *composing.Observed { return secret(key, c.GetName()+"-"+key) }
	in := &inputs{token: own(keyToken), authority: own(keyAuthority), sources: map[string]*composing.Observed{}}
	if c.Spec.Bootstrap == nil {
		return in
	}
	if c.Spec.Bootstrap.Git != nil {
		in.deployKey = own(keyDeployKey)
	}
	for _, s := range c.Spec.Bootstrap.Secrets {
		in.sources[s.SourceRef.Name] = secret("secret-"+s.SourceRef.Name, s.SourceRef.Name)
	}
	return in
}

// check whether the cluster can be carried out. The API server refuses most of
// what is wrong; this is for objects that were there before its rules.
func (c *hostCluster) check() error {
	hc, err := naming.ParseHostCluster(c.GetName())
	if err != nil {
		return fmt.Errorf("metadata.name: %w", err)
	}
	if c.location, c.zone, err = hc.Location(); err != nil {
		return fmt.Errorf("metadata.name %q: %w", c.GetName(), err)
	}
	c.cluster = hetzner.Cluster{HostCluster: hc, Namespace: c.GetNamespace(), Domain: c.Spec.Domain, ProviderConfig: c.Spec.ProviderConfig}
	if c.subnet, err = netip.ParsePrefix(c.Spec.Network.Subnet); err != nil || !c.subnet.Addr().Is4() || c.subnet.Bits() != 24 || c.subnet != c.subnet.Masked() {
		return fmt.Errorf("spec.network.subnet %q must be an IPv4 network of 24 bits, e.g. 10.0.1.0/24", c.Spec.Network.Subnet)
	}
	if n := c.Spec.ControlPlane.Count; n != 1 && n != 3 {
		return fmt.Errorf("spec.controlPlane.count %d must be 1 or 3", n)
	}
	if n, most := c.Spec.Workers.Count, maxServers-c.Spec.ControlPlane.Count; n < 0 || n > most {
		return fmt.Errorf("spec.workers.count %d must be between 0 and %d: a network at Hetzner has at most 100 members", n, most)
	}
	return nil
}

// address in the subnet.
func (c *hostCluster) address(n byte) string {
	b := c.subnet.Addr().As4()
	b[3] = n
	return netip.AddrFrom4(b).String()
}

// endpoint of the API server behind a load balancer.
func endpoint(ip string) string {
	return "https://" + net.JoinHostPort(ip, strconv.Itoa(portKubernetes))
}

// report what there is.
func (c *hostCluster) report(st *v1alpha1.HostClusterStatus) {
	st.Phase = c.run.Phase()
	if code, err := c.cluster.LocationCode(); err == nil {
		st.LocationCode = code
	}
	if ip := c.run.Observed(keyLB).String("status", "atProvider", "ipv4"); ip != "" {
		st.LoadBalancer = &v1alpha1.LoadBalancerAddresses{IPv4: ip, IPv6: c.run.Observed(keyLB).String("status", "atProvider", "ipv6")}
		st.Endpoint = endpoint(ip)
	}
	if ready, ok := c.run.Observed(keyKubeconfig).Condition("Ready"); ok && ready.Status == "True" {
		st.KubeconfigSecretRef = &v1alpha1.LocalReference{Name: c.cluster.Object(keyKubeconfig)}
	}
	st.Hetzner = c.ids()
	st.Servers.ControlPlane = c.run.Observed(keyControlPlane).Int("status", "readyServers")
	for _, key := range c.run.ObservedKeys(keyWorkersPrefix) {
		st.Servers.Workers += c.run.Observed(key).Int("status", "readyServers")
	}
}
