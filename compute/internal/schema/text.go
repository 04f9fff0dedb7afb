package schema

// Text formats a decoded JSON value as Python's str does: "1.0" for the number 1.0, "True" for
// true.
func Text(v any) string { return pyStr(v) }

// Repr formats a decoded JSON value as Python's repr does: strings are quoted.
func Repr(v any) string { return pyRepr(v) }
