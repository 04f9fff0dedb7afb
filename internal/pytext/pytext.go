// Package pytext reads text as the functions of Python do that Nova applies to the input of its
// clients: int and float, and functions of base64, uuid and oslo.utils. Strings may contain lone
// surrogates, which are encoded in three bytes, as UTF-8 encodes other characters.
package pytext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsSpace reports whether str.isspace accepts a character, and str.strip removes it.
func IsSpace(c rune) bool { return unicode.IsSpace(c) || c >= 0x1c && c <= 0x1f }

// Strip removes the characters that str.strip removes.
func Strip(s string) string { return strings.TrimFunc(s, IsSpace) }

// IsDigits is str.isdigit: a text of digits of any script, which may be superscripts or in circles.
func IsDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsDigit(c) && !unicode.Is(otherDigits, c) })
}

// otherDigits are the characters with the Unicode property Numeric_Type=Digit, which int does not accept.
var otherDigits = &unicode.RangeTable{
	R16: []unicode.Range16{{0xb2, 0xb3, 1}, {0xb9, 0xb9, 1}, {0x1369, 0x1371, 1}, {0x19da, 0x19da, 1}, {0x2070, 0x2070, 1},
		{0x2074, 0x2079, 1},
		{0x2080, 0x2089, 1}, {0x2460, 0x2468, 1}, {0x2474, 0x247c, 1}, {0x2488, 0x2490, 1}, {0x24ea, 0x24ea, 1}, {0x24f5, 0x24fd, 1},
		{0x24ff, 0x24ff, 1}, {0x2776, 0x277e, 1}, {0x2780, 0x2788, 1}, {0x278a, 0x2792, 1}},
	R32:         []unicode.Range32{{0x10a40, 0x10a43, 1}, {0x10e60, 0x10e68, 1}, {0x11052, 0x1105a, 1}, {0x1f100, 0x1f10a, 1}},
	LatinOffset: 2,
}

// Bool reads a word for a boolean as bool_from_string of oslo.utils does, in extra specs, image
// properties and query parameters. ok is false for other words; value is then false, as where
// Nova is not strict.
func Bool(word string) (value, ok bool) {
	switch strings.ToLower(Strip(word)) {
	case "1", "t", "true", "on", "y", "yes":
		return true, true
	case "0", "f", "false", "off", "n", "no":
		return false, true
	}
	return false, false
}

// Truthy returns the value of [Bool]; it is false for words that Bool does not accept.
func Truthy(word string) bool {
	value, _ := Bool(word)
	return value
}

// IsUUID is is_uuid_like of oslo.utils: 32 hexadecimal digits of either case, with hyphens,
// surrounding braces, "urn:" and "uuid:" ignored.
func IsUUID(s string) bool {
	if len(s) == 36 && strings.Count(s, "-") == 4 {
		n := 0
		for i := range len(s) {
			if isHex(s[i]) {
				n++
			}
		}
		if n == 32 {
			return true
		}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "urn:", ""), "uuid:", "")
	s = strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// Latin1 decodes the bytes of a header as WSGI does: each one is a character of Latin-1.
func Latin1(header string) string {
	if !strings.ContainsFunc(header, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return header
	}
	runes := make([]rune, len(header))
	for n := range len(header) {
		runes[n] = rune(header[n])
	}
	return string(runes)
}

// NextRune is utf8.DecodeRuneInString for strings that may contain lone surrogates.
func NextRune(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
		return rune(0xd000) | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, n
}

const hexDigits = "0123456789abcdef"

// Repr returns the repr of a string.
func Repr(s string) string {
	var b strings.Builder
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	b.WriteByte(quote)
	for len(s) > 0 {
		r, n := NextRune(s)
		switch {
		case r == rune(quote) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteString(s[:n])
		case r < 0x100:
			writeHex(&b, 'x', r, 2)
		case r < 0x10000:
			writeHex(&b, 'u', r, 4)
		default:
			writeHex(&b, 'U', r, 8)
		}
		s = s[n:]
	}
	b.WriteByte(quote)
	return b.String()
}

func writeHex(b *strings.Builder, kind byte, r rune, width int) {
	b.WriteByte('\\')
	b.WriteByte(kind)
	for i := width - 1; i >= 0; i-- {
		b.WriteByte(hexDigits[r>>(4*i)&15])
	}
}
