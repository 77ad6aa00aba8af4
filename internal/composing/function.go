// Package composing is what Catalyst's composition functions are made of. A
// function is a pure step from what was observed to what is desired; this
// package gives it the three things that are easy to get wrong: inputs that
// may not have arrived yet, resources that must never be dropped by accident,
// and a status that says in words how far things have come.
package composing

import (
	"context"
	"encoding/json"
	"maps"
	"runtime/debug"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"
)

// How long a response is good for. Composed and required resources are
// watched, so these only bound how long a lost event goes unnoticed.
const (
	settledTTL = 10 * time.Minute
	waitingTTL = 1 * time.Minute
)

// A Composer decides what a composite resource of type T consists of. It adds
// steps and desired resources to the run. An error is fatal: nothing is
// applied and nothing is deleted.
type Composer[T any] func(r *Run, xr *T) error

// A Function serves one Composer.
type Function[T any] struct {
	fnv1.UnimplementedFunctionRunnerServiceServer

	compose Composer[T]
	log     logging.Logger
}

// NewFunction returns a Function that runs the supplied Composer.
func NewFunction[T any](log logging.Logger, c Composer[T]) *Function[T] {
	return &Function[T]{compose: c, log: log}
}

// RunFunction answers any request: bad input and even a panic become a fatal
// result, because one process serves every composite resource of its kind.
func (f *Function[T]) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (rsp *fnv1.RunFunctionResponse, _ error) {
	defer func() {
		if p := recover(); p != nil {
			f.log.Info("Function panicked", "panic", p, "stack", string(debug.Stack()))
			rsp = passThrough(req)
			response.Fatal(rsp, errors.Errorf("function panicked: %v", p))
		}
	}()

	rsp = passThrough(req)

	xr := new(T)
	if err := decode(req.GetObserved().GetComposite().GetResource(), xr); err != nil {
		response.Fatal(rsp, errors.Wrap(err, "cannot read the composite resource"))
		return rsp, nil
	}

	r := newRun(req)
	if err := f.compose(r, xr); err != nil {
		response.Fatal(rsp, err)
		return rsp, nil
	}
	if err := r.finish(rsp); err != nil {
		rsp = passThrough(req)
		response.Fatal(rsp, err)
	}
	f.log.Debug("Ran", "kind", r.XR().Kind(), "namespace", r.XR().Namespace(), "name", r.XR().Name(),
		"resolved", !r.unresolved, "desired", len(rsp.GetDesired().GetResources()), "retired", len(r.retired))
	return rsp, nil
}

// passThrough answers with the desired state of earlier steps of the pipeline.
// The request is left as it was.
func passThrough(req *fnv1.RunFunctionRequest) *fnv1.RunFunctionResponse {
	rsp := response.To(req, settledTTL)
	d := &fnv1.State{Composite: req.GetDesired().GetComposite(), Resources: make(map[string]*fnv1.Resource, len(req.GetDesired().GetResources()))}
	maps.Copy(d.Resources, req.GetDesired().GetResources())
	rsp.Desired = d
	return rsp
}

// decode a protobuf struct into a Go value by its JSON tags.
func decode(s *structpb.Struct, into any) error {
	data, err := json.Marshal(s.AsMap())
	if err != nil {
		return errors.Wrap(err, "cannot convert to JSON")
	}
	return errors.Wrap(json.Unmarshal(data, into), "cannot convert from JSON")
}
