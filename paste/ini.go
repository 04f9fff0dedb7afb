package paste

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/ini.v1"
)

// defaultSection is the section whose options all other sections inherit.
const defaultSection = "DEFAULT"

// document is a parsed paste file with uninterpolated values, in file order.
type document struct {
	sections []string // without DEFAULT, in file order
	options  map[string]*options
	lines    map[string]int // section header -> line number
}

// options are the uninterpolated options of one section, in file order.
type options struct {
	keys []string
	raw  map[string]string
}

func newOptions() *options { return &options{raw: map[string]string{}} }

func (o *options) set(key, raw string) {
	if _, ok := o.raw[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.raw[key] = raw
}

// parse reads text by the rules of Python's ConfigParser with PasteDeploy's settings
// (case-preserving keys, "=" and ":", no inline comments, no duplicates).
//
// ini.v1 reads the syntax. Its dialect differs from Python's where the meaning of a line
// depends on the lines around it (indentation, comments and blank lines inside values, quotes,
// duplicates). parse therefore first rewrites the text into the subset on which both agree.
func parse(file, text string) (*document, error) {
	n := normaliser{file: file, doc: &document{options: map[string]*options{}, lines: map[string]int{}}}
	canonical, err := n.run(text)
	if err != nil {
		return nil, err
	}
	f, err := ini.LoadSources(ini.LoadOptions{
		IgnoreContinuation:         true,
		IgnoreInlineComment:        true,
		AllowPythonMultilineValues: true,
		PreserveSurroundedQuote:    true,
		KeyValueDelimiters:         "=",
		ChildSectionDelimiter:      "\x00",
		ReaderBufferSize:           len(canonical) + 1,
	}, []byte(canonical))
	if err != nil {
		return nil, &Error{File: file, Err: fmt.Errorf("%w: %w", ErrSyntax, err)}
	}
	doc := n.doc
	doc.options[defaultSection] = newOptions()
	for _, s := range f.Sections() {
		name, ok := strings.CutPrefix(s.Name(), nameMark)
		if !ok {
			continue // the default section of ini.v1, which is always empty
		}
		o := newOptions()
		for _, k := range s.Keys() {
			key := strings.TrimPrefix(k.Name(), nameMark)
			value := strings.ReplaceAll(k.Value(), "\n"+indent, "\n")
			value = strings.TrimPrefix(value, "\n")
			o.set(key, strings.TrimRightFunc(value, isSpace))
		}
		doc.options[name] = o
		if name != defaultSection {
			doc.sections = append(doc.sections, name)
		}
	}
	return doc, nil
}

// In the rewritten text nameMark precedes each section and option name, so that no name starts
// with a character that ini.v1 reads as a quote, a comment or an automatic number. Each value
// is on indented lines below its key, so that ini.v1 removes no quotes from it.
const (
	nameMark = "n"
	indent   = "  "
)

// normaliser rewrites a file line by line and rejects what ConfigParser rejects.
type normaliser struct {
	file string
	doc  *document

	out         strings.Builder
	bodies      map[string]*strings.Builder // section -> its rewritten options
	order       []string
	seen        map[[2]string]bool // section and option
	section     string
	option      string
	indentation int
}

func (n *normaliser) run(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", &Error{File: n.file, Err: fmt.Errorf("%w: not UTF-8", ErrSyntax)}
	}
	n.bodies = map[string]*strings.Builder{}
	n.seen = map[[2]string]bool{}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	// As in Python's file iteration, a line ending at the end of the file does not start
	// another line.
	text = strings.TrimSuffix(text, "\n")
	for i, line := range strings.Split(text, "\n") {
		if err := n.line(i+1, line); err != nil {
			return "", &Error{File: n.file, Line: i + 1, Section: n.section, Err: fmt.Errorf("%w: %w", ErrSyntax, err)}
		}
	}
	for _, s := range n.order {
		n.out.WriteString("[" + nameMark + s + "]\n")
		n.out.WriteString(n.bodies[s].String())
	}
	return n.out.String(), nil
}

func (n *normaliser) line(number int, line string) error {
	value := strings.TrimFunc(line, isSpace)
	switch {
	case value == "":
		// Blank lines belong to the value above them; blank lines at the end of a value are
		// removed later.
		if n.option != "" {
			n.value("")
		}
		return nil
	case value[0] == '#' || value[0] == ';':
		return nil
	}
	indentation := utf8.RuneCountInString(line) - utf8.RuneCountInString(strings.TrimLeftFunc(line, isSpace))
	if n.option != "" && indentation > n.indentation {
		n.value(value)
		return nil
	}
	n.indentation = indentation
	if end := strings.LastIndexByte(value, ']'); value[0] == '[' && end > 1 {
		return n.header(number, value[1:end])
	}
	if n.section == "" {
		return errors.New("an option stands before the first section header")
	}
	at := strings.IndexAny(value, "=:")
	if at < 0 {
		return fmt.Errorf("%q is neither a section header nor an option", value)
	}
	option := strings.TrimRightFunc(value[:at], isSpace)
	if option == "" {
		return fmt.Errorf("%q has no option name", value)
	}
	if n.seen[[2]string{n.section, option}] {
		return fmt.Errorf("option %q is given twice", option)
	}
	n.seen[[2]string{n.section, option}] = true
	n.option = option
	n.bodies[n.section].WriteString(nameMark + option + " =\n")
	n.value(strings.TrimFunc(value[at+1:], isSpace))
	return nil
}

func (n *normaliser) header(number int, name string) error {
	if _, ok := n.bodies[name]; ok {
		// [DEFAULT] may be given in parts, other sections may not.
		if name != defaultSection {
			n.section = name
			return fmt.Errorf("section [%s] is given twice (first in line %d)", name, n.doc.lines[name])
		}
	} else {
		n.bodies[name] = &strings.Builder{}
		n.order = append(n.order, name)
		n.doc.lines[name] = number
	}
	n.section, n.option = name, ""
	return nil
}

func (n *normaliser) value(line string) {
	n.bodies[n.section].WriteString(indent + line + "\n")
}

// isSpace is Python's str.isspace, which accepts four control characters more than
// unicode.IsSpace.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// splitFields is Python's str.split().
func splitFields(s string) []string { return strings.FieldsFunc(s, isSpace) }
