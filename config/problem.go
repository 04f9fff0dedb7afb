package config

import (
	"fmt"
	"strings"
)

// OriginKind is the kind of source of a value.
type OriginKind uint8

// The kinds of sources, in increasing precedence.
const (
	FromDefault OriginKind = iota
	FromFile
	FromEnv
	FromFlag
)

// Origin is the source of a value.
type Origin struct {
	Kind OriginKind
	File string // set for FromFile
	Line int    // set for FromFile
	Name string // the variable, set for FromEnv
}

// String returns "default", "FILE:LINE", "env NAME" or "flag".
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

// String returns "FILE:LINE: [group] option: message".
func (p Problem) String() string {
	if p.Option == "" {
		return fmt.Sprintf("%s: [%s]: %s", p.Origin, p.Group, p.Message)
	}
	return fmt.Sprintf("%s: [%s] %s: %s", p.Origin, p.Group, p.Option, p.Message)
}

// Deprecation is the use of a former name, or of an option that is deprecated.
type Deprecation struct {
	Problem
	// CurrentGroup and CurrentOption are the present name of the option.
	CurrentGroup, CurrentOption string
}

// Error reports an option with an unusable value.
type Error struct{ Problem }

func (e *Error) Error() string { return e.String() }

// Errors contains all options with unusable values, in the order of their declaration. Load and
// Decode return it.
type Errors []*Error

// Error returns one line, with which a service can end.
func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, x := range e {
		parts[i] = x.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap lets errors.As find the single errors.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}
