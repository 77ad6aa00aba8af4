package config

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
)

func TestSettled(t *testing.T) {
	have := map[string]string{
		"network.#": "1", "network.7.network_id": "42", "network.7.ip": "10.0.1.2", "network.7.mac_address": "86:00", "network.7.subnet_id": "", "network.7.alias_ips.#": "0",
	}
	network := func(e ...any) map[string]any { return map[string]any{"network": e} }
	added := map[string]*terraform.ResourceAttrDiff{
		"network.9.network_id": {New: "42"}, "network.9.ip": {NewComputed: true},
	}
	cases := map[string]struct {
		reason string
		id     string
		have   map[string]string
		want   map[string]any
		diff   map[string]*terraform.ResourceAttrDiff
		kept   []string
	}{
		"Computed":  {reason: "What is only to be computed was computed", id: "1", diff: map[string]*terraform.ResourceAttrDiff{"status": {NewComputed: true}}},
		"Changed":   {reason: "A change is kept", id: "1", diff: map[string]*terraform.ResourceAttrDiff{"name": {Old: "a", New: "b"}}, kept: []string{"name"}},
		"Created":   {reason: "A resource that is to be created keeps its plan", diff: map[string]*terraform.ResourceAttrDiff{"status": {NewComputed: true}}, kept: []string{"status"}},
		"There":     {reason: "An element that is there is not new", id: "1", have: have, want: network(map[string]any{"network_id": 42.0}), diff: maps.Clone(added)},
		"Address":   {reason: "Nor is one with the right address", id: "1", have: have, want: network(map[string]any{"network_id": 42.0, "ip": "10.0.1.2"}), diff: maps.Clone(added)},
		"Moved":     {reason: "Another address is a change", id: "1", have: have, want: network(map[string]any{"network_id": 42.0, "ip": "10.0.1.3"}), diff: maps.Clone(added), kept: []string{"network.9.network_id"}},
		"Second":    {reason: "So is a second network", id: "1", have: have, want: network(map[string]any{"network_id": 42.0}, map[string]any{"network_id": 43.0}), diff: maps.Clone(added), kept: []string{"network.9.network_id"}},
		"Alias":     {reason: "So is an alias", id: "1", have: have, want: network(map[string]any{"network_id": 42.0, "alias_ips": []any{"10.0.1.9"}}), diff: maps.Clone(added), kept: []string{"network.9.network_id"}},
		"OtherToo":  {reason: "A change beside it is kept", id: "1", have: have, want: network(map[string]any{"network_id": 42.0}), diff: map[string]*terraform.ResourceAttrDiff{"network.9.ip": {NewComputed: true}, "name": {New: "b"}}, kept: []string{"name"}},
		"Defaulted": {reason: "What is left out has its default", id: "1", have: map[string]string{"public_net.#": "1", "public_net.5.ipv4_enabled": "false", "public_net.5.ipv6_enabled": "true", "public_net.5.ipv4": "0", "public_net.5.ipv6": "3"}, want: map[string]any{"public_net": []any{map[string]any{}}}, diff: map[string]*terraform.ResourceAttrDiff{"public_net.6.ipv4_enabled": {New: "true"}}, kept: []string{"public_net.6.ipv4_enabled"}},
	}
	r := ForRuntime().Resources[server]
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			diff, err := r.TerraformCustomDiff(
				&terraform.InstanceDiff{Attributes: tc.diff},
				&terraform.InstanceState{ID: tc.id, Attributes: tc.have},
				terraform.NewResourceConfigRaw(tc.want))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.kept, slices.Sorted(maps.Keys(diff.Attributes))); d != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, d)
			}
		})
	}
}
