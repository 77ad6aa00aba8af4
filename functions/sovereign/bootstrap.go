package sovereign

import (
	"encoding/base64"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
)

// Secrets the entrance starts with, in the namespace of Flux. The kit's releases
// name the first, and what the Sovereign runs itself the second.
const (
	cloudCredentials = "cloud-credentials" //nolint:gosec // The name of a Secret.
	cloudToken       = "hcloud-token"
	fluxNamespace    = "flux-system"
)

// A source is a key of a Secret of the platform team's.
type source struct {
	// field of the spec that names it.
	field     string
	name, key string
	// typ the Secret must have, if any.
	typ corev1.SecretType
	// as what the entrance has it.
	as v1alpha1.BootstrapSecret

	secret *composing.Observed
}

// sources the spec names.
func (s *sovereign) sources() []*source {
	kit := s.Spec.BootstrapKit
	if kit == nil {
		return nil
	}
	var out []*source
	copied := v1alpha1.LocalReference{Name: keyBootstrap}
	if ref := kit.PullSecretRef; ref != nil {
		out = append(out, &source{
			field: "spec.bootstrapKit.pullSecretRef", name: ref.Name, key: corev1.DockerConfigJsonKey, typ: corev1.SecretTypeDockerConfigJson,
			as: v1alpha1.BootstrapSecret{Name: theKit().PullSecret, Namespace: fluxNamespace, Type: string(corev1.SecretTypeDockerConfigJson), SourceRef: copied, Keys: []string{corev1.DockerConfigJsonKey}},
		})
	}
	if ref := kit.CloudCredentialsRef; ref != nil {
		out = append(out, &source{
			field: "spec.bootstrapKit.cloudCredentialsRef", name: ref.Name, key: ref.Key,
			as: v1alpha1.BootstrapSecret{Name: cloudCredentials, Namespace: fluxNamespace, Type: string(corev1.SecretTypeOpaque), SourceRef: copied, Keys: []string{cloudToken}},
		})
	}
	return out
}

// requireSecrets requires what the spec names in the platform's own namespace.
func (s *sovereign) requireSecrets() []*source {
	out := s.sources()
	for _, src := range out {
		src.secret = s.run.RequireOne("secret-"+src.as.Name, composing.Selector{APIVersion: "v1", Kind: "Secret", Namespace: naming.NamespaceSystem, Name: src.name})
	}
	return out
}

// secrets composes one copy of what the platform team's Secrets hold, in the
// namespace the entrance can read. Whoever may read it there reads no more than
// the keys that are named.
func (s *sovereign) secrets(ns *composing.Step, sources []*source) error {
	if len(sources) == 0 {
		s.run.Retire(keyBootstrap, "spec.bootstrapKit names no Secrets any more")
		return nil
	}
	step := s.run.Step("BootstrapSecrets")
	out := &corev1.Secret{ObjectMeta: s.meta(keyBootstrap), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{}}
	for _, src := range sources {
		value, missing := src.value()
		if missing != "" {
			step.Wait(ReasonSecretMissing, missing)
			step.Blame("Secret", src.name)
			return nil
		}
		out.Data[src.as.Keys[0]] = value
	}
	return step.DesireAfter(ns, keyBootstrap, out)
}

// value of the key, or what is waited for.
func (s *source) value() (value []byte, missing string) {
	if s.secret == nil {
		return nil, fmt.Sprintf("Waits for Secret %s of %s in the namespace %s", s.name, s.field, naming.NamespaceSystem)
	}
	if typ := s.secret.String("type"); s.typ != "" && typ != string(s.typ) {
		return nil, fmt.Sprintf("Secret %s of %s has the type %s, not %s", s.name, s.field, typ, s.typ)
	}
	value, err := base64.StdEncoding.DecodeString(s.secret.String("data", s.key))
	if err != nil || len(value) == 0 {
		return nil, fmt.Sprintf("Secret %s of %s has no key %s", s.name, s.field, s.key)
	}
	return value, ""
}

// bootstrap of the entrance: its Flux follows the Sovereign's kit.
func (s *sovereign) bootstrap() *v1alpha1.HostClusterBootstrap {
	out := &v1alpha1.HostClusterBootstrap{Git: &v1alpha1.BootstrapGit{
		ProviderConfig: gitOf(s.Spec.Git.ProviderConfig),
		Owner:          orgSystem,
		Repository:     repoKit,
		Branch:         naming.BranchMain,
		Path:           "./" + s.kitPath(),
	}}
	for _, src := range s.sources() {
		out.Secrets = append(out.Secrets, src.as)
	}
	return out
}
