package composing

import (
	"encoding/base64"
	"math"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// encode a typed or unstructured object the way server-side apply wants it:
// nothing the function has no opinion about.
func encode(o client.Object) (*structpb.Struct, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return structpb.NewStruct(u.Object)
	}
	gvks, _, err := Scheme().ObjectKinds(o)
	if err != nil {
		return nil, errors.Wrapf(err, "%T is not registered", o)
	}
	s, err := structOf(o)
	if err != nil {
		return nil, errors.Wrapf(err, "cannot convert %T", o)
	}
	delete(s.Fields, "status")
	delete(s.GetFields()["metadata"].GetStructValue().GetFields(), "creationTimestamp")
	s.Fields["apiVersion"] = structpb.NewStringValue(gvks[0].GroupVersion().String())
	s.Fields["kind"] = structpb.NewStringValue(gvks[0].Kind)
	return s, nil
}

// structOf a pointer to a Go struct, by its JSON tags. It is what apimachinery's
// converter and structpb.NewStruct make of it together, without the maps in
// between: they were most of what a call cost.
func structOf(o any) (*structpb.Struct, error) {
	v := reflect.ValueOf(o)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, errors.Errorf("%T is not a pointer to a struct", o)
	}
	out := &structpb.Struct{}
	return out, fill(out, v.Elem())
}

// A member of a Go struct, as its JSON tag says.
type member struct {
	name      string
	omitEmpty bool
	omitZero  func(reflect.Value) bool
}

// members of Go types, by the index of their field.
var members sync.Map

func membersOf(t reflect.Type) []member {
	if ms, ok := members.Load(t); ok {
		return ms.([]member)
	}
	ms := make([]member, 0, t.NumField())
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && !f.Anonymous {
			name = f.Name
		}
		m := member{name: name}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				m.omitEmpty = true
			case "omitzero":
				m.omitZero = value.OmitZeroFunc(f.Type)
			}
		}
		ms = append(ms, m)
	}
	members.Store(t, ms)
	return ms
}

func fill(out *structpb.Struct, v reflect.Value) error {
	ms := membersOf(v.Type())
	if out.Fields == nil {
		out.Fields = make(map[string]*structpb.Value)
	}
	for i, m := range ms {
		f := v.Field(i)
		switch {
		case m.name == "-", m.omitEmpty && isEmpty(f), m.omitZero != nil && m.omitZero(f):
			continue
		case m.name == "":
			// Inlined.
			for f.Kind() == reflect.Pointer && !f.IsNil() {
				f = f.Elem()
			}
			if f.Kind() != reflect.Struct {
				continue
			}
			if err := fill(out, f); err != nil {
				return err
			}
		default:
			e, err := valueOf(f)
			if err != nil {
				return errors.Wrap(err, m.name)
			}
			out.Fields[m.name] = e
		}
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.String, reflect.Map, reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

func valueOf(v reflect.Value) (*structpb.Value, error) {
	// Quantities, times and the like say themselves what they look like.
	if entry := value.TypeReflectEntryOf(v.Type()); entry.CanConvertToUnstructured() {
		u, err := entry.ToUnstructured(v)
		if err != nil {
			return nil, err
		}
		return structpb.NewValue(u)
	}
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return nil, errors.Errorf("invalid UTF-8 in string: %q", v.String())
		}
		return structpb.NewStringValue(v.String()), nil
	case reflect.Bool:
		return structpb.NewBoolValue(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return structpb.NewNumberValue(float64(v.Int())), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, errors.Errorf("%d is too large", v.Uint())
		}
		return structpb.NewNumberValue(float64(v.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return structpb.NewNumberValue(v.Float()), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return structpb.NewNullValue(), nil
		}
		return valueOf(v.Elem())
	case reflect.Struct:
		s := &structpb.Struct{}
		return structpb.NewStructValue(s), fill(s, v)
	case reflect.Map:
		return mapOf(v)
	case reflect.Slice:
		return listOf(v)
	default:
		return nil, errors.Errorf("cannot convert %s", v.Type())
	}
}

func mapOf(v reflect.Value) (*structpb.Value, error) {
	if v.IsNil() {
		return structpb.NewNullValue(), nil
	}
	if v.Type().Key().Kind() != reflect.String {
		return nil, errors.Errorf("cannot convert %s: its keys are no strings", v.Type())
	}
	s := &structpb.Struct{Fields: make(map[string]*structpb.Value, v.Len())}
	for it := v.MapRange(); it.Next(); {
		k := it.Key().String()
		if !utf8.ValidString(k) {
			return nil, errors.Errorf("invalid UTF-8 in string: %q", k)
		}
		e, err := valueOf(it.Value())
		if err != nil {
			return nil, errors.Wrap(err, k)
		}
		s.Fields[k] = e
	}
	return structpb.NewStructValue(s), nil
}

func listOf(v reflect.Value) (*structpb.Value, error) {
	if v.IsNil() {
		return structpb.NewNullValue(), nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return structpb.NewStringValue(base64.StdEncoding.EncodeToString(v.Bytes())), nil
	}
	l := &structpb.ListValue{Values: make([]*structpb.Value, v.Len())}
	for i := range v.Len() {
		e, err := valueOf(v.Index(i))
		if err != nil {
			return nil, err
		}
		l.Values[i] = e
	}
	return structpb.NewListValue(l), nil
}
