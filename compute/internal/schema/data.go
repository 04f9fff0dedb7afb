package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/schemas.txt
var dataText string

// releasesText has what differs in older releases; data/releases.py describes its lines and writes it.
//
//go:embed data/releases.txt
var releasesText string

// catalog is the embedded file, split into lines; schemas are compiled later.
type catalog struct {
	names    []string
	schemas  map[string]*Schema
	older    map[string][]olderHistory // by operation
	patterns []func() (*pattern, error)
	shared   []func() (*node, error)
	// printable returns the character set of the name formats, which the pattern for
	// descriptions contains.
	printable func() (printable, error)
	// answers says that formats that Nova does not check are no mistake.
	answers bool
}

// ParseAnswer compiles the schema of an answer, a JSON text. Schemas as the value of additionalProperties are not checked.
func ParseAnswer(name, text string) (*Schema, error) {
	c := &catalog{printable: loadCatalog().printable, answers: true}
	n, err := c.compileText(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Schema{name: name, major: newestMajor, cat: c, root: func() (*node, error) { return n, nil }}, nil
}

// loadCatalog splits the embedded file at the first lookup of a schema. It panics if the file is
// damaged, which is a build error.
var loadCatalog = sync.OnceValue(func() *catalog {
	c, err := parseCatalog(dataText)
	if err != nil {
		panic(fmt.Sprintf("schema: data/schemas.txt: %v", err))
	}
	if err := c.parseReleases(releasesText); err != nil {
		panic(fmt.Sprintf("schema: data/releases.txt: %v", err))
	}
	return c
})

// parseCatalog parses the lines of the file: "=n<TAB>pattern", "+n<TAB>shared part" and
// "name<TAB>name in the contract<TAB>schema". Patterns and shared parts are numbered from 0 in
// order.
func parseCatalog(text string) (*catalog, error) {
	c := &catalog{schemas: make(map[string]*Schema, 420), older: map[string][]olderHistory{}}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, rest, _ := strings.Cut(line, "\t")
		switch {
		case c.addShared(key, rest):
		default:
			contract, body, ok := strings.Cut(rest, "\t")
			if !ok {
				return nil, fmt.Errorf("line %d: three fields expected", n+1)
			}
			c.names = append(c.names, key)
			c.schemas[key] = &Schema{name: key, contract: contract, major: newestMajor,
				root: sync.OnceValues(func() (*node, error) { return c.compileText(body) }), cat: c}
		}
	}
	c.printable = sync.OnceValues(func() (printable, error) {
		p, err := c.patterns[0]()
		if err != nil {
			return nil, err
		}
		return newPrintable(p.text), nil
	})
	return c, nil
}

// addShared adds a line with a pattern or a shared part; it reports false for other lines.
func (c *catalog) addShared(key, rest string) bool {
	switch {
	case strings.HasPrefix(key, "="):
		c.patterns = append(c.patterns, sync.OnceValues(func() (*pattern, error) { return c.pattern(rest) }))
	case strings.HasPrefix(key, "+"):
		c.shared = append(c.shared, sync.OnceValues(func() (*node, error) { return c.compileText(rest) }))
	default:
		return false
	}
	return true
}

// pattern compiles a stored pattern, a JSON string.
func (c *catalog) pattern(text string) (*pattern, error) {
	var expr string
	if err := json.Unmarshal([]byte(text), &expr); err != nil {
		return nil, err
	}
	return compilePattern(expr)
}

func (c *catalog) compileText(text string) (*node, error) {
	v, err := Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	return c.compile(v)
}

// patternFor resolves the value of "pattern": "#n" refers to a stored pattern.
func (c *catalog) patternFor(v string) (*pattern, error) {
	if !strings.HasPrefix(v, "#") {
		return compilePattern(v)
	}
	n, err := strconv.Atoi(v[1:])
	if err != nil || n < 0 || n >= len(c.patterns) {
		return nil, fmt.Errorf("no pattern %s", v)
	}
	return c.patterns[n]()
}

// sharedFor resolves {"#": n}; ok is false for an ordinary schema.
func (c *catalog) sharedFor(o *Object) (n *node, ok bool, err error) {
	ref, ok := o.Get("#")
	if !ok {
		return nil, false, nil
	}
	num, isNum := ref.(json.Number)
	i, convErr := strconv.Atoi(string(num))
	if !isNum || convErr != nil || i < 0 || i >= len(c.shared) {
		return nil, true, fmt.Errorf("no shared part %v", ref)
	}
	n, err = c.shared[i]()
	return n, true, err
}
