// Package workload is what the framework of the composition functions is
// measured with: a composite resource of any number of composed ones, once as
// a composer and once as an input of function-patch-and-transform that desires
// exactly the same.
package workload

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

const (
	namespace = "acme"
	label     = "catalyst.openova.io/organization"
	created   = "2026-01-01T00:00:00Z"
	commit    = "0123456789abcdef0123456789abcdef01234567"
)

// A Site is a composite resource of Count composed ones.
type Site struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec   SiteSpec   `json:"spec"`
	Status SiteStatus `json:"status,omitzero"`
}

// A SiteSpec has what patches read.
type SiteSpec struct {
	Count  int    `json:"count"`
	Tenant string `json:"tenant"`
	Domain string `json:"domain"`
	Branch string `json:"branch"`
}

// A SiteStatus is the status every composite resource of Catalyst has.
type SiteStatus struct {
	v1alpha1.Progress `json:",inline"`
}

// Compose a Site: names, repositories and branches in turn.
func Compose(r *composing.Run, s *Site) error {
	st := &SiteStatus{}
	r.Status(st, &st.Progress)
	steps := []*composing.Step{r.Step("Names"), r.Step("Repositories"), r.Step("Branches")}
	for i := range s.Spec.Count {
		if err := steps[i%len(steps)].Desire(key(i), s.composed(i)); err != nil {
			return err
		}
	}
	return nil
}

func key(i int) string { return "r" + strconv.Itoa(i) }

func (s *Site) composed(i int) client.Object {
	meta := metav1.ObjectMeta{Name: s.GetName() + "-" + key(i), Namespace: s.GetNamespace(), Labels: map[string]string{label: s.Spec.Tenant}}
	switch i % 3 {
	case 0:
		return &powerdns.RRset{ObjectMeta: meta, Spec: powerdns.RRsetSpec{ForProvider: powerdns.RRsetParameters{
			Zone:    s.Spec.Domain,
			Name:    key(i) + "." + s.Spec.Domain,
			Type:    "A",
			TTL:     new(int64(300)),
			Records: []powerdns.Record{{Content: "192.0.2.1"}, {Content: "192.0.2.2"}},
		}}}
	case 1:
		return &gitea.Repository{ObjectMeta: meta, Spec: gitea.RepositorySpec{ForProvider: gitea.RepositoryParameters{
			Owner:                new(s.Spec.Tenant),
			Description:          new("Part " + key(i) + " of " + s.Spec.Domain),
			Private:              new(true),
			HasWiki:              new(false),
			AllowFastForwardOnly: new(true),
			DefaultMergeStyle:    new("fast-forward-only"),
		}}}
	default:
		return &gitea.Branch{ObjectMeta: meta, Spec: gitea.BranchSpec{ForProvider: gitea.BranchParameters{
			Owner:      new(s.Spec.Tenant),
			Repository: new("shared"),
			Ref:        new(s.Spec.Branch),
		}}}
	}
}

// Settled is the request of a Site whose composed resources all exist and are
// ready, as core makes it again and again. It is meant for both functions: the
// composer ignores the input.
func Settled(ctx context.Context, fn fnv1.FunctionRunnerServiceServer, count int) (*fnv1.RunFunctionRequest, error) {
	xr, err := structpb.NewStruct(map[string]any{
		"apiVersion": "bench.openova.io/v1alpha1",
		"kind":       "Site",
		"metadata":   map[string]any{"name": "site", "namespace": namespace, "uid": "5f0c9c4e-9f8e-4b39-8f0f-1d2c3b4a5968", "creationTimestamp": created, "generation": 1},
		"spec":       map[string]any{"count": count, "tenant": "acme", "domain": "acme.example", "branch": "main"},
	})
	if err != nil {
		return nil, errors.Wrap(err, "cannot make the composite resource")
	}
	in, err := structpb.NewStruct(input(count))
	if err != nil {
		return nil, errors.Wrap(err, "cannot make the input")
	}
	req := &fnv1.RunFunctionRequest{
		Meta:     &fnv1.RequestMeta{Tag: "bench"},
		Input:    in,
		Observed: &fnv1.State{Composite: &fnv1.Resource{Resource: xr}, Resources: map[string]*fnv1.Resource{}},
	}
	// Once to create everything, once to see that it is ready.
	for range 2 {
		rsp, err := fn.RunFunction(ctx, req)
		if err != nil {
			return nil, errors.Wrap(err, "cannot run the function")
		}
		if err := Fatal(rsp); err != nil {
			return nil, err
		}
		xr.Fields["status"] = rsp.GetDesired().GetComposite().GetResource().GetFields()["status"]
		for k, d := range rsp.GetDesired().GetResources() {
			req.Observed.Resources[k] = &fnv1.Resource{Resource: observed(k, d.GetResource())}
		}
	}
	return req, nil
}

// Fatal is the error a function answered with, if it did.
func Fatal(rsp *fnv1.RunFunctionResponse) error {
	for _, r := range rsp.GetResults() {
		if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
			return errors.New(r.GetMessage())
		}
	}
	return nil
}

// observed is a desired resource with what the API server and its controller
// add.
func observed(k string, d *structpb.Struct) *structpb.Struct {
	o := proto.Clone(d).(*structpb.Struct)
	md := o.GetFields()["metadata"].GetStructValue().GetFields()
	for f, v := range map[string]string{"uid": "6a1d0d5f-0a9f-4c4a-9010-" + fmt.Sprintf("%012s", k[1:]), "creationTimestamp": created, "resourceVersion": "12345", "generateName": "site-"} {
		md[f] = structpb.NewStringValue(v)
	}
	md["generation"] = structpb.NewNumberValue(1)
	for f, v := range map[string]any{
		"annotations": map[string]any{
			"crossplane.io/composition-resource-name":      k,
			"crossplane.io/external-name":                  "site-" + k,
			"crossplane.io/external-create-pending":        created,
			"crossplane.io/external-create-succeeded":      created,
			"crossplane.io/composition-resource-readiness": "true",
		},
		"finalizers":      []any{"finalizer.managedresource.crossplane.io"},
		"ownerReferences": []any{map[string]any{"apiVersion": "bench.openova.io/v1alpha1", "kind": "Site", "name": "site", "uid": "5f0c9c4e-9f8e-4b39-8f0f-1d2c3b4a5968", "controller": true, "blockOwnerDeletion": true}},
	} {
		md[f], _ = structpb.NewValue(v)
	}
	condition := func(typ, reason string) any {
		return map[string]any{"type": typ, "status": "True", "reason": reason, "lastTransitionTime": created, "observedGeneration": 1}
	}
	o.Fields["status"], _ = structpb.NewValue(map[string]any{
		"conditions": []any{condition("Ready", "Available"), condition("Synced", "ReconcileSuccess")},
		"atProvider": map[string]any{
			"id": 42, "fqdn": k + ".acme.example.", "zone": "acme.example.", "ttl": 300, "commit": commit, "protected": true,
			"records": []any{map[string]any{"content": "192.0.2.1"}, map[string]any{"content": "192.0.2.2"}},
			"htmlURL": "http://127.0.0.1:3000/acme/" + k, "cloneURL": "http://127.0.0.1:3000/acme/" + k + ".git",
		},
	})
	return o
}

// input of function-patch-and-transform: a base and three patches for each
// resource, and the readiness check that is its default.
func input(count int) map[string]any {
	rs := make([]any, 0, count)
	for i := range count {
		rs = append(rs, template(i))
	}
	return map[string]any{"apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": rs}
}

func template(i int) map[string]any {
	patch := func(from, to string, format ...string) any {
		p := map[string]any{"type": "FromCompositeFieldPath", "fromFieldPath": from, "toFieldPath": to}
		for _, f := range format {
			p["transforms"] = []any{map[string]any{"type": "string", "string": map[string]any{"type": "Format", "fmt": f}}}
		}
		return p
	}
	base := func(apiVersion, kind string, parameters map[string]any) map[string]any {
		return map[string]any{"apiVersion": apiVersion, "kind": kind, "spec": map[string]any{"forProvider": parameters}}
	}
	out := map[string]any{"name": key(i)}
	labelled := patch("spec.tenant", "metadata.labels["+label+"]")
	switch i % 3 {
	case 0:
		out["base"] = base("powerdns.openova.io/v1alpha1", "RRset", map[string]any{
			"type": "A", "ttl": 300, "records": []any{map[string]any{"content": "192.0.2.1"}, map[string]any{"content": "192.0.2.2"}},
		})
		out["patches"] = []any{labelled, patch("spec.domain", "spec.forProvider.zone"), patch("spec.domain", "spec.forProvider.name", key(i)+".%s")}
	case 1:
		out["base"] = base("gitea.openova.io/v1alpha1", "Repository", map[string]any{
			"private": true, "hasWiki": false, "allowFastForwardOnly": true, "defaultMergeStyle": "fast-forward-only",
		})
		out["patches"] = []any{labelled, patch("spec.tenant", "spec.forProvider.owner"), patch("spec.domain", "spec.forProvider.description", "Part "+key(i)+" of %s")}
	default:
		out["base"] = base("gitea.openova.io/v1alpha1", "Branch", map[string]any{"repository": "shared"})
		out["patches"] = []any{labelled, patch("spec.tenant", "spec.forProvider.owner"), patch("spec.branch", "spec.forProvider.ref")}
	}
	out["readinessChecks"] = []any{map[string]any{"type": "MatchCondition", "matchCondition": map[string]any{"type": "Ready", "status": "True"}}}
	return out
}
