package paste

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// UnknownFilters says what to do with a reached filter that the Registry lacks.
type UnknownFilters int

const (
	// Fail makes it an error.
	Fail UnknownFilters = iota
	// Skip leaves the filter out and tells Options.Warn.
	Skip
)

// Options are the choices of Load and its relatives; the zero value is useful.
type Options struct {
	// Global is the global configuration the caller brings along; [DEFAULT]
	// of the file wins for interpolation, Global wins for the factories.
	Global         Conf
	UnknownFilters UnknownFilters
	// Warn is told about each filter that Skip leaves out; nil tells nobody.
	Warn func(Problem)
}

// Load builds the application called name ("" means "main") of a paste file.
// An error is an *Error that names file, section and, where one is concerned,
// factory; or whatever a factory returned, wrapped in one.
func Load(file, name string, r Registry, o Options) (http.Handler, error) {
	c, err := loadObject(appType, file, name, r, o)
	if err != nil {
		return nil, err
	}
	return c.app()
}

// LoadServer builds the server called name ("" means "main") of a paste file:
// a function that serves an application until it fails.
func LoadServer(file, name string, r Registry, o Options) (func(http.Handler) error, error) {
	c, err := loadObject(serverType, file, name, r, o)
	if err != nil {
		return nil, err
	}
	return c.server()
}

func loadObject(t *objectType, file, name string, r Registry, o Options) (*object, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, &Error{File: file, Err: err}
	}
	config, err := openConfig(abs, o.Global)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = "main"
	}
	l := &Loader{job: &job{factories: newIndex(r), options: o}, source: config}
	return l.find(t, &name, o.Global)
}

// objectType is what is looked for: an application, a filter or a server.
type objectType struct {
	name string
	// protocols and prefixes are in groups: of each group the first that is
	// there counts, and only one group may have one.
	protocols [][]protocol
	prefixes  [][]string
}

var (
	appType = &objectType{
		name:      "application",
		protocols: [][]protocol{{appFactory}, {compositeFactory}, {compositFactory}},
		prefixes:  [][]string{{"app", "application"}, {"composite", "composit"}, {"pipeline"}, {"filter-app"}},
	}
	filterType = &objectType{
		name:      "filter",
		protocols: [][]protocol{{filterFactory, filterAppFactory}},
		prefixes:  [][]string{{"filter"}},
	}
	serverType = &objectType{
		name:      "server",
		protocols: [][]protocol{{serverFactory, serverRunner}},
		prefixes:  [][]string{{"server"}},
	}
)

// Loader finds what a composite's options name: in the composite's own file, or
// wherever an egg:, call: or config: URI points to. It is good only during the
// call of the Composite it was given to.
type Loader struct {
	job    *job
	source source
	chain  *frame
}

// job is what one Load shares among its Loaders.
type job struct {
	factories index
	options   Options
	objects   int
}

// maxObjects bounds what sections that use each other many times over can ask for.
const maxObjects = 20000

// source is where names are looked up: a file, an egg or a callable. A nil name
// is the anonymous one that get_app() without arguments asks for.
type source interface {
	find(l *Loader, t *objectType, name *string, global Conf) (*object, error)
}

// App builds the application called name. global is what the composite got, or
// nil to start from the file's defaults alone, as pipeline factories do.
func (l *Loader) App(name string, global Conf) (http.Handler, error) {
	c, err := l.find(appType, named(name), global)
	if err != nil {
		return nil, err
	}
	return c.app()
}

// Filter builds the filter called name; for global see App. Wrapping can only
// fail for a FilterApp, whose error the returned function gives.
func (l *Loader) Filter(name string, global Conf) (func(http.Handler) (http.Handler, error), error) {
	c, err := l.find(filterType, named(name), global)
	if err != nil {
		return nil, err
	}
	return c.filter()
}

// Pipeline builds the filters and, last, the application of a pipeline given
// as a list separated by white space.
func (l *Loader) Pipeline(list string, global Conf) (http.Handler, error) {
	c, err := l.pipeline(list, global)
	if err != nil {
		return nil, err
	}
	return c.app()
}

func (l *Loader) pipeline(list string, global Conf) (*object, error) {
	names := fields(list)
	if len(names) == 0 {
		return nil, l.chain.fail(errors.New("the pipeline is empty"))
	}
	c := &object{kind: pipelineObject, typ: appType, global: global, local: Conf{}, loader: l}
	last := len(names) - 1
	var err error
	if c.next, err = l.find(appType, &names[last], global); err != nil {
		return nil, err
	}
	for i := range names[:last] {
		f, err := l.find(filterType, &names[i], global)
		if err != nil {
			return nil, err
		}
		c.filters = append(c.filters, f)
	}
	return c, nil
}

func named(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

func (l *Loader) find(t *objectType, name *string, global Conf) (*object, error) {
	l.job.objects++
	if l.job.objects > maxObjects {
		return nil, l.chain.fail(fmt.Errorf("%w: more than %d sections refer to each other", ErrLoop, maxObjects))
	}
	return l.source.find(l, t, name, global)
}

var scheme = regexp.MustCompile(`^[a-zA-Z]+:`)

// loadURI follows an egg:, call: or config: reference. dir is what a relative
// config: is relative to, "" if nothing.
func (l *Loader) loadURI(t *objectType, uri, dir string, global Conf) (*object, error) {
	uri, name, hasName := strings.Cut(uri, "#")
	if !hasName {
		name = "main"
	}
	kind, path, found := strings.Cut(uri, ":")
	if !found {
		return nil, l.chain.fail(fmt.Errorf("%q has no scheme", uri))
	}
	below := &Loader{job: l.job, chain: l.chain}
	switch strings.ToLower(kind) {
	case "config":
		abs, err := configPath(path, dir)
		if err != nil {
			return nil, l.chain.fail(err)
		}
		config, err := openConfig(abs, global)
		if err != nil {
			return nil, l.chain.fail(err)
		}
		below.source = config
	case "egg":
		below.source = egg(path)
	case "call":
		if !strings.Contains(path, ":") {
			return nil, l.chain.fail(fmt.Errorf("%q is not in the form call:module:function", uri))
		}
		below.source = callable(path)
	default:
		return nil, l.chain.fail(fmt.Errorf("%q has an unknown scheme (known are config, egg and call)", uri))
	}
	return below.find(t, &name, global)
}

// configPath resolves the path of a config: URI, percent-decoding it.
func configPath(path, dir string) (string, error) {
	path = strings.ReplaceAll(path, `\`, "/")
	if !strings.HasPrefix(path, "/") {
		if dir == "" {
			return "", fmt.Errorf("config:%s is relative, and nothing says to what", path)
		}
		path = strings.TrimSuffix(dir, "/") + "/" + path
	}
	if strings.HasPrefix(path, "///") {
		path = path[2:]
	}
	return strings.TrimFunc(percentDecode(path), isSpace), nil
}

// percentDecode is Python's unquote: what is not a valid escape stays as it is.
func percentDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), string(utf8.RuneError))
}

func unhex(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }

// frame is a section on the way from the one asked for to the current one.
type frame struct {
	up      *frame
	config  *configFile
	typ     *objectType
	section string
	global  Conf
	depth   int
}

// maxDepth is about what Python's recursion limit leaves PasteDeploy.
const maxDepth = 200

// push appends a section to the way, or reports that it has been there before
// in the same circumstances.
func (f *frame) push(n *frame) (*frame, error) {
	n.up = f
	n.global = maps.Clone(n.global) // later "set" options change the original
	if f == nil {
		return n, nil
	}
	n.depth = f.depth + 1
	for p := f; p != nil; p = p.up {
		if p.config.abs == n.config.abs && p.typ == n.typ && p.section == n.section && maps.Equal(p.global, n.global) {
			return nil, n.fail(fmt.Errorf("%w: %s", ErrLoop, n.path(p)))
		}
	}
	if n.depth > maxDepth {
		return nil, n.fail(fmt.Errorf("%w, or lead through more than %d sections", ErrLoop, maxDepth))
	}
	return n, nil
}

// path writes the way from the frame first down to f.
func (f *frame) path(first *frame) string {
	s := "[" + f.section + "]"
	for p := f.up; p != nil; p = p.up {
		s = "[" + p.section + "] -> " + s
		if p == first {
			break
		}
	}
	return s
}

// fail says that err happened in the section at the end of the way.
func (f *frame) fail(err error) error { return f.failFactory("", err) }

func (f *frame) failFactory(factory string, err error) error {
	e := &Error{Factory: factory, Err: err}
	if f != nil {
		e.File, e.Section, e.Line = f.config.abs, f.section, f.config.doc.lines[f.section]
	}
	return e
}
