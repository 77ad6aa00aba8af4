// Package connect is the way from a managed resource to the client of the
// server it lives on, and what all kinds do the same way on arrival.
package connect

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	kmeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// ReasonDriftCorrected is the reason of the event that says that the server
// was found changed and has been changed back.
const ReasonDriftCorrected event.Reason = "DriftCorrected"

// A Session is what an external client works with.
type Session struct {
	// Gitea is the client of the server.
	Gitea *clients.Client
	// Kube reads what the managed resource refers to.
	Kube client.Client
	// Record events.
	Record event.Recorder
	// KnownHosts of the server's SSH, when they are configured.
	KnownHosts string
	// Milestones that others wait for.
	Milestones *Milestones
}

// An External makes the external client of a kind.
type External[T resource.ModernManaged] func(s Session) managed.TypedExternalClient[T]

// A Connector connects managed resources of a kind.
type Connector[T resource.ModernManaged] struct {
	Resolver *provider.Resolver
	Pool     *clients.Pool
	Kube     client.Client
	Record   event.Recorder
	External External[T]
	Prompt   *Prompt
	// Milestones that others wait for, and which of them a managed resource
	// reaches.
	Milestones *Milestones
	Reaches    func(T) []string
}

// Connect to the server mg lives on.
func (c *Connector[T]) Connect(ctx context.Context, mg T) (managed.TypedExternalClient[T], error) {
	e, err := c.Resolver.Resolve(ctx, mg)
	if err != nil {
		return nil, err
	}
	g, err := c.Pool.Get(e)
	if err != nil {
		return nil, errors.Wrap(err, "cannot create client")
	}
	hosts, err := c.knownHosts(ctx, mg)
	if err != nil {
		return nil, err
	}
	ext := c.External(Session{Gitea: g, Kube: c.Kube, Record: c.Record, KnownHosts: hosts, Milestones: c.Milestones})
	return &prompted[T]{TypedExternalClient: ext, prompt: c.Prompt, milestones: c.Milestones, reaches: c.Reaches}, nil
}

// knownHosts of the provider configuration, which was just read and comes from
// the cache.
func (c *Connector[T]) knownHosts(ctx context.Context, mg T) (string, error) {
	ref := mg.GetProviderConfigReference()
	if ref.Kind == provider.KindProviderConfig {
		cfg := &v1alpha1.ProviderConfig{}
		err := c.Kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, cfg)
		return Value(cfg.Spec.SSHKnownHosts), errors.Wrap(err, "cannot get provider configuration")
	}
	cfg := &v1alpha1.ClusterProviderConfig{}
	err := c.Kube.Get(ctx, types.NamespacedName{Name: ref.Name}, cfg)
	return Value(cfg.Spec.SSHKnownHosts), errors.Wrap(err, "cannot get provider configuration")
}

// NewResolver returns the resolver of the provider's configurations.
func NewResolver(kube client.Client) *provider.Resolver {
	return &provider.Resolver{
		Kube:             kube,
		Usage:            resource.NewProviderConfigUsageTracker(kube, &v1alpha1.ProviderConfigUsage{}),
		NewConfig:        func() provider.Config { return &v1alpha1.ProviderConfig{} },
		NewClusterConfig: func() provider.Config { return &v1alpha1.ClusterProviderConfig{} },
	}
}

// Stay is embedded by external clients that hold nothing to give back: clients
// of servers are shared.
type Stay struct{}

// Disconnect does nothing.
func (Stay) Disconnect(context.Context) error { return nil }

// Going returns whether the repository is being deleted: what lives in it goes
// with it. Deleting each thing in it on its own would cost a commit or a
// process here, and be refused where a protection or the default branch stands
// in the way.
func (s Session) Going(ctx context.Context, mg resource.Managed, r clients.Repo) (bool, error) {
	l := &v1alpha1.RepositoryList{}
	err := s.Kube.List(ctx, l, client.InNamespace(mg.GetNamespace()))
	if kmeta.IsNoMatchError(err) {
		// The kind is not active on this cluster: nothing of it is deleted.
		return false, nil
	}
	if err != nil {
		return false, errors.Wrap(err, "cannot list Repositories")
	}
	for i := range l.Items {
		o := &l.Items[i]
		if meta.WasDeleted(o) && deletes(o) && Value(o.Spec.ForProvider.Owner) == r.Owner && Name(o) == r.Name {
			return true, nil
		}
	}
	return false, nil
}

func deletes(mg resource.Managed) bool {
	p := mg.GetManagementPolicies()
	return len(p) == 0 || slices.Contains(p, xpv1.ManagementActionAll) || slices.Contains(p, xpv1.ManagementActionDelete)
}

// Gone returns whether there is nothing to delete, because mg is being deleted
// and its repository was never known, or goes away as a whole. What is not
// being deleted has to know its repository.
func (s Session) Gone(ctx context.Context, mg resource.Managed, r clients.Repo, known bool) (bool, error) {
	switch {
	case !meta.WasDeleted(mg) && !known:
		return false, ErrUnresolved()
	case !meta.WasDeleted(mg):
		return false, nil
	case !known:
		return true, nil
	}
	return s.Going(ctx, mg, r)
}

// Missing repositories are said by name: the server only says 404.
func Missing(err error, r clients.Repo) error {
	if clients.IsNotFound(err) {
		return errors.Wrapf(err, "repository %s does not exist", r)
	}
	return err
}

// Name of the external resource.
func Name(mg resource.Managed) string { return meta.GetExternalName(mg) }

// Settled returns whether the last reconcile found everything as wanted, and
// what is wanted has not changed since: what differs now was changed on the
// server. It must be asked before conditions are set.
func Settled(mg resource.Managed) bool {
	synced := mg.GetCondition(xpv1.TypeSynced)
	return synced.Status == corev1.ConditionTrue &&
		synced.ObservedGeneration == mg.GetGeneration() &&
		mg.GetCondition(xpv1.TypeReady).Status == corev1.ConditionTrue
}

// Observed says what was found of a resource that exists.
func Observed(mg resource.Managed, diff fields.Set) managed.ExternalObservation {
	mg.SetConditions(ready(mg, diff))
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: len(diff) == 0, Diff: diff.Diff()}
}

// ready is true when all is as wanted, or when nobody wants it restored.
func ready(mg resource.Managed, diff fields.Set) xpv1.Condition {
	if len(diff) == 0 || !restores(mg) {
		return xpv1.Available()
	}
	return xpv1.Unavailable().WithMessage("Differs on the server: " + diff.String())
}

func restores(mg resource.Managed) bool {
	p := mg.GetManagementPolicies()
	return len(p) == 0 || slices.Contains(p, xpv1.ManagementActionAll) || slices.Contains(p, xpv1.ManagementActionUpdate)
}

// Corrected records that a change made on the server was undone.
func (s Session) Corrected(mg resource.Managed, diff fields.Set) {
	found, want := "", ""
	for i, d := range diff {
		sep := ""
		if i > 0 {
			sep = ", "
		}
		found += fmt.Sprintf("%s%s %v", sep, d.Field, d.Found)
		want += fmt.Sprintf("%s%s %v", sep, d.Field, d.Want)
	}
	s.Record.Event(mg, event.Normal(ReasonDriftCorrected, fmt.Sprintf("Changed on the server: found %s; restored %s", found, want)))
}

// Recreated records that what was deleted on the server exists again.
func (s Session) Recreated(mg resource.Managed, what string) {
	s.Record.Event(mg, event.Normal(ReasonDriftCorrected, fmt.Sprintf("Deleted on the server: %s was missing; created again", what)))
}

// NotTaken says that a write was answered well and had no effect.
func NotTaken(diff fields.Set, hint string) error {
	if len(diff) == 0 {
		return nil
	}
	return errors.Errorf("Gitea accepted the change without making it: %s (%s)", diff, hint)
}

// Value of an optional string.
func Value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Repo the managed resource lives in, or false while its references are not
// resolved.
func Repo(owner, name *string) (clients.Repo, bool) {
	r := clients.Repo{Owner: Value(owner), Name: Value(name)}
	return r, r.Owner != "" && r.Name != ""
}

// ErrUnresolved says that references are not resolved yet.
func ErrUnresolved() error {
	return errors.New("spec.forProvider.owner or repository is not known yet: its reference is not resolved")
}
