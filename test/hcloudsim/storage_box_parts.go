package hcloudsim

import (
	"fmt"
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// boxSnapshot: https://docs.hetzner.cloud/reference/hetzner#storage-box-snapshots
type boxSnapshot struct {
	meta

	Box         int64
	Description string
}

func (s *boxSnapshot) view(*project) any {
	return schema.StorageBoxSnapshot{ID: s.ID, Name: s.Name, Labels: s.labels(), Created: s.Created, Description: s.Description, StorageBox: s.Box}
}

// subaccount: https://docs.hetzner.cloud/reference/hetzner#storage-box-subaccounts
type subaccount struct {
	meta

	Box         int64
	Number      int
	Description string
	Home        string
	Access      schema.StorageBoxSubaccountAccessSettings
}

func (s *subaccount) view(p *project) any {
	user := fmt.Sprintf("u%d-sub%d", s.Box, s.Number)
	return schema.StorageBoxSubaccount{
		ID: s.ID, Name: s.Name, Labels: s.labels(), Created: s.Created, Description: s.Description, StorageBox: s.Box,
		Username: user, Server: user + ".your-storagebox.de", HomeDirectory: s.Home, AccessSettings: s.Access,
	}
}

var (
	boxSnapshots = register(&kind{
		plural: "storage_box_snapshots", singular: "storage_box_snapshot", shownAs: "snapshot", sorts: byNameCreated,
		empty: func() object { return &boxSnapshot{} }, within: func(o object) int64 { return o.(*boxSnapshot).Box },
	})
	subaccounts = register(&kind{
		plural: "storage_box_subaccounts", singular: "storage_box_subaccount", shownAs: "subaccount", sorts: byNameCreated,
		empty: func() object { return &subaccount{} }, within: func(o object) int64 { return o.(*subaccount).Box },
	})
)

func init() {
	boxSnapshots.create = createBoxSnapshot
	boxSnapshots.update = describe
	boxSnapshots.remove = func(c *call) (answer, error) { return c.part("delete_snapshot") }
	subaccounts.create = createSubaccount
	subaccounts.update = describe
	subaccounts.remove = func(c *call) (answer, error) { return c.part("delete_subaccount") }
	subaccounts.actions = map[string]handler{
		"change_home_directory":     changeHome,
		"reset_subaccount_password": resetBoxPassword("reset_subaccount_password"),
		"update_access_settings":    updateSubaccountAccess,
	}
}

// part of a box leaves it, with an action on the box, which does one thing at a
// time.
func (c *call) part(command string) (answer, error) {
	if err := c.free(c.parent, c.target()); err != nil {
		return answer{}, err
	}
	return c.leave(command, c.parent, c.target())
}

// describe is the update of what is within a box.
func describe(c *call) (answer, error) {
	req, err := decode[struct {
		Name        *string            `json:"name"`
		Description *string            `json:"description"`
		Labels      *map[string]string `json:"labels"`
	}](c)
	if err != nil {
		return answer{}, err
	}
	if err := checkLabels(or(req.Labels, nil)); err != nil {
		return answer{}, err
	}
	m := c.obj.base()
	m.Labels = or(req.Labels, m.Labels)
	switch o := c.obj.(type) {
	case *boxSnapshot:
		o.Description = or(req.Description, o.Description)
	case *subaccount:
		o.Description = or(req.Description, o.Description)
		o.Name = or(req.Name, o.Name)
	}
	return c.kind.one(c, http.StatusOK)
}

// siblings are how many of the kind the box has already.
func (c *call) siblings() int {
	n := 0
	for _, o := range c.p.all(c.kind.plural) {
		if c.has(o) {
			n++
		}
	}
	return n
}

func createBoxSnapshot(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxSnapshotCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := checkLabels(req.Labels); err != nil {
		return answer{}, err
	}
	if err := c.free(c.parent); err != nil {
		return answer{}, err
	}
	b := c.parent.obj.(*storageBox)
	if limit := *b.size().SnapshotLimit; c.siblings() >= limit {
		return answer{}, limitExceeded("storage_box_snapshots", limit)
	}
	s := &boxSnapshot{meta: meta{Name: c.now.UTC().Format("2006-01-02T15-04-05"), Labels: req.Labels}, Box: b.ID, Description: req.Description}
	c.p.add(c.kind.plural, s)
	a := c.start("create_snapshot", nil, c.parent, target{c.kind, s})
	return answer{Status: http.StatusCreated, Body: map[string]any{"snapshot": s.view(c.p), "action": a.view(c.now)}}, nil
}

func createSubaccount(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxSubaccountCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := checkLabels(req.Labels); err != nil {
		return answer{}, err
	}
	if err := checkPassword(req.Password); err != nil {
		return answer{}, err
	}
	if req.HomeDirectory == "" {
		return answer{}, invalid("home_directory", "is missing")
	}
	if err := c.free(c.parent); err != nil {
		return answer{}, err
	}
	b := c.parent.obj.(*storageBox)
	if limit := b.size().SubaccountsLimit; c.siblings() >= limit {
		return answer{}, limitExceeded("storage_box_subaccounts", limit)
	}
	s := &subaccount{meta: meta{Name: req.Name, Labels: req.Labels}, Box: b.ID, Number: 1, Description: req.Description, Home: req.HomeDirectory}
	for _, o := range each[*subaccount](c.p, c.kind.plural) {
		if o.Box == b.ID {
			s.Number = max(s.Number, o.Number+1)
		}
	}
	if s.Name == "" {
		s.Name = fmt.Sprintf("%s-sub%d", b.user(), s.Number)
	}
	if req.AccessSettings != nil {
		subaccountAccess(&s.Access, schema.StorageBoxSubaccountUpdateAccessSettingsRequest(*req.AccessSettings))
	}
	c.p.add(c.kind.plural, s)
	a := c.start("create_subaccount", nil, c.parent, target{c.kind, s})
	return answer{Status: http.StatusCreated, Body: schema.StorageBoxSubaccountCreateResponse{
		Subaccount: schema.StorageBoxSubaccountCreateResponseSubaccount{ID: s.ID, StorageBox: b.ID}, Action: a.view(c.now),
	}}, nil
}

func subaccountAccess(into *schema.StorageBoxSubaccountAccessSettings, from schema.StorageBoxSubaccountUpdateAccessSettingsRequest) {
	set(&into.ReachableExternally, from.ReachableExternally)
	set(&into.Readonly, from.Readonly)
	set(&into.SambaEnabled, from.SambaEnabled)
	set(&into.SSHEnabled, from.SSHEnabled)
	set(&into.WebDAVEnabled, from.WebDAVEnabled)
}

func changeHome(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxSubaccountChangeHomeDirectoryRequest](c)
	if err != nil {
		return answer{}, err
	}
	if req.HomeDirectory == "" {
		return answer{}, invalid("home_directory", "is missing")
	}
	return c.act("change_home_directory", func() { c.obj.(*subaccount).Home = req.HomeDirectory })
}

func updateSubaccountAccess(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxSubaccountUpdateAccessSettingsRequest](c)
	if err != nil {
		return answer{}, err
	}
	return c.act("update_access_settings", func() { subaccountAccess(&c.obj.(*subaccount).Access, req) })
}
