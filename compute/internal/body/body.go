// Package body reads request bodies into structs, and converts values of other types as Nova's
// code does.
package body

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/pytext"
)

// Unmarshal stores a document, which [schema.Decode] read and a schema accepted, in the value
// that into points to. Structs receive the members that their json tags name; other members are
// ignored. Booleans, slices, maps and pointers are as in encoding/json. Strings also accept
// numbers and booleans, as Nova's objects do with values that /v2 does not check. Null leaves
// the target unchanged. The types Int, Bool, Scalar, Reference, AutoDisk, WordOr and Value
// convert values of other types as Nova's code does. A field of type any receives the result of
// [schema.Plain].
//
// An error is a *ValueError or a *schema.Exception, or reports a value that the schema should
// have rejected.
func Unmarshal(doc, into any) error {
	return store(doc, reflect.ValueOf(into).Elem())
}

// ValueError reports a value that a schema accepts and Nova's code rejects. Its text is for the
// client.
type ValueError struct{ Message string }

func (e *ValueError) Error() string { return e.Message }

// Int is an integer, converted from a number or a text as Python's int does: 1.0 and "25
// " are integers. A number outside of int64 becomes the nearest int64.
type Int int64

// Bool is a boolean, or a word for one.
type Bool bool

// Scalar is a string, number or boolean, formatted as Python's str does.
type Scalar string

// Reference is the id in a reference. A reference may be a URL, whose last path segment is the
// id.
type Reference string

// AutoDisk is the disk config: true for "AUTO", where the partition is grown to the disk size,
// and false for "MANUAL".
type AutoDisk bool

// Value is any value, for fields that Nova reads in several ways.
type Value struct {
	Given bool
	doc   any
}

// Opt is a member for which null and absence have different meanings.
type Opt[T any] struct {
	Given bool
	Value T
}

// WordOr is a member that is either a word or a T.
type WordOr[T any] struct {
	Given bool
	Word  string
	Value T
}

type unmarshaler interface{ unmarshalDocument(doc any) error }

// takesAny is implemented by types that store a value of any JSON type.
type takesAny interface{ take(doc any) }

// Pointer returns the value, or nil if the member is absent.
func (o Opt[T]) Pointer() *T {
	if !o.Given {
		return nil
	}
	return &o.Value
}

func (n *Int) unmarshalDocument(doc any) error {
	v, err := integer(doc)
	*n = Int(v)
	return err
}

func integer(doc any) (int64, error) {
	n, err := schema.Nearest(doc)
	if err != nil {
		return 0, &ValueError{err.Error()}
	}
	return n, nil
}

// booleanWords are the words that Nova's message for an invalid boolean lists.
const booleanWords = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"

func (b *Bool) unmarshalDocument(doc any) error {
	s := schema.Text(doc)
	v, ok := pytext.Bool(s)
	if !ok {
		return &ValueError{fmt.Sprintf("Unrecognized value '%s', acceptable values are: %s", s, booleanWords)}
	}
	*b = Bool(v)
	return nil
}

func (t *Scalar) take(doc any) { *t = Scalar(schema.Text(doc)) }

func (a *AutoDisk) take(doc any) { *a = schema.Text(doc) == "AUTO" }

func (v *Value) take(doc any) { *v = Value{true, doc} }

// Int returns the integer to which Python's int converts the value: see [Int].
func (v Value) Int() (int64, error) { return integer(v.doc) }

// Text formats the value as Python's str does.
func (v Value) Text() string { return schema.Text(v.doc) }

// Truthy returns the value's truth in Python: false for false, 0, and empty values, true for
// all others. The word "false" is true.
func (v Value) Truthy() bool { return schema.Truthy(v.doc) }

func (o *Opt[T]) unmarshalDocument(doc any) error {
	o.Given = true
	return Unmarshal(doc, &o.Value)
}

func (w *WordOr[T]) unmarshalDocument(doc any) error {
	w.Given = true
	if word, ok := doc.(string); ok {
		w.Word = word
		return nil
	}
	return Unmarshal(doc, &w.Value)
}

// takesNull is implemented by types for which null is a value.
type takesNull interface {
	unmarshaler
	null()
}

func (o *Opt[T]) null() {}

func store(doc any, into reflect.Value) error {
	to := into.Addr().Interface()
	if _, null := to.(takesNull); doc == nil && !null {
		return nil
	}
	switch to := to.(type) {
	case unmarshaler:
		return to.unmarshalDocument(doc)
	case takesAny:
		to.take(doc)
		return nil
	}
	switch into.Kind() {
	case reflect.Pointer:
		to := reflect.New(into.Type().Elem())
		if err := store(doc, to.Elem()); err != nil {
			return err
		}
		into.Set(to)
		return nil
	case reflect.Interface:
		into.Set(reflect.ValueOf(schema.Plain(doc)))
		return nil
	case reflect.String:
		switch doc.(type) {
		case string, json.Number, bool:
			into.SetString(schema.Text(doc))
			return nil
		}
	case reflect.Bool:
		if b, ok := doc.(bool); ok {
			into.SetBool(b)
			return nil
		}
	case reflect.Slice:
		if list, ok := doc.([]any); ok {
			return storeList(list, into)
		}
	case reflect.Map:
		if o, ok := doc.(*schema.Object); ok {
			return storeMap(o, into)
		}
	case reflect.Struct:
		if o, ok := doc.(*schema.Object); ok {
			return storeStruct(o, into)
		}
	}
	return fmt.Errorf("%s cannot be stored in a %s", kindOf(doc), into.Type())
}

func storeList(list []any, into reflect.Value) error {
	to := reflect.MakeSlice(into.Type(), len(list), len(list))
	for n, doc := range list {
		if err := store(doc, to.Index(n)); err != nil {
			return err
		}
	}
	into.Set(to)
	return nil
}

func storeMap(o *schema.Object, into reflect.Value) error {
	to := reflect.MakeMapWithSize(into.Type(), o.Len())
	for key, doc := range o.All() {
		v := reflect.New(into.Type().Elem()).Elem()
		if err := store(doc, v); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		to.SetMapIndex(reflect.ValueOf(key), v)
	}
	into.Set(to)
	return nil
}

func storeStruct(o *schema.Object, into reflect.Value) error {
	for _, f := range membersOf(into.Type()) {
		doc, given := o.Get(f.name)
		if !given {
			continue
		}
		if err := store(doc, into.FieldByIndex(f.index)); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// member is a field of a struct with its name in documents.
type member struct {
	name  string
	index []int
}

var memberCache sync.Map // []member by reflect.Type

func membersOf(t reflect.Type) []member {
	if known, ok := memberCache.Load(t); ok {
		return known.([]member)
	}
	var list []member
	for _, f := range reflect.VisibleFields(t) {
		if name, tagged := f.Tag.Lookup("json"); tagged {
			list = append(list, member{name, f.Index})
		}
	}
	known, _ := memberCache.LoadOrStore(t, slices.Clip(list))
	return known.([]member)
}

func kindOf(doc any) string {
	switch doc.(type) {
	case *schema.Object:
		return "an object"
	case []any:
		return "an array"
	case string:
		return "text"
	case json.Number:
		return "a number"
	default:
		return "a boolean"
	}
}
