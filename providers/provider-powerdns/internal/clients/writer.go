package clients

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
)

const (
	// maxBatch is how many RRsets are written at once. A server takes 2 MB.
	maxBatch = 500
	// batchTimeout bounds the write of one batch.
	batchTimeout = 50 * time.Second
)

// A change to an RRset that waits to be written.
type change struct {
	rrset RRset
	done  chan error
}

func (c *change) key() key { return key{name: c.rrset.Name, rrtype: c.rrset.Type} }

// Replace an RRset, together with whatever else is to be written to the zone at
// the moment. It returns once the RRset was read back. All of the RRset's
// names and contents must be canonical.
func (s *Server) Replace(ctx context.Context, zone string, r RRset) error {
	if len(r.Records) == 0 {
		return errors.Errorf("cannot write RRset %s/%s: it has no records, and an RRset without records is a deletion", r.Name, r.Type)
	}
	r.ChangeType = replace
	return s.zone(zone).submit(ctx, r)
}

// Delete an RRset, as Replace does. An RRset or zone that does not exist is
// deleted already.
func (s *Server) Delete(ctx context.Context, zone, name, rrtype string) error {
	err := s.zone(zone).submit(ctx, RRset{Name: name, Type: rrtype, ChangeType: remove})
	if IsNotFound(err) {
		return nil
	}
	return err
}

// submit a change and wait until it is written and read back, or refused.
func (z *zone) submit(ctx context.Context, r RRset) error {
	c := &change{rrset: r, done: make(chan error, 1)}
	z.mu.Lock()
	z.pending = append(z.pending, c)
	z.arrived = time.Now()
	if !z.flushing {
		z.flushing = true
		go z.flush(context.WithoutCancel(ctx))
	}
	z.mu.Unlock()

	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		// It may still be written. The next observation tells.
		return wrap(ctx.Err(), "write RRset %s/%s of zone %s", r.Name, r.Type, z.name)
	}
}

// flush what is pending until nothing is.
func (z *zone) flush(ctx context.Context) {
	for {
		z.linger()
		// More changes may arrive while another zone is written: the batch is
		// cut only once it is this zone's turn.
		z.server.writer <- struct{}{}
		batch := z.cut()
		results := z.write(ctx, batch)
		z.written = time.Now()
		z.forget(keys(batch)...)
		<-z.server.writer

		z.readBack(ctx, batch, results)
		for i, c := range batch {
			c.done <- results[i]
		}

		z.mu.Lock()
		if len(z.pending) == 0 {
			z.flushing = false
			z.mu.Unlock()
			return
		}
		z.mu.Unlock()
	}
}

func keys(batch []*change) []key {
	out := make([]key, 0, len(batch))
	for _, c := range batch {
		out = append(out, c.key())
	}
	return out
}

// A batch of many changes has patience with the next one: where so many came,
// more are coming, as late as a busy machine hands them out.
const (
	many     = 10
	patience = 4
)

// linger until no further change arrives.
func (z *zone) linger() {
	o := z.server.o
	busy := !z.written.IsZero() && time.Since(z.written) < busyFor
	enough, most := o.Quiet, o.MaxQuiet
	if busy {
		enough, most = o.BusyQuiet, o.BusyMaxQuiet
	}
	for begin := time.Now(); time.Since(begin) < most; {
		z.mu.Lock()
		quiet, pending := time.Since(z.arrived), len(z.pending)
		z.mu.Unlock()
		if busy && pending >= many {
			enough = patience * o.BusyQuiet
		}
		if quiet >= enough || pending >= maxBatch {
			return
		}
		time.Sleep(enough - quiet)
	}
}

// cut a batch from what is pending: deletions first, because one may make room
// for what could not stand beside it, and no RRset twice, because the server
// refuses that.
func (z *zone) cut() []*change {
	z.mu.Lock()
	defer z.mu.Unlock()
	batch, rest, in := []*change{}, []*change{}, map[key]bool{}
	for _, c := range z.pending {
		if in[c.key()] || len(batch) == maxBatch {
			rest = append(rest, c)
			continue
		}
		in[c.key()] = true
		batch = append(batch, c)
	}
	z.pending = rest
	slices.SortStableFunc(batch, func(a, b *change) int {
		return strings.Compare(a.rrset.ChangeType, b.rrset.ChangeType)
	})
	return batch
}

// write a batch. The server takes all of it or nothing, so a batch it refuses
// is taken apart until what it refuses is alone.
func (z *zone) write(ctx context.Context, batch []*change) []error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()

	results := make([]error, len(batch))
	all := make([]int, len(batch))
	for i := range all {
		all[i] = i
	}
	z.writePart(ctx, batch, all, results)
	return results
}

func (z *zone) writePart(ctx context.Context, batch []*change, part []int, results []error) {
	if len(part) == 0 {
		return
	}
	rrsets := make([]RRset, 0, len(part))
	for _, i := range part {
		rrsets = append(rrsets, batch[i].rrset)
	}
	err := z.server.API.PatchZone(ctx, z.name, rrsets)
	if err == nil {
		return
	}
	if len(part) == 1 || !refused(err) {
		for _, i := range part {
			results[i] = of(err, z.name, batch[i].rrset)
		}
		return
	}
	// The server names what it refused, mostly. Being wrong about it costs a
	// call, no more.
	if i := slices.IndexFunc(part, func(i int) bool { return names(err, batch[i].rrset) }); i >= 0 {
		rest := slices.Delete(slices.Clone(part), i, i+1)
		z.writePart(ctx, batch, rest, results)
		z.writePart(ctx, batch, part[i:i+1], results)
		return
	}
	half := len(part) / 2 //nolint:mnd // In two halves.
	z.writePart(ctx, batch, part[:half], results)
	z.writePart(ctx, batch, part[half:], results)
}

// of makes an error of a batch one of an RRset in it. What else was in the batch
// is chance, and would make the RRset's condition flap.
func of(err error, zone string, r RRset) error {
	e := &Error{}
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Op = operation(zone, []RRset{r})
	return &out
}

// refused says whether an error is about what was written, not about whether
// anything could be.
func refused(err error) bool {
	switch status(err) {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}

// names says whether an error names an RRset.
func names(err error, r RRset) bool {
	e := &Error{}
	if !errors.As(err, &e) {
		return false
	}
	msg := e.Message
	return strings.Contains(msg, "RRset "+r.Name+" IN "+r.Type+":") ||
		strings.Contains(msg, "RRset "+r.Name+" IN "+r.Type+" ") ||
		strings.Contains(msg, "Record "+r.Name+"/"+r.Type+" ")
}

// readBack what was written: one read for the whole batch, which also answers
// the next observation of each of its RRsets.
func (z *zone) readBack(ctx context.Context, batch []*change, results []error) {
	if !slices.Contains(results, nil) {
		return
	}
	snap, err := z.fetch(ctx)
	for i, c := range batch {
		switch {
		case results[i] != nil:
		case err != nil:
			results[i] = errors.Wrapf(err, "RRset %s/%s was written but could not be read back", c.rrset.Name, c.rrset.Type)
		case c.rrset.ChangeType == remove:
			if snap.rrsets[c.key()] != nil {
				results[i] = errors.Errorf("RRset %s/%s was deleted but is still there: something else writes it", c.rrset.Name, c.rrset.Type)
			}
		default:
			results[i] = sameRecords(c.rrset, snap.rrsets[c.key()])
		}
	}
}

// sameRecords returns an error unless what was read is what was written.
func sameRecords(wrote RRset, read *RRset) error {
	if read == nil {
		return errors.Errorf("RRset %s/%s was written but is not there: something else writes it", wrote.Name, wrote.Type)
	}
	if read.TTL != wrote.TTL || !slices.Equal(contents(wrote), contents(*read)) {
		return errors.Errorf("RRset %s/%s was written but reads differently: something else writes it", wrote.Name, wrote.Type)
	}
	return nil
}

// contents of an RRset, in order, each the one way it can be written.
func contents(r RRset) []string {
	out := make([]string, 0, len(r.Records))
	for _, rec := range r.Records {
		k := canonical.Key(r.Type, rec.Content)
		if rec.Disabled {
			k += " (disabled)"
		}
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
