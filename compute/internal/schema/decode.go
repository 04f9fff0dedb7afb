package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/pytext"
)

const (
	maxDepth = 990 // Python's parser fails near its recursion limit of 1000
)

// ErrMalformed is the error of Decode for text that Python's json.loads rejects. Nova answers
// it with "cannot understand JSON".
var ErrMalformed = errors.New("malformed JSON")

// SyntaxError is an ErrMalformed with the text of the ValueError that Python raises, which some
// answers of Nova contain.
type SyntaxError struct{ Text string }

func (e *SyntaxError) Error() string { return e.Text }
func (e *SyntaxError) Unwrap() error { return ErrMalformed }

// Decode parses a request body as Python's json.loads does. Values are *Object, []any, string,
// json.Number, bool and nil. NaN, Infinity and -Infinity are numbers. A lone surrogate
// ("\ud800") is kept, encoded in three bytes as in UTF-8. Every error is an ErrMalformed: a
// *SyntaxError, except for bytes that are not UTF-8 and for values that are nested too deeply.
func Decode(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	d := decoder{s: string(data)}
	if strings.HasPrefix(d.s, "\ufeff") {
		d.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
		return nil, d.err
	}
	d.space()
	v, ok := d.value(0)
	if !ok {
		return nil, d.err
	}
	d.space()
	if d.i != len(d.s) {
		d.fail("Extra data", d.i)
		return nil, d.err
	}
	return v, nil
}

type decoder struct {
	s   string
	i   int
	err error
}

// fail sets the error, at a position in bytes. It returns false.
func (d *decoder) fail(message string, at int) bool {
	before := d.s[:at]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	d.err = &SyntaxError{fmt.Sprintf("%s: line %d column %d (char %d)", message,
		1+strings.Count(before, "\n"), 1+utf8.RuneCountInString(line), utf8.RuneCountInString(before))}
	return false
}

const (
	expectingValue = "Expecting value"
	expectingComma = "Expecting ',' delimiter"
	badEscape      = `Invalid \uXXXX escape`
)

func (d *decoder) space() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

// take consumes one byte if it is c.
func (d *decoder) take(c byte) bool {
	if d.i < len(d.s) && d.s[d.i] == c {
		d.i++
		return true
	}
	return false
}

func (d *decoder) word(w string) bool {
	if strings.HasPrefix(d.s[d.i:], w) {
		d.i += len(w)
		return true
	}
	return d.fail(expectingValue, d.i)
}

func (d *decoder) value(depth int) (any, bool) {
	if depth > maxDepth {
		d.err = fmt.Errorf("%w: nested too deeply", ErrMalformed)
		return nil, false
	}
	if d.i >= len(d.s) {
		return nil, d.fail(expectingValue, d.i)
	}
	switch c := d.s[d.i]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		return d.str()
	case 'n':
		return nil, d.word("null")
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'N':
		return json.Number("NaN"), d.word("NaN")
	case 'I':
		return json.Number("Infinity"), d.word("Infinity")
	}
	return d.number()
}

func (d *decoder) object(depth int) (any, bool) {
	d.i++
	o := &Object{}
	d.space()
	if d.take('}') {
		return o, true
	}
	for {
		if d.i >= len(d.s) || d.s[d.i] != '"' {
			return nil, d.fail("Expecting property name enclosed in double quotes", d.i)
		}
		k, ok := d.str()
		if !ok {
			return nil, false
		}
		d.space()
		if !d.take(':') {
			return nil, d.fail("Expecting ':' delimiter", d.i)
		}
		d.space()
		v, ok := d.value(depth + 1)
		if !ok {
			return nil, false
		}
		o.Set(k.(string), v)
		d.space()
		if d.take('}') {
			return o, true
		}
		if !d.take(',') {
			return nil, d.fail(expectingComma, d.i)
		}
		d.space()
	}
}

func (d *decoder) array(depth int) (any, bool) {
	d.i++
	l := []any{}
	d.space()
	if d.take(']') {
		return l, true
	}
	for {
		v, ok := d.value(depth + 1)
		if !ok {
			return nil, false
		}
		l = append(l, v)
		d.space()
		if d.take(']') {
			return l, true
		}
		if !d.take(',') {
			return nil, d.fail(expectingComma, d.i)
		}
		d.space()
	}
}

func (d *decoder) digits() int {
	from := d.i
	for d.i < len(d.s) && d.s[d.i] >= '0' && d.s[d.i] <= '9' {
		d.i++
	}
	return d.i - from
}

func (d *decoder) number() (any, bool) {
	from := d.i
	if d.take('-') && strings.HasPrefix(d.s[d.i:], "I") {
		if !d.word("Infinity") {
			return nil, d.fail(expectingValue, from)
		}
		return json.Number("-Infinity"), true
	}
	whole := 1
	if !d.take('0') {
		if whole = d.digits(); whole == 0 {
			return nil, d.fail(expectingValue, from)
		}
	}
	float := false
	// A dot or an exponent without digits ends the number before it, and causes an error in the
	// caller.
	if mark := d.i; d.take('.') {
		if d.digits() == 0 {
			d.i = mark
		} else {
			float = true
		}
	}
	if mark := d.i; d.take('e') || d.take('E') {
		if !d.take('-') {
			d.take('+')
		}
		if d.digits() == 0 {
			d.i = mark
		} else {
			float = true
		}
	}
	if !float && whole > pytext.MaxDigits {
		d.err = &SyntaxError{fmt.Sprintf("Exceeds the limit (%d digits) for integer string conversion: value has %d digits; "+
			"use sys.set_int_max_str_digits() to increase the limit", pytext.MaxDigits, whole)}
		return nil, false
	}
	return json.Number(d.s[from:d.i]), true
}

func (d *decoder) str() (any, bool) {
	start := d.i
	d.i++
	from := d.i
	for d.i < len(d.s) {
		switch c := d.s[d.i]; {
		case c == '"':
			s := d.s[from:d.i]
			d.i++
			return s, true
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return nil, d.fail("Invalid control character at", d.i)
		}
		d.i++
	}
	return nil, d.unterminated(start)
}

func (d *decoder) unterminated(start int) bool {
	return d.fail("Unterminated string starting at", start)
}

// escaped parses a string from its first backslash on; start is the position of its quote.
func (d *decoder) escaped(start int) (any, bool) {
	b := []byte(d.s[start+1 : d.i])
	for d.i < len(d.s) {
		c := d.s[d.i]
		d.i++
		switch {
		case c == '"':
			return string(b), true
		case c < ' ':
			return nil, d.fail("Invalid control character at", d.i-1)
		case c != '\\':
			b = append(b, c)
			continue
		}
		if d.i >= len(d.s) {
			return nil, d.unterminated(start)
		}
		c = d.s[d.i]
		d.i++
		if c == 'u' {
			r, ok := d.unit()
			if !ok {
				return nil, false
			}
			b = appendRune(b, r)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return nil, d.fail(`Invalid \escape`, d.i-2)
		}
		b = append(b, "\"\\/\b\f\n\r\t"[i])
	}
	return nil, d.unterminated(start)
}

// unit parses the digits of an escaped character, and those of a second one if the two are the
// halves of a surrogate pair.
func (d *decoder) unit() (rune, bool) {
	r, ok := d.hex4()
	if ok && utf16.IsSurrogate(r) && r < 0xdc00 && strings.HasPrefix(d.s[d.i:], `\u`) {
		mark := d.i
		d.i += 2
		low, ok := d.hex4()
		if !ok {
			return 0, false
		}
		if low >= 0xdc00 && low <= 0xdfff {
			return utf16.DecodeRune(r, low), true
		}
		d.i = mark
	}
	return r, ok
}

func (d *decoder) hex4() (rune, bool) {
	if d.i+4 >= len(d.s) { // as in Python, a character must follow the digits
		return 0, d.fail(badEscape, d.i-1)
	}
	var r rune
	for _, c := range []byte(d.s[d.i : d.i+4]) {
		h := hexValue(c)
		if h < 0 {
			return 0, d.fail(badEscape, d.i-1)
		}
		r = r<<4 | rune(h)
	}
	d.i += 4
	return r, true
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// appendRune is utf8.AppendRune with support for lone surrogates.
func appendRune(b []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0xbf)
	}
	return utf8.AppendRune(b, r)
}

// Length is Python's len of a string of a document: a lone surrogate is one character.
func Length(s string) int {
	if utf8.ValidString(s) {
		return utf8.RuneCountInString(s)
	}
	n := 0
	for len(s) > 0 {
		_, w := pytext.NextRune(s)
		s = s[w:]
		n++
	}
	return n
}
