// Package plane assembles the local control plane: which components there are,
// how each one runs, and under which identity.
package plane

import (
	"fmt"
	"path/filepath"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

// Names of the components that aren't ours.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Crossplane        = "crossplane"
	RBACManager       = "crossplane-rbac-manager"
	Registry          = "registry"
	PowerDNS          = "powerdns"
	Gitea             = "gitea"
	HcloudSim         = "hcloudsim"

	SourceController    = "source-controller"
	KustomizeController = "kustomize-controller"
)

// Namespace Crossplane and its packages run in.
const Namespace = "crossplane-system"

// A Config is what the daemon needs to know. The up command writes it, the
// daemon reads it.
type Config struct {
	Name     string            `json:"name"`
	PortBase int               `json:"portBase"`
	Root     string            `json:"root"`
	Programs map[string]string `json:"programs"`
	Folders  map[string]string `json:"folders"`

	// Daemon identifies the program that supervises. A daemon of another build
	// is replaced.
	Daemon string `json:"daemon"`

	Functions []Program `json:"functions,omitempty"`
	Providers []Program `json:"providers,omitempty"`
	Packages  []Package `json:"packages,omitempty"`

	// HcloudSim stands in for Hetzner's API, which can't be local.
	HcloudSim *Program `json:"hcloudSim,omitempty"`
}

// A Program is a function or provider built from this checkout.
type Program struct {
	// Name of the package it belongs to.
	Name string `json:"name"`
	Path string `json:"path"`
	// Args come before those of the control plane.
	Args []string `json:"args,omitempty"`
	// Fingerprint changes when the program does.
	Fingerprint string `json:"fingerprint"`
}

// A Package is a built xpkg.
type Package struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Version string `json:"version"`
	// Source is the package's OCI repository in production.
	Source string `json:"source"`
	File   string `json:"file"`
}

// Ref is the package's full reference.
func (p Package) Ref() string { return p.Source + ":" + p.Version }

// Load the configuration of a control plane. It returns false when there is
// none.
func Load(s home.State) (Config, bool, error) {
	c := Config{}

	ok, err := home.ReadJSON(s.Config(), &c)
	if err != nil {
		return Config{}, false, fmt.Errorf("cannot load the configuration of control plane %q: %w", s.Name, err)
	}

	return c, ok, nil
}

// Ports of this control plane.
func (c Config) Ports() home.Ports { return home.Ports{Base: c.PortBase} }

// A Listener is a port a component listens on.
type Listener struct {
	Component string
	Port      int
}

// Listeners are all ports of this control plane.
func (c Config) Listeners() []Listener {
	p := c.Ports()
	out := []Listener{
		{Etcd, p.Etcd()},
		{Etcd, p.EtcdPeer()},
		{APIServer, p.APIServer()},
		{ControllerManager, p.ControllerManager()},
		{Crossplane, p.CoreHealth()},
		{Crossplane, p.CoreMetrics()},
		{Crossplane, p.CoreWebhook()},
		{Registry, p.Registry()},
		{PowerDNS, p.DNS()},
		{PowerDNS, p.PowerDNS()},
		{Gitea, p.Gitea()},
		{Gitea, p.SSH()},
		{HcloudSim, p.HcloudSim()},
		{SourceController, p.SourceController()},
		{SourceController, p.SourceArtifacts()},
		{KustomizeController, p.KustomizeController()},
	}

	for i, f := range c.Functions {
		out = append(out, Listener{f.Name, p.Function(i)}, Listener{f.Name, p.FunctionHealth(i)})
	}

	for i, f := range c.Providers {
		out = append(out, Listener{f.Name, p.Provider(i)}, Listener{f.Name, p.ProviderMetrics(i)})
	}

	return out
}

// inFolder is a path in the folder of a tool.
func (c Config) inFolder(tool string, elem ...string) string {
	return filepath.Join(append([]string{c.Folders[tool]}, elem...)...)
}
