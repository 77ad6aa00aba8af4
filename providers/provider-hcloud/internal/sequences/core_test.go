package sequences

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

const (
	finalizerComposite = "composite.apiextensions.crossplane.io"
	labelComposite     = "crossplane.io/composite"
	annotationKey      = "crossplane.io/composition-resource-name"
	maxCalls           = 6
)

// compose looks at a composite resource as Crossplane core does.
func (p *plane) compose(f *function, i item) (time.Duration, error) {
	ctx := context.Background()
	xr, ok := p.seen(i)
	if !ok {
		return 0, nil
	}
	xr = xr.DeepCopy()
	if xr.GetDeletionTimestamp() != nil {
		if slices.Contains(xr.GetFinalizers(), finalizerComposite) {
			xr.SetFinalizers(slices.DeleteFunc(xr.GetFinalizers(), func(f string) bool { return f == finalizerComposite }))
			return 0, p.kube.Update(ctx, xr)
		}
		return 0, nil
	}
	if !slices.Contains(xr.GetFinalizers(), finalizerComposite) {
		xr.SetFinalizers(append(xr.GetFinalizers(), finalizerComposite))
		if err := p.kube.Update(ctx, xr); err != nil {
			return 0, err
		}
	}
	observed := map[string]item{}
	for key, c := range p.refs[xr.GetUID()] {
		if o, ok := p.seen(c); ok && metav1.IsControlledBy(o, xr) {
			observed[key] = c
		}
	}
	rsp, err := p.call(f, xr, observed)
	if err != nil {
		return 0, err
	}
	desired, err := p.desired(xr, rsp)
	if err != nil {
		return 0, err
	}
	for _, key := range slices.Sorted(maps.Keys(observed)) {
		if _, ok := desired[key]; ok {
			continue
		}
		if err := p.remove(observed[key], metav1.DeletePropagationForeground); err != nil {
			return 0, fmt.Errorf("cannot remove %s: %w", observed[key], err)
		}
	}
	if p.refs[xr.GetUID()], err = p.apply(ctx, xr, desired); err != nil {
		return 0, err
	}
	return rsp.GetMeta().GetTtl().AsDuration(), p.report(ctx, i, rsp)
}

// call the function until it requires nothing new.
func (p *plane) call(f *function, xr *unstructured.Unstructured, observed map[string]item) (*fnv1.RunFunctionResponse, error) {
	comp, err := toStruct(xr)
	if err != nil {
		return nil, err
	}
	req := &fnv1.RunFunctionRequest{Meta: &fnv1.RequestMeta{Tag: "tag"}, Observed: &fnv1.State{
		Composite: &fnv1.Resource{Resource: comp}, Resources: map[string]*fnv1.Resource{},
	}}
	for key, c := range observed {
		o, _ := p.seen(c)
		s, err := toStruct(o)
		if err != nil {
			return nil, err
		}
		req.Observed.Resources[key] = &fnv1.Resource{Resource: s}
	}
	// Core asks with nothing first. What the function required before saves a call
	// in which it would say so again.
	before := p.required[xr.GetUID()]
	if req.RequiredResources, err = p.lookUp(before); err != nil {
		return nil, err
	}
	for range maxCalls {
		rsp, err := f.run(req)
		if err != nil {
			return nil, err
		}
		for _, r := range rsp.GetResults() {
			if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
				return nil, errors.New(r.GetMessage())
			}
		}
		if proto.Equal(before, rsp.GetRequirements()) {
			return rsp, nil
		}
		before = rsp.GetRequirements()
		p.required[xr.GetUID()] = before
		if req.RequiredResources, err = p.lookUp(before); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("requirements did not settle")
}

func (p *plane) lookUp(r *fnv1.Requirements) (map[string]*fnv1.Resources, error) {
	out := map[string]*fnv1.Resources{}
	for key, sel := range r.GetResources() {
		found := &fnv1.Resources{}
		gvk := schema.FromAPIVersionAndKind(sel.GetApiVersion(), sel.GetKind())
		for i := range p.objects {
			if i.GroupVersionKind != gvk || sel.GetMatchName() != "" && i.name != sel.GetMatchName() {
				continue
			}
			o, ok := p.seen(i)
			if !ok {
				continue
			}
			s, err := toStruct(o)
			if err != nil {
				return nil, err
			}
			found.Items = append(found.Items, &fnv1.Resource{Resource: s})
		}
		out[key] = found
	}
	return out, nil
}

func toStruct(u *unstructured.Unstructured) (*structpb.Struct, error) {
	return structpb.NewStruct(u.DeepCopy().Object)
}

// desired objects of a response, as core applies them.
func (p *plane) desired(xr *unstructured.Unstructured, rsp *fnv1.RunFunctionResponse) (map[string]*unstructured.Unstructured, error) {
	out := map[string]*unstructured.Unstructured{}
	for key, r := range rsp.GetDesired().GetResources() {
		u := &unstructured.Unstructured{Object: r.GetResource().AsMap()}
		if u.GetNamespace() != namespace {
			return nil, fmt.Errorf("%s is to be in namespace %q", key, u.GetNamespace())
		}
		p.annotate(u, annotationKey, key)
		u.SetLabels(with(u.GetLabels(), labelComposite, xr.GetName()))
		u.SetOwnerReferences([]metav1.OwnerReference{meta.AsController(meta.TypedReferenceTo(xr, xr.GroupVersionKind()))})
		if u.GroupVersionKind().Group == hcloud.CRDGroupVersion.Group {
			// What the API server defaults.
			if err := unstructured.SetNestedStringSlice(u.Object, []string{"*"}, "spec", "managementPolicies"); err != nil {
				return nil, err
			}
		}
		out[key] = u
	}
	return out, nil
}

func (p *plane) apply(ctx context.Context, xr *unstructured.Unstructured, desired map[string]*unstructured.Unstructured) (map[string]item, error) {
	refs := map[string]item{}
	for key, u := range desired {
		refs[key] = item{GroupVersionKind: u.GroupVersionKind(), name: u.GetName()}
	}
	keys := slices.Sorted(maps.Keys(desired))
	p.rng.Shuffle(len(keys), func(a, b int) { keys[a], keys[b] = keys[b], keys[a] })
	for _, key := range keys {
		u, i := desired[key], refs[key]
		raw, err := u.MarshalJSON()
		if err != nil {
			return refs, err
		}
		digest := fmt.Sprintf("%x", sha256.Sum256(raw))
		was, exists := p.objects[i]
		if exists && !metav1.IsControlledBy(was, xr) {
			return refs, fmt.Errorf("%s exists and is not controlled by %s", i, xr.GetName())
		}
		if exists && p.applied[i] == digest+was.GetResourceVersion() {
			continue
		}
		if err := p.kube.Patch(ctx, u, client.Apply, client.ForceOwnership, client.FieldOwner("apiextensions.crossplane.io/composed/"+xr.GetName())); err != nil { //nolint:staticcheck // Core does so too.
			return refs, fmt.Errorf("cannot apply %s: %w", i, err)
		}
		if is, ok := p.objects[i]; ok {
			p.applied[i] = digest + is.GetResourceVersion()
		}
	}
	return refs, nil
}

// report the response's status on the composite resource.
func (p *plane) report(ctx context.Context, i item, rsp *fnv1.RunFunctionResponse) error {
	xr, ok := p.objects[i]
	if !ok {
		return nil
	}
	xr = xr.DeepCopy()
	had, _, _ := unstructured.NestedSlice(xr.Object, "status", "conditions")
	status, _ := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)
	set := func(typ string, ok bool, reason, message string) {
		c := map[string]any{"type": typ, "status": string(corev1.ConditionFalse), "reason": reason, "message": message, "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)}
		if ok {
			c["status"] = string(corev1.ConditionTrue)
		}
		at := slices.IndexFunc(had, func(h any) bool { return h.(map[string]any)["type"] == typ })
		if at < 0 {
			had = append(had, c)
			return
		}
		if h := had[at].(map[string]any); h["status"] == c["status"] && h["reason"] == c["reason"] {
			c["lastTransitionTime"] = h["lastTransitionTime"]
		}
		had[at] = c
	}
	for _, c := range rsp.GetConditions() {
		set(c.GetType(), c.GetStatus() == fnv1.Status_STATUS_CONDITION_TRUE, c.GetReason(), c.GetMessage())
	}
	set("Synced", true, "ReconcileSuccess", "")
	ready := rsp.GetDesired().GetComposite().GetReady() == fnv1.Ready_READY_TRUE
	reason := "Creating"
	if ready {
		reason = "Available"
	}
	set("Ready", ready, reason, "")
	status["conditions"] = had
	xr.Object["status"] = status
	// Numbers as the API server has them.
	raw, err := xr.MarshalJSON()
	if err != nil {
		return err
	}
	if err := xr.UnmarshalJSON(raw); err != nil {
		return err
	}
	return p.kube.Status().Update(ctx, xr)
}
