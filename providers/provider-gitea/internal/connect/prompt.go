package connect

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A Prompt has a managed resource looked at again at once after it was
// created. The reconciler only asks for that with a delay that grows with every
// attempt that failed before: a branch that waited for its repository would
// wait once more as long until it is Ready.
type Prompt struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// Start implements source.Source.
func (p *Prompt) Start(_ context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = q
	return nil
}

// again looks at the managed resource once this reconcile is done, and forgets
// the attempts that failed.
func (p *Prompt) again(mg resource.Managed) {
	if p == nil {
		return
	}
	p.Again(types.NamespacedName{Namespace: mg.GetNamespace(), Name: mg.GetName()})
}

// Again looks at a managed resource as soon as it is not being looked at, and
// forgets the attempts that failed.
func (p *Prompt) Again(of types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue == nil {
		return
	}
	r := reconcile.Request{NamespacedName: of}
	p.queue.Forget(r)
	p.queue.Add(r)
}

// A prompted external client has what it created looked at again at once, and
// what waited for it as well.
type prompted[T resource.ModernManaged] struct {
	managed.TypedExternalClient[T]

	prompt     *Prompt
	milestones *Milestones
	// reaches are the milestones that the managed resource stands for.
	reaches func(T) []string
}

// Create the external resource.
func (e *prompted[T]) Create(ctx context.Context, mg T) (managed.ExternalCreation, error) {
	c, err := e.TypedExternalClient.Create(ctx, mg)
	if err == nil {
		e.prompt.again(mg)
		e.milestones.Reach(e.reached(mg)...)
	}
	return c, err
}

// Delete the external resource.
func (e *prompted[T]) Delete(ctx context.Context, mg T) (managed.ExternalDelete, error) {
	for _, k := range e.reached(mg) {
		e.milestones.Forget(k)
	}
	return e.TypedExternalClient.Delete(ctx, mg)
}

func (e *prompted[T]) reached(mg T) []string {
	if e.reaches == nil {
		return nil
	}
	return e.reaches(mg)
}
