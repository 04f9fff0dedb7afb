package objects

import (
	"strings"
	"unicode"
)

// OrZero returns the value of a column, or its zero value for NULL.
func OrZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// ParseBool parses a boolean as oslo.utils does, in extra specs, image properties and query parameters. ok is false for
// other words; value is then false, as where Nova is not strict.
func ParseBool(word string) (value, ok bool) {
	switch strings.ToLower(strings.TrimFunc(word, isSpace)) {
	case "1", "t", "true", "on", "y", "yes":
		return true, true
	case "0", "f", "false", "off", "n", "no":
		return false, true
	}
	return false, false
}

// isSpace reports whether Python's strip removes a character.
func isSpace(c rune) bool { return unicode.IsSpace(c) || c >= 0x1c && c <= 0x1f }

// Truthy returns the value of ParseBool; it is false for words that ParseBool does not accept.
func Truthy(word string) bool {
	value, _ := ParseBool(word)
	return value
}

// Quoted returns repr() of Python for a string, for use in texts that clients receive. It escapes only those characters
// that can occur in names and messages.
func Quoted(text string) string {
	quote := "'"
	if strings.Contains(text, quote) && !strings.Contains(text, `"`) {
		quote = `"`
	}
	return quote + strings.NewReplacer(`\`, `\\`, "\n", `\n`, quote, `\`+quote).Replace(text) + quote
}
