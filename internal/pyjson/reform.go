package pyjson

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Reform converts JSON that Go has written to Python's form, and appends it to b. Objects must
// not have repeated keys. It equals [Parse] and [Append] in one pass.
func Reform(b, text []byte) ([]byte, error) {
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\n', '\t', '\r':
			i++
		case ',', ':':
			b = append(b, c, ' ')
			i++
		case '{', '}', '[', ']':
			b = append(b, c)
			i++
		case '"':
			end := i + 1 + quotedLength(text[i+1:])
			if end > len(text) {
				return nil, fmt.Errorf("JSON ends in a string")
			}
			var err error
			if b, err = reformString(b, text[i:end]); err != nil {
				return nil, err
			}
			i = end
		default:
			n := bytes.IndexAny(text[i:], ",:]}[{\" \n\t\r")
			if n < 0 {
				n = len(text) - i
			}
			word := text[i : i+n]
			i += n
			if c != '-' && (c < '0' || c > '9') { // true, false or null
				b = append(b, word...)
				continue
			}
			v, err := parseNumber(string(word))
			if err != nil {
				return nil, err
			}
			b = Append(b, v)
		}
	}
	return b, nil
}

// quotedLength returns the length of a string after its first quote, including the last one.
func quotedLength(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text) + 1
}

// reformString converts a string with its quotes.
func reformString(b, text []byte) ([]byte, error) {
	for _, c := range text[1 : len(text)-1] {
		if c < ' ' || c >= 0x7f || c == '\\' {
			var s string
			if err := json.Unmarshal(text, &s); err != nil {
				return nil, err
			}
			return appendString(b, s), nil
		}
	}
	return append(b, text...), nil
}
