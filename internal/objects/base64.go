package objects

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// DecodeBase64 decodes base64 as Python's b64decode does with a str: text that is not ASCII is an error, other characters
// that are not in the alphabet are ignored, and so is everything after complete padding.
func DecodeBase64(text string) ([]byte, error) {
	if strings.ContainsFunc(text, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return nil, errors.New("not ASCII")
	}
	clean := make([]byte, 0, len(text))
	pads := 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '=':
			n := len(clean) % 4
			if n < 2 {
				continue
			}
			if pads++; n+pads == 4 {
				return decodeUnpadded(clean)
			}
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean, pads = append(clean, c), 0
		}
	}
	if len(clean)%4 != 0 {
		return nil, errors.New("incorrect padding")
	}
	return decodeUnpadded(clean)
}

// decodeUnpadded decodes base64 without padding. Its input has only characters of the alphabet.
func decodeUnpadded(clean []byte) ([]byte, error) {
	return base64.RawStdEncoding.AppendDecode(make([]byte, 0, base64.RawStdEncoding.DecodedLen(len(clean))), clean)
}
