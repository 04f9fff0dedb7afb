package paste

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// find resolves the section of type t with the given name.
func (c *configFile) find(l *Loader, t *objectType, name *string, global Conf) (*object, error) {
	if name != nil && schemePattern.MatchString(*name) {
		return l.loadURI(t, *name, filepath.Dir(c.path), global)
	}
	section, err := c.section(l, t, name)
	if err != nil {
		return nil, err
	}
	return c.enter(l, t, section, global)
}

// enter resolves a section of type t.
func (c *configFile) enter(l *Loader, t *objectType, section string, global Conf) (*object, error) {
	chain, err := l.chain.push(&frame{config: c, typ: t, section: section, global: global})
	if err != nil {
		return nil, err
	}
	l = &Loader{job: l.job, source: c, chain: chain}
	s := sectionReader{config: c, loader: l, typ: t, section: section}
	if err := s.read(global); err != nil {
		return nil, err
	}
	_, display, _ := strings.Cut(section, ":")
	s.name = strings.TrimFunc(display, isSpace)
	return s.resolve()
}

// section returns the header of the only section of type t with the given name.
func (c *configFile) section(l *Loader, t *objectType, name *string) (string, error) {
	var possible []string
	for _, group := range t.prefixes {
		for _, prefix := range group {
			if found := c.headers(prefix, name); len(found) > 0 {
				possible = append(possible, found...)
				break
			}
		}
	}
	wanted := "without a name"
	if name != nil {
		wanted = fmt.Sprintf("%q", *name)
	}
	prefixes := strings.Join(slices.Concat(t.prefixes...), ", ")
	switch {
	case len(possible) == 0:
		err := fmt.Errorf("%w: %s %s (looked for the types %s)", ErrNoSection, t.name, wanted, prefixes)
		if l.chain == nil || l.chain.config != c {
			return "", &Error{File: c.abs, Err: err}
		}
		return "", l.chain.fail(err)
	case len(possible) > 1:
		return "", &Error{File: c.abs, Err: fmt.Errorf("%s %s is ambiguous: [%s]", t.name, wanted, strings.Join(possible, "], ["))}
	}
	return possible[0], nil
}

func (c *configFile) headers(prefix string, name *string) []string {
	var found []string
	want := "main"
	if name != nil {
		want = *name
	} else if slices.Contains(c.doc.sections, prefix) {
		found = append(found, prefix)
	}
	for _, s := range c.doc.sections {
		if rest, ok := strings.CutPrefix(s, prefix+":"); ok && strings.TrimFunc(rest, isSpace) == want {
			found = append(found, s)
		}
	}
	return found
}

// sectionReader is a section that is being resolved.
type sectionReader struct {
	config  *configFile
	loader  *Loader
	typ     *objectType
	section string
	name    string

	global    Conf // the globals of factories
	local     Conf // the local options of factories
	additions Conf // "set" options, which also apply to a used section
}

// read interpolates the section's options and sorts them into global and local.
func (s *sectionReader) read(global Conf) error {
	defaults, err := s.config.globalConf()
	if err != nil {
		return err
	}
	s.global = maps.Clone(defaults)
	maps.Copy(s.global, global)
	s.local, s.additions = Conf{}, Conf{}
	get := Conf{}
	for _, option := range s.config.optionNames(s.section) {
		set, isSet := strings.CutPrefix(option, "set ")
		from, isGet := strings.CutPrefix(option, "get ")
		if _, ok := defaults[option]; ok && !isSet && !isGet {
			continue // only "set" overrides a default
		}
		value, err := s.config.get(s.section, option)
		if err != nil {
			return err
		}
		switch {
		case isSet:
			set = strings.TrimFunc(set, isSpace)
			s.global[set], s.additions[set] = value, value
		case isGet:
			get[strings.TrimFunc(from, isSpace)] = value
		default:
			s.local[option] = value
		}
	}
	for _, k := range sortedKeys(get) {
		v, ok := s.global[get[k]]
		if !ok {
			return s.fail(fmt.Errorf("\"get %s\" names %q, which is no global option", k, get[k]))
		}
		s.local[k] = v
	}
	return nil
}

func (s *sectionReader) fail(err error) error { return s.loader.chain.fail(err) }

// take returns a local option and removes it.
func (s *sectionReader) take(option string) (string, bool) {
	v, ok := s.local[option]
	delete(s.local, option)
	return v, ok
}

// resolve builds the object of the section from its type and its options.
//
// "require" names Python distributions that must be installed. It has no effect here, because
// factories come from the Registry.
func (s *sectionReader) resolve() (*object, error) {
	with, wrapped := "", false
	if s.typ != serverType {
		with, wrapped = s.take("filter-with")
	}
	s.take("require")
	var c *object
	var err error
	switch {
	case strings.HasPrefix(s.section, "filter-app:"):
		c, err = s.filterApp()
	case strings.HasPrefix(s.section, "pipeline:"):
		c, err = s.pipeline()
	default:
		c, err = s.useOrFactory(s.typ)
	}
	if err != nil || !wrapped {
		return c, err
	}
	outer := &object{
		kind: filterWithObject, typ: s.typ, name: s.name, next: c,
		global: s.global, local: s.local, loader: s.loader,
	}
	f, err := s.loader.find(filterType, &with, s.global)
	if err != nil {
		return nil, err
	}
	outer.filters = []*object{f}
	return outer, nil
}

func (s *sectionReader) pipeline() (*object, error) {
	list, ok := s.take("pipeline")
	if !ok {
		return nil, s.fail(errors.New("the \"pipeline\" option is missing"))
	}
	if len(s.local) > 0 {
		return nil, s.fail(fmt.Errorf("a pipeline has no options of its own, but there are: %s", strings.Join(sortedKeys(s.local), ", ")))
	}
	c, err := s.loader.pipeline(list, s.global)
	if err != nil {
		return nil, err
	}
	c.name, c.local = s.name, s.local
	return c, nil
}

func (s *sectionReader) filterApp() (*object, error) {
	next, ok := s.take("next")
	if !ok {
		return nil, s.fail(errors.New("the \"next\" option is missing"))
	}
	c := &object{
		kind: filterAppObject, typ: appType, name: s.name,
		global: s.global, local: s.local, loader: s.loader,
	}
	var err error
	if c.next, err = s.loader.find(appType, &next, s.global); err != nil {
		return nil, err
	}
	f, err := s.useOrFactory(filterType)
	if err != nil {
		return nil, err
	}
	c.filters = []*object{f}
	return c, nil
}

func (s *sectionReader) useOrFactory(t *objectType) (*object, error) {
	if target, ok := s.take("use"); ok {
		return s.use(t, target)
	}
	return s.explicit(t)
}

// use resolves the object that "use" names and adds the options of this section.
func (s *sectionReader) use(t *objectType, target string) (*object, error) {
	c, err := s.loader.find(t, &target, s.global)
	if err != nil {
		return nil, err
	}
	maps.Copy(c.global, s.additions)
	maps.Copy(c.local, s.local)
	if own, ok := s.global["__file__"]; ok {
		c.global["__file__"] = own
	}
	c.name, c.loader = s.name, s.loader
	if c.protocol == "" {
		switch kind, _, _ := strings.Cut(s.section, ":"); kind {
		case "app", "application":
			c.protocol = appFactory
		case "composite", "composit":
			c.protocol = compositFactory
		default:
			c.protocol = protocol("paste." + kind + "_factory")
		}
	}
	return c, nil
}

// explicit resolves a section with a paste.*_factory option.
func (s *sectionReader) explicit(t *objectType) (*object, error) {
	var found []protocol
	for _, group := range t.protocols {
		for _, p := range group {
			if _, ok := s.local[string(p)]; ok {
				found = append(found, p)
				break
			}
		}
	}
	switch {
	case len(found) > 1:
		return nil, s.fail(fmt.Errorf("there is more than one factory: %q and %q", found[0], found[1]))
	case len(found) == 0:
		return nil, s.fail(fmt.Errorf("neither \"use\" nor %q says how to build this %s", t.protocols[0][0], t.name))
	}
	expression, _ := s.take(string(found[0]))
	key, ok := dottedName(expression)
	if !ok {
		return nil, s.loader.chain.failFactory(expression, errors.New("not in the form module:object"))
	}
	c := &object{
		kind: factoryObject, typ: t, name: s.name, key: key, protocol: found[0],
		global: s.global, local: s.local, loader: s.loader,
	}
	c.factory = s.loader.job.factories.dotted(key)
	return c, s.loader.known(c)
}

// known returns an error for an object without factory, unless it is a filter that Skip leaves
// out.
func (l *Loader) known(c *object) error {
	if c.factory != nil {
		return nil
	}
	err := l.chain.failFactory(c.key, ErrUnknownFactory)
	if c.typ != filterType || l.job.options.UnknownFilters != Skip {
		return err
	}
	c.kind = skippedObject
	var p *Problem
	if l.job.options.Warn != nil && errors.As(err, &p) {
		l.job.options.Warn(*p)
	}
	return nil
}

// egg is a Python distribution, in which names are entry points.
type egg string

func (e egg) find(l *Loader, t *objectType, name *string, global Conf) (*object, error) {
	if name == nil {
		name = new(string)
		*name = "main"
	}
	if schemePattern.MatchString(*name) {
		return l.loadURI(t, *name, "", global)
	}
	key := string(e) + "#" + *name
	c := &object{kind: factoryObject, typ: t, name: *name, key: key, global: orNew(global), local: Conf{}, loader: l}
	f := l.job.factories.egg(key)
	var found []protocol
	for _, group := range t.protocols {
		for _, p := range group {
			if p != compositFactory && factoryFor(f, p) != nil {
				found = append(found, p)
				break
			}
		}
	}
	switch {
	case f != nil && len(found) == 0:
		return nil, l.chain.failFactory(key, fmt.Errorf("is not a factory for the type %s; it is registered for %v", t.name, f.protocols()))
	case len(found) > 1:
		return nil, l.chain.failFactory(key, fmt.Errorf("is ambiguous: %v", found))
	case f != nil:
		c.factory, c.protocol = f, found[0]
	}
	return c, l.known(c)
}

// callable is module:function. The type of the section that uses it determines the protocol of
// the factory.
type callable string

func (s callable) find(l *Loader, t *objectType, _ *string, global Conf) (*object, error) {
	key := string(s)
	module, target, _ := strings.Cut(key, ":")
	switch {
	case strings.Contains(target, ":"):
		return nil, l.chain.failFactory(key, errors.New("has more than one colon"))
	case strings.Contains(target, "."):
		// PasteDeploy documents this form and fails on it. A file that works only here could
		// not be used with Python again.
		return nil, l.chain.failFactory(key, fmt.Errorf("call: "+
			"takes a function of module %q, not an attribute of an object; use paste.*_factory", module))
	}
	c := &object{kind: factoryObject, typ: t, name: target, key: key, global: orNew(global), local: Conf{}, loader: l}
	c.factory = l.job.factories.dotted(key)
	return c, l.known(c)
}

func orNew(c Conf) Conf {
	if c == nil {
		return Conf{}
	}
	return c
}
