package provider

import (
	"cmp"
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
)

// Back-off of one managed resource. crossplane-runtime starts at a second, and
// a resource that was created is observed only after its first back-off: a
// chain of five resources would wait five seconds for nothing.
const (
	baseDelay = 50 * time.Millisecond
	maxDelay  = 60 * time.Second
)

// timeout of one reconcile. It bounds every call to a server.
const timeout = 1 * time.Minute

// A Kind of managed resource and what connects it to its server.
type Kind[T resource.ModernManaged] struct {
	// GVK of the managed resource.
	GVK schema.GroupVersionKind
	// New returns an empty managed resource.
	New func() T
	// List is an empty list of the managed resource, for its state metrics.
	List resource.ManagedList
	// Connect returns what connects a managed resource to its server.
	Connect func(kube client.Client) managed.TypedExternalConnector[T]
	// AssignedByServer says that the server chooses the external name. All
	// other kinds are created again safely after an interrupted create.
	AssignedByServer bool
	// Name returns the external name of a managed resource that has none. The
	// default is the managed resource's name.
	Name func(T) string
	// NoDefaultName leaves a managed resource without an external name.
	NoDefaultName bool
	// Initializers run before the first observation, when the managed resource
	// has its external name.
	Initializers func(kube client.Client) []managed.Initializer
	// FindsCreated says that the connector finds what an interrupted create
	// left behind although the server chooses the external name. The name is
	// kept as soon as it is known, and the create may be done again.
	FindsCreated bool
	// Timeout of one reconcile. It bounds every call to a server. The default
	// is a minute.
	Timeout time.Duration
	// CreationGracePeriod is how long a server may take to show what was
	// created. The default is crossplane-runtime's half a minute.
	CreationGracePeriod time.Duration
	// PollInterval of one resource, given the provider's. The default is the
	// provider's, give or take ten per cent.
	PollInterval managed.PollIntervalHook
	// DeletionPollInterval is how long to wait until the next look at a resource
	// that is being deleted. The default backs off to a minute, and so does zero.
	DeletionPollInterval func(T) time.Duration
	// Finalizer wraps the one that is used, for a connector that keeps
	// something of each resource.
	Finalizer func(resource.Finalizer) resource.Finalizer
	// Hold says until when a resource that is being deleted keeps its finalizer
	// although what it stood for is gone, and what its condition Ready says
	// until then. It is not reconciled before. The zero time holds nothing.
	Hold func(T) (until time.Time, ready xpv1.Condition)
	// Await says what a resource needs that is not there yet, e.g. "Repository
	// acme", or nothing. A resource that waits is not reconciled.
	Await func(ctx context.Context, kube client.Client, mg T) (string, error)
	// Sources of reconcile requests beside the API server, for a provider that
	// learns of drift before the next poll.
	Sources []source.Source
}

// SetupGated starts reconciling the kind once its CRD is established.
func SetupGated[T resource.ModernManaged](mgr ctrl.Manager, o controller.Options, k Kind[T]) {
	o.Gate.Register(func() {
		if err := Setup(mgr, o, k); err != nil {
			// The gate's callback has no way to return an error, and a
			// provider that silently lacks a controller is worse than one
			// that restarts.
			panic(errors.Wrapf(err, "cannot set up %s controller", k.GVK.Kind))
		}
	}, k.GVK)
}

// Setup adds a controller that reconciles the kind.
func Setup[T resource.ModernManaged](mgr ctrl.Manager, o controller.Options, k Kind[T]) error {
	name := managed.ControllerName(k.GVK.GroupKind().String())

	init := []managed.Initializer{}
	if !k.NoDefaultName {
		init = append(init, nameInitializer(mgr.GetClient(), k.Name))
	}
	if k.Initializers != nil {
		init = append(init, k.Initializers(mgr.GetClient())...)
	}

	opts := []managed.ReconcilerOption{
		managed.WithCriticalAnnotationUpdater(criticalAnnotations(mgr.GetClient(), k.AssignedByServer || k.FindsCreated)),
		managed.WithTypedExternalConnector[T](k.Connect(mgr.GetClient())),
		managed.WithInitializers(init...),
		managed.WithReferenceResolver(naming{managed.NewAPISimpleReferenceResolver(mgr.GetClient())}),
		managed.WithFinalizer(wrap(k.Finalizer, newFinalizer(mgr.GetClient()))),
		managed.WithLogger(o.Logger.WithValues("controller", name)),
		managed.WithPollInterval(o.PollInterval),
		managed.WithPollJitterHook(o.PollInterval / 10),
		managed.WithTimeout(cmp.Or(k.Timeout, timeout)),
		managed.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name))), //nolint:staticcheck // crossplane-runtime takes no other.
		managed.WithDeterministicExternalName(!k.AssignedByServer),
	}
	if k.PollInterval != nil {
		opts = append(opts, managed.WithPollIntervalHook(k.PollInterval))
	}
	if k.CreationGracePeriod > 0 {
		opts = append(opts, managed.WithCreationGracePeriod(k.CreationGracePeriod))
	}
	if o.Features.Enabled(feature.EnableBetaManagementPolicies) {
		opts = append(opts, managed.WithManagementPolicies())
	}
	if o.MetricOptions != nil && o.MetricOptions.MRMetrics != nil {
		opts = append(opts, managed.WithMetricRecorder(o.MetricOptions.MRMetrics))
	}
	if o.MetricOptions != nil && o.MetricOptions.MRStateMetrics != nil && k.List != nil {
		rec := statemetrics.NewMRStateRecorder(mgr.GetClient(), o.Logger, o.MetricOptions.MRStateMetrics, k.List, o.MetricOptions.PollStateMetricInterval)
		if err := mgr.Add(rec); err != nil {
			return errors.Wrapf(err, "cannot record state metrics of %s", k.GVK.Kind)
		}
	}

	var r reconcile.Reconciler = managed.NewReconciler(mgr, resource.ManagedKind(k.GVK), opts...)
	if k.DeletionPollInterval != nil {
		r = &leaving[T]{Reconciler: r, kube: mgr.GetClient(), kind: k}
	}
	if k.Hold != nil {
		r = &holding[T]{Reconciler: r, kube: mgr.GetClient(), kind: k, now: time.Now}
	}
	if k.Await != nil {
		r = &awaiting[T]{Reconciler: r, kube: mgr.GetClient(), kind: k, now: time.Now}
	}
	b := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(controllerOptions(o)).
		WithEventFilter(resource.DesiredStateChanged()).
		For(k.New())
	for _, s := range k.Sources {
		b = b.WatchesRawSource(s)
	}
	return errors.Wrapf(b.Complete(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter)), "cannot create controller %s", name)
}

func wrap(with func(resource.Finalizer) resource.Finalizer, f resource.Finalizer) resource.Finalizer {
	if with == nil {
		return f
	}
	return with(f)
}

func controllerOptions(o controller.Options) ctrlcontroller.Options {
	out := o.ForControllerRuntime()
	out.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](baseDelay, maxDelay)
	return out
}

// criticalAnnotations persist what Create learns. Where names are known before
// Create there is nothing to learn, an interrupted create is simply done again,
// and an update less is an event less for every composite resource that
// watches.
func criticalAnnotations(c client.Client, persist bool) managed.CriticalAnnotationUpdater {
	if persist {
		return managed.NewRetryingCriticalAnnotationUpdater(c)
	}
	return managed.CriticalAnnotationUpdateFn(func(context.Context, client.Object) error { return nil })
}

// A ConfigKind is one of a provider's two kinds of configuration.
type ConfigKind struct {
	resource.ProviderConfigKinds

	// Object is an empty configuration of the kind.
	Object client.Object
	// Usage is an empty record of a managed resource using the kind.
	Usage client.Object
}

// SetupConfig adds the controller that keeps a provider configuration alive
// while a managed resource uses it.
func SetupConfig(mgr ctrl.Manager, o controller.Options, k ConfigKind) error {
	name := providerconfig.ControllerName(k.Config.GroupKind().String())
	r := providerconfig.NewReconciler(sparing{mgr}, k.ProviderConfigKinds,
		providerconfig.WithLogger(o.Logger.WithValues("controller", name)),
		providerconfig.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name)))) //nolint:staticcheck // crossplane-runtime takes no other.
	return errors.Wrapf(ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(o.ForControllerRuntime()).
		For(k.Object).
		Watches(k.Usage, &resource.EnqueueRequestForProviderConfig{Kind: k.Config.Kind}).
		Complete(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter)), "cannot create controller %s", name)
}
