package paste

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// Check lists all problems of a paste file. reached has the problems with which Load fails, and
// the filters that it leaves out under Skip; unlike Load, Check does not stop at the first.
// unreached has the problems of sections that the application called name does not use, and
// that Load therefore never reads.
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
		return reached, nil // Describe has returned this problem already
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

// sectionType returns the type that a section header names; nil if no section of a paste file
// has this type.
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

// IsPasteFile reports whether text is a paste file, and not another file in the same syntax: it
// has a section that describes an application or a filter.
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
