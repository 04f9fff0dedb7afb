package objects

import "strings"

// OrZero is the value of a column that may be NULL, and its zero value where it is.
func OrZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// ParseBool reads a word as Python's services do: extra specs, properties of images
// and parameters of queries alike. What is neither true nor false is not ok; where
// Nova is lenient, it is false.
func ParseBool(word string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "1", "t", "true", "on", "y", "yes":
		return true, true
	case "0", "f", "false", "off", "n", "no":
		return false, true
	}
	return false, false
}

// Truthy is the lenient reading of a word: what ParseBool cannot read is false.
func Truthy(word string) bool {
	value, _ := ParseBool(word)
	return value
}

// Quoted is a text as Python shows it within others, which clients see in messages:
// of characters that Python escapes, only those that names and messages may have.
func Quoted(text string) string {
	quote := "'"
	if strings.Contains(text, quote) && !strings.Contains(text, `"`) {
		quote = `"`
	}
	return quote + strings.NewReplacer(`\`, `\\`, "\n", `\n`, quote, `\`+quote).Replace(text) + quote
}
