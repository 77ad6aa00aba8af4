package sovereign

import (
	corev1 "k8s.io/api/core/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// registrarKey is the one key of the Secret that opens the registrar.
const registrarKey = "credentials"

// credentials of the registrar that the spec names, or nil.
func (s *sovereign) credentials() *source {
	r := s.Spec.Domain.Registrar
	if r == nil {
		return nil
	}
	return &source{field: "spec.domain.registrar.credentialsSecretRef", name: r.CredentialsSecretRef.Name, key: r.CredentialsSecretRef.Key}
}

// requireCredentials requires them in the platform's own namespace.
func (s *sovereign) requireCredentials() *source {
	out := s.credentials()
	if out != nil {
		out.secret = s.run.RequireOne("secret-"+keyRegistrar, composing.Selector{APIVersion: "v1", Kind: "Secret", Namespace: naming.NamespaceSystem, Name: out.name})
	}
	return out
}

// copyCredentials of the registrar to where the Delegation may read them. The copy
// stays as it was while there is nothing to copy: what the registrar was told could
// not be taken back without.
func (s *sovereign) copyCredentials(ns *composing.Step, from *source) (*composing.Step, error) {
	step := s.run.Step("RegistrarCredentials")
	value, missing := from.value()
	if missing != "" {
		step.Wait(ReasonSecretMissing, missing)
		step.Blame("Secret", from.name)
		return step, nil
	}
	err := step.DesireAfter(ns, keyRegistrar, &corev1.Secret{ObjectMeta: s.meta(keyRegistrar), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{registrarKey: value}})
	return step, err
}

// registrar of the domain, if it is told anything. Who cascades does not wait until
// somebody has removed DS records by hand.
func (s *sovereign) registrar() *powerdns.DelegationRegistrar {
	r := s.Spec.Domain.Registrar
	if r == nil {
		return nil
	}
	out := &powerdns.DelegationRegistrar{
		Type:                 r.Type,
		Endpoint:             r.Endpoint,
		CredentialsSecretRef: xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: keyRegistrar}, Key: registrarKey},
	}
	if s.Spec.DeletionPolicy == v1alpha1.DeletionCascade {
		out.AbandonDS = new(true)
	}
	return out
}
