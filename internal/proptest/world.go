// Package proptest checks the four properties that every composition function
// has: it is deterministic, it has a fixed point, it never shrinks and it is
// total. It stands in for Crossplane core only as far as the function contract
// goes: it looks up what a function requires, applies what it desires and
// observes the result.
package proptest

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// maxCalls core makes of a function before it gives up on its requirements.
const maxCalls = 6

// epoch is when everything in a World was created.
const epoch = "2026-01-01T00:00:00Z"

// A World is what a function can know: its composite resource, what it has
// composed, other objects and the kinds that are installed.
type World struct {
	// XR is the composite resource.
	XR *structpb.Struct
	// Objects that exist beside what the function composes.
	Objects []*structpb.Struct
	// Kinds the API server knows, as <apiVersion>/<kind>.
	Kinds map[string]bool
	// Composed resources by key.
	Composed map[string]*structpb.Struct
}

// NewWorld of YAML documents: the composite resource first, then the objects.
func NewWorld(t testing.TB, docs string, kinds ...string) *World {
	t.Helper()
	w := &World{Kinds: map[string]bool{}, Composed: map[string]*structpb.Struct{}}
	for _, k := range kinds {
		w.Kinds[k] = true
	}
	for doc := range strings.SplitSeq(docs, "\n---\n") {
		m := map[string]any{}
		if err := yaml.Unmarshal([]byte(doc), &m); err != nil {
			t.Fatalf("cannot parse document: %v\n%s", err, doc)
		}
		s, err := structpb.NewStruct(m)
		if err != nil {
			t.Fatalf("cannot convert document: %v\n%s", err, doc)
		}
		if md := field(s, "metadata"); md != nil {
			set(md, "creationTimestamp", epoch)
			set(md, "uid", "xr")
		}
		if w.XR == nil {
			w.XR = s
			continue
		}
		w.Objects = append(w.Objects, s)
	}
	return w
}

// Clone the world.
func (w *World) Clone() *World {
	out := &World{XR: clone(w.XR), Kinds: maps.Clone(w.Kinds), Composed: map[string]*structpb.Struct{}}
	for _, o := range w.Objects {
		out.Objects = append(out.Objects, clone(o))
	}
	for k, o := range w.Composed {
		out.Composed[k] = clone(o)
	}
	return out
}

// Request a function gets in this world before it has required anything.
func (w *World) Request() *fnv1.RunFunctionRequest {
	req := &fnv1.RunFunctionRequest{
		Meta:     &fnv1.RequestMeta{Tag: "tag"},
		Observed: &fnv1.State{Composite: &fnv1.Resource{Resource: clone(w.XR)}, Resources: map[string]*fnv1.Resource{}},
	}
	for k, o := range w.Composed {
		req.Observed.Resources[k] = &fnv1.Resource{Resource: clone(o)}
	}
	return req
}

// Run the function the way core does: again and again until it requires
// nothing new. It returns the last request and its response.
func (w *World) Run(t testing.TB, fn fnv1.FunctionRunnerServiceServer) (*fnv1.RunFunctionRequest, *fnv1.RunFunctionResponse) {
	t.Helper()
	req := w.Request()
	var before *fnv1.Requirements
	for range maxCalls {
		rsp := call(t, fn, req)
		if Fatal(rsp) != "" || proto.Equal(before, rsp.GetRequirements()) {
			return req, rsp
		}
		before = rsp.GetRequirements()
		req.RequiredResources = w.lookUp(before)
	}
	t.Fatal("requirements did not settle")
	return nil, nil
}

func call(t testing.TB, fn fnv1.FunctionRunnerServiceServer, req *fnv1.RunFunctionRequest) *fnv1.RunFunctionResponse {
	t.Helper()
	rsp, err := fn.RunFunction(context.Background(), req)
	if err != nil {
		t.Fatalf("a function never returns an error: %v", err)
	}
	return rsp
}

func (w *World) lookUp(r *fnv1.Requirements) map[string]*fnv1.Resources {
	res := map[string]*fnv1.Resources{}
	for key, sel := range r.GetResources() {
		found := &fnv1.Resources{}
		for _, o := range append(w.apiServices(), w.Objects...) {
			if matches(o, sel) {
				found.Items = append(found.Items, &fnv1.Resource{Resource: clone(o)})
			}
		}
		res[key] = found
	}
	return res
}

// apiServices of the kinds the API server knows.
func (w *World) apiServices() []*structpb.Struct {
	var out []*structpb.Struct
	for _, k := range slices.Sorted(maps.Keys(w.Kinds)) {
		group, rest, _ := strings.Cut(k, "/")
		version, _, _ := strings.Cut(rest, "/")
		o := &structpb.Struct{}
		set(ensure(o, "metadata"), "name", version+"."+group)
		set(o, "apiVersion", "apiregistration.k8s.io/v1")
		set(o, "kind", "APIService")
		out = append(out, o)
	}
	return out
}

func matches(o *structpb.Struct, sel *fnv1.ResourceSelector) bool {
	if str(o, "apiVersion") != sel.GetApiVersion() || str(o, "kind") != sel.GetKind() {
		return false
	}
	if ns := sel.GetNamespace(); ns != "" && str(o, "metadata", "namespace") != ns {
		return false
	}
	if name := sel.GetMatchName(); name != "" {
		return str(o, "metadata", "name") == name
	}
	for k, v := range sel.GetMatchLabels().GetLabels() {
		if str(o, "metadata", "labels", k) != v {
			return false
		}
	}
	return true
}

// Apply a response: what it desires exists from now on, what it does not
// desire is gone. Resources whose key ready accepts become ready.
func (w *World) Apply(rsp *fnv1.RunFunctionResponse, ready func(key string) bool) {
	next := map[string]*structpb.Struct{}
	for key, d := range rsp.GetDesired().GetResources() {
		o := clone(d.GetResource())
		md := ensure(o, "metadata")
		set(md, "uid", "uid-"+key)
		set(md, "creationTimestamp", epoch)
		md.Fields["generation"] = structpb.NewNumberValue(1)
		if str(o, "metadata", "name") == "" {
			set(md, "name", strings.ToLower(key))
		}
		if was := w.Composed[key]; was != nil && field(was, "status") != nil {
			o.Fields["status"] = structpb.NewStructValue(field(was, "status"))
		}
		if ready(key) {
			becomeReady(o)
		}
		next[key] = o
	}
	w.Composed = next

	status := clone(field(rsp.GetDesired().GetComposite().GetResource(), "status"))
	conds := &structpb.ListValue{}
	for _, c := range rsp.GetConditions() {
		conds.Values = append(conds.Values, structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			"type":               structpb.NewStringValue(c.GetType()),
			"status":             structpb.NewStringValue(map[fnv1.Status]string{fnv1.Status_STATUS_CONDITION_TRUE: "True", fnv1.Status_STATUS_CONDITION_FALSE: "False"}[c.GetStatus()]),
			"reason":             structpb.NewStringValue(c.GetReason()),
			"message":            structpb.NewStringValue(c.GetMessage()),
			"lastTransitionTime": structpb.NewStringValue(epoch),
		}}))
	}
	if len(conds.GetValues()) > 0 {
		status.Fields["conditions"] = structpb.NewListValue(conds)
	}
	w.XR.Fields["status"] = structpb.NewStructValue(status)
}

// becomeReady gives the object the status its controller would. What it says
// about the outside follows from what was asked for.
func becomeReady(o *structpb.Struct) {
	st := ensure(o, "status")
	if str(o, "kind") == "Namespace" {
		set(st, "phase", "Active")
		return
	}
	cond := func(typ string) *structpb.Value {
		return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			"type": structpb.NewStringValue(typ), "status": structpb.NewStringValue("True"),
			"reason": structpb.NewStringValue("Available"), "lastTransitionTime": structpb.NewStringValue(epoch),
		}})
	}
	st.Fields["conditions"] = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{cond("Ready"), cond("Synced")}})
	at := ensure(st, "atProvider")
	base := "https://git.example.org/" + str(o, "spec", "forProvider", "owner") + "/" + str(o, "metadata", "name")
	set(at, "htmlURL", base)
	set(at, "cloneURL", base+".git")
	set(at, "sshURL", "ssh://git@"+strings.TrimPrefix(base, "https://")+".git")
	set(at, "commit", "0123456789abcdef0123456789abcdef01234567")
	set(at, "head", "0123456789abcdef0123456789abcdef01234567")
	external := str(o, "metadata", "annotations", "crossplane.io/external-name")
	if strings.HasPrefix(str(o, "apiVersion"), "hcloud.") {
		set(at, "id", cmp.Or(external, hetznerID(o)))
	}
	switch str(o, "kind") {
	case "Network":
		set(at, "id", cmp.Or(external, "1001"))
	case "NetworkSubnet":
		set(at, "id", cmp.Or(external, "1001-"+str(o, "spec", "forProvider", "ipRange")))
	case "LoadBalancer":
		set(at, "id", cmp.Or(external, "2001"))
		set(at, "ipv4", "192.0.2.10")
		set(at, "ipv6", "2001:db8::10")
	case "Server":
		set(at, "ipv4Address", "192.0.2.20")
		set(ensure(ensure(o, "metadata"), "annotations"), "crossplane.io/external-name", str(at, "id"))
	case "HostCluster":
		ids := ensure(st, "hetzner")
		for _, id := range []string{"networkID", "firewallID", "placementGroupID", "loadBalancerID"} {
			set(ids, id, cmp.Or(str(o, "spec", "adopt", id), "4711"))
		}
		set(ids, "subnet", str(o, "spec", "network", "subnet"))
		lb := ensure(st, "loadBalancer")
		set(lb, "ipv4", "192.0.2.10")
		set(lb, "ipv6", "2001:db8::10")
	case "CryptoKey":
		at.Fields["id"] = structpb.NewNumberValue(7)
		if str(o, "spec", "forProvider", "keyType") == "ksk" {
			at.Fields["ds"] = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{
				structpb.NewStringValue("12345 13 1 aa"), structpb.NewStringValue("12345 13 2 bb"), structpb.NewStringValue("12345 13 4 cc"),
			}})
		}
	case "NodePool":
		spec := field(o, "spec")
		st.Fields["readyServers"] = spec.GetFields()["count"]
		st.Fields["userDataKeys"] = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewStringValue(str(spec, "userDataSecretRef", "key"))}})
	}
}

// hetznerID an object gets: the same for the same name, and another for another.
func hetznerID(o *structpb.Struct) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(str(o, "kind") + "/" + str(o, "metadata", "name")))
	return strconv.FormatUint(uint64(h.Sum32())+1, 10)
}

// Fatal is the message of the first fatal result, or empty.
func Fatal(rsp *fnv1.RunFunctionResponse) string {
	for _, r := range rsp.GetResults() {
		if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
			return r.GetMessage()
		}
	}
	return ""
}

// Keys of the desired resources, sorted.
func Keys(rsp *fnv1.RunFunctionResponse) []string {
	return slices.Sorted(maps.Keys(rsp.GetDesired().GetResources()))
}

// All accepts every key.
func All(string) bool { return true }

// Settle runs the function and applies what it desires until nothing changes
// any more.
func (w *World) Settle(t testing.TB, fn fnv1.FunctionRunnerServiceServer) *fnv1.RunFunctionResponse {
	t.Helper()
	const rounds = 20
	var before []byte
	for range rounds {
		_, rsp := w.Run(t, fn)
		if f := Fatal(rsp); f != "" {
			t.Fatalf("fatal result: %s", f)
		}
		w.Apply(rsp, All)
		now := Bytes(rsp.GetDesired())
		if slices.Equal(before, now) {
			return rsp
		}
		before = now
	}
	t.Fatalf("no fixed point after %d rounds", rounds)
	return nil
}

// Bytes of a message that are the same whenever the message is.
func Bytes(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("cannot marshal: %v", err))
	}
	return b
}

func clone(s *structpb.Struct) *structpb.Struct {
	if s == nil {
		return &structpb.Struct{Fields: map[string]*structpb.Value{}}
	}
	return proto.Clone(s).(*structpb.Struct)
}

func field(s *structpb.Struct, name string) *structpb.Struct {
	return s.GetFields()[name].GetStructValue()
}

func ensure(s *structpb.Struct, name string) *structpb.Struct {
	if s.Fields == nil {
		s.Fields = map[string]*structpb.Value{}
	}
	if f := field(s, name); f != nil {
		if f.Fields == nil {
			f.Fields = map[string]*structpb.Value{}
		}
		return f
	}
	f := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	s.Fields[name] = structpb.NewStructValue(f)
	return f
}

func set(s *structpb.Struct, name, value string) { s.Fields[name] = structpb.NewStringValue(value) }

func str(s *structpb.Struct, path ...string) string {
	for _, p := range path[:len(path)-1] {
		s = field(s, p)
	}
	return s.GetFields()[path[len(path)-1]].GetStringValue()
}
