package log

import (
	"bytes"
	"encoding/json"
	"strings"
)

// parsedEvent is a parsed line of zerolog: its members in order, with strings unquoted and other
// values unchanged.
type parsedEvent []member

type member struct {
	key   string
	value string
	text  bool // the value was a string
}

// parseEvent parses a JSON object without parsing nested values. ok is false for any other
// text.
func parseEvent(line []byte) (e parsedEvent, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
		return nil, false
	}
	e = make(parsedEvent, 0, 12)
	for rest := line[1 : len(line)-1]; len(rest) > 0; {
		n := valueEnd(rest)
		key, isText := unquote(rest[:n])
		if !isText || n >= len(rest) || rest[n] != ':' {
			return nil, false
		}
		rest = rest[n+1:]
		n = valueEnd(rest)
		if n == 0 {
			return nil, false
		}
		value, text := unquote(rest[:n])
		e = append(e, member{key, value, text})
		rest = rest[n:]
		if len(rest) > 0 {
			if rest[0] != ',' {
				return nil, false
			}
			rest = rest[1:]
		}
	}
	return e, true
}

// valueEnd returns the length of the value at the beginning of b.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(b))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}

// quotes replaces the only escape sequence in the request lines of access logs.
var quotes = strings.NewReplacer(`\"`, `"`)

// unquote returns the value of a JSON string. Any other value is returned as it is.
func unquote(b []byte) (value string, text bool) {
	if len(b) < 2 || b[0] != '"' {
		return string(b), false
	}
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : len(b)-1]), true
	}
	if plain := quotes.Replace(string(b[1 : len(b)-1])); strings.Count(plain, `\`) == 0 {
		return plain, true
	}
	if json.Unmarshal(b, &value) != nil {
		return string(b), false
	}
	return value, true
}

// get returns the last member with a name, because later fields override earlier ones in
// zerolog.
func (e parsedEvent) get(key string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if e[i].key == key {
			return e[i].value
		}
	}
	return ""
}

// caller returns the members that name the request and its caller.
func (e parsedEvent) caller() (of parsedEvent) {
	for _, m := range e {
		switch m.key {
		case fieldRequest, fieldGlobal, fieldUser, fieldProject, fieldDomain, fieldSystem, fieldUserDom, fieldProjDom,
			fieldUserName, fieldProjectName:
			of = append(of, m)
		}
	}
	return of
}
