package teardown

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// TypeCleared is the condition that says what a deletion waits for.
const TypeCleared xpv1.ConditionType = "Cleared"

// Reasons of the condition.
const (
	ReasonWaiting xpv1.ConditionReason = "Waiting"
	ReasonCleared xpv1.ConditionReason = "Cleared"
)

// Bounds of what is said: enough to act on.
const (
	maxRemaining = 20
	maxGroups    = 4
	maxNames     = 5
	maxReason    = 300
)

// report what is left, and first of all what the layer that is going waits for.
func (s *survey) report(mg *v1alpha1.Teardown, since *metav1.Time) {
	at := v1alpha1.TeardownObservation{Since: since, Left: new(s.left()), Organizations: s.found}
	current := -1
	for i, name := range layerNames() {
		at.Layers = append(at.Layers, v1alpha1.TeardownLayer{Name: name, Left: len(s.layers[i])})
		if len(s.layers[i]) == 0 || current >= 0 {
			continue
		}
		current = i
		at.Layer = fmt.Sprintf("%d of %d, %s", i+1, layerCount, name)
	}
	c := xpv1.Condition{Type: TypeCleared, Status: corev1.ConditionTrue, Reason: ReasonCleared, LastTransitionTime: metav1.Now()}
	if current >= 0 {
		objects := sorted(s.layers[current])
		at.WaitsFor = summary(objects)
		for _, o := range objects[:min(len(objects), maxRemaining)] {
			at.Remaining = append(at.Remaining, v1alpha1.TeardownObject{Kind: o.gvk.Kind, Name: o.GetName(), Reason: short(o.reason)})
		}
		c.Status, c.Reason, c.Message = corev1.ConditionFalse, ReasonWaiting, fmt.Sprintf("Layer %s: waits for %s", at.Layer, at.WaitsFor)
	}
	mg.Status.AtProvider = at
	mg.SetConditions(c)
}

// sorted puts what is going before what waits for it, and what says why first.
func sorted(in []object) []object {
	rank := func(o object) int {
		switch {
		case o.going && o.reason != "":
			return 0
		case o.going:
			return 1
		default:
			return 2
		}
	}
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b object) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.gvk.Kind, b.gvk.Kind), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out
}

// summary of sorted objects in one line: what is going, by kind, and how many
// follow. If nothing is, it is what they wait for.
func summary(objects []object) string {
	going := slices.IndexFunc(objects, func(o object) bool { return !o.going })
	switch going {
	case 0:
		return groups(objects, "reasons", func(o object) string { return o.reason }, sameReason)
	case -1:
		going = len(objects)
	}
	out := kinds(objects[:going])
	if n := len(objects) - going; n > 0 {
		out += fmt.Sprintf("; %d more after that", n)
	}
	return out
}

// groups of objects that have something in common, in words, in the order of the
// first of each.
func groups(objects []object, of string, key func(object) string, words func([]object) string) string {
	var keys []string
	all := map[string][]object{}
	for _, o := range objects {
		k := key(o)
		if all[k] == nil {
			keys = append(keys, k)
		}
		all[k] = append(all[k], o)
	}
	parts := make([]string, 0, len(keys))
	for _, k := range keys[:min(len(keys), maxGroups)] {
		parts = append(parts, words(all[k]))
	}
	if n := len(keys) - maxGroups; n > 0 {
		parts = append(parts, fmt.Sprintf("objects of %d more %s", n, of))
	}
	return strings.Join(parts, ", ")
}

func kinds(objects []object) string {
	return groups(objects, "kinds", func(o object) string { return o.gvk.Kind }, sameKind)
}

// sameReason has objects that wait for the same.
func sameReason(objects []object) string {
	if len(objects) == 1 || objects[0].reason == "" {
		return kinds(objects)
	}
	return fmt.Sprintf("%d objects: %s", len(objects), short(objects[0].reason))
}

// sameKind has objects of one kind. Those that say why they are still there are
// named, and Organizations always are.
func sameKind(objects []object) string {
	kind := objects[0].gvk.Kind
	if len(objects) == 1 {
		return kind + " " + because(objects[0])
	}
	var names []string
	for _, o := range objects {
		if o.reason != "" || o.gvk == organizationGVK {
			names = append(names, because(o))
		}
	}
	out := fmt.Sprintf("%d %s", len(objects), plural(kind))
	if len(names) == 0 {
		return out
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], "…")
	}
	return out + " (" + strings.Join(names, "; ") + ")"
}

func because(o object) string {
	if o.reason == "" {
		return o.GetName()
	}
	return o.GetName() + ": " + short(o.reason)
}

// short is the reason on one line of bounded length.
func short(reason string) string {
	r := []rune(strings.Join(strings.Fields(reason), " "))
	if len(r) > maxReason {
		return string(r[:maxReason]) + "…"
	}
	return string(r)
}

func plural(kind string) string {
	switch stem, y := strings.CutSuffix(kind, "y"); {
	case y && !strings.HasSuffix(stem, "e"):
		return stem + "ies"
	case strings.HasSuffix(kind, "s"):
		return kind
	default:
		return kind + "s"
	}
}
