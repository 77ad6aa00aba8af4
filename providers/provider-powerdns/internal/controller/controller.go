// Package controller sets up provider-powerdns's controllers.
package controller

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller/cryptokey"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller/delegation"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller/rrset"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller/tsigkey"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller/zone"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller/zonemetadata"
)

// maxChanged is how many reconcile requests for drift may wait to be taken.
// Those beyond it come with the next poll.
const maxChanged = 4096

// Setup all controllers.
func Setup(mgr ctrl.Manager, o controller.Options) error {
	zones, rrsets := newChanges(), newChanges()
	h := connect.Hub{
		Kube:     mgr.GetClient(),
		Recorder: event.NewAPIRecorder(mgr.GetEventRecorderFor("provider-powerdns")), //nolint:staticcheck // crossplane-runtime takes no other.
		Servers: clients.NewServers(clients.Options{
			MaxAge: o.PollInterval,
			Changed: func(reader string) {
				kind, name, _ := strings.Cut(reader, "/")
				switch kind {
				case v1alpha1.RRsetKind:
					rrsets.tell(&v1alpha1.RRset{}, name)
				case v1alpha1.ZoneKind:
					zones.tell(&v1alpha1.Zone{}, name)
				}
			},
		}),
	}

	for _, k := range configs() {
		setupConfigGated(mgr, o, k)
	}
	zone.SetupGated(mgr, o, h, zones.source())
	rrset.SetupGated(mgr, o, h, rrsets.source())
	cryptokey.SetupGated(mgr, o, h)
	tsigkey.SetupGated(mgr, o, h)
	zonemetadata.SetupGated(mgr, o, h)
	delegation.SetupGated(mgr, o, h)
	return nil
}

// setupConfigGated adds the controller of a provider configuration once the CRDs
// it needs are established.
func setupConfigGated(mgr ctrl.Manager, o controller.Options, k provider.ConfigKind) {
	o.Gate.Register(func() {
		if err := provider.SetupConfig(mgr, o, k); err != nil {
			// The gate's callback has no way to return an error.
			panic(errors.Wrapf(err, "cannot set up %s controller", k.Config.Kind))
		}
	}, k.Config, k.ProviderConfigKinds.Usage)
}

func configs() []provider.ConfigKind {
	return []provider.ConfigKind{
		{
			ProviderConfigKinds: resource.ProviderConfigKinds{
				Config:    v1alpha1.ProviderConfigGroupVersionKind,
				Usage:     v1alpha1.ProviderConfigUsageGroupVersionKind,
				UsageList: v1alpha1.ProviderConfigUsageListGroupVersionKind,
			},
			Object: &v1alpha1.ProviderConfig{},
			Usage:  &v1alpha1.ProviderConfigUsage{},
		},
		{
			ProviderConfigKinds: resource.ProviderConfigKinds{
				Config:    v1alpha1.ClusterProviderConfigGroupVersionKind,
				Usage:     v1alpha1.ProviderConfigUsageGroupVersionKind,
				UsageList: v1alpha1.ProviderConfigUsageListGroupVersionKind,
			},
			Object: &v1alpha1.ClusterProviderConfig{},
			Usage:  &v1alpha1.ProviderConfigUsage{},
		},
	}
}

// changes of what managed resources stand for, which their controller hears of.
type changes chan ctrlevent.GenericEvent

func newChanges() changes { return make(changes, maxChanged) }

func (c changes) source() source.Source {
	return source.Channel(c, &handler.EnqueueRequestForObject{})
}

// tell the controller, without waiting for it: the teller holds a lock.
func (c changes) tell(o client.Object, namespacedName string) {
	ns, name, _ := strings.Cut(namespacedName, string(types.Separator))
	o.SetNamespace(ns)
	o.SetName(name)
	select {
	case c <- ctrlevent.GenericEvent{Object: o}:
	default:
	}
}
