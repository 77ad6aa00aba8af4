package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"

	"github.com/crossplane/upjet/v2/pkg/config"
)

// settled drops from a plan what would ask for the same again for ever:
// attributes that are only to be computed, which the server has done already,
// and blocks of a set whose every element is there with all that was asked of
// it. Terraform itself completes such elements from its state before it plans;
// here they would look new, and a server would leave and join its networks on
// every poll.
func settled(r *schema.Resource) config.CustomDiff {
	return func(diff *terraform.InstanceDiff, state *terraform.InstanceState, cfg *terraform.ResourceConfig) (*terraform.InstanceDiff, error) {
		if diff == nil || state == nil || state.ID == "" || diff.Destroy {
			return diff, nil
		}
		for name, s := range r.Schema {
			block, ok := s.Elem.(*schema.Resource)
			if !ok || s.Type != schema.TypeSet || !satisfied(block, wanted(cfg, name), present(state, name)) {
				continue
			}
			drop(diff, func(k string, _ *terraform.ResourceAttrDiff) bool { return strings.HasPrefix(k, name+".") })
		}
		drop(diff, func(_ string, a *terraform.ResourceAttrDiff) bool { return a != nil && a.NewComputed && !a.RequiresNew })
		return diff, nil
	}
}

func drop(diff *terraform.InstanceDiff, which func(string, *terraform.ResourceAttrDiff) bool) {
	for k, a := range diff.Attributes {
		if which(k, a) {
			delete(diff.Attributes, k)
		}
	}
}

// wanted elements of a set, as the managed resource has them.
func wanted(cfg *terraform.ResourceConfig, name string) []map[string]any {
	if cfg == nil {
		return nil
	}
	list, _ := cfg.Config[name].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, e := range list {
		m, _ := e.(map[string]any)
		out = append(out, m)
	}
	return out
}

// present elements of a set: their attributes and, with a dot, the members of
// their attributes, sorted.
func present(state *terraform.InstanceState, name string) []map[string][]string {
	byHash := map[string]map[string][]string{}
	for k, v := range state.Attributes {
		rest, ok := strings.CutPrefix(k, name+".")
		if !ok || rest == "#" {
			continue
		}
		hash, attr, _ := strings.Cut(rest, ".")
		attr, member, nested := strings.Cut(attr, ".")
		if byHash[hash] == nil {
			byHash[hash] = map[string][]string{}
		}
		if nested && (member == "#" || member == "%") {
			continue
		}
		byHash[hash][attr] = append(byHash[hash][attr], v)
	}
	out := make([]map[string][]string, 0, len(byHash))
	for _, e := range byHash {
		for _, members := range e {
			slices.Sort(members)
		}
		out = append(out, e)
	}
	return out
}

// satisfied says whether the elements are those that are wanted.
func satisfied(block *schema.Resource, want []map[string]any, have []map[string][]string) bool {
	if len(want) == 0 || len(want) != len(have) {
		return false
	}
	have = slices.Clone(have)
	for _, w := range want {
		i := slices.IndexFunc(have, func(h map[string][]string) bool { return satisfies(block, w, h) })
		if i < 0 {
			return false
		}
		have = slices.Delete(have, i, i+1)
	}
	return true
}

func satisfies(block *schema.Resource, want map[string]any, have map[string][]string) bool {
	for name, s := range block.Schema {
		v, asked := want[name]
		if !asked || v == nil {
			if s.Computed {
				continue
			}
			v = s.Default
		}
		if !slices.Equal(members(v), zeroless(s, have[name])) {
			return false
		}
	}
	return true
}

// members of a value as Terraform's state has them: none of a zero value.
func members(v any) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, e := range list {
			out = append(out, scalar(e))
		}
		slices.Sort(out)
		return out
	}
	if s := scalar(v); s != "" && s != "0" && s != "false" {
		return []string{s}
	}
	return nil
}

func zeroless(s *schema.Schema, have []string) []string {
	if s.Type == schema.TypeSet || s.Type == schema.TypeList {
		return have
	}
	return slices.DeleteFunc(slices.Clone(have), func(v string) bool { return v == "" || v == "0" || v == "false" })
}

func scalar(v any) string {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b)
	}
	return text(v)
}
