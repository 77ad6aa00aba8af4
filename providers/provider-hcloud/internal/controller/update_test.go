package controller

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

// TestUpdate changes every kind that can be changed, once.
func TestUpdate(t *testing.T) {
	label := map[string]*string{"changed": new("yes")}
	cases := map[string]struct {
		reason string
		change func(o object)
	}{
		"Firewall": {reason: "Rules and labels", change: func(o object) {
			p := &o.(*v1alpha1.Firewall).Spec.ForProvider
			p.Labels, p.Rule = label, p.Rule[:1]
		}},
		"FirewallAttachment": {reason: "Who gets the firewall", change: func(o object) {
			o.(*v1alpha1.FirewallAttachment).Spec.ForProvider.LabelSelectors = []*string{new("role=other")}
		}},
		"FloatingIP": {reason: "Description and protection", change: func(o object) {
			p := &o.(*v1alpha1.FloatingIP).Spec.ForProvider
			p.Description, p.Labels = new("changed"), label
		}},
		"LoadBalancer": {reason: "Size and algorithm", change: func(o object) {
			p := &o.(*v1alpha1.LoadBalancer).Spec.ForProvider
			p.LoadBalancerType, p.Algorithm.Type = new("lb21"), new("least_connections")
		}},
		"LoadBalancerService": {reason: "Where a service leads", change: func(o object) {
			o.(*v1alpha1.LoadBalancerService).Spec.ForProvider.DestinationPort = new(31444.0)
		}},
		"Network": {reason: "Name and labels", change: func(o object) {
			p := &o.(*v1alpha1.Network).Spec.ForProvider
			p.Name, p.Labels = new("changed"), label
		}},
		"PlacementGroup": {reason: "Labels", change: func(o object) { o.(*v1alpha1.PlacementGroup).Spec.ForProvider.Labels = label }},
		"PrimaryIP":      {reason: "Labels", change: func(o object) { o.(*v1alpha1.PrimaryIP).Spec.ForProvider.Labels = label }},
		"RDNS":           {reason: "Where an address leads", change: func(o object) { o.(*v1alpha1.RDNS).Spec.ForProvider.DNSPtr = new("changed.example.org") }},
		"Server": {reason: "Labels, and leaving the firewall", change: func(o object) {
			o.(*v1alpha1.Server).Spec.ForProvider.Labels = label
		}},
		"Snapshot":            {reason: "Description", change: func(o object) { o.(*v1alpha1.Snapshot).Spec.ForProvider.Description = new("changed") }},
		"SSHKey":              {reason: "Name", change: func(o object) { o.(*v1alpha1.SSHKey).Spec.ForProvider.Name = new("changed") }},
		"UploadedCertificate": {reason: "Name", change: func(o object) { o.(*v1alpha1.UploadedCertificate).Spec.ForProvider.Name = new("renamed") }},
		"ManagedCertificate":  {reason: "Name", change: func(o object) { o.(*v1alpha1.ManagedCertificate).Spec.ForProvider.Name = new("changed") }},
		"Volume":              {reason: "Size", change: func(o object) { o.(*v1alpha1.Volume).Spec.ForProvider.Size = new(20.0) }},
		"Zone":                {reason: "TTL", change: func(o object) { o.(*v1alpha1.Zone).Spec.ForProvider.TTL = new(7200.0) }},
		"ZoneRRset": {reason: "TTL and records", change: func(o object) {
			p := &o.(*v1alpha1.ZoneRRset).Spec.ForProvider
			p.TTL, p.Records = new(60.0), p.Records[:1]
		}},
		"ZoneRecord": {reason: "Comment", change: func(o object) { o.(*v1alpha1.ZoneRecord).Spec.ForProvider.Comment = new("changed") }},
	}
	w := newWorld(t, hcloudsim.Config{})
	objs := slices.DeleteFunc(w.examples(), func(o object) bool { return storage[kindOf(o)] })
	w.settle(objs...)
	for kind, tc := range cases {
		t.Run(kind, func(t *testing.T) {
			w.t = t
			i := slices.IndexFunc(objs, func(o object) bool { return kindOf(o) == kind })
			o := objs[i]
			w.change(o, func() { tc.change(o) })
			w.forget()
			w.settle(o)
			written := slices.ContainsFunc(w.requests, func(r string) bool { return !strings.HasPrefix(r, http.MethodGet) })
			if !written || !slices.Contains(w.verbs, "update "+kind+" "+o.GetName()) {
				t.Errorf("%s: nothing was changed: %v", tc.reason, w.requests)
			}
			w.forget()
			w.settle(o)
			if diff := cmp.Diff([]string{}, w.changes()); diff != "" {
				t.Errorf("%s: changed again: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDrift changes a network behind the provider's back.
func TestDrift(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	objs := w.examples("Network")
	w.settle(objs...)
	ctx := context.Background()
	made, _, err := w.api().Network.GetByName(ctx, "catalyst-omantel-net")
	if err != nil || made == nil {
		t.Fatalf("cannot find the network: %v", err)
	}
	if _, _, err := w.api().Network.Update(ctx, made, hcloud.NetworkUpdateOpts{Name: "drifted"}); err != nil {
		t.Fatal(err)
	}
	w.settle(objs...)
	got, _, err := w.api().Network.GetByID(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("catalyst-omantel-net", got.Name); diff != "" {
		t.Errorf("Drift is corrected: -want, +got:\n%s", diff)
	}
}
