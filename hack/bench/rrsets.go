package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

const (
	dnsVersion = "powerdns.openova.io/v1alpha1"
	rrsetsIn   = "bench-rrsets"
	// appliers write to the API server at once.
	appliers  = 16
	ttlBefore = 300
	ttlAfter  = 60
)

// measureRRsets counts what many RRsets cost PowerDNS: created at once, left
// alone, and changed at once.
func measureRRsets(ctx context.Context, o options) (_ []table, err error) {
	s, err := o.Plane.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.restore()

	if err := s.kube.Create(ctx, object("v1", "Namespace", "", rrsetsIn)); err != nil {
		return nil, errors.Wrap(err, "cannot create a namespace")
	}
	defer func() {
		if e := s.deleteRRsets(context.WithoutCancel(ctx)); err == nil {
			err = e
		}
	}()

	t := table{
		title:  fmt.Sprintf("PowerDNS's API with %d RRsets in %d zones, through the provider's process", o.RRsets, o.Zones),
		header: []string{"What", "Took", "GET", "PATCH", "POST", "Calls for each RRset"},
	}
	row := func(what string, took time.Duration, rs []request) {
		t.add(what, seconds(took), strconv.Itoa(count(rs, http.MethodGet)), strconv.Itoa(count(rs, http.MethodPatch)), strconv.Itoa(count(rs, http.MethodPost)), fmt.Sprintf("%.3f", float64(len(rs))/float64(o.RRsets)))
	}

	s.powerdns.take()
	begin := time.Now()
	for z := range o.Zones {
		u := object(dnsVersion, "Zone", rrsetsIn, zoneName(z))
		u.Object["spec"] = map[string]any{"forProvider": map[string]any{"kind": "Native", "nameservers": []any{"ns1.example.net."}}}
		if err := s.kube.Create(ctx, u); err != nil {
			return nil, errors.Wrap(err, "cannot create a zone")
		}
	}
	if _, err := until(ctx, "all zones are ready", look, func(ctx context.Context) (bool, error) {
		for z := range o.Zones {
			if ok, err := s.ready(ctx, object(dnsVersion, "Zone", rrsetsIn, zoneName(z))); !ok {
				return false, err
			}
		}
		return true, nil
	}); err != nil {
		return nil, err
	}
	row("Create the zones", time.Since(begin), s.powerdns.take())

	begin = time.Now()
	if err := each(o.RRsets, func(i int) error {
		name := rrsetName(i)
		u := object(dnsVersion, "RRset", rrsetsIn, name)
		zone := zoneName(i % o.Zones)
		u.Object["spec"] = map[string]any{"forProvider": map[string]any{
			"zone": zone, "name": name + "." + zone, "type": "A", "ttl": int64(ttlBefore), "records": []any{map[string]any{"content": "192.0.2.1"}},
		}}
		return errors.Wrap(s.kube.Create(ctx, u), "cannot create an RRset")
	}); err != nil {
		return nil, err
	}
	applied := time.Since(begin)
	if err := s.awaitRRsets(ctx, o.RRsets, ttlBefore); err != nil {
		return nil, err
	}
	row(fmt.Sprintf("Create the RRsets (%s of it to apply them)", seconds(applied)), time.Since(begin), s.powerdns.take())

	// What was just written is looked at once more within the first interval.
	if err := pause(ctx, time.Minute); err != nil {
		return nil, err
	}
	s.powerdns.take()
	if err := pause(ctx, o.Idle); err != nil {
		return nil, err
	}
	idle := s.powerdns.take()
	row("Left alone", o.Idle, idle)

	begin = time.Now()
	if err := each(o.RRsets, func(i int) error {
		return s.merge(ctx, object(dnsVersion, "RRset", rrsetsIn, rrsetName(i)), fmt.Sprintf(`{"spec":{"forProvider":{"ttl":%d}}}`, ttlAfter))
	}); err != nil {
		return nil, err
	}
	applied = time.Since(begin)
	if err := s.awaitRRsets(ctx, o.RRsets, ttlAfter); err != nil {
		return nil, err
	}
	row(fmt.Sprintf("Change all RRsets (%s of it to apply that)", seconds(applied)), time.Since(begin), s.powerdns.take())

	round := table{title: "An idle poll round of a minute", header: []string{"GETs", "Writes"}}
	round.add(fmt.Sprintf("%.1f", float64(count(idle, http.MethodGet))/o.Idle.Minutes()), fmt.Sprintf("%.1f", float64(len(writes(idle)))/o.Idle.Minutes()))
	return []table{t, round}, nil
}

func zoneName(z int) string  { return fmt.Sprintf("bench%d.example", z) }
func rrsetName(i int) string { return "r" + strconv.Itoa(i) }

// awaitRRsets until all are ready and served with the TTL.
func (s *site) awaitRRsets(ctx context.Context, n int, ttl int64) error {
	_, err := until(ctx, "all RRsets are ready", time.Second, func(ctx context.Context) (bool, error) {
		l := &unstructured.UnstructuredList{}
		l.SetAPIVersion(dnsVersion)
		l.SetKind("RRsetList")
		if err := s.kube.List(ctx, l, client.InNamespace(rrsetsIn)); err != nil {
			return false, errors.Wrap(err, "cannot list RRsets")
		}
		done := 0
		for i := range l.Items {
			got, _, _ := unstructured.NestedInt64(l.Items[i].Object, "status", "atProvider", "ttl")
			if got == ttl && condition(&l.Items[i], "Ready") && condition(&l.Items[i], "Synced") {
				done++
			}
		}
		return done == n, nil
	})
	return err
}

func (s *site) deleteRRsets(ctx context.Context) error {
	ns := object("v1", "Namespace", "", rrsetsIn)
	if err := s.kube.Delete(ctx, ns); err != nil {
		return errors.Wrap(err, "cannot delete a namespace")
	}
	_, err := until(ctx, "the RRsets are gone", time.Second, func(ctx context.Context) (bool, error) { return s.gone(ctx, ns) })
	return err
}

// each does something for every number below n, some at once.
func each(n int, do func(i int) error) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
		next = make(chan int)
	)
	for range appliers {
		wg.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}
