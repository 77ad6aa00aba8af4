package hostcluster

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

const (
	// bootstrapKit is what Flux's objects are called that follow the repository.
	bootstrapKit  = "bootstrap-kit"
	fluxNamespace = "flux-system"
	kubeSystem    = "kube-system"

	// autoscalerSecret is where cluster-autoscaler finds what new servers start
	// with, and autoscalerKey what the variable HCLOUD_CLUSTER_CONFIG takes.
	autoscalerSecret = "cluster-autoscaler-hcloud" //nolint:gosec // The name of a Secret.
	autoscalerKey    = "cluster-config"
)

// deployKey composes the key that the cluster's Flux reads its repository with.
func (c *hostCluster) deployKey(s *composing.Step) error {
	if c.Spec.Bootstrap == nil || c.Spec.Bootstrap.Git == nil {
		c.run.Retire(keyDeployKey, "spec.bootstrap names no repository any more")
		return nil
	}
	git := c.Spec.Bootstrap.Git
	return s.Desire(keyDeployKey, &gitea.DeployKey{
		ObjectMeta: c.cluster.Meta(keyDeployKey),
		Spec: gitea.DeployKeySpec{
			ManagedResourceSpec: xpv2.ManagedResourceSpec{
				ProviderConfigReference:          &xpv1.ProviderConfigReference{Kind: gitea.ClusterProviderConfigKind, Name: cmp.Or(git.ProviderConfig, "default")},
				WriteConnectionSecretToReference: &xpv1.LocalSecretReference{Name: c.cluster.Object(keyDeployKey)},
			},
			ForProvider: gitea.DeployKeyParameters{
				Owner: new(git.Owner), Repository: new(git.Repository), Title: new(c.deployKeyTitle()), ReadOnly: new(true),
			},
		},
	})
}

// deployKeyTitle is unique in a repository that Sovereigns share. Gitea takes 50
// characters.
func (c *hostCluster) deployKeyTitle() string {
	out := strings.TrimPrefix(c.GetNamespace(), "sovereign-") + "-" + c.GetName()
	return out[:min(len(out), 50)]
}

// A wait is for an object that is not there or not complete.
type wait struct{ reason, message, kind, name string }

// manifests that the cluster starts with, by file, or what they wait for. Each
// object that one server may start with and another may not has a file of its
// own: k3s takes away what a file had before and has no more, a namespace with
// all that is in it, and leaves alone what a file was deleted of.
func (c *hostCluster) manifests(in *inputs) (map[string]string, *wait, error) {
	if c.Spec.Bootstrap == nil {
		return nil, nil, nil
	}
	files := map[string][]map[string]any{}
	for _, s := range c.Spec.Bootstrap.Secrets {
		o, missing := copyOf(s, in.sources[s.SourceRef.Name])
		if missing != nil {
			return nil, missing, nil
		}
		addSecret(files, o)
	}
	if git := c.Spec.Bootstrap.Git; git != nil {
		key, missing := c.gitSecret(in.deployKey)
		if missing != nil {
			return nil, missing, nil
		}
		url := c.run.Observed(keyDeployKey).String("status", "atProvider", "sshURL")
		if url == "" {
			return nil, &wait{ReasonDeployKeyUnknown, "Waits for the address of the repository that Flux follows", gitea.DeployKeyGroupVersionKind.Kind, c.cluster.Object(keyDeployKey)}, nil
		}
		addSecret(files, key)
		files["catalyst-bootstrap-kit.yaml"] = kit(git, url)
	}
	out := map[string]string{}
	for name, objects := range files {
		text, err := documents(objects)
		if err != nil {
			return nil, nil, err
		}
		out[name] = text
	}
	return out, nil, nil
}

// addSecret and its namespace. k3s names a file by what is before its first dot.
func addSecret(files map[string][]map[string]any, secret map[string]any) {
	md, _ := secret["metadata"].(map[string]any)
	namespace, name := fmt.Sprint(md["namespace"]), fmt.Sprint(md["name"])
	sum := sha256.Sum256([]byte(namespace + "/" + name))
	files[fmt.Sprintf("catalyst-secret-%s-%s.yaml", name, hex.EncodeToString(sum[:4]))] = []map[string]any{secret}
	if namespace != kubeSystem && namespace != "default" {
		files["catalyst-namespace-"+namespace+".yaml"] = []map[string]any{{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}}
	}
}

// copyOf a Secret of the cluster's namespace.
func copyOf(s v1alpha1.BootstrapSecret, source *composing.Observed) (map[string]any, *wait) {
	missing := func(message string) *wait {
		return &wait{ReasonSecretMissing, message, "Secret", s.SourceRef.Name}
	}
	if source == nil {
		return nil, missing("Waits for Secret " + s.SourceRef.Name + " of spec.bootstrap.secrets")
	}
	keys := s.Keys
	if len(keys) == 0 {
		keys = source.Keys("data")
	}
	data := map[string]any{}
	for _, k := range keys {
		v := source.String("data", k)
		if v == "" {
			return nil, missing(fmt.Sprintf("Secret %s of spec.bootstrap.secrets has no key %s", s.SourceRef.Name, k))
		}
		data[k] = v
	}
	return secretManifest(cmp.Or(s.Namespace, fluxNamespace), s.Name, cmp.Or(s.Type, "Opaque"), data), nil
}

// gitSecret is what Flux opens its repository with.
func (c *hostCluster) gitSecret(key *composing.Observed) (map[string]any, *wait) {
	data := map[string]any{}
	for _, k := range []string{"identity", "identity.pub", "known_hosts"} {
		v := key.String("data", k)
		if v == "" {
			message := "Waits for the key that opens the repository that Flux follows"
			if key.String("data", "identity") != "" {
				message = "Waits for " + k + " of the repository that Flux follows. Set spec.sshKnownHosts of the provider configuration if its SSH port cannot be reached"
			}
			return nil, &wait{ReasonDeployKeyUnknown, message, gitea.DeployKeyGroupVersionKind.Kind, c.cluster.Object(keyDeployKey)}
		}
		data[k] = v
	}
	return secretManifest(fluxNamespace, bootstrapKit, "Opaque", data), nil
}

// kit is what Flux follows: the folder of the repository, with all that is in it.
func kit(git *v1alpha1.BootstrapGit, url string) []map[string]any {
	meta := map[string]any{"name": bootstrapKit, "namespace": fluxNamespace}
	return []map[string]any{
		{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": meta, "spec": map[string]any{
			"interval": "1m", "url": url, "ref": map[string]any{"branch": cmp.Or(git.Branch, naming.BranchMain)}, "secretRef": map[string]any{"name": bootstrapKit},
		}},
		{"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": meta, "spec": map[string]any{
			"interval": "5m", "retryInterval": "1m", "timeout": "30m", "path": git.Path, "prune": true, "wait": true,
			"sourceRef": map[string]any{"kind": "GitRepository", "name": bootstrapKit},
		}},
	}
}

// elastic tells cluster-autoscaler what the servers start with that it makes:
// what workers start with. It takes images and nodes' labels by node group.
// https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler/cloudprovider/hetzner
func (c *hostCluster) elastic(worker string) (string, error) {
	group, err := c.cluster.ElasticGroup()
	if err != nil {
		return "", err
	}
	config, err := json.Marshal(map[string]any{
		"imagesForArch": map[string]any{"amd64": image, "arm64": image},
		"nodeConfigs": map[string]any{group: map[string]any{
			"cloudInit": worker, "labels": map[string]any{"catalyst.openova.io/role": v1alpha1.RoleWorker},
		}},
	})
	if err != nil {
		return "", fmt.Errorf("cannot render the configuration of cluster-autoscaler: %w", err)
	}
	// The variable takes base64, and so does a Secret.
	once := base64.StdEncoding.EncodeToString(config)
	o := secretManifest(kubeSystem, autoscalerSecret, "Opaque", nil)
	delete(o, "data")
	o["stringData"] = map[string]any{autoscalerKey: once}
	return documents([]map[string]any{o})
}

func secretManifest(namespace, name, typ string, data map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": typ,
		"metadata": map[string]any{"name": name, "namespace": namespace}, "data": data,
	}
}

// documents of one YAML file.
func documents(objects []map[string]any) (string, error) {
	out := make([]string, 0, len(objects))
	for _, o := range objects {
		text, err := yaml.Marshal(o)
		if err != nil {
			return "", fmt.Errorf("cannot render %v: %w", o["kind"], err)
		}
		out = append(out, string(text))
	}
	return strings.Join(out, "---\n"), nil
}
