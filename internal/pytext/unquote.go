package pytext

import (
	"strings"
	"unicode/utf8"
)

// Unquote decodes percent-encoding as urllib.parse.unquote does: invalid escapes and "+" are kept, and bytes that are not
// UTF-8 become U+FFFD.
func Unquote(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf })
		switch end {
		case -1:
			end = len(s)
		case 0: // an escape is not part of a character that is not encoded
			_, n := NextRune(s)
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		writeReplaced(&b, unescape(s[:end]))
		s = s[end:]
	}
	return b.String()
}

func unescape(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, hexDigit(s[i+1])<<4|hexDigit(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return b
}

func hexDigit(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// writeReplaced writes UTF-8, with one U+FFFD for each longest beginning of a character that is not complete.
func writeReplaced(b *strings.Builder, data []byte) {
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			for n < len(data) && data[n]&0xc0 == 0x80 && isBeginning(data[:n+1]) {
				n++
			}
			b.WriteRune(utf8.RuneError)
		} else {
			b.Write(data[:n])
		}
		data = data[n:]
	}
}

// isBeginning reports whether bytes are the beginning of a longer character.
func isBeginning(data []byte) bool { return !utf8.FullRune(data) }
