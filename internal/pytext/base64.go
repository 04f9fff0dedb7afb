package pytext

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// DecodeBase64 decodes base64 as b64decode does with a str: text that is not ASCII is an error, other characters
// that are not in the alphabet are ignored, and so is everything after complete padding.
func DecodeBase64(text string) ([]byte, error) {
	var clean []byte
	if err := scanBase64(text, func(c byte) { clean = append(clean, c) }); err != nil {
		return nil, err
	}
	return base64.RawStdEncoding.AppendDecode(make([]byte, 0, base64.RawStdEncoding.DecodedLen(len(clean))), clean)
}

// IsBase64 reports whether [DecodeBase64] accepts a text.
func IsBase64(text string) bool { return scanBase64(text, func(byte) {}) == nil }

// scanBase64 calls symbol for the characters of the alphabet that b64decode uses.
func scanBase64(text string, symbol func(c byte)) error {
	if strings.ContainsFunc(text, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return errors.New("not ASCII")
	}
	symbols, pads := 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '=':
			n := symbols % 4
			if n < 2 {
				continue
			}
			if pads++; n+pads == 4 {
				return nil
			}
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			symbols, pads = symbols+1, 0
			symbol(c)
		}
	}
	if symbols%4 != 0 {
		return errors.New("incorrect padding")
	}
	return nil
}
