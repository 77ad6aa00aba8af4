package controller

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openova-io/catalyst/test/hcloudsim"
)

// storage are kinds of an API the stand-in does not have.
var storage = map[string]bool{"StorageBox": true, "StorageBoxSnapshot": true, "StorageBoxSubaccount": true}

// TestExamples creates everything the examples say, looks at it again and
// removes it.
func TestExamples(t *testing.T) {
	w := newWorld(t, hcloudsim.Config{})
	var objs []object
	for _, o := range w.examples() {
		if !storage[kindOf(o)] {
			objs = append(objs, o)
		}
	}
	w.settle(objs...)
	w.forget()
	w.settle(objs...)
	if diff := cmp.Diff([]string{}, w.changes()); diff != "" {
		t.Errorf("A settled object is never written again: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), w.writes); diff != "" {
		t.Errorf("A settled object's spec is never written again: -want, +got:\n%s", diff)
	}
	t.Logf("%d objects are observed with %d requests", len(objs), len(w.requests))
	w.restart()
	w.forget()
	w.settle(objs...)
	if diff := cmp.Diff([]string{}, w.changes()); diff != "" {
		t.Errorf("Nor is it after a restart: -want, +got:\n%s", diff)
	}
	w.remove(objs...)
	for plural, left := range w.sim.Dump("default") {
		for _, o := range left {
			t.Errorf("left over of %s: %s", plural, o)
		}
	}
}
