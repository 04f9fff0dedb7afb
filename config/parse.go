package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entry is one assignment of one file.
type entry struct {
	group string // as written
	key   string
	value string // continuation lines joined with "\n"
	line  int    // of the key
}

// header is one [section] line.
type header struct {
	name string
	line int
}

// parsed is the content of a file, in order.
type parsed struct {
	headers []header
	entries []entry
}

// SyntaxError is a line that oslo.config's parser rejects.
type SyntaxError struct {
	File string
	Line int
	Msg  string
	Text string // the offending line, without trailing blanks
}

func (e *SyntaxError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s: %q", e.File, e.Line, e.Msg, e.Text)
}

// parse reads one file in oslo.config's dialect:
//
//   - "[name]" starts a section; the name is everything between the first and
//     the last bracket, blanks included;
//   - "key = value" or "key: value", whichever separator comes first; the
//     separator is required, the value may be empty; one pair of equal quotes
//     around the value is dropped;
//   - a line that starts with a blank or tab continues the value above it;
//   - "#" and ";" start a comment only as a line's first character;
//   - an empty line ends a value.
//
// Line ends are \n, \r\n or \r. Bytes that are not UTF-8 are an error, as they
// are for Python.
func parse(file, text string) (*parsed, error) {
	p := &parser{file: file, out: &parsed{}}
	p.out.entries = make([]entry, 0, strings.Count(text, "\n")/2+1)
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		p.lineno++
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	p.flush()
	return p.out, nil
}

type parser struct {
	file    string
	lineno  int
	section string // "" before the first header
	open    bool   // an assignment is being collected in cur
	cur     entry
	more    []string // continuation lines of cur
	out     *parsed
}

func (p *parser) fail(msg, line string) error {
	return &SyntaxError{File: p.file, Line: p.lineno, Msg: msg, Text: line}
}

func (p *parser) flush() {
	if !p.open {
		return
	}
	if len(p.more) > 0 {
		p.cur.value += "\n" + strings.Join(p.more, "\n")
		p.more = p.more[:0]
	}
	p.out.entries = append(p.out.entries, p.cur)
	p.open = false
}

func (p *parser) line(line string) error {
	if !utf8.ValidString(line) {
		return p.fail("not valid UTF-8", "")
	}
	line = strings.TrimRightFunc(line, isPySpace)
	if line == "" {
		p.flush()
		return nil
	}
	switch line[0] {
	case ' ', '\t':
		if !p.open {
			return p.fail("Unexpected continuation line", line)
		}
		p.more = append(p.more, strings.TrimLeftFunc(line, isPySpace))
		return nil
	case '[':
		p.flush()
		if line[len(line)-1] != ']' {
			return p.fail("Invalid section (must end with ])", line)
		}
		if len(line) <= 2 {
			return p.fail("Empty section name", line)
		}
		p.section = line[1 : len(line)-1]
		p.out.headers = append(p.out.headers, header{p.section, p.lineno})
		return nil
	case '#', ';':
		p.flush()
		return nil
	}
	p.flush()
	sep := strings.IndexAny(line, ":=")
	if sep < 0 {
		return p.fail("No ':' or '=' found in assignment", line)
	}
	key := strings.TrimFunc(line[:sep], isPySpace)
	if key == "" {
		return p.fail("Key cannot be empty", line)
	}
	if p.section == "" {
		return p.fail("Section must be started before assignment", line)
	}
	p.cur = entry{group: p.section, key: key, value: unquote(strings.TrimFunc(line[sep+1:], isPySpace)), line: p.lineno}
	p.open = true
	return nil
}

// unquote removes one pair of equal quotes around a value. As in oslo.config, a value that is a
// single quote character becomes empty.
func unquote(v string) string {
	if v == "" || v[0] != '"' && v[0] != '\'' || v[0] != v[len(v)-1] {
		return v
	}
	if len(v) == 1 {
		return ""
	}
	return v[1 : len(v)-1]
}

// isPySpace is Python's str.isspace: Unicode's white space plus the four
// ASCII separators.
func isPySpace(r rune) bool {
	return r >= 0x1c && r <= 0x1f || unicode.IsSpace(r)
}

// foldGroup normalises a group name as oslo.config does: to lower case, except for DEFAULT,
// which must be in upper case.
func foldGroup(name string) string {
	if name == "DEFAULT" {
		return name
	}
	return strings.ToLower(name)
}
