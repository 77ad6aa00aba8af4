// Package leftovers deletes what a Kubernetes cluster has made at Hetzner by
// itself, when the cluster goes. Nothing is deleted for its name or for being
// alone: only what the cluster's own controllers have labelled, and what hangs
// on this cluster's servers or network.
package leftovers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
)

// LabelKeep on a load balancer or a volume keeps it, whatever its value.
const LabelKeep = "hcloud.openova.io/keep"

// Labels that the cluster's controllers put on what they make.
//
//   - https://github.com/hetznercloud/hcloud-cloud-controller-manager
//   - https://github.com/hetznercloud/csi-driver/blob/main/docs/kubernetes/README.md
const (
	byCCM = "hcloud-ccm/service-uid"
	byCSI = "managed-by=csi-driver"
)

// Labels of load balancers that Catalyst manages. One of them may serve a
// Service too.
const (
	labelManagedBy = "openova.io/managed-by"
	managedBy      = "catalyst"
)

// TypeCleared is the condition that says what a deletion waits for.
const TypeCleared xpv1.ConditionType = "Cleared"

// Reasons of the condition.
const (
	ReasonWaiting   xpv1.ConditionReason = "Waiting"
	ReasonProtected xpv1.ConditionReason = "Protected"
	ReasonQuiet     xpv1.ConditionReason = "Quiet"
)

// atOnce is how many deletions one attempt asks for. The next goes on.
const atOnce = 20

// A Project finds the client of the project a managed resource lives in.
type Project func(ctx context.Context, mg resource.ModernManaged) (*clients.Client, error)

// Setup adds the controller of ClusterLeftovers once their CRD is there.
func Setup(mgr ctrl.Manager, o controller.Options, project Project) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.ClusterLeftovers]{
		GVK:  v1alpha1.ClusterLeftoversGroupVersionKind,
		New:  func() *v1alpha1.ClusterLeftovers { return &v1alpha1.ClusterLeftovers{} },
		List: &v1alpha1.ClusterLeftoversList{},
		Connect: func(client.Client) managed.TypedExternalConnector[*v1alpha1.ClusterLeftovers] {
			return managed.TypedExternalConnectorFn[*v1alpha1.ClusterLeftovers](func(ctx context.Context, mg *v1alpha1.ClusterLeftovers) (managed.TypedExternalClient[*v1alpha1.ClusterLeftovers], error) {
				c, err := project(ctx, mg)
				if err != nil {
					return nil, err
				}
				return &external{api: c.Client, lag: c.ListLag, now: time.Now}, nil
			})
		},
		DeletionPollInterval: pace,
	})
}

// pace of a deletion: what is quiet is looked at when that has lasted.
func pace(mg *v1alpha1.ClusterLeftovers) time.Duration {
	if t := mg.Status.AtProvider.QuietUntil; t != nil {
		return max(time.Until(t.Time), time.Second)
	}
	return 0
}

type external struct {
	api *hcloud.Client
	// lag of the API's lists.
	lag time.Duration
	now func() time.Time
	// found by Observe.
	found []leftover
}

// A leftover of the cluster.
type leftover struct {
	kind, name string
	protected  bool
	// remove it, or take the next step towards that.
	remove func(ctx context.Context) error
}

func (l leftover) String() string { return fmt.Sprintf("%s %q", l.kind, l.name) }

// Observe what is left. Nobody asks while the cluster lives.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.ClusterLeftovers) (managed.ExternalObservation, error) {
	if !meta.WasDeleted(mg) {
		mg.SetConditions(xpv1.Available())
		return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
	}
	ctx = clients.Impatient(ctx)
	servers, err := e.servers(ctx, mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	lbs, err := e.loadBalancers(ctx, mg, servers)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	volumes, err := e.volumes(ctx, mg, servers)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	e.found = slices.Concat(lbs, volumes)
	mg.Status.AtProvider.Remaining = nil
	for _, l := range e.found {
		mg.Status.AtProvider.Remaining = append(mg.Status.AtProvider.Remaining, l.String())
	}
	if len(e.found) > 0 {
		mg.Status.AtProvider.QuietUntil = nil
		mg.SetConditions(notCleared(e.found))
		return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
	}
	return managed.ExternalObservation{ResourceExists: !e.quiet(mg), ResourceUpToDate: true}, nil
}

// quiet says whether nothing has been found for as long as lists may be behind.
func (e *external) quiet(mg *v1alpha1.ClusterLeftovers) bool {
	at := &mg.Status.AtProvider
	if at.QuietUntil == nil {
		// The API server keeps whole seconds.
		at.QuietUntil = new(metav1.NewTime(e.now().Add(e.lag + time.Second).Truncate(time.Second)))
	}
	mg.SetConditions(xpv1.Condition{
		Type: TypeCleared, Status: corev1.ConditionFalse, Reason: ReasonQuiet, LastTransitionTime: metav1.Now(),
		Message: "Nothing is left as far as lists tell, which may be behind. Looks again at " + at.QuietUntil.UTC().Format(time.RFC3339),
	})
	return !e.now().Before(at.QuietUntil.Time)
}

// notCleared says what a deletion waits for: first for what somebody has to do.
func notCleared(found []leftover) xpv1.Condition {
	out := xpv1.Condition{Type: TypeCleared, Status: corev1.ConditionFalse, Reason: ReasonWaiting, LastTransitionTime: metav1.Now()}
	var all, protected []string
	for _, l := range found {
		all = append(all, l.String())
		if l.protected {
			protected = append(protected, l.String())
		}
	}
	out.Message = "Waits until these are gone: " + strings.Join(all, ", ")
	if len(protected) > 0 {
		out.Reason = ReasonProtected
		out.Message = fmt.Sprintf("Protected against deletion: %s. Lift the protection, or keep what is to stay with the label %s", strings.Join(protected, ", "), LabelKeep)
	}
	return out
}

// servers of the cluster, by their ids.
func (e *external) servers(ctx context.Context, mg *v1alpha1.ClusterLeftovers) (map[int64]bool, error) {
	all, err := e.api.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: listOpts(mg.Spec.ForProvider.ServerSelector)})
	if err != nil {
		return nil, plain("cannot list servers", err)
	}
	out := map[int64]bool{}
	for _, s := range all {
		out[s.ID] = true
	}
	return out, nil
}

func listOpts(selector string) hcloud.ListOpts {
	return hcloud.ListOpts{LabelSelector: selector, PerPage: 50}
}

// loadBalancers that the cluster's cloud controller manager has made.
func (e *external) loadBalancers(ctx context.Context, mg *v1alpha1.ClusterLeftovers, servers map[int64]bool) ([]leftover, error) {
	all, err := e.api.LoadBalancer.AllWithOpts(ctx, hcloud.LoadBalancerListOpts{ListOpts: listOpts(byCCM)})
	if err != nil {
		return nil, plain("cannot list load balancers", err)
	}
	slices.SortFunc(all, func(a, b *hcloud.LoadBalancer) int { return int(a.ID - b.ID) })
	var out []leftover
	for _, lb := range all {
		if kept(lb.Labels) || lb.Labels[labelManagedBy] == managedBy || !ours(lb, mg.Spec.ForProvider.NetworkID, servers) {
			continue
		}
		out = append(out, leftover{kind: "LoadBalancer", name: lb.Name, protected: lb.Protection.Delete, remove: func(ctx context.Context) error {
			_, err := e.api.LoadBalancer.Delete(ctx, lb)
			return err
		}})
	}
	return out, nil
}

func kept(labels map[string]string) bool {
	_, ok := labels[LabelKeep]
	return ok
}

// ours says whether a load balancer is the cluster's: it targets its servers, or
// is in its network and targets nobody else's.
func ours(lb *hcloud.LoadBalancer, network *string, servers map[int64]bool) bool {
	mine, others := targets(lb.Targets, servers)
	if others {
		return false
	}
	return mine || network != nil && slices.ContainsFunc(lb.PrivateNet, func(n hcloud.LoadBalancerPrivateNet) bool {
		return n.Network != nil && strconv.FormatInt(n.Network.ID, 10) == *network
	})
}

// targets says whether any of them are the cluster's servers, and whether any
// are others.
func targets(all []hcloud.LoadBalancerTarget, servers map[int64]bool) (mine, others bool) {
	for _, t := range all {
		if t.Server != nil && t.Server.Server != nil {
			mine, others = mine || servers[t.Server.Server.ID], others || !servers[t.Server.Server.ID]
		}
		m, o := targets(t.Targets, servers)
		mine, others = mine || m, others || o
	}
	return mine, others
}

// volumes that the cluster's CSI driver has made.
func (e *external) volumes(ctx context.Context, mg *v1alpha1.ClusterLeftovers, servers map[int64]bool) ([]leftover, error) {
	all, err := e.api.Volume.AllWithOpts(ctx, hcloud.VolumeListOpts{ListOpts: listOpts(byCSI)})
	if err != nil {
		return nil, plain("cannot list volumes", err)
	}
	slices.SortFunc(all, func(a, b *hcloud.Volume) int { return int(a.ID - b.ID) })
	at := &mg.Status.AtProvider
	var out []leftover
	for _, v := range all {
		attached := v.Server != nil && servers[v.Server.ID]
		elsewhere := v.Server != nil && !attached
		if kept(v.Labels) || elsewhere || !attached && !slices.Contains(at.VolumeIDs, v.ID) && !labelled(v.Labels, mg.Spec.ForProvider.VolumeLabels) {
			continue
		}
		if attached && !slices.Contains(at.VolumeIDs, v.ID) {
			at.VolumeIDs = append(at.VolumeIDs, v.ID)
		}
		out = append(out, leftover{kind: "Volume", name: v.Name, protected: v.Protection.Delete, remove: func(ctx context.Context) error {
			if v.Server != nil {
				_, _, err := e.api.Volume.Detach(ctx, v)
				return err
			}
			_, err := e.api.Volume.Delete(ctx, v)
			return err
		}})
	}
	return out, nil
}

func labelled(has, want map[string]string) bool {
	for k, v := range want {
		if has[k] != v {
			return false
		}
	}
	return len(want) > 0
}

// Create has nothing to do: the cluster does.
func (e *external) Create(context.Context, *v1alpha1.ClusterLeftovers) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, nil
}

// Update has nothing to do.
func (e *external) Update(context.Context, *v1alpha1.ClusterLeftovers) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, nil
}

// Delete what Observe has found, as far as it lets itself be. What goes slowly
// is found again.
func (e *external) Delete(ctx context.Context, _ *v1alpha1.ClusterLeftovers) (managed.ExternalDelete, error) {
	ctx = clients.Impatient(ctx)
	asked := 0
	var failed []string
	for _, l := range e.found {
		if l.protected || asked == atOnce {
			continue
		}
		asked++
		if err := l.remove(ctx); err != nil && !hcloud.IsError(err, hcloud.ErrorCodeNotFound) {
			failed = append(failed, plain(l.String(), err).Error())
		}
	}
	if len(failed) > 0 {
		return managed.ExternalDelete{}, errors.New(strings.Join(failed, "; "))
	}
	return managed.ExternalDelete{}, nil
}

// plain is an error without what differs from one answer to the next.
func plain(what string, err error) error {
	if errors.Is(err, clients.ErrBudgetSpent) {
		return clients.ErrBudgetSpent
	}
	e := hcloud.Error{}
	if errors.As(err, &e) {
		return errors.Errorf("%s: %s: %s", what, e.Code, e.Message)
	}
	return errors.Wrap(err, what)
}

// Disconnect has nothing to close.
func (e *external) Disconnect(context.Context) error { return nil }
