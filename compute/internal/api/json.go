package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/pytext"
)

// Encoder is a value that writes itself as JSON. Views implement it with Object, so that an
// answer is written once, into the buffer that is sent.
type Encoder interface {
	AppendJSON(b []byte) []byte
}

// EncoderFunc is a function that implements Encoder.
type EncoderFunc func(b []byte) []byte

// AppendJSON calls f.
func (f EncoderFunc) AppendJSON(b []byte) []byte { return f(b) }

// Doc is an Encoder for an object whose members fill writes.
func Doc(fill func(o *Object)) Encoder {
	return EncoderFunc(func(b []byte) []byte {
		o := Object{buf: append(b, '{')}
		fill(&o)
		return append(o.buf, '}')
	})
}

// Object appends the members of one JSON object, in the order of the calls.
type Object struct {
	buf []byte
	n   int
}

func (o *Object) key(k string) {
	if o.n > 0 {
		o.buf = append(o.buf, ',')
	}
	o.n++
	o.buf = appendString(o.buf, k)
	o.buf = append(o.buf, ':')
}

// Str writes a string member.
func (o *Object) Str(k, v string) { o.key(k); o.buf = appendString(o.buf, v) }

// Joined writes a string member whose value is parts without anything between them. Unlike Str it does
// not need the joined string, of which lists have thousands.
func (o *Object) Joined(k string, parts ...string) {
	o.key(k)
	o.buf = append(o.buf, '"')
	for _, p := range parts {
		o.buf = appendText(o.buf, p)
	}
	o.buf = append(o.buf, '"')
}

// Int writes an integer member.
func (o *Object) Int(k string, v int64) {
	o.key(k)
	o.buf = strconv.AppendInt(o.buf, v, 10)
}

// Bool writes a boolean member.
func (o *Object) Bool(k string, v bool) {
	o.key(k)
	o.buf = strconv.AppendBool(o.buf, v)
}

// Null writes a null member.
func (o *Object) Null(k string) { o.key(k); o.buf = append(o.buf, "null"...) }

// Opt writes a string member; a nil pointer is written as null.
func (o *Object) Opt(k string, v *string) {
	if v == nil {
		o.Null(k)
		return
	}
	o.Str(k, *v)
}

// OptInt writes an integer member; a nil pointer is written as null.
func (o *Object) OptInt(k string, v *int64) {
	if v == nil {
		o.Null(k)
		return
	}
	o.Int(k, *v)
}

// Float writes a number as Python's json does: 1.0 is written with its fraction.
func (o *Object) Float(k string, v float64) {
	o.key(k)
	n := len(o.buf)
	o.buf = strconv.AppendFloat(o.buf, v, 'f', -1, 64)
	if slices.Contains(o.buf[n:], '.') {
		return
	}
	o.buf = append(o.buf, ".0"...)
}

// Time writes a time in UTC with the given layout; nil is written as null.
func (o *Object) Time(k string, v *time.Time, layout string) {
	if v == nil {
		o.Null(k)
		return
	}
	o.key(k)
	o.buf = append(o.buf, '"')
	o.buf = v.UTC().AppendFormat(o.buf, layout)
	o.buf = append(o.buf, '"')
}

// Obj writes a nested object.
func (o *Object) Obj(k string, fill func(o *Object)) {
	o.key(k)
	o.buf = Doc(fill).AppendJSON(o.buf)
}

// Raw writes a member that is JSON text; nil is written as null.
func (o *Object) Raw(k string, v []byte) {
	if len(v) == 0 {
		o.Null(k)
		return
	}
	o.key(k)
	o.buf = append(o.buf, v...)
}

// Any writes a member that is an Encoder or any value that encoding/json can encode.
func (o *Object) Any(k string, v any) { o.key(k); o.buf = appendAny(o.buf, v) }

// List writes an array of n elements.
func (o *Object) List(k string, n int, element func(i int, a *Array)) {
	o.key(k)
	a := Array{buf: append(o.buf, '[')}
	for i := range n {
		element(i, &a)
	}
	o.buf = append(a.buf, ']')
}

// Strs writes an array of strings.
func (o *Object) Strs(k string, v []string) {
	o.List(k, len(v), func(i int, a *Array) { a.Str(v[i]) })
}

// StrMap writes an object of strings; nil values are written as null.
func (o *Object) StrMap(k string, v map[string]string) {
	o.Obj(k, func(o *Object) {
		for key, value := range v {
			o.Str(key, value)
		}
	})
}

// Array appends the elements of one JSON array, in the order of the calls.
type Array struct {
	buf []byte
	n   int
}

func (a *Array) comma() {
	if a.n > 0 {
		a.buf = append(a.buf, ',')
	}
	a.n++
}

// Obj appends an object.
func (a *Array) Obj(fill func(o *Object)) { a.comma(); a.buf = Doc(fill).AppendJSON(a.buf) }

// Str appends a string.
func (a *Array) Str(v string) { a.comma(); a.buf = appendString(a.buf, v) }

// Any appends an Encoder or any value that encoding/json can encode.
func (a *Array) Any(v any) { a.comma(); a.buf = appendAny(a.buf, v) }

func appendAny(b []byte, v any) []byte {
	if e, ok := v.(Encoder); ok {
		return e.AppendJSON(b)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a view passed a value that JSON cannot represent; the fault filter logs this bug
	}
	return append(b, text...)
}

const hex = "0123456789abcdef"

// appendString writes a JSON string. A lone surrogate in the encoding of [schema.Decode] is
// escaped, as Python writes it; other bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	return append(appendText(append(b, '"'), s), '"')
}

// appendText appends the text of a JSON string, without quotation marks.
func appendText(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[from:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			from = i
			continue
		}
		r, size := pytext.NextRune(s[i:])
		switch {
		case utf16.IsSurrogate(r):
			b = append(append(b, s[from:i]...), '\\', 'u', 'd', hex[r>>8&15], hex[r>>4&15], hex[r&15])
			from = i + size
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[from:i]...), "\ufffd"...)
			from = i + 1
		}
		i += size
	}
	return append(b, s[from:]...)
}
