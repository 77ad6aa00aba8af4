package sequences

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

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
	kube  *store
	trace func(format string, args ...any)
	// watched are changes that who looks after an object looks at it for.
	watched predicate.Predicate
	// look at an object. It says when to look again, if not because it changed.
	look map[schema.GroupKind]func(i item) (time.Duration, error)

	objects  map[item]*unstructured.Unstructured
	due      map[item]time.Time
	failures map[item]int
	// looks since time last passed.
	looks int
	// lag of what is read, and of the news of it, behind what is written.
	lag  time.Duration
	past map[item][]version
	// news of items that are still to come.
	news map[item]time.Time

	refs     map[types.UID]map[string]item
	required map[types.UID]*fnv1.Requirements
	applied  map[item]string
}

// A version of an object, nil if there was none, and until when it was there.
type version struct {
	object *unstructured.Unstructured
	until  time.Time
}

func newPlane(rng *rand.Rand, trace func(string, ...any)) (*plane, error) {
	p := &plane{
		rng: rng, trace: trace, watched: resource.DesiredStateChanged(),
		look:    map[schema.GroupKind]func(item) (time.Duration, error){},
		objects: map[item]*unstructured.Unstructured{}, due: map[item]time.Time{}, failures: map[item]int{},
		refs: map[types.UID]map[string]item{}, required: map[types.UID]*fnv1.Requirements{}, applied: map[item]string{}, past: map[item][]version{}, news: map[item]time.Time{},
	}
	st, err := newStore(p.changed)
	if err != nil {
		return nil, err
	}
	p.kube = st
	p.look[schema.GroupKind{}] = func(item) (time.Duration, error) { return p.collect(), nil }
	p.look[usageGVK.GroupKind()] = p.usage
	return p, nil
}

func (p *plane) item(o client.Object) (item, error) {
	gvk, err := apiutil.GVKForObject(o, p.kube.Scheme())
	return item{GroupVersionKind: gvk, name: o.GetName()}, err
}

// changed says that an object is not what it was: who watches it looks.
func (p *plane) changed(k storeKey, was, is *unstructured.Unstructured) {
	if k.Namespace != namespace {
		return
	}
	i, now := item{GroupVersionKind: k.GroupVersionKind, name: k.Name}, time.Now()
	if p.looks > busy-20 && was != nil && is != nil {
		// What keeps the control plane from coming to rest.
		p.trace("%s changed: %s %s", i, gocmp.Diff(was.Object["spec"], is.Object["spec"]), gocmp.Diff(was.Object["metadata"], is.Object["metadata"]))
	}
	p.keep(i, was, now)
	if is == nil {
		delete(p.objects, i)
		delete(p.due, i)
		delete(p.failures, i)
		delete(p.applied, i)
		p.tell(i, now)
		p.enqueue(collector, now)
	} else {
		p.objects[i] = is
	}
	if is != nil && (was == nil || p.watched.Update(event.UpdateEvent{ObjectOld: was, ObjectNew: is})) {
		p.tell(i, now)
	}
	if is != nil && is.GetDeletionTimestamp() != nil {
		p.enqueue(collector, now)
	}
	for _, o := range []*unstructured.Unstructured{was, is} {
		if o == nil {
			continue
		}
		if c := metav1.GetControllerOf(o); c != nil && composite(c.Kind) {
			p.tell(item{GroupVersionKind: schema.FromAPIVersionAndKind(c.APIVersion, c.Kind), name: c.Name}, now)
		}
	}
	if slices.Contains(requirable, i.Kind) || composite(i.Kind) {
		for other := range p.objects {
			if composite(other.Kind) {
				p.tell(other, now)
			}
		}
	}
}

// requirable kinds are those that functions ask core for, which watches them.
var requirable = []string{"Secret", "NetworkSubnet", "SSHKey", "Firewall", "PlacementGroup"}

// longestLag of anything.
const longestLag = 20 * time.Second

// keep what was there, for who reads late.
func (p *plane) keep(i item, was *unstructured.Unstructured, now time.Time) {
	if p.lag == 0 {
		clear(p.past)
		return
	}
	p.past[i] = append(slices.DeleteFunc(p.past[i], func(v version) bool { return now.Sub(v.until) > longestLag }), version{was, now})
}

// seen is an object as caches have it.
func (p *plane) seen(i item) (*unstructured.Unstructured, bool) {
	if p.lag > 0 {
		at := time.Now().Add(-p.lag)
		for _, v := range p.past[i] {
			if v.until.After(at) {
				return v.object, v.object != nil
			}
		}
	}
	o, ok := p.objects[i]
	return o, ok
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

// tell who watches an item that it has changed, as soon as caches have it.
func (p *plane) tell(i item, now time.Time) {
	p.enqueue(i, now.Add(p.lag))
	if p.lag > 0 {
		p.news[i] = now.Add(p.lag)
	}
}

// await the news of an item that was looked at before they came.
func (p *plane) await(i item) {
	at, ok := p.news[i]
	if ok && at.After(time.Now()) {
		p.enqueue(i, at)
		return
	}
	delete(p.news, i)
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
	p.lookAt(p.oneOf(ready))
	return true
}

func (p *plane) oneOf(all []item) item {
	slices.SortFunc(all, func(a, b item) int { return cmp.Compare(a.String(), b.String()) })
	return all[p.rng.IntN(len(all))]
}

func (p *plane) lookAt(i item) {
	delete(p.due, i)
	p.looks++
	after, err := p.look[i.GroupKind()](i)
	p.await(i)
	if err != nil {
		p.trace("%s: %v", i, err)
		p.failures[i]++
		p.enqueue(i, time.Now().Add(min(firstBackoff<<min(p.failures[i], 11), lastBackoff)))
		return
	}
	delete(p.failures, i)
	if after > 0 {
		p.enqueue(i, time.Now().Add(after))
	}
}

// meanwhile core and the garbage collector look at one item, while the provider
// is at work on another. Nothing waits and no time passes.
func (p *plane) meanwhile() {
	var ready []item
	for i, at := range p.due {
		if i.Group != hcloud.CRDGroupVersion.Group && !at.After(time.Now()) {
			ready = append(ready, i)
		}
	}
	if len(ready) > 0 {
		p.lookAt(p.oneOf(ready))
	}
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
