// Package controller reconciles the managed resources of Hetzner projects.
package controller

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjetconfig "github.com/crossplane/upjet/v2/pkg/config"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"
	upjetresource "github.com/crossplane/upjet/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/config"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clusterauthority"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/jointoken"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/kubeconfig"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/leftovers"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/teardown"
)

// DefaultPoll is the poll interval that keeps a hundred servers with their
// networks and load balancers within a tenth of a project's 3,600 requests an
// hour.
const DefaultPoll = 30 * time.Minute

// Reconciles of one kind at once. Each is a goroutine that waits most of the
// time, for Hetzner's actions or for work; servers come by the hundred, and
// their creation waits longest.
const (
	concurrency        = 10
	serversConcurrency = 50
)

// timeout of one reconcile. Creating a server or a load balancer waits for
// Hetzner's actions, which take minutes on a bad day, and what is given up in
// the middle has to be found again.
const timeout = 15 * time.Minute

// creationGrace is how long the API may take to show what it has created.
const creationGrace = 2 * time.Second

// An object is a managed resource that Terraform's code reconciles.
type object interface {
	resource.ModernManaged
	upjetresource.Terraformed
}

// A kind of managed resource.
type kind struct {
	// resource is the name of the Terraform resource.
	resource string
	gvk      schema.GroupVersionKind
	// new returns an empty managed resource.
	new func() object
	// setup adds the kind's controller once its CRD is there.
	setup func(mgr ctrl.Manager, o controller.Options, r *reconcilers)
}

// of describes a kind by its Go type.
func of[T object](name string, gvk schema.GroupVersionKind, empty T, list resource.ManagedList) kind {
	fresh := func() T {
		c, _ := empty.DeepCopyObject().(T)
		return c
	}
	return kind{
		resource: name,
		gvk:      gvk,
		new:      func() object { return fresh() },
		setup: func(mgr ctrl.Manager, o controller.Options, r *reconcilers) {
			cfg := r.provider.Resources[name]
			o.MaxConcurrentReconciles = min(o.MaxConcurrentReconciles, concurrency)
			if gvk == v1alpha1.Server_GroupVersionKind {
				o.MaxConcurrentReconciles = serversConcurrency
			}
			provider.SetupGated(mgr, o, provider.Kind[T]{
				GVK:  gvk,
				New:  fresh,
				List: list,
				Connect: func(kube client.Client) managed.TypedExternalConnector[T] {
					return &typed[T]{inner: r.connector(kube, cfg)}
				},
				NoDefaultName:       true,
				FindsCreated:        true,
				Timeout:             timeout,
				CreationGracePeriod: creationGrace,
				PollInterval:        poll,
				Finalizer: func(f resource.Finalizer) resource.Finalizer {
					return upjet.NewOperationTrackerFinalizer(r.operations, f)
				},
			})
		},
	}
}

// typed hands managed resources of one type to a connector of any.
type typed[T object] struct{ inner *connector }

// Connect to the project the managed resource lives in.
func (t *typed[T]) Connect(ctx context.Context, mg T) (managed.TypedExternalClient[T], error) {
	e, err := t.inner.Connect(ctx, mg)
	if err != nil {
		return nil, err
	}
	return &typedClient[T]{ExternalClient: e}, nil
}

// A typedClient is an external client of managed resources of one type.
type typedClient[T object] struct{ managed.ExternalClient }

// Observe the managed resource.
func (t *typedClient[T]) Observe(ctx context.Context, mg T) (managed.ExternalObservation, error) {
	return t.ExternalClient.Observe(ctx, mg)
}

// Create the managed resource.
func (t *typedClient[T]) Create(ctx context.Context, mg T) (managed.ExternalCreation, error) {
	return t.ExternalClient.Create(ctx, mg)
}

// Update the managed resource.
func (t *typedClient[T]) Update(ctx context.Context, mg T) (managed.ExternalUpdate, error) {
	return t.ExternalClient.Update(ctx, mg)
}

// Delete the managed resource.
func (t *typedClient[T]) Delete(ctx context.Context, mg T) (managed.ExternalDelete, error) {
	return t.ExternalClient.Delete(ctx, mg)
}

// reconcilers is what the controllers of all kinds share.
type reconcilers struct {
	provider   *upjetconfig.Provider
	operations *upjet.OperationTrackerStore
	pool       *clients.Pool
	reporter   *reporter
}

func newReconcilers(pool *clients.Pool) *reconcilers {
	return &reconcilers{
		provider:   config.ForRuntime(),
		operations: upjet.NewOperationStore(quiet()),
		pool:       pool,
		reporter:   &reporter{},
	}
}

// quiet is the log that upjet gets: none. It writes whole differences at debug
// level, and those hold user data and passwords.
func quiet() logging.Logger { return logging.NewNopLogger() }

func (r *reconcilers) connector(kube client.Client, cfg *upjetconfig.Resource) *connector {
	return &connector{
		kube:       kube,
		config:     cfg,
		operations: r.operations,
		project:    r.projects(kube),
	}
}

// A hcloudConfig is either kind of provider configuration.
type hcloudConfig interface {
	provider.Config

	HCloud() *v1alpha1.ConfigSpec
	HCloudStatus() *v1alpha1.ConfigStatus
}

// projects finds the client of the project a managed resource lives in.
func (r *reconcilers) projects(kube client.Client) func(ctx context.Context, mg resource.ModernManaged) (*clients.Client, error) {
	resolver := &provider.Resolver{
		Kube:             kube,
		Usage:            resource.NewProviderConfigUsageTracker(kube, &v1alpha1.ProviderConfigUsage{}),
		NewConfig:        func() provider.Config { return &v1alpha1.ProviderConfig{} },
		NewClusterConfig: func() provider.Config { return &v1alpha1.ClusterProviderConfig{} },
	}
	return func(ctx context.Context, mg resource.ModernManaged) (*clients.Client, error) {
		endpoint, err := resolver.Resolve(ctx, mg)
		if err != nil {
			return nil, err
		}
		ref := mg.GetProviderConfigReference()
		at := configRef{kind: ref.Kind, NamespacedName: types.NamespacedName{Name: ref.Name}}
		if ref.Kind == provider.KindProviderConfig {
			at.Namespace = mg.GetNamespace()
		}
		cfg, err := at.get(ctx, kube)
		if err != nil {
			return nil, err
		}
		p := clients.Project{Endpoint: endpoint}
		if s := cfg.HCloud().StorageEndpoint; s != nil {
			p.Storage = *s
		}
		if d := cfg.HCloud().PollInterval; d != nil {
			p.Poll = d.Duration
		}
		if d := cfg.HCloud().ListLag; d != nil {
			p.ListLag = d.Duration
		}
		c, err := r.pool.Client(p)
		if err != nil {
			return nil, err
		}
		r.reporter.use(at, c)
		return c, nil
	}
}

// Setup adds the controllers of all kinds and the metrics of their clients.
func Setup(mgr ctrl.Manager, o controller.Options) error {
	pool := clients.NewPool()
	if err := metrics.Registry.Register(clients.NewCollector(pool)); err != nil {
		return errors.Wrap(err, "cannot register metrics")
	}
	return Add(mgr, o, pool)
}

// Add the controllers of all kinds, whose clients come from the pool.
func Add(mgr ctrl.Manager, o controller.Options, pool *clients.Pool) error {
	r := newReconcilers(pool)
	r.reporter.kube, r.reporter.log = mgr.GetClient(), o.Logger
	if err := mgr.Add(r.reporter); err != nil {
		return errors.Wrap(err, "cannot publish API budgets")
	}
	configs(mgr, o)
	jointoken.Setup(mgr, o)
	clusterauthority.Setup(mgr, o)
	kubeconfig.Setup(mgr, o)
	leftovers.Setup(mgr, o, r.projects(mgr.GetClient()))
	teardown.Setup(mgr, o)
	for _, k := range kinds() {
		k.setup(mgr, o, r)
	}
	return nil
}

func configs(mgr ctrl.Manager, o controller.Options) {
	usage, list := v1alpha1.ProviderConfigUsageGroupVersionKind, v1alpha1.CRDGroupVersion.WithKind(v1alpha1.ProviderConfigUsageKind+"List")
	for _, k := range []provider.ConfigKind{
		{
			ProviderConfigKinds: resource.ProviderConfigKinds{Config: v1alpha1.ProviderConfigGroupVersionKind, Usage: usage, UsageList: list},
			Object:              &v1alpha1.ProviderConfig{}, Usage: &v1alpha1.ProviderConfigUsage{},
		},
		{
			ProviderConfigKinds: resource.ProviderConfigKinds{Config: v1alpha1.ClusterProviderConfigGroupVersionKind, Usage: usage, UsageList: list},
			Object:              &v1alpha1.ClusterProviderConfig{}, Usage: &v1alpha1.ProviderConfigUsage{},
		},
	} {
		o.Gate.Register(func() {
			if err := provider.SetupConfig(mgr, o, k); err != nil {
				// A provider that lacks a controller is worse than one that
				// restarts.
				panic(err)
			}
		}, k.Config, k.ProviderConfigKinds.Usage)
	}
}
