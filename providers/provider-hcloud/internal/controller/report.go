package controller

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
)

// reportInterval is how often budgets are compared with what is published.
const reportInterval = 15 * time.Second

// step is the part of the limit by which a budget has to change before it is
// published again: whoever watches a provider configuration is woken by it.
const step = 20

// A configRef names a provider configuration.
type configRef struct {
	kind string
	types.NamespacedName
}

// get the provider configuration.
func (r configRef) get(ctx context.Context, kube client.Client) (hcloudConfig, error) {
	var cfg hcloudConfig = &v1alpha1.ClusterProviderConfig{}
	if r.kind == provider.KindProviderConfig {
		cfg = &v1alpha1.ProviderConfig{}
	}
	return cfg, errors.Wrapf(kube.Get(ctx, r.NamespacedName, cfg), "cannot get %s %q", r.kind, r.Name)
}

// A reporter publishes budgets in the status of the provider configurations
// that lead to them.
type reporter struct {
	kube client.Client
	log  logging.Logger

	mu   sync.Mutex
	used map[configRef]*clients.Client
}

// use remembers which client a provider configuration leads to.
func (r *reporter) use(ref configRef, c *clients.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used == nil {
		r.used = map[configRef]*clients.Client{}
	}
	r.used[ref] = c
}

func (r *reporter) snapshot() map[configRef]clients.Reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[configRef]clients.Reading, len(r.used))
	for ref, c := range r.used {
		out[ref] = c.Budget.Read()
	}
	return out
}

// Start publishing until the context is done.
func (r *reporter) Start(ctx context.Context) error {
	t := time.NewTicker(reportInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			r.report(ctx)
		}
	}
}

func (r *reporter) report(ctx context.Context) {
	for ref, reading := range r.snapshot() {
		if reading.Limit == 0 {
			continue
		}
		if err := r.publish(ctx, ref, reading); err != nil {
			// It is tried again in a moment.
			r.log.Debug("Cannot publish API budget", "config", ref.String(), "error", err)
		}
	}
}

func (r *reporter) publish(ctx context.Context, ref configRef, reading clients.Reading) error {
	cfg, err := ref.get(ctx, r.kube)
	if resource.IgnoreNotFound(err) != nil {
		return err
	}
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.used, ref)
		return nil
	}
	was := cfg.HCloudStatus().APIBudget
	if was != nil && !worthwhile(*was, reading) {
		return nil
	}
	old, ok := cfg.DeepCopyObject().(client.Object)
	if !ok {
		return errors.Errorf("a copy of %T is not a Kubernetes object", cfg)
	}
	cfg.HCloudStatus().APIBudget = &v1alpha1.APIBudget{
		Limit:     reading.Limit,
		Remaining: reading.Remaining,
		ResetAt:   metav1.NewTime(reading.ResetAt),
	}
	return errors.Wrapf(r.kube.Status().Patch(ctx, cfg, client.MergeFrom(old)), "cannot update %s %q", ref.kind, ref.Name)
}

func worthwhile(was v1alpha1.APIBudget, now clients.Reading) bool {
	if was.Limit != now.Limit || (was.Remaining == 0) != (now.Remaining == 0) {
		return true
	}
	change := was.Remaining - now.Remaining
	return max(change, -change) >= max(1, now.Limit/step)
}
