package clients

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"
)

// readTimeout bounds a read that several callers share, and which therefore
// outlives each one of them.
const readTimeout = 30 * time.Second

// A zone is what is known of one zone, and what waits to be written to it.
//
// # How reads are shared
//
// Everyone who polls an RRset of the zone is a reader. A reader is answered
// from the zone's snapshot, which one GET made, if the snapshot
//
//   - is newer than the last write to the zone through this server,
//   - is not older than the poll interval, and
//   - has not answered this reader before.
//
// The last rule makes a round of polls cost one GET however the polls are
// spread: the first reader to come back fetches the next snapshot, and all the
// others find it new. No reader comes back sooner than its own poll interval,
// less jitter, so neither does the GET. And whoever comes back, because its
// spec was changed for example, never sees what it has seen already.
//
// A reader may be answered from a snapshot that is nearly a poll interval old,
// and not come back for another one. Drift would stay unseen for two. So each
// new snapshot is compared with the one before, and the readers of what changed
// are called back at once: drift is seen when the next snapshot is made, which
// is one poll interval, jitter included, after the last.
type zone struct {
	name   string
	server *Server

	mu sync.Mutex
	// writes that were made to the zone. A read that began before one of them
	// ended says nothing certain.
	writes uint64
	// snap is the last snapshot, if no write made it void.
	snap *snapshot
	// before is the snapshot before, void or not, to find out what changed, and
	// ours is what this process changed since: nobody has to be told of that.
	before *snapshot
	ours   map[key]bool
	flight *flight
	// readers by what they are called.
	readers map[string]*reader

	pending  []*change
	flushing bool
	arrived  time.Time
	written  time.Time
}

// A reader of an RRset.
type reader struct {
	rrset key
	// seen is the snapshot that answered it last.
	seen *snapshot
	at   time.Time
}

// key of an RRset in its zone.
type key struct{ name, rrtype string }

// A snapshot of a zone. A zone that does not exist has none of RRsets and of
// zone.
type snapshot struct {
	at     time.Time
	zone   *Zone
	rrsets map[key]*RRset
}

// A flight is a read under way.
type flight struct {
	writes uint64
	done   chan struct{}
	snap   *snapshot
	err    error
}

// Zone with its NS RRset, for a reader. A nil Zone does not exist.
func (s *Server) Zone(ctx context.Context, name, readerName string) (*Zone, error) {
	z := s.zone(name)
	if snap := z.known(readerName, key{}); snap != nil {
		return snap.zone, nil
	}
	h, err := s.API.ZoneHeader(ctx, name)
	if IsNotFound(err) {
		return nil, nil //nolint:nilnil // A zone that does not exist is no error.
	}
	return h, err
}

// RRset of a zone, for a reader, and whether the zone exists. A nil RRset does
// not exist. The RRset is shared: it must not be changed.
func (s *Server) RRset(ctx context.Context, zoneName, name, rrtype, readerName string) (r *RRset, zoneExists bool, err error) {
	z, k := s.zone(zoneName), key{name: name, rrtype: rrtype}
	snap := z.known(readerName, k)
	if snap == nil {
		if snap, err = z.fetch(ctx); err != nil {
			return nil, false, err
		}
		z.saw(readerName, k, snap)
	}
	return snap.rrsets[k], snap.zone != nil, nil
}

// ReadBack a zone that was just created. Whoever waits for it is called.
func (s *Server) ReadBack(ctx context.Context, zoneName string) (*Zone, error) {
	snap, err := s.zone(zoneName).fetch(ctx)
	if err != nil {
		return nil, err
	}
	return snap.zone, nil
}

// Beside returns the types of the other RRsets that have a name, as far as is
// known without asking.
func (s *Server) Beside(zoneName, name, rrtype string) []string {
	z := s.zone(zoneName)
	z.mu.Lock()
	defer z.mu.Unlock()
	types := []string{}
	if z.before == nil {
		return types
	}
	for k := range z.before.rrsets {
		if k.name == name && k.rrtype != rrtype {
			types = append(types, k.rrtype)
		}
	}
	return types
}

// Gone tells that a reader will not come back.
func (s *Server) Gone(zoneName, readerName string) {
	z := s.zone(zoneName)
	z.mu.Lock()
	defer z.mu.Unlock()
	delete(z.readers, readerName)
}

// known is the snapshot that answers a reader, or nil if there is none.
func (z *zone) known(readerName string, k key) *snapshot {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.snap == nil || z.server.o.Now().Sub(z.snap.at) > z.server.o.MaxAge {
		return nil
	}
	if r := z.readers[readerName]; r != nil && r.seen == z.snap {
		return nil
	}
	z.read(readerName, k, z.snap)
	return z.snap
}

// saw notes which snapshot a reader was answered from.
func (z *zone) saw(readerName string, k key, snap *snapshot) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.read(readerName, k, snap)
}

func (z *zone) read(readerName string, k key, snap *snapshot) {
	z.readers[readerName] = &reader{rrset: k, seen: snap, at: z.server.o.Now()}
}

// forget the snapshot after a write of some RRsets.
func (z *zone) forget(wrote ...key) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.writes++
	z.snap = nil
	for _, k := range wrote {
		z.ours[k] = true
	}
}

// fetch a snapshot that is newer than every write made so far. Callers share
// one GET.
func (z *zone) fetch(ctx context.Context) (*snapshot, error) {
	z.mu.Lock()
	f := z.flight
	if f == nil || f.writes != z.writes {
		f = &flight{writes: z.writes, done: make(chan struct{})}
		z.flight = f
		go z.fly(context.WithoutCancel(ctx), f)
	}
	z.mu.Unlock()

	select {
	case <-f.done:
		return f.snap, f.err
	case <-ctx.Done():
		return nil, wrap(ctx.Err(), "read zone %s", z.name)
	}
}

func (z *zone) fly(ctx context.Context, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	defer close(f.done)

	snap := &snapshot{at: z.server.o.Now(), rrsets: map[key]*RRset{}}
	got, err := z.server.API.Zone(ctx, z.name)
	switch {
	case IsNotFound(err):
	case err != nil:
		f.err = err
	default:
		snap.zone = got
		for i := range got.RRsets {
			r := &got.RRsets[i]
			snap.rrsets[key{name: r.Name, rrtype: r.Type}] = r
		}
	}
	f.snap = snap

	z.mu.Lock()
	defer z.mu.Unlock()
	if z.flight == f {
		z.flight = nil
	}
	if f.err != nil || z.writes != f.writes {
		return
	}
	if z.before != nil {
		z.notify(z.before, snap)
	}
	z.snap, z.before = snap, snap
	clear(z.ours)
}

// notify readers of what changed between two snapshots, less those that have
// seen the new one. Readers that stopped coming back are dropped.
func (z *zone) notify(before, after *snapshot) {
	now := z.server.o.Now()
	for name, r := range z.readers {
		if now.Sub(r.at) > 3*z.server.o.MaxAge {
			delete(z.readers, name)
			continue
		}
		if r.seen == nil || r.seen == after || z.ours[r.rrset] || same(before, after, r.rrset) {
			continue
		}
		z.server.o.Changed(name)
	}
}

// same says whether an RRset, or the zone itself for no RRset, is the same in
// two snapshots. An RRset of a zone that came or went is not.
func same(a, b *snapshot, k key) bool {
	if k == (key{}) {
		return reflect.DeepEqual(settings(a.zone), settings(b.zone))
	}
	if (a.zone == nil) != (b.zone == nil) {
		return false
	}
	ra, rb := a.rrsets[k], b.rrsets[k]
	if ra == nil || rb == nil {
		return ra == rb
	}
	return ra.TTL == rb.TTL && slices.Equal(contents(*ra), contents(*rb)) && reflect.DeepEqual(ra.Comments, rb.Comments)
}

// settings of a zone: the zone less what every write changes.
func settings(z *Zone) Zone {
	if z == nil {
		return Zone{}
	}
	s := *z
	s.Serial, s.EditedSerial, s.NotifiedSerial, s.RRsets = 0, 0, 0, nil
	return s
}
