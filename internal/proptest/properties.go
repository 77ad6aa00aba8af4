package proptest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// worlds tried at random per property.
const worlds = 200

// guardPrefix of the keys of guards, which go with the last child that they were
// there for.
const guardPrefix = "guard-"

// Check the four properties of the function in the world and in random worlds
// on the way to it.
func Check(t *testing.T, fn fnv1.FunctionRunnerServiceServer, w *World) {
	t.Helper()
	t.Run("Deterministic", func(t *testing.T) { deterministic(t, fn, w) })
	t.Run("FixedPoint", func(t *testing.T) { fixedPoint(t, fn, w) })
	t.Run("NeverShrinks", func(t *testing.T) { neverShrinks(t, fn, w) })
	t.Run("Total", func(t *testing.T) { total(t, fn, w) })
}

// walk calls visit in random worlds: some of what is desired has become ready,
// some has not.
func walk(t *testing.T, fn fnv1.FunctionRunnerServiceServer, w *World, visit func(rng *rand.Rand, w *World)) {
	t.Helper()
	for seed := range uint64(worlds) {
		rng := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // Random on purpose, and repeatable.
		at := w.Clone()
		for range rng.IntN(6) {
			_, rsp := at.Run(t, fn)
			at.Apply(rsp, func(string) bool { return rng.IntN(3) > 0 })
		}
		visit(rng, at)
	}
}

// deterministic: the same request has the same response, byte for byte, and is
// left as it was.
func deterministic(t *testing.T, fn fnv1.FunctionRunnerServiceServer, w *World) {
	t.Helper()
	walk(t, fn, w, func(_ *rand.Rand, at *World) {
		req, _ := at.Run(t, fn)
		before := Bytes(req)
		a, b := Bytes(call(t, fn, req)), Bytes(call(t, fn, req))
		if !slices.Equal(a, b) {
			t.Fatal("two responses to one request differ")
		}
		if !slices.Equal(before, Bytes(req)) {
			t.Fatal("the function changed its request")
		}
	})
}

// fixedPoint: a response applied and fed back as observed changes nothing, and
// says nothing that was said before.
func fixedPoint(t *testing.T, fn fnv1.FunctionRunnerServiceServer, w *World) {
	t.Helper()
	at := w.Clone()
	want := at.Settle(t, fn)
	_, got := at.Run(t, fn)
	if diff := cmp.Diff(want.GetDesired(), got.GetDesired(), protocmp.Transform()); diff != "" {
		t.Errorf("desired state of a settled world: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff(want.GetConditions(), got.GetConditions(), protocmp.Transform()); diff != "" {
		t.Errorf("conditions of a settled world: -before, +after:\n%s", diff)
	}
	if len(got.GetResults()) > 0 {
		t.Errorf("a settled world needs no results: %v", got.GetResults())
	}
	for key, res := range got.GetDesired().GetResources() {
		if field(res.GetResource(), "status") != nil {
			t.Errorf("%s: a function may not desire the status of a composed resource", key)
		}
		for _, f := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "ownerReferences"} {
			if _, ok := field(res.GetResource(), "metadata").GetFields()[f]; ok {
				t.Errorf("%s: a function may not desire metadata.%s", key, f)
			}
		}
	}
}

// neverShrinks: whatever input is missing or stale, what was composed stays
// desired, or the response is fatal and nothing is applied at all.
func neverShrinks(t *testing.T, fn fnv1.FunctionRunnerServiceServer, w *World) {
	t.Helper()
	keeps := func(what string, req *fnv1.RunFunctionRequest, except ...string) {
		t.Helper()
		rsp := call(t, fn, req)
		if Fatal(rsp) != "" {
			return
		}
		for key := range req.GetObserved().GetResources() {
			if _, ok := rsp.GetDesired().GetResources()[key]; !ok && !slices.ContainsFunc(except, func(p string) bool { return strings.HasPrefix(key, p) }) {
				t.Fatalf("%s: %q was composed and is not desired any more", what, key)
			}
		}
	}
	settled := w.Clone()
	settled.Settle(t, fn)
	req, _ := settled.Run(t, fn)
	keeps("nothing was looked up", settled.Request())
	for key := range req.GetRequiredResources() {
		r := proto.Clone(req).(*fnv1.RunFunctionRequest)
		delete(r.RequiredResources, key)
		keeps("required resource "+key+" was not looked up", r)
	}
	for kind := range settled.Kinds {
		at := settled.Clone()
		delete(at.Kinds, kind)
		r, _ := at.Run(t, fn)
		keeps("kind "+kind+" is gone", r)
	}
	for i := range settled.Objects {
		at := settled.Clone()
		at.Objects = slices.Delete(at.Objects, i, i+1)
		r, _ := at.Run(t, fn)
		keeps("object "+str(settled.Objects[i], "kind")+" "+str(settled.Objects[i], "metadata", "name")+" is gone", r, guardPrefix)
	}
	walk(t, fn, w, func(rng *rand.Rand, at *World) {
		r, _ := at.Run(t, fn)
		for key := range r.GetRequiredResources() {
			if rng.IntN(2) == 0 {
				delete(r.RequiredResources, key)
			}
		}
		keeps("some requirements were not looked up", r)
	})
}

// total: any input has a response with the request's tag.
func total(t *testing.T, fn fnv1.FunctionRunnerServiceServer, w *World) {
	t.Helper()
	walk(t, fn, w, func(rng *rand.Rand, at *World) {
		req, _ := at.Run(t, fn)
		Mangle(rng, req)
		rsp := call(t, fn, req)
		if rsp.GetMeta().GetTag() != req.GetMeta().GetTag() {
			t.Fatalf("tag is %q, want %q", rsp.GetMeta().GetTag(), req.GetMeta().GetTag())
		}
	})
}

// Mangle some values anywhere in a request.
func Mangle(rng *rand.Rand, req *fnv1.RunFunctionRequest) {
	structs := []*structpb.Struct{req.GetObserved().GetComposite().GetResource()}
	for _, r := range req.GetObserved().GetResources() {
		structs = append(structs, r.GetResource())
	}
	for _, rs := range req.GetRequiredResources() {
		for _, r := range rs.GetItems() {
			structs = append(structs, r.GetResource())
		}
	}
	for _, s := range structs {
		mangle(rng, s)
	}
}

func mangle(rng *rand.Rand, s *structpb.Struct) {
	for key, v := range s.GetFields() {
		switch rng.IntN(20) {
		case 0:
			delete(s.Fields, key)
			continue
		case 1:
			s.Fields[key] = structpb.NewStringValue("\x00../-_.:é")
			continue
		case 2:
			s.Fields[key] = structpb.NewListValue(&structpb.ListValue{})
			continue
		case 3:
			s.Fields[key] = nil
			continue
		}
		if sub := v.GetStructValue(); sub != nil {
			mangle(rng, sub)
		}
		for _, e := range v.GetListValue().GetValues() {
			if sub := e.GetStructValue(); sub != nil {
				mangle(rng, sub)
			}
		}
	}
}

// Fuzz the function with bytes read as a request.
func Fuzz(f *testing.F, fn fnv1.FunctionRunnerServiceServer, w *World) {
	f.Helper()
	f.Add(Bytes(w.Request()))
	settled := w.Clone()
	settled.Settle(f, fn)
	req, _ := settled.Run(f, fn)
	f.Add(Bytes(req))
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &fnv1.RunFunctionRequest{}
		if err := proto.Unmarshal(data, req); err != nil {
			return // Not a request.
		}
		rsp := call(t, fn, req)
		if rsp.GetMeta().GetTag() != req.GetMeta().GetTag() {
			t.Fatalf("tag is %q, want %q", rsp.GetMeta().GetTag(), req.GetMeta().GetTag())
		}
		for key := range req.GetDesired().GetResources() {
			if _, ok := rsp.GetDesired().GetResources()[key]; !ok {
				t.Fatalf("%q was desired by an earlier step and was dropped", key)
			}
		}
	})
}
