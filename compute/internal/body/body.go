// Package body reads the bodies of requests into structs, with what Nova's code makes of
// values that are of another type than they should be.
package body

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/objects"
)

// Unmarshal stores what [schema.Decode] made of a document, and a schema has accepted, in the
// value that into points to. Structs take the members that their json tags name, and leave
// out others. Booleans, slices, maps and pointers are as in encoding/json. Strings take
// numbers and booleans, too, as Nova's objects do of what /v2 does not check. Null leaves
// what it meets as it is. The types Int, Bool, Scalar, Reference, AutoDisk, WordOr and Value
// take what Nova's code makes of values that are not of that type. A field of type any gets
// what [schema.Plain] answers.
//
// An error is a value that the schema should have refused, or a *ValueError.
func Unmarshal(doc, into any) error {
	return store(doc, reflect.ValueOf(into).Elem())
}

// ValueError is a value that a schema accepts and Nova's code refuses. Its text is for
// the client.
type ValueError struct{ Message string }

func (e *ValueError) Error() string { return e.Message }

// Int is an integer as Python's int makes one of a number or of text: 1.0 and "25\n"
// are integers. One that does not fit into 64 bits is the nearest that does.
type Int int64

// Bool is a truth value, or a word for one.
type Bool bool

// Scalar is a string, number or boolean as Python's str shows it.
type Scalar string

// Reference is the id in a reference, which may be a URL: the last part of its path.
type Reference string

// AutoDisk is whether a disk is partitioned to its size: "AUTO", as against "MANUAL".
type AutoDisk bool

// Value is any value, for fields of which Nova makes several things.
type Value struct {
	Given bool
	doc   any
}

// Opt is a member that may be left out, where that is something else than its being
// null.
type Opt[T any] struct {
	Given bool
	Value T
}

// WordOr is a member that may be a word in the place of a T.
type WordOr[T any] struct {
	Given bool
	Word  string
	Value T
}

type unmarshaler interface{ unmarshalDocument(doc any) error }

// takesAny are the types that any value can be stored in.
type takesAny interface{ take(doc any) }

// Pointer is the value, or nil where the member is left out.
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

// truths are the words that Nova names to who uses another one.
const truths = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"

func (b *Bool) unmarshalDocument(doc any) error {
	s := schema.Text(doc)
	v, ok := objects.ParseBool(s)
	if !ok {
		return &ValueError{fmt.Sprintf("Unrecognized value '%s', acceptable values are: %s", s, truths)}
	}
	*b = Bool(v)
	return nil
}

func (t *Scalar) take(doc any) { *t = Scalar(schema.Text(doc)) }

func (a *AutoDisk) take(doc any) { *a = schema.Text(doc) == "AUTO" }

func (v *Value) take(doc any) { *v = Value{true, doc} }

// Int is the integer that Python's int makes of the value: see [Int].
func (v Value) Int() (int64, error) { return integer(v.doc) }

// Text is the value as Python's str shows it.
func (v Value) Text() string { return schema.Text(v.doc) }

// Truthy tells whether the value is one that Python takes for true: anything but false, 0,
// and what is empty. The word "false" is true.
func (v Value) Truthy() bool { return schema.Truthy(v.doc) }

func (r *Reference) take(doc any) { *r = Reference(referenceID(schema.Text(doc))) }

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

// takesNull are the types for which null is a value.
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

// member is a field of a struct, and what it is called in documents.
type member struct {
	name  string
	index []int
}

var members sync.Map // []member by reflect.Type

func membersOf(t reflect.Type) []member {
	if known, ok := members.Load(t); ok {
		return known.([]member)
	}
	var list []member
	for _, f := range reflect.VisibleFields(t) {
		if name, tagged := f.Tag.Lookup("json"); tagged {
			list = append(list, member{name, f.Index})
		}
	}
	known, _ := members.LoadOrStore(t, slices.Clip(list))
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

// referenceID is what Nova's get_id_from_href answers: the last part of the path that
// Python's urlsplit finds.
func referenceID(href string) string {
	s := strings.TrimLeftFunc(href, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(s)
	if scheme, rest, ok := strings.Cut(s, ":"); ok && isScheme(scheme) {
		s = rest
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			return ""
		}
		s = rest[end:]
	}
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// isScheme tells whether Python takes what stands before a colon for a URL's scheme.
func isScheme(s string) bool {
	for n := range len(s) {
		c := s[n] | 0x20
		letter := c >= 'a' && c <= 'z' && s[n] < 0x80
		if !letter && (n == 0 || !strings.ContainsRune("0123456789+-.", rune(s[n]))) {
			return false
		}
	}
	return s != ""
}
