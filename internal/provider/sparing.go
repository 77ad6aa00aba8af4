package provider

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A sparing manager's client does not write what is there already. The
// reconciler of provider configurations updates its object twice whenever one
// of its users comes or goes, most often with what it has just read.
type sparing struct {
	ctrl.Manager
}

// GetClient that spares writes.
func (m sparing) GetClient() client.Client { return sparingClient{m.Manager.GetClient()} }

type sparingClient struct {
	client.Client
}

// Update the object unless it is what was read last.
func (c sparingClient) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	if c.unchanged(ctx, o) {
		return nil
	}
	return c.Client.Update(ctx, o, opts...)
}

// Status writes the object's status unless it is what was read last.
func (c sparingClient) Status() client.SubResourceWriter {
	return sparingStatus{SubResourceWriter: c.Client.Status(), client: c}
}

type sparingStatus struct {
	client.SubResourceWriter

	client sparingClient
}

// Update the status unless the object is what was read last.
func (s sparingStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	if s.client.unchanged(ctx, o) {
		return nil
	}
	return s.SubResourceWriter.Update(ctx, o, opts...)
}

// unchanged tells whether the object is what the cache has. An object that the
// cache has another version of is not.
func (c sparingClient) unchanged(ctx context.Context, o client.Object) bool {
	was, ok := o.DeepCopyObject().(client.Object)
	if !ok || c.Get(ctx, client.ObjectKeyFromObject(o), was) != nil {
		return false
	}
	was.GetObjectKind().SetGroupVersionKind(o.GetObjectKind().GroupVersionKind())
	return equality.Semantic.DeepEqual(was, o)
}
