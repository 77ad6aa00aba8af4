// Package teardown takes a Sovereign down layer by layer and says what that waits
// for. Functions do not run while a Sovereign is deleted, and core lets go of it
// at once; a finalizer on the Sovereign holds what belongs to it together until
// its Organizations and host clusters are gone.
package teardown

import (
	"cmp"
	"context"
	"slices"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// Finalizer on a Sovereign that its Teardown holds.
const Finalizer = "hcloud.openova.io/teardown"

// AnnotationWoken on a usage is when a Teardown saw that what the usage is by has
// gone. Core looks for that every half minute only, and at once at a usage that
// was changed.
const AnnotationWoken = "hcloud.openova.io/woken"

// How often a Teardown looks at its Sovereign, and how often while that is being
// deleted. A watch would take a right that may be missing, and a cache that may
// not list keeps all other kinds from being reconciled.
const (
	idle = 10 * time.Second
	busy = 3 * time.Second
)

// Setup adds the controller of Teardowns once their CRD is there.
func Setup(mgr ctrl.Manager, o controller.Options) {
	provider.SetupGated(mgr, o, provider.Kind[*v1alpha1.Teardown]{
		GVK:  v1alpha1.TeardownGroupVersionKind,
		New:  func() *v1alpha1.Teardown { return &v1alpha1.Teardown{} },
		List: &v1alpha1.TeardownList{},
		Connect: func(kube client.Client) managed.TypedExternalConnector[*v1alpha1.Teardown] {
			return managed.TypedExternalConnectorFn[*v1alpha1.Teardown](func(context.Context, *v1alpha1.Teardown) (managed.TypedExternalClient[*v1alpha1.Teardown], error) {
				return &external{kube: kube}, nil
			})
		},
		PollInterval:         pace,
		DeletionPollInterval: func(*v1alpha1.Teardown) time.Duration { return busy },
	})
}

func pace(mg resource.Managed, _ time.Duration) time.Duration {
	if t, ok := mg.(*v1alpha1.Teardown); ok && t.Status.AtProvider.Since != nil {
		return busy
	}
	return idle
}

// A step is what is to be done next.
type step struct {
	// hold the Sovereign, or release it.
	hold, release bool
	// remove objects.
	remove []*unstructured.Unstructured
	// wake usages.
	wake []*unstructured.Unstructured
}

func (s step) empty() bool { return !s.hold && !s.release && len(s.remove) == 0 && len(s.wake) == 0 }

type external struct {
	kube client.Client
	// Found by Observe.
	sovereign *unstructured.Unstructured
	next      step
}

// Observe how far the Sovereign is, and what is to be done about it.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Teardown) (managed.ExternalObservation, error) {
	if !meta.WasDeleted(mg) {
		mg.SetConditions(xpv1.Available())
	}
	owner := metav1.GetControllerOf(mg)
	if owner == nil || schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind() != sovereignGVK.GroupKind() {
		// It is nobody's, for example because the Sovereign was deleted and what
		// belongs to it was to stay.
		return managed.ExternalObservation{ResourceExists: !meta.WasDeleted(mg), ResourceUpToDate: true}, nil
	}
	named, err := e.get(ctx, sovereignGVK, owner.Name)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	gone := named == nil || named.GetUID() != owner.UID
	if !gone {
		e.sovereign = named
	}
	switch held := !gone && controllerutil.ContainsFinalizer(named, Finalizer); {
	case !gone && !meta.WasDeleted(named):
		mg.Status.AtProvider = v1alpha1.TeardownObservation{}
		wanted := deletes(mg) && !meta.WasDeleted(mg)
		e.next = step{hold: wanted && !held, release: held && !wanted}
		// Its host clusters come and go.
		if err := e.lookAtUsages(ctx, &survey{kube: e.kube, namespace: mg.GetNamespace(), sovereign: owner}); err != nil {
			return managed.ExternalObservation{}, err
		}
	case gone && !meta.WasDeleted(mg):
		// What belongs to the Sovereign is about to be deleted, this too.
	case !deletes(mg), !gone && controllerutil.ContainsFinalizer(named, metav1.FinalizerOrphanDependents):
		// What belongs to the Sovereign is to stay.
		e.next = step{release: held}
	default:
		return e.advance(ctx, mg, owner, named)
	}
	return managed.ExternalObservation{ResourceExists: !meta.WasDeleted(mg) || e.next.release, ResourceUpToDate: e.next.empty()}, nil
}

// advance to what comes next, with what is left of each layer.
func (e *external) advance(ctx context.Context, mg *v1alpha1.Teardown, owner *metav1.OwnerReference, named *unstructured.Unstructured) (managed.ExternalObservation, error) {
	known := slices.Clone(mg.Status.AtProvider.Organizations)
	s := &survey{kube: e.kube, namespace: mg.GetNamespace(), sovereign: owner}
	if err := e.lookAtUsages(ctx, s); err != nil {
		return managed.ExternalObservation{}, err
	}
	cascade := e.cascade(mg)
	// Another Sovereign of the same name has Organizations of its own, and nobody
	// is there to be refused anything once the Sovereign is gone.
	if e.sovereign != nil || named == nil && cascade {
		if err := s.organizations(ctx, known, cascade); err != nil {
			return managed.ExternalObservation{}, err
		}
	}
	if err := s.objects(ctx); err != nil {
		return managed.ExternalObservation{}, err
	}
	since := cmp.Or(mg.Status.AtProvider.Since, mg.GetDeletionTimestamp())
	if e.sovereign != nil {
		since = e.sovereign.GetDeletionTimestamp()
	}
	s.report(mg, since)

	held := e.sovereign != nil && controllerutil.ContainsFinalizer(e.sovereign, Finalizer)
	switch {
	case len(s.layers[layerOrganizations]) > 0:
		e.next.remove = s.removable(layerOrganizations, func(o object) bool {
			// What is waited for once an Organization is gone has to be noted
			// before it goes.
			return cascade && o.gvk == organizationGVK && slices.Contains(known, o.GetName())
		})
	case len(s.layers[layerClusters]) > 0:
		e.next.remove = s.removable(layerClusters, func(o object) bool {
			// The rest follows by its owner, in an order of its own.
			return o.gvk.Kind == catalyst.KindHostCluster || metav1.GetControllerOf(o) == nil
		})
	default:
		e.next.release = held
	}
	return managed.ExternalObservation{ResourceExists: !meta.WasDeleted(mg) || held || s.left() > 0, ResourceUpToDate: e.next.empty()}, nil
}

// lookAtUsages finds those that core has to be told of.
func (e *external) lookAtUsages(ctx context.Context, s *survey) error {
	err := s.usages(ctx)
	if err != nil {
		return err
	}
	e.next.wake, err = s.overdue(ctx)
	return err
}

// cascade says whether Organizations are deleted. The Sovereign has the last word
// as long as it is there.
func (e *external) cascade(mg *v1alpha1.Teardown) bool {
	if e.sovereign == nil {
		return mg.Spec.ForProvider.Organizations == v1alpha1.TeardownCascade
	}
	policy, _, _ := unstructured.NestedString(e.sovereign.Object, "spec", "deletionPolicy")
	return policy == string(catalyst.DeletionCascade)
}

// deletes says whether the Teardown may delete anything.
func deletes(mg *v1alpha1.Teardown) bool {
	p := mg.GetManagementPolicies()
	return len(p) == 0 || slices.Contains(p, xpv1.ManagementActionAll) || slices.Contains(p, xpv1.ManagementActionDelete)
}

// get a cluster scoped object, or nil if it is not there.
func (e *external) get(ctx context.Context, gvk schema.GroupVersionKind, name string) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	err := e.kube.Get(ctx, types.NamespacedName{Name: name}, u)
	if kerrors.IsNotFound(err) {
		return nil, nil
	}
	return u, errors.Wrapf(err, "cannot get %s %q", gvk.Kind, name)
}

// Create has nothing to do: a Sovereign that is there is found.
func (e *external) Create(context.Context, *v1alpha1.Teardown) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, nil
}

// Update does what Observe has found to be next.
func (e *external) Update(ctx context.Context, _ *v1alpha1.Teardown) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, e.act(ctx)
}

// Delete does the same: the Sovereign decides, not this object.
func (e *external) Delete(ctx context.Context, _ *v1alpha1.Teardown) (managed.ExternalDelete, error) {
	return managed.ExternalDelete{}, e.act(ctx)
}

func (e *external) act(ctx context.Context) error {
	for _, o := range e.next.remove {
		uid := o.GetUID()
		err := e.kube.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
		// A deletion that a usage refuses is carried out when that is gone, and
		// until then the usage says why.
		if err != nil && !kerrors.IsNotFound(err) && !kerrors.IsConflict(err) {
			return errors.Wrapf(err, "cannot delete %s %q", o.GetKind(), o.GetName())
		}
	}
	if err := e.holdOrRelease(ctx); err != nil {
		return err
	}
	// Last, because it only saves time: an installation whose role is older may
	// not do it, and has to hold and release all the same.
	for _, u := range e.next.wake {
		if err := e.wake(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

func (e *external) holdOrRelease(ctx context.Context) error {
	if !e.next.hold && !e.next.release {
		return nil
	}
	u := e.sovereign.DeepCopy()
	if e.next.hold {
		controllerutil.AddFinalizer(u, Finalizer)
	} else {
		controllerutil.RemoveFinalizer(u, Finalizer)
	}
	err := e.kube.Patch(ctx, u, client.MergeFromWithOptions(e.sovereign, client.MergeFromWithOptimisticLock{}))
	return errors.Wrapf(client.IgnoreNotFound(err), "cannot hold or release Sovereign %q", u.GetName())
}

// wake a usage: core looks at one that has changed.
func (e *external) wake(ctx context.Context, usage *unstructured.Unstructured) error {
	u := usage.DeepCopy()
	meta.AddAnnotations(u, map[string]string{AnnotationWoken: time.Now().UTC().Format(time.RFC3339)})
	err := e.kube.Patch(ctx, u, client.MergeFrom(usage))
	return errors.Wrapf(client.IgnoreNotFound(err), "cannot wake %s %q", u.GetKind(), u.GetName())
}

// Disconnect has nothing to close.
func (e *external) Disconnect(context.Context) error { return nil }
