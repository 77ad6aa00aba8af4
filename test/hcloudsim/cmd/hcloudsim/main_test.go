package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPairs(t *testing.T) {
	cases := map[string]struct {
		reason string
		in     []string
		want   pairs
		bad    bool
	}{
		"Repeated": {"A flag may be given several times.", []string{"a=1", "b=2"}, pairs{"a": "1", "b": "2"}, false},
		"Joined":   {"Or once with commas.", []string{"a=1,b=2"}, pairs{"a": "1", "b": "2"}, false},
		"NoValue":  {"A name alone is a mistake.", []string{"a"}, pairs{}, true},
		"Empty":    {"So is an empty token.", []string{"a="}, pairs{}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := pairs{}
			var err error
			for _, s := range tc.in {
				if e := got.Set(s); e != nil {
					err = e
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.bad {
				t.Errorf("%s\nerror %v; -want, +got:\n%s", tc.reason, err, diff)
			}
		})
	}
}

func TestBadFlags(t *testing.T) {
	cases := map[string]struct {
		reason, want string
		args         []string
	}{
		"Limit":  {"A limit is a number.", "limit servers is no number", []string{"--limits", "servers=many"}},
		"State":  {"A state that can't be read is not started from.", "cannot read state", []string{"--state", "/dev/null/x"}},
		"Listen": {"An address that can't be had is said.", "cannot serve", []string{"--listen", "256.0.0.1:1"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := run(tc.args)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nwant %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}
