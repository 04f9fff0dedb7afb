package schema

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// The major versions of Nova from which on it evaluates schemas as the newest one does.
const (
	// draft2020 is the release that evaluates by JSON schema 2020-12. By draft 4 before it, 1.0
	// is no integer.
	draft2020 = 30
	// otherAlternatives is the release whose checks for legacy v2 keep an object that has unknown
	// properties only, because it may be meant for another alternative. Before it they empty it.
	otherAlternatives = 33
)

// newestMajor is the major version of the release of data/schemas.txt.
const newestMajor = 34

// Span is the schema of an operation from a microversion on: 57 is 2.57, and 0 legacy v2. Without a
// schema nothing is checked.
type Span struct {
	From   int
	Schema *Schema
}

// olderHistory is the history of an operation in a range of releases.
type olderHistory struct {
	first, last int // major versions
	spans       []Span
}

// History returns all schemas of an operation ("flavors.create.body", see Schema.Operation) in a
// release of Nova that is given by its major version, ordered by microversion. ok is false where
// they are those that Lookup finds.
func History(operation string, major int) (spans []Span, ok bool) {
	for _, h := range loadCatalog().older[operation] {
		if h.first > major || major > h.last {
			continue
		}
		for _, s := range h.spans {
			spans = append(spans, Span{s.From, s.Schema.For(major)})
		}
		return spans, true
	}
	return nil, false
}

// Operation returns the name without the microversion: "flavors.create.body".
func (s *Schema) Operation() string {
	before, _, _ := strings.Cut(s.name, ".2.")
	return before
}

// For returns the schema as a release of Nova evaluates it that is given by its major version.
func (s *Schema) For(major int) *Schema {
	if s == nil || s.major == major {
		return s
	}
	in := *s
	in.major = major
	return &in
}

// parseReleases parses releases.txt, after schemas.txt.
func (c *catalog) parseReleases(text string) error {
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		key, rest, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(line, "#") || c.addShared(key, rest) {
			continue
		}
		h := olderHistory{}
		if _, err := fmt.Sscanf(key[1:], "%d-%d", &h.first, &h.last); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		if strings.HasPrefix(key, "!") {
			for _, operation := range strings.Fields(rest) {
				c.older[operation] = append(c.older[operation], h)
			}
			continue
		}
		if err := c.addOlder(h, rest); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return nil
}

// addOlder adds a line "operation<TAB>microversion<TAB>schema" to the history of its operation.
func (c *catalog) addOlder(h olderHistory, line string) error {
	fields := strings.SplitN(line, "\t", 3)
	if len(fields) != 3 {
		return fmt.Errorf("three fields expected")
	}
	from, err := strconv.Atoi(fields[1])
	if err != nil {
		return err
	}
	operation, text := fields[0], fields[2]
	span := Span{From: from}
	switch {
	case text == "-":
	case strings.HasPrefix(text, "="):
		if span.Schema = c.schemas[text[1:]]; span.Schema == nil {
			return fmt.Errorf("no schema %s", text[1:])
		}
	default:
		span.Schema = &Schema{name: operation + ".2." + fields[1], cat: c,
			root: sync.OnceValues(func() (*node, error) { return c.compileText(text) })}
	}
	list := c.older[operation]
	if last := len(list) - 1; last < 0 || list[last].first != h.first {
		list = append(list, h)
	}
	last := &list[len(list)-1]
	last.spans = append(last.spans, span)
	c.older[operation] = list
	return nil
}
