package hcloudsim

import (
	"fmt"
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const (
	smallestVolume = 10
	largestVolume  = 10240
)

// volume: https://docs.hetzner.cloud/reference/cloud#volumes
type volume struct {
	meta

	Status   string
	Size     int
	Format   *string
	Location string
	Server   int64
}

func (v *volume) view(*project) any {
	out := schema.Volume{
		ID: v.ID, Name: v.Name, Labels: v.labels(), Created: v.Created, Status: v.Status, Size: v.Size, Format: v.Format,
		Location: locationNamed(v.Location), Protection: schema.VolumeProtection{Delete: v.Protect},
		LinuxDevice: fmt.Sprintf("/dev/disk/by-id/scsi-0HC_Volume_%d", v.ID),
	}
	if v.Server != 0 {
		out.Server = new(v.Server)
	}
	return out
}

var volumes = register(&kind{
	plural: "volumes", singular: "volume", empty: func() object { return &volume{} }, sorts: byNameCreated,
	filters: map[string]func(object, string) bool{
		"status": func(o object, v string) bool { return o.(*volume).Status == v },
	},
})

func init() {
	volumes.actions = map[string]handler{
		"attach":            attachVolume,
		"detach":            detachVolume,
		"resize":            resizeVolume,
		"change_protection": protect,
	}
	volumes.create = createVolume
	volumes.remove = func(c *call) (answer, error) {
		return c.kind.delete(c, func() error {
			if id := c.obj.(*volume).Server; id != 0 {
				return fail("volume_already_attached", "volume is still attached to server %d", id)
			}
			return nil
		})
	}
}

func createVolume(c *call) (answer, error) {
	req, err := decode[schema.VolumeCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if err := between("size", req.Size, smallestVolume, largestVolume); err != nil {
		return answer{}, err
	}
	v := &volume{meta: m, Status: "creating", Size: req.Size, Format: req.Format}
	if req.Format != nil {
		if err := oneOf("format", *req.Format, "ext4", "xfs"); err != nil {
			return answer{}, err
		}
	}
	s, err := v.place(c, req)
	if err != nil {
		return answer{}, err
	}
	c.p.add(c.kind.plural, v)
	c.obj = v
	create := c.start("create_volume", func() { v.Status = "available" }, c.target())
	next := []*action{}
	if s != nil {
		next = append(next, c.startAfter(create.End, "attach_volume", func() { v.Server = s.ID }, c.target(), target{servers, s}))
	}
	return answer{Status: http.StatusCreated, Body: map[string]any{
		"volume": c.p.show(v, c.now), "action": create.view(c.now), "next_actions": views(c.now, next),
	}}, nil
}

// place the volume with its server, or where it is asked for.
func (v *volume) place(c *call, req schema.VolumeCreateRequest) (*server, error) {
	if req.Server == nil {
		l, err := location("location", or(req.Location, schema.IDOrName{}))
		v.Location = l.Name
		return nil, err
	}
	s, ok := find[*server](c.p, "servers", *req.Server)
	switch {
	case !ok:
		return nil, notFound("server", *req.Server)
	case req.Location != nil:
		return nil, invalid("location", "must not be given together with server")
	}
	v.Location = s.Location
	if err := c.free(target{servers, s}); err != nil {
		return nil, err
	}
	return s, v.attachable(c, s)
}

// attachable checks that the volume can be attached to a server.
func (v *volume) attachable(c *call, s *server) error {
	if v.Server != 0 {
		return fail("volume_already_attached", "volume is already attached to server %d", v.Server)
	}
	if v.Location != s.Location {
		return invalid("server", "volume is in %s, server in %s", v.Location, s.Location)
	}
	if limit := c.sim.cfg.Limits["server_volumes"]; limit > 0 && len(s.volumes(c.p)) >= limit {
		return limitExceeded("server_volumes", limit)
	}
	return nil
}

func attachVolume(c *call) (answer, error) {
	req, err := decode[schema.VolumeActionAttachVolumeRequest](c)
	if err != nil {
		return answer{}, err
	}
	v := c.obj.(*volume)
	s, ok := find[*server](c.p, "servers", req.Server)
	if !ok {
		return answer{}, notFound("server", req.Server)
	}
	if err := c.free(target{servers, s}); err != nil {
		return answer{}, err
	}
	if err := v.attachable(c, s); err != nil {
		return answer{}, err
	}
	return c.act("attach_volume", func() { v.Server = s.ID }, target{servers, s})
}

func detachVolume(c *call) (answer, error) {
	v := c.obj.(*volume)
	if v.Server == 0 {
		return answer{}, invalid("volume", "is not attached to a server")
	}
	return c.act("detach_volume", func() { v.Server = 0 })
}

func resizeVolume(c *call) (answer, error) {
	req, err := decode[schema.VolumeActionResizeVolumeRequest](c)
	if err != nil {
		return answer{}, err
	}
	v := c.obj.(*volume)
	if err := between("size", req.Size, v.Size+1, largestVolume); err != nil {
		return answer{}, err
	}
	return c.act("resize_volume", func() { v.Size = req.Size })
}
