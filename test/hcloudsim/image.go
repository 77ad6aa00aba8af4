package hcloudsim

import (
	"net/http"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// image is a snapshot or backup of a server; Hetzner's own are in the catalog.
// Source: https://docs.hetzner.cloud/reference/cloud#images
type image struct {
	meta

	Image schema.Image
}

func (i *image) view(*project) any {
	out := i.Image
	out.ID, out.Labels, out.Created = i.ID, i.labels(), &i.Created
	out.Protection.Delete = i.Protect
	return out
}

func imageOf(o object) schema.Image {
	if f, ok := o.(*fixed[schema.Image]); ok {
		return f.Value
	}
	return o.view(nil).(schema.Image)
}

var images = register(&kind{
	plural: "images", singular: "image", empty: func() object { return &image{} }, sorts: byNameCreated,
	filters: map[string]func(object, string) bool{
		"type":         func(o object, v string) bool { return imageOf(o).Type == v },
		"status":       func(o object, v string) bool { return imageOf(o).Status == v },
		"architecture": func(o object, v string) bool { return imageOf(o).Architecture == v },
	},
})

func init() {
	images.actions = map[string]handler{"change_protection": protect}
	images.update = updateImage
	images.remove = func(c *call) (answer, error) {
		if _, own := c.obj.(*image); !own {
			return answer{}, fail("forbidden", "only snapshots and backups can be deleted")
		}
		return c.kind.delete(c, nil)
	}
}

func updateImage(c *call) (answer, error) {
	req, err := decode[schema.ImageUpdateRequest](c)
	if err != nil {
		return answer{}, err
	}
	i, own := c.obj.(*image)
	if !own {
		return answer{}, fail("forbidden", "only snapshots and backups can be changed")
	}
	if req.Description != nil {
		i.Image.Description = *req.Description
	}
	if req.Labels != nil {
		if err := checkLabels(*req.Labels); err != nil {
			return answer{}, err
		}
		i.Labels = *req.Labels
	}
	return c.kind.one(c, http.StatusOK)
}

// image for a server of a type, by id or name.
func (c *call) image(r schema.IDOrName, t schema.ServerType) (schema.Image, error) {
	if r == (schema.IDOrName{}) {
		return schema.Image{}, invalid("image", "is missing")
	}
	all := slices.Concat(catalog.all("images"), c.p.all("images"))
	for _, o := range all {
		i := imageOf(o)
		if (r.ID != 0 && i.ID == r.ID) || (r.Name != "" && str(i.Name) == r.Name && i.Architecture == t.Architecture) {
			return i, fits(i, t)
		}
	}
	return schema.Image{}, invalid("image", "image does not exist")
}

func createImage(c *call) (answer, error) {
	req, err := decode[schema.ServerActionCreateImageRequest](c)
	if err != nil {
		return answer{}, err
	}
	kind := "snapshot"
	if req.Type != nil {
		kind = *req.Type
	}
	if err := oneOf("type", kind, "snapshot", "backup"); err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	from := s.ImageOf
	i := &image{Image: schema.Image{
		Status: "creating", Type: kind, Description: str(req.Description), DiskSize: float32(s.Disk), ImageSize: new(float32(2)),
		CreatedFrom: &schema.ImageCreatedFrom{ID: s.ID, Name: s.Name}, OSFlavor: from.OSFlavor, OSVersion: from.OSVersion, Architecture: from.Architecture,
	}}
	if kind == "backup" {
		i.Image.BoundTo = &s.ID
	}
	if req.Labels != nil {
		if err := checkLabels(*req.Labels); err != nil {
			return answer{}, err
		}
		i.Labels = *req.Labels
	}
	c.p.add("images", i)
	a := c.start("create_image", nil, c.target(), target{images, i})
	i.hold(a.End)
	i.shadow(c, i, a.End)
	i.Image.Status = "available"
	return answer{Status: http.StatusCreated, Body: map[string]any{"action": a.view(c.now), "image": c.p.show(i, c.now)}}, nil
}

func fits(i schema.Image, t schema.ServerType) error {
	if i.Architecture != t.Architecture {
		return invalid("image", "image is for %s, server type %s is %s", i.Architecture, t.Name, t.Architecture)
	}
	if i.Status != "available" {
		return fail("resource_unavailable", "image %d is not available", i.ID)
	}
	return nil
}
