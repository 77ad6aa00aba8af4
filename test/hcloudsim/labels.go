package hcloudsim

import (
	"regexp"
	"slices"
	"strings"
)

// Labels' grammar. Source: https://docs.hetzner.cloud/reference/cloud#labels
var (
	labelPrefix = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	labelName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`)
	setTerm     = regexp.MustCompile(`^(\S+)\s+(in|notin)\s*\(([^()]*)\)$`)
)

func validKey(k string) bool {
	prefix, name, ok := strings.Cut(k, "/")
	if !ok {
		return labelName.MatchString(k)
	}
	return len(prefix) <= 253 && labelPrefix.MatchString(prefix) && labelName.MatchString(name)
}

func validValue(v string) bool { return v == "" || labelName.MatchString(v) }

func checkLabels(labels map[string]string) error {
	for k, v := range labels {
		if !validKey(k) || strings.HasPrefix(k, "hetzner.cloud/") {
			return invalid("labels", "label key '%s' is invalid", k)
		}
		if !validValue(v) {
			return invalid("labels", "label value '%s' is invalid", v)
		}
	}
	return nil
}

// A selector decides by an object's labels. It is met when every term is.
type selector []term

type term struct {
	key    string
	negate bool
	exists bool // only whether the key is there counts
	values []string
}

// parseSelector reads Hetzner's label selector grammar: k=v, k==v, k!=v, k, !k,
// k in (a,b), k notin (a,b), joined by commas.
// Source: https://docs.hetzner.cloud/reference/cloud#label-selector
func parseSelector(s string) (selector, error) {
	var out selector
	if strings.TrimSpace(s) == "" {
		return out, nil
	}
	for _, part := range splitTerms(s) {
		t, ok := parseTerm(strings.TrimSpace(part))
		if !ok {
			return nil, invalid("label_selector", "the label selector '%s' is invalid", s)
		}
		out = append(out, t)
	}
	return out, nil
}

// splitTerms at the commas outside parentheses.
func splitTerms(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func parseTerm(s string) (term, bool) {
	if m := setTerm.FindStringSubmatch(s); m != nil {
		t := term{key: m[1], negate: m[2] == "notin"}
		for v := range strings.SplitSeq(m[3], ",") {
			t.values = append(t.values, strings.TrimSpace(v))
		}
		return t, t.valid()
	}
	for _, op := range []string{"!=", "==", "="} {
		if k, v, ok := strings.Cut(s, op); ok {
			t := term{key: strings.TrimSpace(k), negate: op == "!=", values: []string{strings.TrimSpace(v)}}
			return t, t.valid()
		}
	}
	k, negate := strings.CutPrefix(s, "!")
	t := term{key: strings.TrimSpace(k), negate: negate, exists: true}
	return t, t.valid()
}

func (t term) valid() bool {
	return validKey(t.key) && !slices.ContainsFunc(t.values, func(v string) bool { return !validValue(v) })
}

func (s selector) matches(labels map[string]string) bool {
	for _, t := range s {
		v, ok := labels[t.key]
		if !t.exists {
			ok = ok && slices.Contains(t.values, v)
		}
		if ok == t.negate {
			return false
		}
	}
	return true
}
