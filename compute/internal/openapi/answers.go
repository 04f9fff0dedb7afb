package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nova-go/nova/compute/internal/mv"
)

// answersText has the schemas of Nova's answers; data/responses.py writes it.
//
//go:embed data/responses.txt
var answersText string

// answerSpan is the schema of an operation's answer from a microversion on.
type answerSpan struct {
	from   mv.Version
	schema string
}

// answerCatalog is the embedded file.
type answerCatalog struct {
	parts []string
	spans map[string][]answerSpan // by operation, in ascending order
}

var loadAnswers = sync.OnceValues(func() (*answerCatalog, error) {
	c := &answerCatalog{spans: map[string][]answerSpan{}}
	for n, line := range strings.Split(strings.TrimSuffix(answersText, "\n"), "\n") {
		fields := strings.SplitN(line, "\t", 3)
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "+") && len(fields) == 2:
			c.parts = append(c.parts, fields[1])
		case len(fields) == 3:
			from, err := strconv.ParseUint(fields[1], 10, 16)
			if err != nil {
				return nil, fmt.Errorf("data/responses.txt, line %d: %w", n+1, err)
			}
			c.spans[fields[0]] = append(c.spans[fields[0]], answerSpan{mv.Version(from), fields[2]})
		default:
			return nil, fmt.Errorf("data/responses.txt, line %d: three fields expected", n+1)
		}
	}
	return c, nil
})

// answerOf returns the schema of an answer at a microversion, nil if it is not described.
func answerOf(operation string, v mv.Version) (object, error) {
	c, err := loadAnswers()
	if err != nil {
		return nil, err
	}
	text := ""
	for _, span := range c.spans[operation] {
		if span.from <= v {
			text = span.schema
		}
	}
	if text == "" {
		return nil, nil
	}
	s, err := c.expand(text)
	if err != nil {
		return nil, fmt.Errorf("data/responses.txt: %s: %w", operation, err)
	}
	return s.(object), nil
}

// expand decodes a schema and replaces {"#": n} by the part n.
func (c *answerCatalog) expand(text string) (any, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, err
	}
	var replace func(v any) (any, error)
	replace = func(v any) (_ any, err error) {
		switch v := v.(type) {
		case object:
			if n, ok := v["#"].(float64); ok {
				if int(n) >= len(c.parts) {
					return nil, fmt.Errorf("no part %v", n)
				}
				return c.expand(c.parts[int(n)])
			}
			for key := range v {
				if v[key], err = replace(v[key]); err != nil {
					return nil, err
				}
			}
		case []any:
			for i := range v {
				if v[i], err = replace(v[i]); err != nil {
					return nil, err
				}
			}
		}
		return v, nil
	}
	return replace(v)
}
