package hcloudsim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// storageBox: https://docs.hetzner.cloud/reference/hetzner#storage-boxes
type storageBox struct {
	meta

	Status   string
	Type     int64
	Location string
	Access   schema.StorageBoxAccessSettings
	Plan     *schema.StorageBoxSnapshotPlan
}

func (b *storageBox) view(*project) any {
	out := schema.StorageBox{
		ID: b.ID, Name: b.Name, Labels: b.labels(), Created: b.Created, Status: b.Status, StorageBoxType: b.size(), Location: locationNamed(b.Location),
		AccessSettings: b.Access, Protection: schema.StorageBoxProtection{Delete: b.Protect}, SnapshotPlan: b.Plan,
	}
	if b.Status == "active" {
		out.Username, out.Server, out.System = new(b.user()), new(b.host()), new(strings.ToUpper(b.Location)+"-BX355")
	}
	return out
}

func (b *storageBox) user() string { return fmt.Sprintf("u%d", b.ID) }

func (b *storageBox) host() string { return b.user() + ".your-storagebox.de" }

func (b *storageBox) size() schema.StorageBoxType {
	t, _ := offered[schema.StorageBoxType]("storage_box_types", schema.IDOrName{ID: b.Type})
	return t
}

// removed takes the snapshots and subaccounts along.
func (b *storageBox) removed(p *project) {
	for _, k := range []*kind{boxSnapshots, subaccounts} {
		for _, o := range p.all(k.plural) {
			if k.within(o) == b.ID {
				p.drop(k.plural, o.base().ID)
			}
		}
	}
}

var (
	_ = register(&kind{plural: "storage_box_types", singular: "storage_box_type", shared: true, sorts: byName})

	storageBoxes = register(&kind{plural: "storage_boxes", singular: "storage_box", empty: func() object { return &storageBox{} }, sorts: byNameCreated})
)

func init() {
	for i, t := range []struct {
		name                              string
		terabytes                         int64
		snapshots, automatic, subaccounts int
	}{{"bx11", 1, 10, 10, 100}, {"bx21", 5, 20, 20, 100}, {"bx31", 10, 30, 30, 100}, {"bx41", 20, 40, 40, 100}} {
		id := int64(1333 + i)
		offer("storage_box_types", id, t.name, schema.StorageBoxType{
			ID: id, Name: t.name, Description: strings.ToUpper(t.name), SnapshotLimit: &t.snapshots, AutomaticSnapshotLimit: &t.automatic,
			SubaccountsLimit: t.subaccounts, Size: t.terabytes << 40, Prices: []schema.StorageBoxTypePrice{{Location: "fsn1", PriceHourly: price, PriceMonthly: price, SetupFee: price}},
		})
	}
	storageBoxes.create = createStorageBox
	storageBoxes.remove = func(c *call) (answer, error) {
		if err := c.kind.removable(c); err != nil {
			return answer{}, err
		}
		return c.leave("delete", c.target())
	}
	storageBoxes.sub = map[string]func(*call, []string) (answer, error){
		"snapshots":   nested(boxSnapshots),
		"subaccounts": nested(subaccounts),
		"folders":     func(c *call, _ []string) (answer, error) { return c.only(http.MethodGet, listFolders) },
	}
	storageBoxes.actions = map[string]handler{
		"change_protection":      protect,
		"change_type":            changeBoxType,
		"reset_password":         resetBoxPassword("reset_password"),
		"update_access_settings": updateBoxAccess,
		"enable_snapshot_plan":   enablePlan,
		"disable_snapshot_plan": func(c *call) (answer, error) {
			return c.act("disable_snapshot_plan", func() { c.obj.(*storageBox).Plan = nil })
		},
		"rollback_snapshot": rollback,
	}
}

// listFolders of a box that nobody can write to.
func listFolders(*call) (answer, error) {
	return answer{Status: http.StatusOK, Body: schema.StorageBoxFoldersResponse{Folders: []string{}}}, nil
}

// leave starts the action at whose end the call's object is gone.
func (c *call) leave(command string, on ...target) (answer, error) {
	a := c.start(command, nil, on...)
	if a.Fails == nil {
		c.obj.base().Gone = a.End
	}
	return c.started(a)
}

// set the settings a request has.
func set(into, from *bool) {
	if from != nil {
		*into = *from
	}
}

func access(into *schema.StorageBoxAccessSettings, from schema.StorageBoxUpdateAccessSettingsRequest) {
	set(&into.ReachableExternally, from.ReachableExternally)
	set(&into.SambaEnabled, from.SambaEnabled)
	set(&into.SSHEnabled, from.SSHEnabled)
	set(&into.WebDAVEnabled, from.WebDAVEnabled)
	set(&into.ZFSEnabled, from.ZFSEnabled)
}

// checkPassword against the API's policy.
func checkPassword(s string) error {
	kinds := []func(rune) bool{unicode.IsUpper, unicode.IsLower, unicode.IsDigit, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }}
	missing := slices.ContainsFunc(kinds, func(is func(rune) bool) bool { return !strings.ContainsFunc(s, is) })
	if len(s) < 12 || len(s) > 128 || missing {
		return invalid("password", "must have 12 to 128 characters, among them upper and lower case, a digit and a special one")
	}
	return nil
}

func createStorageBox(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	t, ok := offered[schema.StorageBoxType]("storage_box_types", req.StorageBoxType)
	if !ok {
		return answer{}, invalid("storage_box_type", "storage box type does not exist")
	}
	l, err := location("location", req.Location)
	if err != nil {
		return answer{}, err
	}
	if err := checkPassword(req.Password); err != nil {
		return answer{}, err
	}
	b := &storageBox{meta: m, Status: "initializing", Type: t.ID, Location: l.Name}
	if req.AccessSettings != nil {
		access(&b.Access, schema.StorageBoxUpdateAccessSettingsRequest(*req.AccessSettings))
	}
	c.obj = b
	c.p.add(c.kind.plural, b)
	a := c.start("create", func() { b.Status = "active" }, c.target())
	return answer{Status: http.StatusCreated, Body: map[string]any{"storage_box": c.p.show(b, c.now), "action": a.view(c.now)}}, nil
}

func changeBoxType(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxChangeTypeRequest](c)
	if err != nil {
		return answer{}, err
	}
	t, ok := offered[schema.StorageBoxType]("storage_box_types", req.StorageBoxType)
	if !ok {
		return answer{}, invalid("storage_box_type", "storage box type does not exist")
	}
	return c.act("change_type", func() { c.obj.(*storageBox).Type = t.ID })
}

func resetBoxPassword(command string) handler {
	return func(c *call) (answer, error) {
		req, err := decode[schema.StorageBoxResetPasswordRequest](c)
		if err != nil {
			return answer{}, err
		}
		if err := checkPassword(req.Password); err != nil {
			return answer{}, err
		}
		return c.act(command, nil)
	}
}

func updateBoxAccess(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxUpdateAccessSettingsRequest](c)
	if err != nil {
		return answer{}, err
	}
	return c.act("update_access_settings", func() { access(&c.obj.(*storageBox).Access, req) })
}

func enablePlan(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxSnapshotPlan](c)
	if err != nil {
		return answer{}, err
	}
	b := c.obj.(*storageBox)
	for _, n := range []struct {
		name        string
		n, from, to int
	}{
		{"max_snapshots", req.MaxSnapshots, 1, *b.size().AutomaticSnapshotLimit},
		{"hour", req.Hour, 0, 23},
		{"minute", req.Minute, 0, 59},
		{"day_of_week", or(req.DayOfWeek, 1), 1, 7},
		{"day_of_month", or(req.DayOfMonth, 1), 1, 31},
	} {
		if err := between(n.name, n.n, n.from, n.to); err != nil {
			return answer{}, err
		}
	}
	return c.act("enable_snapshot_plan", func() { b.Plan = &req })
}

func rollback(c *call) (answer, error) {
	req, err := decode[schema.StorageBoxRollbackSnapshotRequest](c)
	if err != nil {
		return answer{}, err
	}
	for _, s := range each[*boxSnapshot](c.p, boxSnapshots.plural) {
		if s.Box == c.obj.base().ID && (s.ID == req.Snapshot.ID || s.Name == req.Snapshot.Name) {
			return c.act("rollback_snapshot", nil, target{boxSnapshots, s})
		}
	}
	return answer{}, notFound("snapshot", cmpRef(req.Snapshot))
}
