package sequences

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

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

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// A store stands in for the API server, as far as core and the provider ask it.
// controller-runtime's stand-in takes most of a sequence's time: it turns every
// object into JSON and back several times, and keeps account of each field.
type store struct {
	client.WithWatch // Nothing else is asked.

	scheme *runtime.Scheme
	all    map[storeKey]*unstructured.Unstructured
	// applied are the fields that each manager has applied.
	applied map[storeKey]map[string]map[string]any
	seq     int
	// changed is told of every change: what was and what is, or nil.
	changed func(k storeKey, was, is *unstructured.Unstructured)
}

type storeKey struct {
	schema.GroupVersionKind
	client.ObjectKey
}

func newStore(changed func(k storeKey, was, is *unstructured.Unstructured)) (*store, error) {
	s := &store{scheme: runtime.NewScheme(), changed: changed, all: map[storeKey]*unstructured.Unstructured{}, applied: map[storeKey]map[string]map[string]any{}}
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, hcloud.AddToScheme} {
		if err := add(s.scheme); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *store) key(o client.Object) (storeKey, error) {
	gvk, err := apiutil.GVKForObject(o, s.scheme)
	return storeKey{gvk, client.ObjectKeyFromObject(o)}, err
}

func notFound(k storeKey) error {
	return kerrors.NewNotFound(schema.GroupResource{Group: k.Group, Resource: strings.ToLower(k.Kind) + "s"}, k.Name)
}

// Scheme of the objects that have Go types.
func (s *store) Scheme() *runtime.Scheme { return s.scheme }

// Get an object.
func (s *store) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	k, err := s.key(o)
	if err != nil {
		return err
	}
	k.ObjectKey = key
	is, ok := s.all[k]
	if !ok {
		return notFound(k)
	}
	return decode(is, o)
}

// decode what is stored into an object that is empty.
func decode(is *unstructured.Unstructured, into client.Object) error {
	if u, ok := into.(*unstructured.Unstructured); ok {
		u.Object = runtime.DeepCopyJSON(is.Object)
		return nil
	}
	v := reflect.ValueOf(into).Elem()
	v.Set(reflect.Zero(v.Type()))
	return runtime.DefaultUnstructuredConverter.FromUnstructured(is.Object, into)
}

// encode an object as it is stored.
func (s *store) encode(k storeKey, o client.Object) (*unstructured.Unstructured, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		out := u.DeepCopy()
		plain(out.Object)
		return out, nil
	}
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, err
	}
	out := &unstructured.Unstructured{Object: m}
	plain(m)
	out.SetGroupVersionKind(k.GroupVersionKind)
	return out, nil
}

// plain numbers as JSON has them, and nothing that is nil.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
				continue
			}
			v[k] = plain(e)
		}
	case []any:
		for i, e := range v {
			v[i] = plain(e)
		}
	case float64:
		if v == math.Trunc(v) {
			return int64(v)
		}
	}
	return v
}

// Create an object.
func (s *store) Create(_ context.Context, o client.Object, _ ...client.CreateOption) error {
	k, err := s.key(o)
	if err != nil {
		return err
	}
	if _, ok := s.all[k]; ok {
		return kerrors.NewAlreadyExists(schema.GroupResource{Group: k.Group, Resource: strings.ToLower(k.Kind) + "s"}, k.Name)
	}
	is, err := s.encode(k, o)
	if err != nil {
		return err
	}
	s.insert(k, is)
	return respond(is, o)
}

func (s *store) insert(k storeKey, is *unstructured.Unstructured) {
	if hasStatus(k) {
		delete(is.Object, "status")
	}
	s.seq++
	is.SetUID(types.UID(fmt.Sprintf("uid-%d", s.seq)))
	is.SetCreationTimestamp(metav1.Now())
	is.SetGeneration(1)
	is.SetResourceVersion(strconv.Itoa(s.seq))
	s.all[k] = is
	s.changed(k, nil, is)
}

// respond to a write with what is stored, decoded over what was sent as clients do.
func respond(is *unstructured.Unstructured, into client.Object) error {
	if u, ok := into.(*unstructured.Unstructured); ok {
		u.Object = runtime.DeepCopyJSON(is.Object)
		return nil
	}
	raw, err := is.MarshalJSON()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// hasStatus says whether a kind's status is written by itself.
func hasStatus(k storeKey) bool {
	return k.Group == hcloud.CRDGroupVersion.Group || k.Group == catalyst.SchemeGroupVersion.Group
}

// Update an object, but not its status.
func (s *store) Update(_ context.Context, o client.Object, _ ...client.UpdateOption) error {
	return s.update(o, func(was, is *unstructured.Unstructured) {
		if hasStatus(storeKey{GroupVersionKind: was.GroupVersionKind()}) {
			setOrDelete(is.Object, "status", was.Object["status"])
		}
	})
}

func setOrDelete(m map[string]any, k string, v any) {
	if v == nil {
		delete(m, k)
		return
	}
	m[k] = v
}

// update an object by what was sent, completed by what only the API server sets.
func (s *store) update(o client.Object, complete func(was, is *unstructured.Unstructured)) error {
	k, err := s.key(o)
	if err != nil {
		return err
	}
	was, ok := s.all[k]
	if !ok {
		return notFound(k)
	}
	is, err := s.encode(k, o)
	if err != nil {
		return err
	}
	if v := is.GetResourceVersion(); v != "" && v != was.GetResourceVersion() {
		return kerrors.NewConflict(schema.GroupResource{Group: k.Group, Resource: strings.ToLower(k.Kind) + "s"}, k.Name, fmt.Errorf("the object has been modified"))
	}
	complete(was, is)
	return respond(s.replace(k, was, is), o)
}

// replace an object, and return what is stored now.
func (s *store) replace(k storeKey, was, is *unstructured.Unstructured) *unstructured.Unstructured {
	is.SetUID(was.GetUID())
	is.SetResourceVersion(was.GetResourceVersion())
	is.SetGeneration(was.GetGeneration())
	is.SetCreationTimestamp(was.GetCreationTimestamp())
	is.SetDeletionTimestamp(was.GetDeletionTimestamp())
	if was.GetDeletionTimestamp() != nil && len(is.GetFinalizers()) == 0 {
		delete(s.all, k)
		delete(s.applied, k)
		s.changed(k, was, nil)
		return is
	}
	if equality.Semantic.DeepEqual(was.Object, is.Object) {
		return was
	}
	if !equality.Semantic.DeepEqual(was.Object["spec"], is.Object["spec"]) {
		is.SetGeneration(was.GetGeneration() + 1)
	}
	s.seq++
	is.SetResourceVersion(strconv.Itoa(s.seq))
	s.all[k] = is
	s.changed(k, was, is)
	return is
}

// Delete an object, when its finalizers let it go.
func (s *store) Delete(_ context.Context, o client.Object, _ ...client.DeleteOption) error {
	k, err := s.key(o)
	if err != nil {
		return err
	}
	was, ok := s.all[k]
	if !ok {
		return notFound(k)
	}
	if len(was.GetFinalizers()) == 0 {
		delete(s.all, k)
		delete(s.applied, k)
		s.changed(k, was, nil)
		return nil
	}
	if was.GetDeletionTimestamp() != nil {
		return nil
	}
	is := was.DeepCopy()
	now := metav1.Now()
	is.SetDeletionTimestamp(&now)
	is.SetGeneration(was.GetGeneration() + 1)
	s.seq++
	is.SetResourceVersion(strconv.Itoa(s.seq))
	s.all[k] = is
	s.changed(k, was, is)
	return nil
}

// Patch an object: apply it, or merge into it.
func (s *store) Patch(_ context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	k, err := s.key(o)
	if err != nil {
		return err
	}
	raw, err := patch.Data(o)
	if err != nil {
		return err
	}
	m := map[string]any{}
	if err := kjson.Unmarshal(raw, &m); err != nil {
		return err
	}
	was, ok := s.all[k]
	switch patch.Type() {
	case types.ApplyPatchType:
		return respond(s.apply(k, was, m, (&client.PatchOptions{}).ApplyOptions(opts).FieldManager), o)
	case types.MergePatchType:
		if !ok {
			return notFound(k)
		}
		is := was.DeepCopy()
		status := is.Object["status"]
		mergeInto(is.Object, m)
		if hasStatus(k) {
			setOrDelete(is.Object, "status", status)
		}
		return respond(s.replace(k, was, is), o)
	case types.JSONPatchType, types.StrategicMergePatchType, types.ApplyCBORPatchType:
	}
	return fmt.Errorf("patches of type %s are not known here", patch.Type())
}

func mergeInto(live, patch map[string]any) {
	for k, v := range patch {
		has, isMap := live[k].(map[string]any)
		wants, toMap := v.(map[string]any)
		switch {
		case v == nil:
			delete(live, k)
		case isMap && toMap:
			mergeInto(has, wants)
		default:
			live[k] = v
		}
	}
}

// apply what a manager wants of an object, by force. What it wanted before and
// does not now goes, unless somebody else has applied or changed it. Lists are
// one value.
func (s *store) apply(k storeKey, was *unstructured.Unstructured, config map[string]any, manager string) *unstructured.Unstructured {
	config["apiVersion"], config["kind"] = k.GroupVersion().String(), k.Kind
	md, _ := config["metadata"].(map[string]any)
	for _, f := range []string{"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"} {
		delete(md, f)
	}
	owners, _ := md["ownerReferences"].([]any)
	delete(md, "ownerReferences")
	delete(config, "status")

	is := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": k.Name, "namespace": k.Namespace}}}
	if was != nil {
		is = was.DeepCopy()
	}
	had := s.applied[k][manager]
	if s.applied[k] == nil {
		s.applied[k] = map[string]map[string]any{}
	}
	s.applied[k][manager] = runtime.DeepCopyJSON(config)
	var others []map[string]any
	for m, fields := range s.applied[k] {
		if m != manager {
			others = append(others, fields)
		}
	}
	applyInto(is.Object, had, config, others)
	own(is, owners)
	if was == nil {
		s.insert(k, is)
		return is
	}
	return s.replace(k, was, is)
}

func applyInto(live, had, want map[string]any, others []map[string]any) {
	within := func(k string) []map[string]any {
		var out []map[string]any
		for _, o := range others {
			if m, ok := o[k].(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	}
	for k, v := range had {
		if _, ok := want[k]; ok {
			continue
		}
		m, deep := v.(map[string]any)
		l, isMap := live[k].(map[string]any)
		if deep && isMap {
			applyInto(l, m, nil, within(k))
			if len(l) > 0 {
				continue
			}
		} else if !equality.Semantic.DeepEqual(live[k], v) {
			continue
		}
		if !slices.ContainsFunc(others, func(o map[string]any) bool { _, ok := o[k]; return ok }) {
			delete(live, k)
		}
	}
	for k, v := range want {
		w, deep := v.(map[string]any)
		if !deep {
			live[k] = runtime.DeepCopyJSONValue(v)
			continue
		}
		l, ok := live[k].(map[string]any)
		if !ok {
			l = map[string]any{}
			live[k] = l
		}
		h, _ := had[k].(map[string]any)
		applyInto(l, h, w, within(k))
	}
}

// own adds owners that the object does not have yet.
func own(is *unstructured.Unstructured, owners []any) {
	if len(owners) == 0 {
		return
	}
	has, _, _ := unstructured.NestedSlice(is.Object, "metadata", "ownerReferences")
	for _, o := range owners {
		uid := o.(map[string]any)["uid"]
		has = slices.DeleteFunc(has, func(h any) bool { return h.(map[string]any)["uid"] == uid })
		has = append(has, o)
	}
	_ = unstructured.SetNestedSlice(is.Object, has, "metadata", "ownerReferences")
}

// Status writes objects' status.
func (s *store) Status() client.SubResourceWriter { return &substore{store: s} }

// SubResource writes objects' status, the only one there is.
func (s *store) SubResource(string) client.SubResourceClient { return &substore{store: s} }

type substore struct {
	client.SubResourceClient

	store *store
}

// Update the status of an object, and nothing else of it.
func (s *substore) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	return s.store.update(o, func(was, is *unstructured.Unstructured) {
		status := is.Object["status"]
		is.Object = maps.Clone(was.Object)
		is.Object["metadata"] = maps.Clone(was.Object["metadata"].(map[string]any))
		setOrDelete(is.Object, "status", status)
	})
}
