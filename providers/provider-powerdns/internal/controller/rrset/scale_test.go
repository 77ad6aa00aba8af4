package rrset

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/test/servers/powerdns"
)

const (
	zones       = 10
	rrsetsAZone = 100
)

// A clock that only moves when it is told to.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.ns.Load()) }
func (c *clock) set(since time.Duration) { c.ns.Store(int64(since)) }

// A fleet of RRsets, each reconciled as the managed reconciler would: observe,
// then create or update what is not as it should be.
type fleet struct {
	tb     testing.TB
	server *clients.Server
	hub    connect.Hub
	rrsets []*v1alpha1.RRset
	// changed are the readers that were called back.
	changed *sync.Map
}

func newFleet(tb testing.TB, url string, c *clock) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, hub: connect.Hub{Recorder: event.NewNopRecorder()}, changed: &sync.Map{}}
	f.server = serverAt(tb, url, clients.Options{MaxAge: time.Minute, Now: c.now, Changed: func(r string) { f.changed.Store(r, true) }})
	for z := range zones {
		zone := fmt.Sprintf("z%d.example.", z)
		err := f.server.Write(tb.Context(), zone, func(ctx context.Context) error {
			return f.server.API.CreateZone(ctx, zone, []string{"ns1.example.net."}, map[string]any{"kind": "Native"})
		})
		if err != nil {
			tb.Fatal(err)
		}
		for i := range rrsetsAZone {
			f.rrsets = append(f.rrsets, &v1alpha1.RRset{
				ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("r%d-%d", z, i)},
				Spec: v1alpha1.RRsetSpec{ForProvider: v1alpha1.RRsetParameters{
					Zone: zone, Name: fmt.Sprintf("r%d.%s", i, zone), Type: "A", TTL: new(int64(300)),
					Records: []v1alpha1.Record{{Content: fmt.Sprintf("192.0.2.%d", i)}},
				}},
			})
		}
	}
	return f
}

func serverAt(tb testing.TB, url string, o clients.Options) *clients.Server {
	tb.Helper()
	s, err := clients.NewServers(o).Get(endpoint(url))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func endpoint(url string) provider.Endpoint {
	return provider.Endpoint{URL: url, Credentials: powerdns.APIKey}
}

// reconcile one RRset once.
func (f *fleet) reconcile(ctx context.Context, mg *v1alpha1.RRset) error {
	e := New(f.hub, f.server)
	o, err := e.Observe(ctx, mg)
	switch {
	case err != nil:
		return err
	case !o.ResourceExists:
		_, err = e.Create(ctx, mg)
	case !o.ResourceUpToDate:
		_, err = e.Update(ctx, mg)
	}
	return err
}

// all reconciles every RRset once, all at the same time.
func (f *fleet) all(ctx context.Context) error {
	wg, mu, errs := sync.WaitGroup{}, sync.Mutex{}, []error{}
	for _, mg := range f.rrsets {
		wg.Go(func() {
			if err := f.reconcile(ctx, mg); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, errors.Wrap(err, mg.GetName()))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// inSync fails the test unless every RRset is as it should be.
func (f *fleet) inSync(ctx context.Context) {
	f.tb.Helper()
	for _, mg := range f.rrsets {
		o, err := New(f.hub, f.server).Observe(ctx, mg)
		if err != nil {
			f.tb.Fatal(err)
		}
		if !o.ResourceExists || !o.ResourceUpToDate {
			f.tb.Fatalf("%s is not as it should be: %s", mg.GetName(), o.Diff)
		}
	}
}

// TestRequestsOfAThousandRRsets counts what 1,000 RRsets in 10 zones cost.
func TestRequestsOfAThousandRRsets(t *testing.T) {
	s := powerdns.Start(t)
	p := s.Proxy(t)
	c := &clock{}
	f := newFleet(t, p.URL, c)
	ctx := t.Context()

	p.Reset()
	start := time.Now()
	if err := f.all(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("creating all took %s: %d GET, %d PATCH", time.Since(start).Round(time.Millisecond), p.Count(http.MethodGet), p.Count(http.MethodPatch))
	if got := p.Count(http.MethodPatch); got > 2*zones {
		t.Errorf("creating all: want at most %d PATCHes, got %d", 2*zones, got)
	}
	if got := p.PeakWrites(); got != 1 {
		t.Errorf("creating all: want one write at a time, got %d", got)
	}

	p.Reset()
	if err := f.all(ctx); err != nil {
		t.Fatal(err)
	}
	if got := p.Count(http.MethodGet) + p.Writes(); got != 0 {
		t.Errorf("observing what was just read back: want no requests, got %v", p.Trace())
	}

	for round := 1; round <= 3; round++ {
		c.set(time.Duration(round) * time.Minute)
		p.Reset()
		if err := f.all(ctx); err != nil {
			t.Fatal(err)
		}
		if got := p.Count(http.MethodGet); got != zones {
			t.Errorf("idle round %d: want %d GETs, got %d", round, zones, got)
		}
		if got := p.Writes(); got != 0 {
			t.Errorf("idle round %d: want no writes, got %d", round, got)
		}
	}

	for _, mg := range f.rrsets {
		mg.Spec.ForProvider.TTL = new(int64(60))
	}
	p.Reset()
	start = time.Now()
	if err := f.all(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("changing all took %s: %d GET, %d PATCH", time.Since(start).Round(time.Millisecond), p.Count(http.MethodGet), p.Count(http.MethodPatch))
	if got := p.Count(http.MethodPatch); got > 2*zones {
		t.Errorf("changing all: want at most %d PATCHes, got %d", 2*zones, got)
	}
	f.inSync(ctx)
}

// TestRequestsOfTrickledChanges changes 1,000 RRsets at the pace at which they
// come from an API server, all zones by turns, not at once.
func TestRequestsOfTrickledChanges(t *testing.T) {
	cases := map[string]struct {
		reason string
		pace   time.Duration
	}{
		"TwoSeconds": {
			reason: "Changes that arrive as fast as an API server takes them share their writes",
			pace:   2 * time.Millisecond,
		},
		"TwelveSeconds": {
			reason: "So do changes that the provider's reconcile rate and a busy machine hold up",
			pace:   12 * time.Millisecond,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := powerdns.Start(t)
			p := s.Proxy(t)
			f := newFleet(t, p.URL, &clock{})
			if err := f.all(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.Reset()
			if err := f.trickle(t.Context(), tc.pace); err != nil {
				t.Fatal(err)
			}
			if got := p.Count(http.MethodPatch); got > 2*zones {
				t.Errorf("%s: want at most %d PATCHes, got %d", tc.reason, 2*zones, got)
			}
			f.inSync(t.Context())
		})
	}
}

// trickle changes every RRset, one after the other and all zones by turns, and
// waits until all are written.
func (f *fleet) trickle(ctx context.Context, pace time.Duration) error {
	wg, mu, errs := sync.WaitGroup{}, sync.Mutex{}, []error{}
	for i := range f.rrsets {
		mg := f.rrsets[i%zones*rrsetsAZone+i/zones]
		mg.Spec.ForProvider.TTL = new(int64(120))
		wg.Go(func() {
			if err := f.reconcile(ctx, mg); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, errors.Wrap(err, mg.GetName()))
			}
		})
		time.Sleep(pace)
	}
	wg.Wait()
	return errors.Join(errs...)
}

// TestRequestsOfSpreadPolls polls with jitter for many rounds on a clock of its
// own, the polls of a zone being spread over the whole interval, and changes a
// record behind the provider's back now and then.
func TestRequestsOfSpreadPolls(t *testing.T) {
	const (
		interval = time.Minute
		rounds   = 10
	)
	s := powerdns.Start(t)
	p := s.Proxy(t)
	c := &clock{}
	f := newFleet(t, p.URL, c)
	ctx := t.Context()
	if err := f.all(ctx); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // The same polls in every run.
	jittered := func() time.Duration {
		return interval + time.Duration((rnd.Float64()-0.5)*2*float64(interval/10))
	}
	next := make([]time.Duration, len(f.rrsets))
	for i := range next {
		next[i] = time.Duration(rnd.Float64() * float64(interval))
	}
	other := serverAt(t, s.URL, clients.Options{})

	p.Reset()
	var drifted time.Duration
	victim, worst, drifts := -1, time.Duration(0), 0
	for {
		i := 0
		for j := range next {
			if next[j] < next[i] {
				i = j
			}
		}
		now := next[i]
		if now > rounds*interval {
			break
		}
		c.set(now)
		if victim < 0 && now > interval && rnd.IntN(200) == 0 {
			victim, drifted = rnd.IntN(len(f.rrsets)), now
			mg := f.rrsets[victim]
			id := identify(mg)
			if err := other.API.PatchZone(ctx, id.zone, []clients.RRset{{Name: id.name, Type: "A", TTL: 1, ChangeType: "REPLACE", Records: []clients.Record{{Content: "198.51.100.1"}}}}); err != nil {
				t.Fatal(err)
			}
		}
		o, err := New(f.hub, f.server).Observe(ctx, f.rrsets[i])
		if err != nil {
			t.Fatal(err)
		}
		next[i] = now + jittered()
		if victim < 0 {
			continue
		}
		_, called := f.changed.LoadAndDelete(connect.ReaderName(v1alpha1.RRsetKind, f.rrsets[victim]))
		if called || i == victim && !o.ResourceUpToDate {
			worst, drifts = max(worst, now-drifted), drifts+1
			if err := f.reconcile(ctx, f.rrsets[victim]); err != nil {
				t.Fatal(err)
			}
			victim = -1
		}
	}
	perRound := float64(p.Count(http.MethodGet)) / rounds
	t.Logf("%.1f GETs per interval for %d RRsets in %d zones, %d drifts seen after at most %s", perRound, len(f.rrsets), zones, drifts, worst.Round(time.Second))
	if perRound > 1.25*zones {
		t.Errorf("want about %d GETs per interval, got %.1f", zones, perRound)
	}
	if drifts < 3 {
		t.Errorf("want some drift to be seen, got %d", drifts)
	}
	if limit := interval + interval/10; worst > limit {
		t.Errorf("want drift to be seen within %s, got %s", limit, worst)
	}
}

// TestOneRRset has nobody to share a snapshot with: every poll must read.
func TestOneRRset(t *testing.T) {
	s := powerdns.Start(t)
	p := s.Proxy(t)
	c := &clock{}
	f := newFleet(t, p.URL, c)
	f.rrsets = f.rrsets[:1]
	if err := f.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.inSync(t.Context())
	p.Reset()
	for i := 1; i <= 5; i++ {
		c.set(time.Duration(i) * 54 * time.Second)
		f.inSync(t.Context())
		if got := p.Count(http.MethodGet); got != i {
			t.Errorf("poll %d, the earliest jitter allows: want %d GETs so far, got %d", i, i, got)
		}
	}
}

// BenchmarkConverge tells how many calls a changed RRset costs when 1,000 in 10
// zones change at once.
func BenchmarkConverge(b *testing.B) {
	s := powerdns.Start(b)
	p := s.Proxy(b)
	c := &clock{}
	f := newFleet(b, p.URL, c)
	if err := f.all(b.Context()); err != nil {
		b.Fatal(err)
	}
	calls, ttl := 0, int64(1000)
	for b.Loop() {
		ttl++
		for _, mg := range f.rrsets {
			mg.Spec.ForProvider.TTL = new(ttl)
		}
		p.Reset()
		if err := f.all(b.Context()); err != nil {
			b.Fatal(err)
		}
		calls += p.Count(http.MethodGet) + p.Writes()
	}
	b.ReportMetric(float64(calls)/float64(b.N)/float64(len(f.rrsets)), "calls/rrset")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(f.rrsets)), "µs/rrset")
}

// TestMissingZone lets many RRsets wait for one zone.
func TestMissingZone(t *testing.T) {
	s := powerdns.Start(t)
	p := s.Proxy(t)
	f := newFleet(t, p.URL, &clock{})
	f.rrsets = f.rrsets[:rrsetsAZone]
	for _, mg := range f.rrsets {
		mg.Spec.ForProvider.Zone = "later.example"
		mg.Spec.ForProvider.Name = mg.GetName() + ".later.example"
	}
	p.Reset()
	for range 3 {
		if err := f.all(t.Context()); err == nil {
			t.Error("want an error for each RRset without a zone, got none")
		}
	}
	if got := p.Count(http.MethodGet); got != 3 || p.Writes() != 0 {
		t.Errorf("want one GET a round and no writes, got %d and %d", got, p.Writes())
	}
	err := f.server.Write(t.Context(), "later.example.", func(ctx context.Context) error {
		return f.server.API.CreateZone(ctx, "later.example.", []string{"ns1.example.net."}, map[string]any{"kind": "Native"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.server.ReadBack(t.Context(), "later.example."); err != nil {
		t.Fatal(err)
	}
	called := 0
	f.changed.Range(func(any, any) bool { called++; return true })
	if called != rrsetsAZone {
		t.Errorf("want all %d RRsets to be called once their zone is there, got %d", rrsetsAZone, called)
	}
	if err := f.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.inSync(t.Context())
}
