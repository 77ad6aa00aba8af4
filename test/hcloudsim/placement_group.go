package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// placementGroup: https://docs.hetzner.cloud/reference/cloud#placement-groups
type placementGroup struct {
	meta

	Type string
}

func (g *placementGroup) view(p *project) any { return g.schema(p) }

func (g *placementGroup) schema(p *project) schema.PlacementGroup {
	return schema.PlacementGroup{ID: g.ID, Name: g.Name, Labels: g.labels(), Created: g.Created, Type: g.Type, Servers: g.servers(p)}
}

func (g *placementGroup) servers(p *project) []int64 {
	out := []int64{}
	for _, s := range each[*server](p, "servers") {
		if s.PlacementGroup == g.ID {
			out = append(out, s.ID)
		}
	}
	return out
}

// room checks that one more server fits: spread groups have at most ten.
func (g *placementGroup) room(c *call) error {
	limit := c.sim.cfg.Limits["placement_group_servers"]
	if limit > 0 && len(g.servers(c.p)) >= limit {
		return fail("placement_error", "error during placement: placement group %d is full", g.ID)
	}
	return nil
}

func (g *placementGroup) removed(p *project) {
	for _, s := range each[*server](p, "servers") {
		if s.PlacementGroup == g.ID {
			s.PlacementGroup = 0
		}
	}
}

var placementGroups = register(&kind{
	plural: "placement_groups", singular: "placement_group", empty: func() object { return &placementGroup{} }, sorts: byNameCreated,
	filters: map[string]func(object, string) bool{
		"type": func(o object, v string) bool { return o.(*placementGroup).Type == v },
	},
})

func init() { placementGroups.create = createPlacementGroup }

func createPlacementGroup(c *call) (answer, error) {
	req, err := decode[schema.PlacementGroupCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if req.Type != "spread" {
		return answer{}, invalid("type", "must be spread")
	}
	g := &placementGroup{meta: m, Type: req.Type}
	c.p.add(c.kind.plural, g)
	return answer{Status: http.StatusCreated, Body: map[string]any{"placement_group": g.view(c.p), "action": nil}}, nil
}
