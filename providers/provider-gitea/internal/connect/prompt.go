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
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue == nil {
		return
	}
	r := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: mg.GetNamespace(), Name: mg.GetName()}}
	p.queue.Forget(r)
	p.queue.Add(r)
}

// A prompted external client has what it created looked at again at once.
type prompted[T resource.ModernManaged] struct {
	managed.TypedExternalClient[T]

	prompt *Prompt
}

// Create the external resource.
func (e *prompted[T]) Create(ctx context.Context, mg T) (managed.ExternalCreation, error) {
	c, err := e.TypedExternalClient.Create(ctx, mg)
	if err == nil {
		e.prompt.again(mg)
	}
	return c, err
}
