package environment

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
)

// An integration with another system: composed where the system's kinds are
// known to the API server, skipped where not.
type integration struct {
	step    string
	system  string
	present bool
	objects func(env *v1alpha1.Environment) map[string]client.Object
}

func (i integration) compose(r *composing.Run, env *v1alpha1.Environment) error {
	s := r.Step(i.step)
	if !i.present {
		s.Skip(composing.ReasonIntegrationMissing, i.system+" is not installed")
		return nil
	}
	return s.DesireAll(i.objects(env))
}

// integrations of an Environment and whether each is there. All are asked for
// before any answer is used, so that one further call settles them.
func integrations(r *composing.Run) []integration {
	nack := schema.GroupVersion{Group: "jetstream.nats.io", Version: "v1beta2"}
	eso := schema.GroupVersion{Group: "external-secrets.io", Version: "v1"}
	flux := schema.GroupVersion{Group: "kustomize.toolkit.fluxcd.io", Version: "v1"}
	return []integration{
		{
			step: "Events", system: "NACK, the JetStream controller,",
			present: r.RequireAPIs(nack),
			objects: func(env *v1alpha1.Environment) map[string]client.Object {
				return map[string]client.Object{
					"events-stream": object(env, nack.WithKind("Stream"), naming.StreamName(env.GetName()), map[string]any{
						"name":     naming.StreamName(env.GetName()),
						"subjects": []any{naming.SubjectPrefix(env.GetName()) + ".>"},
						"storage":  "file",
					}),
					"events-state": object(env, nack.WithKind("KeyValue"), naming.StateBucket(env.GetName()), map[string]any{
						"bucket":  naming.StateBucket(env.GetName()),
						"storage": "file",
					}),
				}
			},
		},
		{
			step: "Secrets", system: "External Secrets",
			present: r.RequireAPIs(eso),
			objects: func(env *v1alpha1.Environment) map[string]client.Object {
				return map[string]client.Object{
					"secret-store": object(env, eso.WithKind("SecretStore"), env.GetName(), map[string]any{
						"provider": map[string]any{"vault": map[string]any{
							"server":  "http://openbao.openbao.svc:8200",
							"path":    "secret",
							"version": "v2",
							"auth": map[string]any{"kubernetes": map[string]any{
								"mountPath": "kubernetes",
								// The role confines the Environment to its path.
								"role": "env-" + env.GetName(),
							}},
						}},
					}),
				}
			},
		},
		{
			step: "Delivery", system: "Flux",
			present: r.RequireAPIs(flux),
			objects: func(env *v1alpha1.Environment) map[string]client.Object {
				return map[string]client.Object{"delivery-account": fluxServiceAccount(env)}
			},
		},
	}
}

func object(env *v1alpha1.Environment, gvk schema.GroupVersionKind, name string, spec map[string]any) *unstructured.Unstructured {
	l := map[string]any{}
	for k, v := range labels(env) {
		l[k] = v
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gvk.GroupVersion().String(),
		"kind":       gvk.Kind,
		"metadata":   map[string]any{"name": name, "namespace": env.GetNamespace(), "labels": l},
		"spec":       spec,
	}}
}
