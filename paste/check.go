package paste

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// Check lists what is wrong with a paste file. reached are the problems that
// Load would fail with, and the filters it would leave out under Skip: of these
// all, not the first alone. unreached are the problems of sections that the
// application called name does not use, which Load never looks at.
func Check(file, name string, r Registry, o Options) (reached, unreached []Problem) {
	seen := map[string]bool{}
	collect := func(list *[]Problem, err error) {
		var p *Problem
		if !errors.As(err, &p) {
			p = &Problem{File: file, Err: err}
		}
		if !seen[p.Error()] {
			seen[p.Error()] = true
			*list = append(*list, *p)
		}
	}
	o.UnknownFilters = Skip
	o.Warn = func(p Problem) { collect(&reached, &p) }
	if _, err := Describe(file, name, r, o); err != nil {
		collect(&reached, err)
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return reached, nil
	}
	config, err := openConfig(abs, o.Global)
	if err != nil {
		return reached, nil // Describe has said so
	}
	o.Warn = func(p Problem) { collect(&unreached, &p) }
	for _, section := range config.doc.sections {
		t := sectionType(section)
		if t == nil {
			continue
		}
		l := &Loader{job: &job{factories: newIndex(r), options: o}, source: config}
		c, err := config.enter(l, t, section, o.Global)
		if err == nil {
			_, err = c.describe()
		}
		if err != nil {
			collect(&unreached, err)
		}
	}
	return reached, unreached
}

// sectionType is what a section header announces; nil if it is none of a paste
// file's.
func sectionType(header string) *objectType {
	prefix, _, _ := strings.Cut(header, ":")
	for _, t := range []*objectType{appType, filterType, serverType} {
		for _, group := range t.prefixes {
			if slices.Contains(group, prefix) {
				return t
			}
		}
	}
	return nil
}

// IsPasteFile tells a paste file from other files in the same syntax: it has a
// section that describes an application or a filter.
func IsPasteFile(text string) bool {
	for line := range strings.Lines(text) {
		header, ok := strings.CutPrefix(strings.TrimRightFunc(line, isSpace), "[")
		header, closed := strings.CutSuffix(header, "]")
		if ok && closed && strings.Contains(header, ":") && sectionType(header) != nil {
			return true
		}
	}
	return false
}
