package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
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

	compiled sync.Map // *schema.Schema by the text of answerSpan
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
	text := c.at(operation, v)
	if text == "" {
		return nil, nil
	}
	s, err := c.expand(text)
	if err != nil {
		return nil, fmt.Errorf("data/responses.txt: %s: %w", operation, err)
	}
	return s.(object), nil
}

// at returns the schema of an answer at a microversion as the file has it, "" if it has none. Answers below /v2 have those
// of the first microversion.
func (c *answerCatalog) at(operation string, v mv.Version) (text string) {
	v = max(v, mv.Min)
	for _, span := range c.spans[operation] {
		if span.from <= v {
			text = span.schema
		}
	}
	return text
}

// CheckAnswer compares the body of an answer with the schema that Nova has for it at a microversion, and returns an error in
// the words of Nova's check if it differs. Answers without a schema are right.
func CheckAnswer(operation string, v mv.Version, body []byte) error {
	c, err := loadAnswers()
	if err != nil {
		return err
	}
	text := c.at(operation, v)
	if text == "" {
		return nil
	}
	compiled, ok := c.compiled.Load(text)
	if !ok {
		expanded, err := c.expand(text)
		if err != nil {
			return fmt.Errorf("data/responses.txt: %s: %w", operation, err)
		}
		b, err := json.Marshal(expanded)
		if err != nil {
			return err
		}
		s, err := schema.ParseAnswer(operation, string(b))
		if err != nil {
			return err
		}
		compiled, _ = c.compiled.LoadOrStore(text, s)
	}
	var value any // null for an empty body, as in Nova
	if len(body) > 0 {
		if value, err = schema.Decode(body); err != nil {
			return err
		}
	}
	return compiled.(*schema.Schema).CheckBody(value, schema.Strict)
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
