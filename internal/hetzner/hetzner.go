// Package hetzner names and labels what Catalyst makes in a Hetzner project.
package hetzner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// APIVersion of Hetzner's managed resources.
var APIVersion = hcloud.CRDGroupVersion.String()

// Labels on what is made in a project.
const (
	LabelSovereign = "catalyst.openova.io/sovereign"
	LabelRole      = "catalyst.openova.io/role"
	labelCluster   = "openova.io/cluster"
	labelProvider  = "openova.io/provider"
	labelRegion    = "openova.io/region"
	labelBlock     = "openova.io/building-block"
	labelEnvType   = "openova.io/env-type"
)

// PoolSize is the greatest number of servers in one NodePool. It keeps the pool
// within 40 composed resources.
const PoolSize = 35

// A Cluster is a host cluster in a project.
type Cluster struct {
	naming.HostCluster

	// Namespace of the cluster's objects.
	Namespace string
	// Domain of the Sovereign.
	Domain string
	// ProviderConfig that all of the cluster's managed resources use.
	ProviderConfig string
}

// Namespace of a Sovereign's infrastructure.
func Namespace(sovereign string) string { return namespacePrefix + sovereign }

const namespacePrefix = "sovereign-"

// Name at Hetzner, where names are unique in a project: several clusters and
// Sovereigns may share one.
func (c Cluster) Name(suffix string) string {
	return "catalyst-" + strings.TrimPrefix(c.Namespace, namespacePrefix) + "-" + c.Object(suffix)
}

// Object is the name of a Kubernetes object of the cluster.
func (c Cluster) Object(suffix string) string {
	if suffix == "" {
		return c.String()
	}
	return c.String() + "-" + suffix
}

// Labels at Hetzner.
func (c Cluster) Labels() map[string]*string {
	return map[string]*string{
		LabelSovereign:        new(c.Domain),
		labelProvider:         new(c.Provider),
		labelRegion:           new(c.Region),
		labelBlock:            new(c.BuildingBlock),
		labelEnvType:          new(c.EnvType),
		labelCluster:          new(c.String()),
		naming.LabelManagedBy: new(naming.ManagedBy),
	}
}

// ServerLabels at Hetzner of servers with the role.
func (c Cluster) ServerLabels(role v1alpha1.NodeRole) map[string]*string {
	out := c.Labels()
	out[LabelRole] = new(string(role))
	return out
}

// Selector of the cluster's servers with the role, by label.
func (c Cluster) Selector(role v1alpha1.NodeRole) string {
	return fmt.Sprintf("%s=%s,%s=%s,%s=%s", LabelRole, role, LabelSovereign, c.Domain, labelCluster, c)
}

// LabelNodeGroup is what cluster-autoscaler knows its servers by in a project.
// https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler/cloudprovider/hetzner
const LabelNodeGroup = "hcloud/node-group"

// ElasticGroup is the node group of the servers that cluster-autoscaler makes
// beside those of NodePools, unique in a project. Its servers are called like it
// with up to 17 characters appended, and a name may have 63.
func (c Cluster) ElasticGroup() (string, error) {
	code, err := c.LocationCode()
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(c.Namespace, namespacePrefix) + "-" + code + "-elastic", nil
}

// Named gives a managed resource the name that something has outside already,
// so that it is taken over and not made. A resource that has another name by now
// keeps that: what it was to take over is gone, and was made anew.
func Named(o metav1.Object, observed *composing.Observed, id string) {
	if has := observed.String("metadata", "annotations", meta.AnnotationKeyExternalName); id == "" || has != "" && has != id {
		return
	}
	meta.AddAnnotations(o, map[string]string{meta.AnnotationKeyExternalName: id})
}

// ClusterLabels tell the cluster's things at Hetzner from those of others.
func (c Cluster) ClusterLabels() map[string]string {
	return map[string]string{LabelSovereign: c.Domain, labelCluster: c.String()}
}

// ClusterSelector of all the cluster's things, by label.
func (c Cluster) ClusterSelector() string {
	return fmt.Sprintf("%s=%s,%s=%s", LabelSovereign, c.Domain, labelCluster, c)
}

// Meta of a Kubernetes object of the cluster.
func (c Cluster) Meta(suffix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: c.Object(suffix), Namespace: c.Namespace, Labels: map[string]string{
		naming.LabelHostCluster: c.String(),
		naming.LabelManagedBy:   naming.ManagedBy,
	}}
}

// Config all of the cluster's managed resources use.
func (c Cluster) Config() *xpv1.ProviderConfigReference {
	name := c.ProviderConfig
	if name == "" {
		name = "default"
	}
	return &xpv1.ProviderConfigReference{Kind: hcloud.ClusterProviderConfigKind, Name: name}
}

// KeyID names a public SSH key, whatever its comment.
func KeyID(key string) string {
	f := strings.Fields(key)
	sum := sha256.Sum256([]byte(strings.Join(f[:min(len(f), 2)], " ")))
	return hex.EncodeToString(sum[:4])
}

// IDOfKey at Hetzner of a public SSH key, whatever its comment, or empty.
func IDOfKey(ids []v1alpha1.SSHKeyID, public string) string {
	for _, k := range ids {
		if KeyID(k.PublicKey) == KeyID(public) {
			return k.ID
		}
	}
	return ""
}

// ServerSuffix of the name of the n-th server with the role, from 1.
func ServerSuffix(role v1alpha1.NodeRole, n int) string {
	if role == v1alpha1.RoleControlPlane {
		return fmt.Sprintf("cp%d", n)
	}
	return fmt.Sprintf("w%d", n)
}

// Address that is n above the first.
func Address(first string, n int) (string, error) {
	a, err := netip.ParseAddr(first)
	if err != nil || !a.Is4() {
		return "", fmt.Errorf("%q is not an IPv4 address", first)
	}
	b := a.As4()
	last := int(b[3]) + n
	if n < 0 || last > 253 {
		return "", fmt.Errorf("%d addresses from %s reach beyond address 253 of the subnet", n+1, first)
	}
	b[3] = byte(last) //nolint:gosec // At most 253.
	return netip.AddrFrom4(b).String(), nil
}
