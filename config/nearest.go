package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/nearest"
)

// suggestGroup returns the end of a message about an unknown group.
func (c *Config) suggestGroup(d declarations, group string) string {
	c.s.known.load()
	names := slices.Collect(maps.Keys(c.s.known.groups))
	for g := range d.groups {
		names = append(names, g)
	}
	if name := nearest.Name(strings.ToLower(group), names); name != "" {
		return "; did you mean [" + name + "]?"
	}
	return ""
}

// suggestOption returns the end of a message about an unknown option: the name that may be meant,
// or the groups that have an option of this name, if they are few.
func (c *Config) suggestOption(d declarations, r ref) string {
	c.s.known.load()
	groups := map[string]map[string]bool{}
	add := func(group, name string) {
		if groups[group] == nil {
			groups[group] = map[string]bool{}
		}
		groups[group][name] = true
	}
	for group, names := range c.s.known.groups {
		for name := range names {
			add(group, name)
		}
	}
	for known := range d.names {
		add(known.group, known.name)
	}
	if name := nearest.Name(r.name, slices.Collect(maps.Keys(groups[r.group]))); name != "" {
		return "; did you mean " + name + "?"
	}
	var others []string
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		if groups[group][r.name] {
			others = append(others, "["+group+"]")
		}
	}
	if len(others) == 0 || len(others) > 2 {
		return ""
	}
	return "; it is an option of " + strings.Join(others, " and ")
}
