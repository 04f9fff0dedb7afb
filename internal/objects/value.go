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
