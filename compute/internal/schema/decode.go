package schema

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxDepth  = 990  // Python's parser fails near its recursion limit of 1000
	maxDigits = 4300 // Python rejects longer integer literals
)

// ErrMalformed is the error of Decode for text that Python's json.loads rejects. Nova answers
// it with "cannot understand JSON".
var ErrMalformed = errors.New("malformed JSON")

// Decode parses a request body as Python's json.loads does. Values are *Object, []any, string,
// json.Number, bool and nil. NaN, Infinity and -Infinity are numbers. A lone surrogate
// ("\ud800") is kept, encoded in three bytes as in UTF-8. Every error is ErrMalformed.
func Decode(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, ErrMalformed
	}
	d := decoder{s: string(data)}
	d.space()
	v, ok := d.value(0)
	if !ok {
		return nil, ErrMalformed
	}
	d.space()
	if d.i != len(d.s) {
		return nil, ErrMalformed
	}
	return v, nil
}

type decoder struct {
	s string
	i int
}

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
	return false
}

func (d *decoder) value(depth int) (any, bool) {
	if d.i >= len(d.s) || depth > maxDepth {
		return nil, false
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
			return nil, false
		}
		k, ok := d.str()
		if !ok {
			return nil, false
		}
		d.space()
		if !d.take(':') {
			return nil, false
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
			return nil, false
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
			return nil, false
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
	d.take('-')
	if d.word("Infinity") {
		return json.Number("-Infinity"), d.s[from] == '-'
	}
	whole := 1
	if !d.take('0') {
		if whole = d.digits(); whole == 0 {
			return nil, false
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
	if !float && whole > maxDigits {
		return nil, false
	}
	return json.Number(d.s[from:d.i]), true
}

func (d *decoder) str() (any, bool) {
	d.i++
	from := d.i
	for d.i < len(d.s) {
		switch c := d.s[d.i]; {
		case c == '"':
			s := d.s[from:d.i]
			d.i++
			return s, true
		case c == '\\':
			return d.escaped(from)
		case c < ' ':
			return nil, false
		}
		d.i++
	}
	return nil, false
}

// escaped parses a string from its first backslash on.
func (d *decoder) escaped(from int) (any, bool) {
	b := []byte(d.s[from:d.i])
	for d.i < len(d.s) {
		c := d.s[d.i]
		d.i++
		switch {
		case c == '"':
			return string(b), true
		case c < ' ':
			return nil, false
		case c != '\\':
			b = append(b, c)
			continue
		}
		if d.i >= len(d.s) {
			return nil, false
		}
		c = d.s[d.i]
		d.i++
		if c == 'u' {
			r, ok := d.hex4()
			if !ok {
				return nil, false
			}
			if utf16.IsSurrogate(r) && r < 0xdc00 && strings.HasPrefix(d.s[d.i:], `\u`) {
				mark := d.i
				d.i += 2
				low, ok := d.hex4()
				if !ok {
					return nil, false
				}
				if low >= 0xdc00 && low <= 0xdfff {
					r = utf16.DecodeRune(r, low)
				} else {
					d.i = mark
				}
			}
			b = appendRune(b, r)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return nil, false
		}
		b = append(b, "\"\\/\b\f\n\r\t"[i])
	}
	return nil, false
}

func (d *decoder) hex4() (rune, bool) {
	if d.i+4 > len(d.s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(d.s[d.i : d.i+4]) {
		h := hexValue(c)
		if h < 0 {
			return 0, false
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

// nextRune is utf8.DecodeRuneInString with support for the output of appendRune.
func nextRune(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
		return rune(0xd000) | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, n
}

// runeCount is Python's len of a string.
func runeCount(s string) int {
	if utf8.ValidString(s) {
		return utf8.RuneCountInString(s)
	}
	n := 0
	for len(s) > 0 {
		_, w := nextRune(s)
		s = s[w:]
		n++
	}
	return n
}
