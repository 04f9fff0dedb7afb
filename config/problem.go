package config

import (
	"fmt"
	"strings"
)

// OriginKind is the sort of place that a value comes from.
type OriginKind uint8

// Where values come from, later ones over earlier ones.
const (
	FromDefault OriginKind = iota
	FromFile
	FromEnv
	FromFlag
)

// Origin is the place that a value comes from.
type Origin struct {
	Kind OriginKind
	File string // of FromFile
	Line int    // of FromFile
	Name string // the variable of FromEnv
}

// String is "default", "FILE:LINE", "env NAME" or "flag".
func (o Origin) String() string {
	switch o.Kind {
	case FromFile:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case FromEnv:
		return "env " + o.Name
	case FromFlag:
		return "flag"
	}
	return "default"
}

// Problem is a remark about a place in the configuration.
type Problem struct {
	Origin
	Group   string
	Option  string // empty: the remark is about the group
	Message string
}

// String is "FILE:LINE: [group] option: message".
func (p Problem) String() string {
	if p.Option == "" {
		return fmt.Sprintf("%s: [%s]: %s", p.Origin, p.Group, p.Message)
	}
	return fmt.Sprintf("%s: [%s] %s: %s", p.Origin, p.Group, p.Option, p.Message)
}

// Error is an option whose value cannot be used.
type Error struct{ Problem }

func (e *Error) Error() string { return e.String() }

// Errors are all the options whose values cannot be used, in the order of
// their declaration; it is what Load and Decode return for them.
type Errors []*Error

// Error is one line, so that a service can end with it.
func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, x := range e {
		parts[i] = x.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap makes the single errors visible to errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}
