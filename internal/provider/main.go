package provider

import (
	"cmp"
	"context"
	"time"

	"github.com/alecthomas/kong"
	authv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/customresourcesgate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
)

// Leases are held longer than controller-runtime's 15 seconds because a busy
// provider renews late: it shares its client's rate limit with reconciles.
const (
	leaseDuration = 60 * time.Second
	renewDeadline = 50 * time.Second
)

// crdAccessTimeout bounds the wait for the provider's role to be bound.
const crdAccessTimeout = 2 * time.Minute

// Flags every provider takes.
type Flags struct {
	Debug                    bool          `help:"Log what each reconcile decides." short:"d"`
	LeaderElection           bool          `env:"LEADER_ELECTION" help:"Reconcile only while holding the provider's lease." short:"l"`
	LeaderElectionNamespace  string        `env:"POD_NAMESPACE" help:"Namespace of the provider's lease, when it cannot be told from where the provider runs."`
	Sync                     time.Duration `default:"1h" help:"How often every object is looked at again, whatever was watched."`
	Poll                     time.Duration `default:"${poll}" help:"How often each external resource is checked for drift, give or take ten per cent."`
	PollStateMetric          time.Duration `default:"5s" help:"How often the state metrics of managed resources are recorded."`
	MaxReconcileRate         int           `default:"100" help:"Reconciles per second over all kinds, and how many of one kind run at once. The client may make five times as many requests per second."`
	EnableManagementPolicies bool          `default:"true" help:"Honour spec.managementPolicies." negatable:""`
	MetricsBindAddress       string        `default:":8080" help:"Address metrics are served at. 0 turns them off."`
	HealthProbeBindAddress   string        `default:":8081" help:"Address /healthz and /readyz are served at. 0 turns them off."`
}

// A Provider is what one provider adds to the common frame.
type Provider struct {
	// Name of the provider, e.g. provider-gitea.
	Name string
	// Description shown by --help.
	Description string
	// Poll is how often each external resource is checked for drift when no
	// flag says otherwise. The default is a minute.
	Poll time.Duration
	// AddToScheme registers the provider's API types.
	AddToScheme func(*runtime.Scheme) error
	// Setup adds the provider's controllers. Kinds are gated on their CRDs
	// when o.Gate is set.
	Setup func(mgr ctrl.Manager, o controller.Options) error
}

// Main parses flags, runs the provider until it is told to stop and exits.
func Main(p Provider) {
	f := &Flags{}
	k := kong.Parse(f, kong.Name(p.Name), kong.Description(p.Description), kong.Vars{"poll": cmp.Or(p.Poll, time.Minute).String()})
	k.FatalIfErrorf(Run(ctrl.SetupSignalHandler(), p, *f))
}

// Run the provider until ctx is done.
func Run(ctx context.Context, p Provider, f Flags) error {
	zl := zap.New(zap.UseDevMode(f.Debug))
	ctrl.SetLogger(zl)
	log := logging.NewLogrLogger(zl.WithName(p.Name))

	cfg, err := ctrl.GetConfig()
	if err != nil {
		return errors.Wrap(err, "cannot get API server configuration")
	}

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, p.AddToScheme} {
		if err := add(scheme); err != nil {
			return errors.Wrap(err, "cannot register API types")
		}
	}

	lease, renew := leaseDuration, renewDeadline
	mgr, err := ctrl.NewManager(ratelimiter.LimitRESTConfig(cfg, f.MaxReconcileRate), ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			SyncPeriod:       &f.Sync,
			DefaultTransform: cache.TransformStripManagedFields(),
		},
		// Secrets are read one at a time and rarely: caching them would hold
		// every Secret of the cluster in this process.
		Client:                     client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		LeaderElection:             f.LeaderElection,
		LeaderElectionID:           "crossplane-leader-election-" + p.Name,
		LeaderElectionNamespace:    f.LeaderElectionNamespace,
		LeaderElectionResourceLock: resourcelock.LeasesResourceLock,
		LeaseDuration:              &lease,
		RenewDeadline:              &renew,
		Metrics:                    server.Options{BindAddress: f.MetricsBindAddress},
		HealthProbeBindAddress:     f.HealthProbeBindAddress,
	})
	if err != nil {
		return errors.Wrap(err, "cannot create controller manager")
	}
	if err := addProbes(mgr); err != nil {
		return err
	}

	o, err := options(ctx, mgr, log, f)
	if err != nil {
		return err
	}
	if err := p.Setup(mgr, o); err != nil {
		return errors.Wrap(err, "cannot set up controllers")
	}
	return errors.Wrap(mgr.Start(ctx), "cannot run controller manager")
}

func addProbes(mgr manager.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return errors.Wrap(err, "cannot add health probe")
	}
	return errors.Wrap(mgr.AddReadyzCheck("ping", healthz.Ping), "cannot add readiness probe")
}

func options(ctx context.Context, mgr manager.Manager, log logging.Logger, f Flags) (controller.Options, error) {
	mr, state := managed.NewMRMetricRecorder(), statemetrics.NewMRStateMetrics()
	metrics.Registry.MustRegister(mr, state)

	o := controller.Options{
		Logger:                  log,
		MaxConcurrentReconciles: f.MaxReconcileRate,
		PollInterval:            f.Poll,
		GlobalRateLimiter:       ratelimiter.NewGlobal(f.MaxReconcileRate),
		Features:                &feature.Flags{},
		MetricOptions: &controller.MetricOptions{
			PollStateMetricInterval: f.PollStateMetric,
			MRMetrics:               mr,
			MRStateMetrics:          state,
		},
	}
	if f.EnableManagementPolicies {
		o.Features.Enable(feature.EnableBetaManagementPolicies)
	}

	if err := awaitCRDAccess(ctx, mgr); err != nil {
		return controller.Options{}, err
	}
	o.Gate = new(gate.Gate[schema.GroupVersionKind])
	return o, errors.Wrap(customresourcesgate.Setup(mgr, o), "cannot watch CustomResourceDefinitions")
}

// awaitCRDAccess waits until this provider may watch CRDs. RBAC for a new
// provider is bound moments after it starts, and a cache that may not list
// never syncs and never says why.
func awaitCRDAccess(ctx context.Context, mgr manager.Manager) error {
	c, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme()})
	if err != nil {
		return errors.Wrap(err, "cannot create client")
	}
	for _, verb := range []string{"get", "list", "watch"} {
		err := wait.PollUntilContextTimeout(ctx, time.Second, crdAccessTimeout, true, func(ctx context.Context) (bool, error) {
			r := &authv1.SelfSubjectAccessReview{Spec: authv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authv1.ResourceAttributes{
				Group:    apiextensionsv1.GroupName,
				Resource: "customresourcedefinitions",
				Verb:     verb,
			}}}
			if err := c.Create(ctx, r); err != nil {
				return false, errors.Wrap(err, "cannot review own access")
			}
			return r.Status.Allowed, nil
		})
		if err != nil {
			return errors.Wrapf(err, "a kind's controller starts when its CustomResourceDefinition is active, and this provider's service account may not %s customresourcedefinitions", verb)
		}
	}
	return nil
}
