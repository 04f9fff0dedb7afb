package sites

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/nova-go/nova/config"
)

// filterFile is a YAML file that an option of a filter names. Its errors have the form
// "option: FILE:LINE: message".
type filterFile struct {
	option, path string
	root         *yaml.Node // nil if the file is empty
	log          zerolog.Logger
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// readFilterFile reads a file. Unlike the filters in Python it fails if there is none.
func readFilterFile(option, path string, log zerolog.Logger) (*filterFile, error) {
	f := &filterFile{option: option, path: path, log: log}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		m := yamlLine.FindStringSubmatch(err.Error())
		if m == nil || m[1] == "" {
			return nil, fmt.Errorf("%s: %s: %w", option, path, err)
		}
		return nil, fmt.Errorf("%s: %s:%s: %s", option, path, m[1], m[2])
	}
	if len(doc.Content) > 0 {
		f.root = doc.Content[0]
	}
	return f, nil
}

// text returns "FILE:LINE: message" for a place of the file.
func (f *filterFile) text(n *yaml.Node, format string, args ...any) string {
	line := 1
	if n != nil {
		line = n.Line
	}
	return fmt.Sprintf("%s:%d: ", f.path, line) + fmt.Sprintf(format, args...)
}

func (f *filterFile) fail(n *yaml.Node, format string, args ...any) error {
	return errors.New(f.option + ": " + f.text(n, format, args...))
}

type yamlPair struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

func isNull(n *yaml.Node) bool { return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func resolved(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// pairs returns the members of a mapping in their order; none for null.
func (f *filterFile) pairs(n *yaml.Node, what string) ([]yamlPair, error) {
	if n = resolved(n); isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, f.fail(n, "%s is no mapping", what)
	}
	var list []yamlPair
	for i := 0; i+1 < len(n.Content); i += 2 {
		list = append(list, yamlPair{n.Content[i].Value, n.Content[i], resolved(n.Content[i+1])})
	}
	return list, nil
}

// items returns the elements of a list; none for null.
func (f *filterFile) items(n *yaml.Node, what string) ([]*yaml.Node, error) {
	if n = resolved(n); isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, f.fail(n, "%s is no list", what)
	}
	list := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		list[i] = resolved(item)
	}
	return list, nil
}

// texts returns the elements of a list of strings. Numbers count as the text in the file.
func (f *filterFile) texts(n *yaml.Node, what string) ([]string, error) {
	items, err := f.items(n, what)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return nil, f.fail(item, "an element of %s is no text", what)
		}
		list = append(list, item.Value)
	}
	return list, nil
}

// scalar returns the text of a value.
func (f *filterFile) scalar(n *yaml.Node, what string) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", f.fail(n, "%s is no text", what)
	}
	return n.Value, nil
}

// unread logs a warning for each member that the filter does not read.
func (f *filterFile) unread(pairs []yamlPair, known ...string) {
	for _, p := range pairs {
		if slices.Contains(known, p.name) {
			continue
		}
		hint := ""
		if name := config.Nearest(p.name, known); name != "" {
			hint = "; did you mean " + name + "?"
		}
		f.log.Warn().Msg(f.text(p.key, "%s is not read%s", p.name, hint))
	}
}
