// Package home knows where the local control plane keeps its files and which
// ports it listens on.
package home

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DirMode is the mode of every directory below Home. State holds private keys
// and passwords.
const DirMode = 0o700

// Default port bases. Two control planes can run beside each other as long as
// their bases are at least a thousand apart.
const (
	basePortLocal = 16000
	basePortTest  = 17000
	basePortOther = 18000
)

// A Home is the directory that holds tools and the state of every named
// control plane.
type Home struct{ Dir string }

// New returns the Home at the supplied directory, or the default one when it is
// empty.
func New(dir string) (Home, error) {
	if dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return Home{}, fmt.Errorf("cannot resolve home directory %q: %w", dir, err)
		}

		return Home{Dir: abs}, nil
	}

	cache, err := os.UserCacheDir()
	if err != nil {
		return Home{}, fmt.Errorf("cannot find the user's cache directory; set CATALYST_HOME: %w", err)
	}

	return Home{Dir: filepath.Join(cache, "catalyst")}, nil
}

// Tools is the directory of built tools.
func (h Home) Tools() string { return filepath.Join(h.Dir, "tools") }

// Programs is the directory of the programs that were built from checkouts. They
// outlive any one control plane.
func (h Home) Programs() string { return filepath.Join(h.Dir, "bin") }

// Packages is the directory of the packages that were built from checkouts.
func (h Home) Packages() string { return filepath.Join(h.Dir, "packages") }

// States is the directory that holds one folder for each control plane.
func (h Home) States() string { return filepath.Join(h.Dir, "state") }

// State returns the state directory of the named control plane.
func (h Home) State(name string) State {
	return State{Name: name, Dir: filepath.Join(h.States(), name)}
}

// A State is the directory of one named control plane.
type State struct {
	Name string
	Dir  string
}

// Path joins the supplied elements to the state directory.
func (s State) Path(elem ...string) string {
	return filepath.Join(append([]string{s.Dir}, elem...)...)
}

// Logs holds one file for each component.
func (s State) Logs() string { return s.Path("logs") }

// Log is the log file of the named component.
func (s State) Log(component string) string { return s.Path("logs", component+".log") }

// PKI holds the API server's and etcd's certificates.
func (s State) PKI() string { return s.Path("pki") }

// Certs holds the certificates Crossplane's root CA signed for one component.
func (s State) Certs(component string) string { return s.Path("certs", component) }

// Kubeconfig is the administrator's kubeconfig.
func (s State) Kubeconfig() string { return s.Path("kubeconfig") }

// KubeconfigFor is the kubeconfig of the named component.
func (s State) KubeconfigFor(component string) string {
	return s.Path("kubeconfigs", component+".yaml")
}

// Socket is where the daemon listens.
func (s State) Socket() string { return s.Path("daemon.sock") }

// Lock is held by a running daemon.
func (s State) Lock() string { return s.Path("daemon.lock") }

// Config is where the daemon's configuration is stored.
func (s State) Config() string { return s.Path("plane.json") }

// Exists reports whether this control plane has any state.
func (s State) Exists() bool {
	_, err := os.Stat(s.Dir)
	return err == nil
}

// ReadJSON decodes the named file of the state directory. It returns false when
// there's no such file.
func ReadJSON(path string, into any) (bool, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}

	if err != nil {
		return false, fmt.Errorf("cannot read %q: %w", path, err)
	}

	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("cannot decode %q: %w", path, err)
	}

	return true, nil
}

// WriteJSON encodes the supplied value to the named file.
func WriteJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode %q: %w", path, err)
	}

	return WriteFile(path, append(raw, '\n'))
}

// WriteFile writes a private file atomically: a reader sees the old content or
// the new one, and a killed writer leaves no half file.
func WriteFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), DirMode); err != nil {
		return fmt.Errorf("cannot create the directory of %q: %w", path, err)
	}

	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("cannot create a temporary file beside %q: %w", path, err)
	}

	defer os.Remove(tmp.Name()) //nolint:errcheck // It's gone already unless something failed.

	if _, err := tmp.Write(content); err != nil {
		_ = tmp.Close()
		return fmt.Errorf("cannot write %q: %w", path, err)
	}

	if err := tmp.Close(); err != nil {
		return fmt.Errorf("cannot close %q: %w", path, err)
	}

	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("cannot replace %q: %w", path, err)
	}

	return nil
}

// DefaultBase is the port base of the named control plane.
func DefaultBase(name string) int {
	switch name {
	case "local":
		return basePortLocal
	case "test":
		return basePortTest
	}

	return basePortOther
}

// Ports derives every port from one base, so that two control planes never
// meet.
type Ports struct{ Base int }

// SSH is Gitea's SSH server, for git over SSH.
func (p Ports) SSH() int { return p.Base + 22 }

// DNS is where PowerDNS answers queries.
func (p Ports) DNS() int { return p.Base + 53 }

// PowerDNS is PowerDNS's HTTP API.
func (p Ports) PowerDNS() int { return p.Base + 81 }

// ControllerManager is kube-controller-manager's health endpoint.
func (p Ports) ControllerManager() int { return p.Base + 257 }

// Gitea is Gitea's web interface and API.
func (p Ports) Gitea() int { return p.Base + 300 }

// HcloudSim is the stand-in for Hetzner's API.
func (p Ports) HcloudSim() int { return p.Base + 350 }

// Etcd is etcd's client port.
func (p Ports) Etcd() int { return p.Base + 379 }

// EtcdPeer is etcd's peer port.
func (p Ports) EtcdPeer() int { return p.Base + 380 }

// APIServer is the Kubernetes API.
func (p Ports) APIServer() int { return p.Base + 443 }

// Registry is the OCI registry.
func (p Ports) Registry() int { return p.Base + 500 }

// CoreHealth is Crossplane's health endpoint.
func (p Ports) CoreHealth() int { return p.Base + 581 }

// CoreMetrics is Crossplane's metrics endpoint.
func (p Ports) CoreMetrics() int { return p.Base + 580 }

// CoreWebhook is Crossplane's webhook server.
func (p Ports) CoreWebhook() int { return p.Base + 594 }

// SourceController is the health endpoint of Flux's source-controller.
func (p Ports) SourceController() int { return p.Base + 440 }

// SourceArtifacts is where source-controller serves what it fetched.
func (p Ports) SourceArtifacts() int { return p.Base + 441 }

// KustomizeController is the health endpoint of Flux's kustomize-controller.
func (p Ports) KustomizeController() int { return p.Base + 442 }

// Function is the gRPC port of the i-th function.
func (p Ports) Function(i int) int { return p.Base + 600 + 2*i }

// FunctionHealth is the health port of the i-th function.
func (p Ports) FunctionHealth(i int) int { return p.Function(i) + 1 }

// Provider is the health port of the i-th provider.
func (p Ports) Provider(i int) int { return p.Base + 800 + 2*i }

// ProviderMetrics is the metrics port of the i-th provider.
func (p Ports) ProviderMetrics(i int) int { return p.Provider(i) + 1 }

// Addr is the supplied port on loopback. Nothing of ours listens elsewhere when
// it can be told not to.
func Addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
