package terraform

import (
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hetznercloud/terraform-provider-hcloud/hcloud"

	"github.com/openova-io/catalyst/test/hcloudsim"
)

const (
	project = "terraform"
	token   = "terraform-token"
)

// values of attributes or blocks by name.
type values = map[string]any

// A provider runs resources as Terraform itself would.
type provider struct {
	tfprotov6.ProviderServer

	sim     *hcloudsim.Sim
	schemas map[string]*tfprotov6.Schema
	made    map[string]*resource
	order   []string
}

// A resource that has been applied.
type resource struct {
	kind    string
	state   tftypes.Value
	private []byte
}

func newProvider(t *testing.T, cfg hcloudsim.Config) *provider {
	t.Helper()
	cfg.Tokens = map[string]string{token: project}
	sim := hcloudsim.New(cfg)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	factory, err := hcloud.GetMuxedProvider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{ProviderServer: factory(), sim: sim, made: map[string]*resource{}}
	s, err := p.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	p.schemas = s.ResourceSchemas
	config := block(s.Provider.Block, values{
		"token": token, "endpoint": srv.URL + "/v1", "endpoint_hetzner": srv.URL + "/v1", "poll_interval": "5ms",
	}, nil)
	r, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.0", Config: dynamic(t, config)})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "configure", r.Diagnostics)
	return p
}

func check(t *testing.T, what string, diags []*tfprotov6.Diagnostic) {
	t.Helper()
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			t.Fatalf("%s: %s: %s (%v)", what, d.Summary, d.Detail, d.Attribute)
		}
	}
}

func dynamic(t *testing.T, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatalf("cannot encode: %v", err)
	}
	return &d
}

func static(t *testing.T, d *tfprotov6.DynamicValue, typ tftypes.Type) tftypes.Value {
	t.Helper()
	v, err := d.Unmarshal(typ)
	if err != nil {
		t.Fatalf("cannot decode: %v", err)
	}
	return v
}

// apply a configuration to a resource, which is made when it is not there, and
// check that reading it back asks for no further change.
func (p *provider) apply(t *testing.T, name, kind string, config values) {
	t.Helper()
	b := p.schemas[kind].Block
	cfg := block(b, config, p.resolve)
	r, exists := p.made[name]
	if !exists {
		r = &resource{kind: kind, state: tftypes.NewValue(b.ValueType(), nil)}
	}
	v, err := p.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: kind, Config: dynamic(t, cfg)})
	if err != nil {
		t.Fatal(err)
	}
	check(t, name+": validate", v.Diagnostics)
	plan := p.plan(t, name, r, cfg)
	if exists {
		noReplacement(t, name, r.state, static(t, plan.PlannedState, r.state.Type()), plan.RequiresReplace)
	}
	p.change(t, name, r, dynamic(t, cfg), plan)
	if !exists {
		p.made[name] = r
		p.order = append(p.order, name)
	}
	p.settled(t, name, config)
}

// noReplacement for attributes that change. The provider names others too, and
// Terraform ignores those.
func noReplacement(t *testing.T, name string, from, to tftypes.Value, paths []*tftypes.AttributePath) {
	t.Helper()
	diffs, err := from.Diff(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		for _, d := range diffs {
			if p.Equal(d.Path) {
				t.Fatalf("%s: update wants a replacement for %v", name, p)
			}
		}
	}
}

func (p *provider) plan(t *testing.T, name string, r *resource, cfg tftypes.Value) *tfprotov6.PlanResourceChangeResponse {
	t.Helper()
	next := proposed(p.schemas[r.kind].Block, r.state, cfg)
	out, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: r.kind, PriorState: dynamic(t, r.state), ProposedNewState: dynamic(t, next), Config: dynamic(t, cfg), PriorPrivate: r.private,
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, name+": plan", out.Diagnostics)
	return out
}

func (p *provider) change(t *testing.T, name string, r *resource, cfg *tfprotov6.DynamicValue, plan *tfprotov6.PlanResourceChangeResponse) {
	t.Helper()
	out, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.kind, PriorState: dynamic(t, r.state), PlannedState: plan.PlannedState, Config: cfg, PlannedPrivate: plan.PlannedPrivate,
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, name+": apply", out.Diagnostics)
	r.state, r.private = normal(p.schemas[r.kind].Block, static(t, out.NewState, r.state.Type())), out.Private
}

// normal is a state as Terraform keeps it: what the provider's older half
// leaves null of nested blocks is empty.
func normal(b *tfprotov6.SchemaBlock, v tftypes.Value) tftypes.Value {
	if v.IsNull() {
		return v
	}
	out := object(v)
	for _, n := range b.BlockTypes {
		if n.Nesting == tfprotov6.SchemaNestedBlockNestingModeSingle {
			continue
		}
		rows := []tftypes.Value{}
		for _, row := range list(out[n.TypeName]) {
			rows = append(rows, normal(n.Block, row))
		}
		out[n.TypeName] = tftypes.NewValue(n.ValueType(), rows)
	}
	return tftypes.NewValue(b.ValueType(), out)
}

// settled reads a resource and plans the same configuration again: nothing may
// differ, and nothing may be written.
func (p *provider) settled(t *testing.T, name string, config values) {
	t.Helper()
	r := p.made[name]
	before := p.writes()
	out, err := p.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: r.kind, CurrentState: dynamic(t, r.state), Private: r.private})
	if err != nil {
		t.Fatal(err)
	}
	check(t, name+": read", out.Diagnostics)
	state := normal(p.schemas[r.kind].Block, static(t, out.NewState, r.state.Type()))
	if state.IsNull() {
		t.Fatalf("%s: gone after apply", name)
	}
	r.state, r.private = state, out.Private
	plan := p.plan(t, name, r, block(p.schemas[r.kind].Block, config, p.resolve))
	planned := normal(p.schemas[r.kind].Block, static(t, plan.PlannedState, state.Type()))
	if diffs, err := state.Diff(planned); err != nil || len(diffs) > 0 {
		t.Errorf("%s: a second plan wants changes: %v %v", name, diffs, err)
	}
	if n := p.writes() - before; n != 0 {
		t.Errorf("%s: reading wrote %d times", name, n)
	}
}

func (p *provider) writes() int {
	n := 0
	for _, c := range p.sim.Counts(project) {
		if c.Method != http.MethodGet {
			n += c.Count
		}
	}
	return n
}

// destroy everything, last made first.
func (p *provider) destroy(t *testing.T) {
	t.Helper()
	for _, name := range slices.Backward(p.order) {
		r := p.made[name]
		null := tftypes.NewValue(r.state.Type(), nil)
		out, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: r.kind, PriorState: dynamic(t, r.state), ProposedNewState: dynamic(t, null), Config: dynamic(t, null), PriorPrivate: r.private,
		})
		if err != nil {
			t.Fatal(err)
		}
		check(t, name+": plan destroy", out.Diagnostics)
		p.change(t, name, r, dynamic(t, null), out)
		if !r.state.IsNull() {
			t.Errorf("%s: still has state after destroy", name)
		}
	}
	if left := p.sim.Dump(project); len(left) > 0 {
		t.Errorf("left after destroy: %v", slices.Collect(maps.Keys(left)))
	}
}

// resolve "@name.attribute" to what an applied resource has.
func (p *provider) resolve(ref string) any {
	name, attr, _ := strings.Cut(ref, ".")
	r, known := p.made[name]
	if !known {
		panic("no resource " + name)
	}
	v := object(r.state)[attr]
	var s string
	if v.As(&s) == nil && !v.IsNull() {
		return s
	}
	var n big.Float
	if v.As(&n) == nil {
		return n.Text('f', 0)
	}
	panic("no attribute " + ref)
}

func object(v tftypes.Value) map[string]tftypes.Value {
	out := map[string]tftypes.Value{}
	if v.IsNull() || !v.IsKnown() {
		return out
	}
	if err := v.As(&out); err != nil {
		panic(err)
	}
	return out
}

func list(v tftypes.Value) []tftypes.Value {
	var out []tftypes.Value
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	if err := v.As(&out); err != nil {
		panic(err)
	}
	return out
}

// block makes a value of a block: what is left out is null, or for nested
// blocks empty.
func block(b *tfprotov6.SchemaBlock, in values, resolve func(string) any) tftypes.Value {
	out := map[string]tftypes.Value{}
	for _, a := range b.Attributes {
		out[a.Name] = value(a.ValueType(), in[a.Name], resolve)
	}
	for _, n := range b.BlockTypes {
		if n.Nesting == tfprotov6.SchemaNestedBlockNestingModeSingle {
			out[n.TypeName] = tftypes.NewValue(n.ValueType(), nil) // Only timeouts are.
			continue
		}
		var rows []tftypes.Value
		inner, _ := in[n.TypeName].([]values)
		for _, v := range inner {
			rows = append(rows, block(n.Block, v, resolve))
		}
		if rows == nil {
			rows = []tftypes.Value{}
		}
		out[n.TypeName] = tftypes.NewValue(n.ValueType(), rows)
	}
	for name := range in {
		if _, known := out[name]; !known {
			panic("schema has no " + name)
		}
	}
	return tftypes.NewValue(b.ValueType(), out)
}

func value(typ tftypes.Type, v any, resolve func(string) any) tftypes.Value {
	if s, ok := v.(string); ok && strings.HasPrefix(s, "@") && len(s) > 1 && resolve != nil {
		v = resolve(s[1:])
	}
	if v == nil {
		return tftypes.NewValue(typ, nil)
	}
	switch typ := typ.(type) {
	case tftypes.List:
		return tftypes.NewValue(typ, elements(typ.ElementType, v, resolve))
	case tftypes.Set:
		return tftypes.NewValue(typ, elements(typ.ElementType, v, resolve))
	case tftypes.Map:
		out := map[string]tftypes.Value{}
		for k, e := range v.(values) {
			out[k] = value(typ.ElementType, e, resolve)
		}
		return tftypes.NewValue(typ, out)
	case tftypes.Object:
		out := map[string]tftypes.Value{}
		for k, t := range typ.AttributeTypes {
			out[k] = value(t, v.(values)[k], resolve)
		}
		return tftypes.NewValue(typ, out)
	}
	if typ.Is(tftypes.Number) {
		n, _, err := big.ParseFloat(fmt.Sprint(v), 10, 128, big.ToNearestEven)
		if err != nil {
			panic(err)
		}
		return tftypes.NewValue(typ, n)
	}
	if typ.Is(tftypes.Bool) {
		return tftypes.NewValue(typ, v)
	}
	return tftypes.NewValue(typ, fmt.Sprint(v))
}

func elements(typ tftypes.Type, v any, resolve func(string) any) []tftypes.Value {
	out := []tftypes.Value{}
	for _, e := range v.([]any) {
		out = append(out, value(typ, e, resolve))
	}
	return out
}

// proposed is what Terraform proposes to a provider: the configuration, and
// where that leaves a computed attribute out what was there before.
func proposed(b *tfprotov6.SchemaBlock, prior, config tftypes.Value) tftypes.Value {
	if config.IsNull() {
		return config
	}
	was, want := object(prior), object(config)
	out := map[string]tftypes.Value{}
	for _, a := range b.Attributes {
		out[a.Name] = want[a.Name]
		if old, ok := was[a.Name]; ok && a.Computed && want[a.Name].IsNull() {
			out[a.Name] = old
		}
	}
	for _, n := range b.BlockTypes {
		if n.Nesting == tfprotov6.SchemaNestedBlockNestingModeSingle {
			out[n.TypeName] = want[n.TypeName]
			continue
		}
		out[n.TypeName] = proposedRows(n, was[n.TypeName], want[n.TypeName])
	}
	return tftypes.NewValue(b.ValueType(), out)
}

func proposedRows(n *tfprotov6.SchemaNestedBlock, prior, config tftypes.Value) tftypes.Value {
	var old []tftypes.Value
	if prior.Type() != nil {
		old = list(prior)
	}
	rows := []tftypes.Value{}
	for i, c := range list(config) {
		j := i
		if n.Nesting == tfprotov6.SchemaNestedBlockNestingModeSet {
			j = slices.IndexFunc(old, func(o tftypes.Value) bool { return proposed(n.Block, o, c).Equal(o) })
		}
		if j >= 0 && j < len(old) {
			rows = append(rows, proposed(n.Block, old[j], c))
			continue
		}
		rows = append(rows, proposed(n.Block, tftypes.NewValue(n.Block.ValueType(), nil), c))
	}
	return tftypes.NewValue(n.ValueType(), rows)
}

const quick = 20 * time.Millisecond
