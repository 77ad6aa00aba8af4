package sequences

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

const namespace = "sovereign-omantel"

// What Kubernetes and Crossplane write on objects.
const (
	foreground        = "foregroundDeletion"
	labelInUse        = "crossplane.io/in-use"
	annotationAttempt = "usage.crossplane.io/deletion-attempt-with-policy"
)

// How long parts of the control plane take to come back to something.
const (
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = time.Minute
	collectEvery = 5 * time.Second
	usageEvery   = 5 * time.Second
	replayAfter  = 2 * time.Second
)

var usageGVK = schema.GroupVersionKind{Group: "protection.crossplane.io", Version: "v1beta1", Kind: "Usage"}

// An item is something that somebody looks at: an object of the namespace.
type item struct {
	schema.GroupVersionKind

	name string
}

func (i item) String() string { return i.Kind + " " + i.name }

func (i item) key() client.ObjectKey { return client.ObjectKey{Namespace: namespace, Name: i.name} }

// collector is who collects what has no owner any more.
var collector = item{name: "garbage collector"}

// A plane is an API server and who looks at its objects, one at a time and in
// an order that is drawn: what may be looked at now, and else what is due next.
type plane struct {
	rng   *rand.Rand
	kube  client.WithWatch
	trace func(format string, args ...any)
	// watched are changes that who looks after an object looks at it for.
	watched predicate.Predicate
	// look at an object. It says when to look again, if not because it changed.
	look map[schema.GroupKind]func(i item) (time.Duration, error)

	objects  map[item]*unstructured.Unstructured
	due      map[item]time.Time
	failures map[item]int
	uids     int
	// looks since time last passed.
	looks int

	refs    map[types.UID]map[string]item
	applied map[item]string
}

func newPlane(rng *rand.Rand, trace func(string, ...any)) (*plane, error) {
	p := &plane{
		rng: rng, trace: trace, watched: resource.DesiredStateChanged(),
		look:    map[schema.GroupKind]func(item) (time.Duration, error){},
		objects: map[item]*unstructured.Unstructured{}, due: map[item]time.Time{}, failures: map[item]int{},
		refs: map[types.UID]map[string]item{}, applied: map[item]string{},
	}
	scheme := runtime.NewScheme()
	b := fake.NewClientBuilder().WithScheme(scheme)
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, hcloud.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	for _, kind := range []string{catalyst.KindHostCluster, catalyst.KindNodePool} {
		// Without their Go types, which lack what core adds to their status.
		xr := &unstructured.Unstructured{}
		xr.SetGroupVersionKind(catalyst.SchemeGroupVersion.WithKind(kind))
		scheme.AddKnownTypeWithName(xr.GroupVersionKind(), xr)
		scheme.AddKnownTypeWithName(catalyst.SchemeGroupVersion.WithKind(kind+"List"), &unstructured.UnstructuredList{})
		b = b.WithStatusSubresource(xr)
	}
	for gvk := range scheme.AllKnownTypes() {
		o, err := scheme.New(gvk)
		if err != nil {
			return nil, err
		}
		if obj, ok := o.(client.Object); ok && gvk.Group == hcloud.CRDGroupVersion.Group {
			b = b.WithStatusSubresource(obj)
		}
	}
	p.kube = b.WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if err := c.Get(ctx, key, o, opts...); err != nil {
				return err
			}
			return p.stamp(o)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			p.born(o)
			return p.written(ctx, c, o, c.Create(ctx, o, opts...))
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if same, err := p.prepare(o, false); err != nil {
				return err
			} else if same {
				return c.Get(ctx, client.ObjectKeyFromObject(o), o)
			}
			return p.written(ctx, c, o, c.Update(ctx, o, opts...))
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			if same, err := p.prepare(o, true); err != nil || same {
				return err
			}
			return p.written(ctx, p.kube, o, c.SubResource(sub).Update(ctx, o, opts...))
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if err := c.Patch(ctx, o, patch, opts...); err != nil {
				return err
			}
			return p.complete(ctx, c, o)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return p.written(ctx, c, o, c.Delete(ctx, o, opts...))
		},
	}).Build()
	p.look[schema.GroupKind{}] = func(item) (time.Duration, error) { return p.collect(), nil }
	p.look[usageGVK.GroupKind()] = p.usage
	return p, nil
}

func (p *plane) item(o client.Object) (item, error) {
	gvk, err := apiutil.GVKForObject(o, p.kube.Scheme())
	return item{GroupVersionKind: gvk, name: o.GetName()}, err
}

// stamp the kind on what was read, as the cache does.
func (p *plane) stamp(o client.Object) error {
	gvk, err := apiutil.GVKForObject(o, p.kube.Scheme())
	if err == nil {
		o.GetObjectKind().SetGroupVersionKind(gvk)
	}
	return err
}

func (p *plane) born(o client.Object) {
	p.uids++
	o.SetUID(types.UID(fmt.Sprintf("uid-%d", p.uids)))
	o.SetCreationTimestamp(metav1.Now())
	o.SetGeneration(1)
}

// prepare an update: it raises the generation of a changed spec, and tells
// whether nothing is changed at all.
func (p *plane) prepare(o client.Object, status bool) (same bool, err error) {
	i, err := p.item(o)
	if err != nil {
		return false, err
	}
	was, ok := p.objects[i]
	if !ok || o.GetNamespace() != namespace || was.GetResourceVersion() != o.GetResourceVersion() {
		return false, nil
	}
	m, err := content(o)
	if err != nil {
		return false, err
	}
	if status {
		return equality.Semantic.DeepEqual(m["status"], was.Object["status"]), nil
	}
	is := &unstructured.Unstructured{Object: m}
	same = equality.Semantic.DeepEqual(m["spec"], was.Object["spec"])
	if !same {
		o.SetGeneration(was.GetGeneration() + 1)
	}
	return same && equality.Semantic.DeepEqual(m["data"], was.Object["data"]) && sameMeta(is, was) && slices.Equal(is.GetFinalizers(), was.GetFinalizers()) && equality.Semantic.DeepEqual(is.GetOwnerReferences(), was.GetOwnerReferences()), nil
}

// content of an object as it is stored.
func content(o client.Object) (map[string]any, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	err = kjson.Unmarshal(raw, &out)
	return out, err
}

func sameMeta(a, b *unstructured.Unstructured) bool {
	return maps.Equal(a.GetLabels(), b.GetLabels()) && maps.Equal(a.GetAnnotations(), b.GetAnnotations())
}

// complete what the API server adds to an object that was applied.
func (p *plane) complete(ctx context.Context, c client.WithWatch, o client.Object) error {
	i, err := p.item(o)
	if err != nil {
		return err
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(i.GroupVersionKind)
	key := client.ObjectKeyFromObject(o)
	if err := c.Get(ctx, key, u); err != nil {
		return err
	}
	was, existed := p.objects[i]
	switch {
	case !existed:
		p.born(u)
	case !equality.Semantic.DeepEqual(was.Object["spec"], u.Object["spec"]):
		u.SetGeneration(was.GetGeneration() + 1)
	default:
		return p.written(ctx, c, o, nil)
	}
	if err := c.Update(ctx, u); err != nil {
		return err
	}
	if err := c.Get(ctx, key, o); err != nil {
		return err
	}
	if err := p.stamp(o); err != nil {
		return err
	}
	return p.written(ctx, c, o, nil)
}

// written an object: who watches it looks.
func (p *plane) written(ctx context.Context, c client.Client, o client.Object, err error) error {
	if err != nil || o.GetNamespace() != namespace {
		return err
	}
	i, err := p.item(o)
	if err != nil {
		return err
	}
	was := p.objects[i]
	is := &unstructured.Unstructured{}
	is.SetGroupVersionKind(i.GroupVersionKind)
	err = c.Get(ctx, i.key(), is)
	if err != nil && !kerrors.IsNotFound(err) {
		return err
	}
	if err != nil {
		is = nil
	}
	p.changed(i, was, is)
	return nil
}

func (p *plane) changed(i item, was, is *unstructured.Unstructured) {
	now := time.Now()
	if was != nil && is != nil {
		// The API server would have kept the version of what is the same.
		c := is.DeepCopy()
		c.SetResourceVersion(was.GetResourceVersion())
		if equality.Semantic.DeepEqual(c, was) {
			p.objects[i] = is
			return
		}
	}
	if p.looks > busy-20 && was != nil && is != nil {
		// What keeps the control plane from coming to rest.
		p.trace("%s changed: %s %s", i, gocmp.Diff(was.Object["spec"], is.Object["spec"]), gocmp.Diff(was.Object["metadata"], is.Object["metadata"]))
	}
	if is == nil {
		delete(p.objects, i)
		delete(p.due, i)
		delete(p.failures, i)
		delete(p.applied, i)
		p.enqueue(collector, now)
	} else {
		p.objects[i] = is
	}
	if is != nil && (was == nil || p.watched.Update(event.UpdateEvent{ObjectOld: was, ObjectNew: is})) {
		p.enqueue(i, now)
	}
	if is != nil && is.GetDeletionTimestamp() != nil {
		p.enqueue(collector, now)
	}
	for _, o := range []*unstructured.Unstructured{was, is} {
		if o == nil {
			continue
		}
		if c := metav1.GetControllerOf(o); c != nil && composite(c.Kind) {
			p.enqueue(item{GroupVersionKind: schema.FromAPIVersionAndKind(c.APIVersion, c.Kind), name: c.Name}, now)
		}
	}
	if i.Kind == "Secret" || i.Kind == "NetworkSubnet" || composite(i.Kind) {
		for other := range p.objects {
			if composite(other.Kind) {
				p.enqueue(other, now)
			}
		}
	}
}

func composite(kind string) bool {
	return kind == catalyst.KindHostCluster || kind == catalyst.KindNodePool
}

// enqueue the item to be looked at, unless that is to happen before.
func (p *plane) enqueue(i item, at time.Time) {
	if _, ok := p.look[i.GroupKind()]; !ok {
		return
	}
	if d, ok := p.due[i]; !ok || at.Before(d) {
		p.due[i] = at
	}
}

// step looks at one item, or waits until one is due. It returns false when that
// would be later than it may be.
func (p *plane) step(until time.Time) bool {
	now := time.Now()
	var ready []item
	next := until
	for i, at := range p.due {
		if !at.After(now) {
			ready = append(ready, i)
		} else if at.Before(next) {
			next = at
		}
	}
	if len(ready) == 0 {
		if !next.Before(until) {
			time.Sleep(time.Until(until))
			return false
		}
		p.looks = 0
		time.Sleep(next.Sub(now))
		return true
	}
	slices.SortFunc(ready, func(a, b item) int { return cmp.Compare(a.String(), b.String()) })
	i := ready[p.rng.IntN(len(ready))]
	delete(p.due, i)
	p.looks++
	after, err := p.look[i.GroupKind()](i)
	if err != nil {
		p.trace("%s: %v", i, err)
		p.failures[i]++
		p.enqueue(i, time.Now().Add(min(firstBackoff<<min(p.failures[i], 11), lastBackoff)))
		return true
	}
	delete(p.failures, i)
	if after > 0 {
		p.enqueue(i, time.Now().Add(after))
	}
	return true
}

// errInUse says that a usage keeps an object.
var errInUse = errors.New("is in use")

// remove an object as the API server would: not while a usage keeps it, and
// with a finalizer of its own when it is to outlive what it owns.
func (p *plane) remove(i item, policy metav1.DeletionPropagation) error {
	o, ok := p.objects[i]
	if !ok || o.GetDeletionTimestamp() != nil {
		return nil
	}
	o = o.DeepCopy()
	if o.GetLabels()[labelInUse] == "true" && len(p.usagesOf(i)) > 0 {
		if o.GetAnnotations()[annotationAttempt] == "" {
			p.annotate(o, annotationAttempt, string(policy))
			if err := p.kube.Update(context.Background(), o); err != nil {
				return err
			}
		}
		return errInUse
	}
	if policy == metav1.DeletePropagationForeground {
		o.SetFinalizers(append(o.GetFinalizers(), foreground))
		if err := p.kube.Update(context.Background(), o); err != nil {
			return err
		}
	}
	p.trace("delete %s", i)
	if err := p.kube.Delete(context.Background(), o); err != nil {
		return err
	}
	p.enqueue(i, time.Now())
	return nil
}

func (p *plane) annotate(o *unstructured.Unstructured, k, v string) {
	a := o.GetAnnotations()
	if a == nil {
		a = map[string]string{}
	}
	a[k] = v
	o.SetAnnotations(a)
}

// collect objects whose owners are gone, or wait for them to be.
func (p *plane) collect() time.Duration {
	byUID := map[types.UID]*unstructured.Unstructured{}
	held := map[types.UID]bool{}
	all := slices.SortedFunc(maps.Keys(p.objects), func(a, b item) int { return cmp.Compare(a.String(), b.String()) })
	for _, i := range all {
		o := p.objects[i]
		byUID[o.GetUID()] = o
		for _, r := range o.GetOwnerReferences() {
			if r.BlockOwnerDeletion != nil && *r.BlockOwnerDeletion {
				held[r.UID] = true
			}
		}
	}
	p.rng.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
	var again time.Duration
	for _, i := range all {
		o, ok := p.objects[i]
		if !ok {
			continue
		}
		if o.GetDeletionTimestamp() != nil {
			if slices.Contains(o.GetFinalizers(), foreground) && !held[o.GetUID()] {
				c := o.DeepCopy()
				c.SetFinalizers(slices.DeleteFunc(c.GetFinalizers(), func(f string) bool { return f == foreground }))
				if err := p.kube.Update(context.Background(), c); err != nil {
					p.trace("collect %s: %v", i, err)
				}
			}
			again = collectEvery
			continue
		}
		solid, waiting := false, false
		for _, r := range o.GetOwnerReferences() {
			owner, ok := byUID[r.UID]
			solid = solid || ok && !slices.Contains(owner.GetFinalizers(), foreground)
			waiting = waiting || ok && slices.Contains(owner.GetFinalizers(), foreground)
		}
		if len(o.GetOwnerReferences()) == 0 || solid {
			continue
		}
		policy := metav1.DeletePropagationBackground
		if waiting && held[o.GetUID()] {
			policy = metav1.DeletePropagationForeground
		}
		if err := p.remove(i, policy); err != nil && !errors.Is(err, errInUse) {
			p.trace("collect %s: %v", i, err)
		}
		again = collectEvery
	}
	return again
}

// usagesOf the object.
func (p *plane) usagesOf(of item) []item {
	var out []item
	for i, u := range p.objects {
		if i.GroupVersionKind == usageGVK && end(u, "of") == of {
			out = append(out, i)
		}
	}
	return out
}

// end of a usage: who is used or who uses.
func end(u *unstructured.Unstructured, which string) item {
	str := func(path ...string) string {
		s, _, _ := unstructured.NestedString(u.Object, append([]string{"spec", which}, path...)...)
		return s
	}
	return item{GroupVersionKind: schema.FromAPIVersionAndKind(str("apiVersion"), str("kind")), name: str("resourceRef", "name")}
}

// usage looks at a Usage as Crossplane does.
func (p *plane) usage(i item) (time.Duration, error) {
	ctx := context.Background()
	u, ok := p.objects[i]
	if !ok {
		return 0, nil
	}
	u = u.DeepCopy()
	of, by := end(u, "of"), end(u, "by")
	used, exists := p.objects[of]
	using, uses := p.objects[by]
	if u.GetDeletionTimestamp() != nil {
		return p.endUsage(ctx, u, of, uses)
	}
	if !slices.Contains(u.GetFinalizers(), "usage.apiextensions.crossplane.io") {
		u.SetFinalizers(append(u.GetFinalizers(), "usage.apiextensions.crossplane.io"))
		if err := p.kube.Update(ctx, u); err != nil {
			return 0, err
		}
	}
	if !exists {
		return 0, fmt.Errorf("cannot get %s", of)
	}
	if used.GetLabels()[labelInUse] != "true" {
		c := used.DeepCopy()
		c.SetLabels(with(c.GetLabels(), labelInUse, "true"))
		if err := p.kube.Update(ctx, c); err != nil {
			return 0, err
		}
	}
	if !uses {
		return 0, fmt.Errorf("cannot get %s", by)
	}
	if !slices.ContainsFunc(u.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == using.GetUID() }) {
		u.SetOwnerReferences(append(u.GetOwnerReferences(), metav1.OwnerReference{APIVersion: using.GetAPIVersion(), Kind: using.GetKind(), Name: using.GetName(), UID: using.GetUID()}))
		if err := p.kube.Update(ctx, u); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func (p *plane) endUsage(ctx context.Context, u *unstructured.Unstructured, of item, uses bool) (time.Duration, error) {
	if uses {
		return usageEvery, nil
	}
	if used, ok := p.objects[of]; ok {
		if len(p.usagesOf(of)) < 2 {
			c := used.DeepCopy()
			l := c.GetLabels()
			delete(l, labelInUse)
			c.SetLabels(l)
			if err := p.kube.Update(ctx, c); err != nil {
				return 0, err
			}
		}
		if policy := used.GetAnnotations()[annotationAttempt]; policy != "" {
			p.replay(u.GetName(), of, metav1.DeletionPropagation(policy))
		}
	}
	u.SetFinalizers(nil)
	return 0, p.kube.Update(ctx, u)
}

// replay a deletion that was refused, once.
func (p *plane) replay(name string, of item, policy metav1.DeletionPropagation) {
	i := item{GroupVersionKind: schema.GroupVersionKind{Kind: "replay of " + name}}
	p.look[i.GroupKind()] = func(item) (time.Duration, error) {
		if err := p.remove(of, policy); err != nil && !errors.Is(err, errInUse) {
			return 0, err
		}
		return 0, nil
	}
	p.enqueue(i, time.Now().Add(replayAfter))
}

func with(labels map[string]string, k, v string) map[string]string {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	out[k] = v
	return out
}
