package composing

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"
)

// Observed is a resource as the API server has it. All methods of a nil
// Observed return zero values.
type Observed struct {
	s *structpb.Struct
}

// Into decodes the resource into a Go type.
func (o *Observed) Into(into any) error { return decode(o.s, into) }

// APIVersion of the resource.
func (o *Observed) APIVersion() string { return o.String("apiVersion") }

// Kind of the resource.
func (o *Observed) Kind() string { return o.String("kind") }

// Name of the resource.
func (o *Observed) Name() string { return o.String("metadata", "name") }

// Namespace of the resource.
func (o *Observed) Namespace() string { return o.String("metadata", "namespace") }

// CreatedAt is when the resource was created, RFC 3339.
func (o *Observed) CreatedAt() string { return o.String("metadata", "creationTimestamp") }

// DeletedAt is when deletion of the resource began, RFC 3339. Empty if it is
// not being deleted.
func (o *Observed) DeletedAt() string { return o.String("metadata", "deletionTimestamp") }

// Generation of the resource's spec.
func (o *Observed) Generation() int64 {
	return int64(o.value("metadata", "generation").GetNumberValue())
}

// String at the path, or the empty string.
func (o *Observed) String(path ...string) string { return o.value(path...).GetStringValue() }

// Bool at the path, and whether there is one.
func (o *Observed) Bool(path ...string) (value, found bool) {
	v, found := o.value(path...).GetKind().(*structpb.Value_BoolValue)
	return found && v.BoolValue, found
}

// Int at the path, or zero.
func (o *Observed) Int(path ...string) int { return int(o.value(path...).GetNumberValue()) }

// Strings at the path, or nil.
func (o *Observed) Strings(path ...string) []string {
	var out []string
	for _, v := range o.value(path...).GetListValue().GetValues() {
		out = append(out, v.GetStringValue())
	}
	return out
}

// Keys of the object at the path, sorted.
func (o *Observed) Keys(path ...string) []string {
	return slices.Sorted(maps.Keys(o.value(path...).GetStructValue().GetFields()))
}

func (o *Observed) value(path ...string) *structpb.Value {
	if o == nil {
		return nil
	}
	s := o.s
	for i, p := range path {
		v := s.GetFields()[p]
		if i == len(path)-1 {
			return v
		}
		s = v.GetStructValue()
	}
	return nil
}

// A Condition of an observed resource.
type Condition struct {
	Status, Reason, Message string
	// Since is the condition's last transition, RFC 3339.
	Since string
	// Generation of the spec the condition is about. Zero if it does not say.
	Generation int64
}

// Condition of that type, and whether the resource has it.
func (o *Observed) Condition(typ string) (Condition, bool) {
	for _, v := range o.value("status", "conditions").GetListValue().GetValues() {
		f := v.GetStructValue().GetFields()
		if f["type"].GetStringValue() != typ {
			continue
		}
		return Condition{
			Status:     f["status"].GetStringValue(),
			Reason:     f["reason"].GetStringValue(),
			Message:    f["message"].GetStringValue(),
			Since:      f["lastTransitionTime"].GetStringValue(),
			Generation: int64(f["observedGeneration"].GetNumberValue()),
		}, true
	}
	return Condition{}, false
}

// intent is the part of the resource that somebody asked for, without what the
// API server and controllers add.
func (o *Observed) intent() *structpb.Struct {
	out := &structpb.Struct{Fields: maps.Clone(o.s.GetFields())}
	delete(out.Fields, "status")
	md := o.s.GetFields()["metadata"].GetStructValue()
	if md == nil {
		return out
	}
	kept := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for _, f := range []string{"name", "namespace", "labels", "annotations"} {
		if v, ok := md.GetFields()[f]; ok {
			kept.Fields[f] = v
		}
	}
	out.Fields["metadata"] = structpb.NewStructValue(kept)
	return out
}
