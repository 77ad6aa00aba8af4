// Package testkit holds what the tests of all kinds need.
package testkit

import (
	"context"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/test/servers/powerdns"
)

// A Bench is a real server behind a proxy, and what reconciles one kind there.
type Bench[T resource.Managed] struct {
	// DNS is the real server.
	DNS *powerdns.Server
	// Proxy before it.
	Proxy *powerdns.Proxy
	// Server that the kind is reconciled with.
	Server *clients.Server
	// Events that were recorded.
	Events *Recorder

	hub     connect.Hub
	connect func(connect.Hub, *clients.Server) managed.TypedExternalClient[T]
}

// New starts a server for a test.
func New[T resource.Managed](t *testing.T, kube client.Client, fn func(connect.Hub, *clients.Server) managed.TypedExternalClient[T]) *Bench[T] {
	t.Helper()
	s := powerdns.Start(t)
	p := s.Proxy(t)
	srv, err := clients.NewServers(clients.Options{}).Get(provider.Endpoint{URL: p.URL, Credentials: powerdns.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	rec := &Recorder{}
	return &Bench[T]{DNS: s, Proxy: p, Server: srv, Events: rec, hub: connect.Hub{Kube: kube, Recorder: rec}, connect: fn}
}

// External for one reconcile.
func (b *Bench[T]) External() managed.TypedExternalClient[T] { return b.connect(b.hub, b.Server) }

// Zone creates a zone beside what is tested.
func (b *Bench[T]) Zone(t *testing.T, name string) {
	t.Helper()
	err := b.Server.Write(t.Context(), name, func(ctx context.Context) error {
		return b.Server.API.CreateZone(ctx, name, []string{"ns1.example.net."}, map[string]any{"kind": "Native"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Reconcile once as the managed reconciler would: observe, then create or
// update.
func (b *Bench[T]) Reconcile(t *testing.T, mg T) error {
	t.Helper()
	e := b.External()
	o, err := e.Observe(t.Context(), mg)
	switch {
	case err != nil:
		return err
	case !o.ResourceExists:
		_, err = e.Create(t.Context(), mg)
	case !o.ResourceUpToDate:
		_, err = e.Update(t.Context(), mg)
	}
	return err
}

// Must reconcile until nothing is left to do, at most four times, which is what
// taking over something that differs takes.
func (b *Bench[T]) Must(t *testing.T, mg T) managed.ExternalObservation {
	t.Helper()
	o := managed.ExternalObservation{}
	for range 4 {
		if err := b.Reconcile(t, mg); err != nil {
			t.Fatal(err)
		}
		var err error
		if o, err = b.External().Observe(t.Context(), mg); err != nil {
			t.Fatal(err)
		}
		if o.ResourceExists && o.ResourceUpToDate {
			return o
		}
	}
	t.Fatalf("want it to exist and be up to date, got exists %t, diff:\n%s", o.ResourceExists, o.Diff)
	return o
}

// Gone deletes twice, and looks whether it is gone each time.
func (b *Bench[T]) Gone(t *testing.T, mg T) {
	t.Helper()
	for i := range 2 {
		e := b.External()
		if _, err := e.Delete(t.Context(), mg); err != nil {
			t.Fatalf("delete %d: %v", i+1, err)
		}
		if o, err := e.Observe(t.Context(), mg); err != nil || o.ResourceExists {
			t.Fatalf("after delete %d: want it gone, got exists %t, error %v", i+1, o.ResourceExists, err)
		}
	}
}

// Settle marks a managed resource as the managed reconciler does when it found
// it as it should be.
func Settle(mg resource.Managed) {
	mg.SetConditions(xpv1.Available(), xpv1.ReconcileSuccess().WithObservedGeneration(mg.GetGeneration()))
}

// A Recorder keeps the events it records.
type Recorder struct {
	mu     sync.Mutex
	events []event.Event
}

// Event is kept.
func (r *Recorder) Event(_ runtime.Object, e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// WithAnnotations leaves annotations out.
func (r *Recorder) WithAnnotations(...string) event.Recorder { return r }

// Take the messages of the events so far.
func (r *Recorder) Take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []string{}
	for _, e := range r.events {
		out = append(out, e.Message)
	}
	r.events = nil
	return out
}
