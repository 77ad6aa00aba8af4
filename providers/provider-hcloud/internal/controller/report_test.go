package controller

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

func TestReport(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	w.settle(w.examples("Network")...)
	w.shared.reporter.kube, w.shared.reporter.log = w.kube, logging.NewNopLogger()
	cfg := &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "default"}}

	w.shared.reporter.report(context.Background())
	w.get(cfg)
	if b := cfg.Status.APIBudget; b == nil || b.Limit != 3600 || b.Remaining < 3500 || b.ResetAt.IsZero() {
		t.Fatalf("the budget is not published: %+v", b)
	}
	version := cfg.ResourceVersion

	w.settle(w.examples("Firewall")...)
	w.shared.reporter.report(context.Background())
	w.get(cfg)
	if diff := cmp.Diff(version, cfg.ResourceVersion); diff != "" {
		t.Errorf("A few requests are not worth a write: -want, +got:\n%s", diff)
	}

	w.sim.SetBudget("default", 100)
	w.settle(w.examples("PlacementGroup")...)
	w.shared.reporter.report(context.Background())
	w.get(cfg)
	if got := cfg.Status.APIBudget.Remaining; got > 100 {
		t.Errorf("the budget is down to 100, published are %d", got)
	}
}

func TestWorthwhile(t *testing.T) {
	was := v1alpha1.APIBudget{Limit: 3600, Remaining: 1000}
	cases := map[string]struct {
		reason string
		was    v1alpha1.APIBudget
		now    clients.Reading
		want   bool
	}{
		"Same":    {reason: "Nothing changed", was: was, now: clients.Reading{Limit: 3600, Remaining: 1000}},
		"Little":  {reason: "Little changed", was: was, now: clients.Reading{Limit: 3600, Remaining: 900}},
		"Less":    {reason: "A twentieth of the limit was used", was: was, now: clients.Reading{Limit: 3600, Remaining: 820}, want: true},
		"More":    {reason: "Or came back", was: was, now: clients.Reading{Limit: 3600, Remaining: 1180}, want: true},
		"Spent":   {reason: "Nothing is left", was: v1alpha1.APIBudget{Limit: 3600, Remaining: 1}, now: clients.Reading{Limit: 3600}, want: true},
		"Project": {reason: "Hetzner granted more", was: was, now: clients.Reading{Limit: 7200, Remaining: 1000}, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, worthwhile(tc.was, tc.now)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
