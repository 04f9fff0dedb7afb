package config

import (
	"maps"
	"slices"
	"strings"
)

// Nearest returns the name with the fewest differences from a misspelt one: inserted, missing, wrong
// and exchanged characters, at most one for every four characters and three in all. It is "" if no
// name is near; the first of several in alphabetical order.
func Nearest(misspelt string, names []string) string {
	best, fewest := "", min(max(len(misspelt)/4, 1), 3)+1
	for _, name := range slices.Sorted(slices.Values(names)) {
		if n := differences(misspelt, name); n < fewest {
			best, fewest = name, n
		}
	}
	return best
}

// differences counts the characters by which two texts differ (the restricted Damerau-Levenshtein
// distance).
func differences(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// suggestGroup returns the end of a message about an unknown group.
func (c *Config) suggestGroup(d declarations, group string) string {
	c.s.known.load()
	names := slices.Collect(maps.Keys(c.s.known.groups))
	for g := range d.groups {
		names = append(names, g)
	}
	if name := Nearest(strings.ToLower(group), names); name != "" {
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
	if name := Nearest(r.name, slices.Collect(maps.Keys(groups[r.group]))); name != "" {
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
