package config

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

// knownOptions lists the options that Nova's services register, whether we read
// them or not: a line per group, with the names as they are written in a file,
// former ones included. A nova.conf is shared by all services, so an option
// that only nova-compute reads is not a mistake.
//
//go:embed known.txt
var knownOptions string

// knownNames is the parsed form of knownOptions. It is parsed at the first use, because only
// references and Unknown need it.
type knownNames struct {
	once   sync.Once
	groups map[string]map[string]bool
}

func (k *knownNames) load() {
	k.once.Do(func() {
		k.groups = map[string]map[string]bool{}
		for line := range strings.Lines(knownOptions) {
			fields := strings.Fields(line)
			if len(fields) == 0 || fields[0][0] == '#' {
				continue
			}
			names := make(map[string]bool, len(fields)-1)
			for _, n := range fields[1:] {
				names[n] = true
			}
			k.groups[fields[0]] = names
		}
	})
}

func (k *knownNames) group(g string) bool {
	k.load()
	_, ok := k.groups[g]
	return ok
}

func (k *knownNames) has(r ref) bool {
	k.load()
	return k.groups[r.group][r.name]
}

// Unknown lists the groups and options of the files that no service of Nova registers, in the
// order of the files: misspelt names, and options that newer releases have removed. It leaves
// out sections of paste files, [cors.NAME] sections, and those that an auth_section points to.
func (c *Config) Unknown() []Problem {
	d := c.declarations()
	var out []Problem
	for i, doc := range c.s.st.docs {
		isPaste := slices.ContainsFunc(doc.headers, func(h header) bool { return pasteSection(h.name) })
		free := func(g string) bool {
			return d.pointed[g] || strings.HasPrefix(g, "cors.") || pasteSection(g) || isPaste && g == "DEFAULT"
		}
		strange := map[string]bool{}
		for _, h := range doc.headers {
			g := foldGroup(h.name)
			if free(g) || d.groups[g] || c.s.known.group(g) || strange[g] {
				continue
			}
			strange[g] = true
			out = append(out, Problem{Origin: c.s.st.fileOrigin(i, h.line), Group: h.name, Message: "no such group" + c.suggestGroup(d, h.name)})
		}
		for _, e := range doc.entries {
			g := foldGroup(e.group)
			if r := (ref{g, e.key}); strange[g] || free(g) || d.names[r] || c.s.known.has(r) {
				continue
			}
			message := ""
			if name := d.earlier[ref{g, e.key}]; name != "" {
				message = "read only before 2025.2; use [api] " + name
			} else {
				message = "no such option" + c.suggestOption(d, ref{g, e.key})
			}
			out = append(out, Problem{Origin: c.s.st.fileOrigin(i, e.line), Group: e.group, Option: e.key, Message: message})
		}
	}
	return out
}

// declarations are the groups and options that Config declares.
type declarations struct {
	groups  map[string]bool
	names   map[ref]bool    // with deprecated names
	earlier map[ref]string  // names that only WithEarlierNames reads, with the current names
	pointed map[string]bool // groups that an auth_section points to
}

func (c *Config) declarations() declarations {
	d := declarations{groups: map[string]bool{}, names: map[ref]bool{}, earlier: map[ref]string{}, pointed: map[string]bool{}}
	for _, s := range c.s.specs {
		d.groups[s.group] = true
		d.names[s.ref] = true
		for _, o := range s.old {
			d.names[o] = true
		}
		for _, o := range s.earlier {
			d.earlier[o] = s.name
		}
		if s.name == "auth_section" {
			if v, ok := c.s.done[s.ref].value.(string); ok {
				d.pointed[foldGroup(v)] = true
			}
		}
	}
	return d
}

func (st *store) fileOrigin(file, line int) Origin {
	return Origin{Kind: FromFile, File: st.files[file], Line: line}
}

// pasteSection recognises the sections of a paste file, which Nova also passes to oslo.config.
func pasteSection(name string) bool {
	kind, _, ok := strings.Cut(name, ":")
	switch kind {
	case "app", "application", "composite", "composit", "filter", "filter-app", "pipeline", "server":
		return ok
	}
	return false
}

// Groups lists the groups of the files, folded as oslo.config does, and sorted.
func (c *Config) Groups() []string {
	set := map[string]bool{}
	for _, doc := range c.s.st.docs {
		for _, h := range doc.headers {
			set[foldGroup(h.name)] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}
