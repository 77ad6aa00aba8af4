// Package drift tells what differs between what was asked for and what was
// found, and whether somebody else made the difference.
package drift

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// ReasonCorrected is the reason of the event that tells of corrected drift.
const ReasonCorrected event.Reason = "DriftCorrected"

// maxValue is how much of one value an event shows.
const maxValue = 200

// A Field that is not as it should be.
type Field struct {
	// Name of the field, as in spec.forProvider.
	Name string
	// Found is its value at the server.
	Found any
	// Want is the value it should have.
	Want any
}

// Fields that are not as they should be.
type Fields []Field //nolint:recvcheck // Growing takes a pointer, reading does not.

// Check a field.
func (f *Fields) Check(name string, found, want any) {
	if !cmp.Equal(found, want, cmpopts.EquateEmpty()) {
		*f = append(*f, Field{Name: name, Found: found, Want: want})
	}
}

// Diff between what was found and what should be.
func (f Fields) Diff() string {
	found, want := map[string]any{}, map[string]any{}
	for _, x := range f {
		found[x.Name], want[x.Name] = x.Found, x.Want
	}
	return cmp.Diff(found, want)
}

// String names each field with what was found and what should be.
func (f Fields) String() string {
	parts := make([]string, 0, len(f))
	for _, x := range f {
		parts = append(parts, fmt.Sprintf("%s: found %s, restored %s", x.Name, short(x.Found), short(x.Want)))
	}
	return strings.Join(parts, "; ")
}

func short(v any) string {
	s := fmt.Sprintf("%v", v)
	if str, ok := v.(string); ok {
		s = fmt.Sprintf("%q", str)
	}
	if len(s) > maxValue {
		s = s[:maxValue] + "…"
	}
	return s
}

// Settled says whether a managed resource was as it should be when it was last
// looked at, and was not changed since. If it is not so now, something else
// changed what it stands for.
func Settled(mg resource.Managed) bool {
	synced, ready := mg.GetCondition(xpv1.TypeSynced), mg.GetCondition(xpv1.TypeReady)
	return synced.Status == corev1.ConditionTrue && synced.ObservedGeneration == mg.GetGeneration() &&
		ready.Status == corev1.ConditionTrue
}

// Corrected tells that what something else changed was put right.
func Corrected(r event.Recorder, mg resource.Managed, what string) {
	r.Event(mg, event.Warning(ReasonCorrected, errors.New("Something else changed this; it was put right: "+what)))
}
