// Package fields compares what is wanted with what was found, field by field:
// the differences are the smallest write, the message to people and the diff.
package fields

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// A Difference between what was found and what is wanted.
type Difference struct {
	// Field below spec.forProvider.
	Field string
	// Key of the field in the server's API.
	Key string
	// Found on the server.
	Found any
	// Want is what the spec says.
	Want any
}

// A Set of differences, in the order they were checked.
type Set []Difference

// Check a field. A field that is not wanted is not managed.
func Check[T comparable](s *Set, field, key string, want *T, found T) {
	if want != nil && *want != found {
		*s = append(*s, Difference{Field: field, Key: key, Found: found, Want: *want})
	}
}

// CheckList checks a field whose items have no order. A nil list is not
// managed; an empty one wants nothing to be there.
func CheckList(s *Set, field, key string, want, found []string) {
	if want == nil {
		return
	}
	w, f := sorted(want), sorted(found)
	if !slices.Equal(w, f) {
		*s = append(*s, Difference{Field: field, Key: key, Found: f, Want: w})
	}
}

// CheckNames checks a field whose items are names in which the server does not
// tell upper from lower case.
func CheckNames(s *Set, field, key string, want, found []string) {
	if want != nil && !slices.Equal(sorted(lower(want)), sorted(lower(found))) {
		*s = append(*s, Difference{Field: field, Key: key, Found: sorted(found), Want: sorted(want)})
	}
}

func lower(in []string) []string {
	out := make([]string, 0, len(in))
	for _, n := range in {
		out = append(out, strings.ToLower(n))
	}
	return out
}

func sorted(in []string) []string {
	out := slices.Clone(in)
	if out == nil {
		out = []string{}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Body of the request that makes what was found what is wanted.
func (s Set) Body() map[string]any {
	b := make(map[string]any, len(s))
	for _, d := range s {
		b[d.Key] = d.Want
	}
	return b
}

// Names of the fields.
func (s Set) Names() string {
	names := make([]string, 0, len(s))
	for _, d := range s {
		names = append(names, d.Field)
	}
	return strings.Join(names, ", ")
}

// String says field, found and wanted value of each difference.
func (s Set) String() string {
	parts := make([]string, 0, len(s))
	for _, d := range s {
		parts = append(parts, fmt.Sprintf("%s: found %s, want %s", d.Field, show(d.Found), show(d.Want)))
	}
	return strings.Join(parts, "; ")
}

// maxShown bounds a value in a message.
const maxShown = 80

func show(v any) string {
	out := fmt.Sprint(v)
	switch t := v.(type) {
	case string:
		out = fmt.Sprintf("%q", t)
	case []string:
		out = "[" + strings.Join(t, ", ") + "]"
	}
	if r := []rune(out); len(r) > maxShown {
		out = string(r[:maxShown]) + "…"
	}
	return out
}

// Diff of the differing fields.
func (s Set) Diff() string {
	found, want := map[string]any{}, map[string]any{}
	for _, d := range s {
		found[d.Field], want[d.Field] = d.Found, d.Want
	}
	return cmp.Diff(found, want)
}
