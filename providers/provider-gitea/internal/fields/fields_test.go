package fields

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	yes, no, name := true, false, "a"
	cases := map[string]struct {
		reason string
		check  func(s *Set)
		want   Set
	}{
		"NotManaged": {
			reason: "What is not wanted is not compared.",
			check: func(s *Set) {
				Check[bool](s, "f", "k", nil, true)
				CheckList(s, "f", "k", nil, []string{"x"})
				CheckNames(s, "f", "k", nil, []string{"x"})
			},
		},
		"Equal": {
			reason: "What is equal makes no difference, in any order.",
			check: func(s *Set) {
				Check(s, "f", "k", &yes, true)
				CheckList(s, "f", "k", []string{"b", "a"}, []string{"a", "b"})
				CheckNames(s, "f", "k", []string{"B", "a"}, []string{"A", "b"})
				CheckList(s, "f", "k", []string{}, nil)
			},
		},
		"Zero": {
			reason: "A wanted zero value is wanted.",
			check:  func(s *Set) { Check(s, "f", "k", &no, true) },
			want:   Set{{Field: "f", Key: "k", Found: true, Want: false}},
		},
		"EmptyList": {
			reason: "An empty list wants nothing to be there.",
			check:  func(s *Set) { CheckList(s, "f", "k", []string{}, []string{"x"}) },
			want:   Set{{Field: "f", Key: "k", Found: []string{"x"}, Want: []string{}}},
		},
		"Case": {
			reason: "Lists other than of names tell upper from lower case.",
			check:  func(s *Set) { CheckList(s, "f", "k", []string{"A"}, []string{"a"}) },
			want:   Set{{Field: "f", Key: "k", Found: []string{"a"}, Want: []string{"A"}}},
		},
		"Text": {
			reason: "Text differs.",
			check:  func(s *Set) { Check(s, "f", "k", &name, "b") },
			want:   Set{{Field: "f", Key: "k", Found: "b", Want: "a"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got Set
			tc.check(&got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if (got.Diff() == "") != (len(got) == 0) {
				t.Errorf("Diff is there when there is a difference: %q", got.Diff())
			}
			if len(got.Body()) != len(got) {
				t.Errorf("The body holds the differences: %v", got.Body())
			}
		})
	}
}

func TestString(t *testing.T) {
	s := Set{{Field: "a", Found: "x", Want: "y"}, {Field: "b", Found: []string{}, Want: []string{"p", "q"}}, {Field: "c", Found: true, Want: false}}
	want := `a: found "x", want "y"; b: found [], want [p, q]; c: found true, want false`
	if diff := cmp.Diff(want, s.String()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("a, b, c", s.Names()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
