package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileRule is a rule of the operator.
type fileRule struct {
	name  Rule
	check check
	file  string
	line  int
}

// source is a policy file or a directory of such files, with its state at the last check.
type source struct {
	path  string
	mtime int64 // nanoseconds
	size  int64
}

// readFiles reads the policy file and then the directories, in order; later rules replace
// earlier ones. Missing files and directories are ignored.
func (p *parser) readFiles(file string, dirs []string) ([]fileRule, error) {
	paths, _, err := sources(file, dirs)
	if err != nil {
		return nil, err
	}
	var all []fileRule
	at := map[Rule]int{}
	for _, path := range paths {
		rules, err := p.readFile(path)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			if i, ok := at[r.name]; ok {
				all[i] = r
				continue
			}
			at[r.name] = len(all)
			all = append(all, r)
		}
	}
	return all, nil
}

// sources returns the files to read, and all files and directories that Watch has to check.
func sources(file string, dirs []string) (paths []string, seen []source, err error) {
	look := func(path string) (fs.FileInfo, error) {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		seen = append(seen, source{path, info.ModTime().UnixNano(), info.Size()})
		return info, nil
	}
	if file != "" {
		info, err := look(file)
		if err != nil {
			return nil, nil, err
		}
		if info != nil {
			paths = append(paths, file)
		}
	}
	for _, dir := range dirs {
		info, err := look(dir)
		if err != nil {
			return nil, nil, err
		}
		if info == nil {
			continue
		}
		if !info.IsDir() {
			return nil, nil, fmt.Errorf("policy: %s is not a directory", dir)
		}
		entries, err := os.ReadDir(dir) // sorted by name
		if err != nil {
			return nil, nil, fmt.Errorf("policy: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			info, err := look(path)
			if err != nil {
				return nil, nil, err
			}
			if info != nil && !info.IsDir() {
				paths = append(paths, path)
			}
		}
	}
	return paths, seen, nil
}

// readFile reads one YAML or JSON file. Errors name the file and, if known, the line.
func (p *parser) readFile(path string) ([]fileRule, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	rules, err := p.parseFile(data)
	if err != nil {
		return nil, fmt.Errorf("policy: %s: %w", path, err)
	}
	for i := range rules {
		rules[i].file = path
	}
	return rules, nil
}

func (p *parser) parseFile(data []byte) ([]fileRule, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := resolveAlias(doc.Content[0])
	if root.Kind != yaml.MappingNode {
		if isEmpty(root) {
			return nil, nil
		}
		return nil, fmt.Errorf("line %d: a mapping of rule names to rules expected", root.Line)
	}
	var out []fileRule
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], resolveAlias(root.Content[i+1])
		c, err := p.value(value)
		if err != nil {
			return nil, fmt.Errorf("line %d: rule %s: %w", value.Line, key.Value, err)
		}
		out = append(out, fileRule{name: Rule(key.Value), check: c, line: key.Line})
	}
	return out, nil
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// isEmpty reports whether Python treats the value as false: null, false, 0, "", [] and {}. Such
// a rule allows everybody.
func isEmpty(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Tag == "!!null" || n.Value == "" || n.Tag == "!!bool" && strings.EqualFold(n.Value, "false") ||
			n.Tag == "!!int" && n.Value == "0"
	}
	return len(n.Content) == 0
}

// value parses a rule: a text, or a list in the legacy format.
func (p *parser) value(n *yaml.Node) (check, error) {
	if isEmpty(n) {
		return constCheck(true), nil
	}
	if n.Kind == yaml.ScalarNode {
		if n.Tag != "!!str" {
			return nil, fmt.Errorf("a text or a list expected, not %s", n.Value)
		}
		return p.rule(n.Value), nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, errors.New("a text or a list expected")
	}
	var alternatives [][]string
	for _, item := range n.Content {
		words, err := wordsOf(resolveAlias(item))
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, words)
	}
	return p.list(alternatives), nil
}

// wordsOf returns the texts of a text or a list of texts.
func wordsOf(n *yaml.Node) ([]string, error) {
	if isEmpty(n) {
		return nil, nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, errors.New("a list may hold texts and lists of texts only")
	}
	var words []string
	for _, w := range n.Content {
		if w = resolveAlias(w); w.Kind != yaml.ScalarNode {
			return nil, errors.New("a list may hold texts and lists of texts only")
		}
		words = append(words, w.Value)
	}
	return words, nil
}

// sortedNames joins names for messages.
func sortedNames(names []Rule) string {
	s := make([]string, len(names))
	for i, n := range names {
		s[i] = string(n)
	}
	sort.Strings(s)
	return strings.Join(s, ", ")
}
