package schema

// Text is a decoded JSON value as Python's str shows it: "1.0" for the number
// 1.0, "True" for true.
func Text(v any) string { return pyStr(v) }

// Repr is a decoded JSON value as Python's repr shows it: strings are quoted.
func Repr(v any) string { return pyRepr(v) }
