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

// UnknownFilters decides about a reached filter whose factory is not in the Registry.
type UnknownFilters int

const (
	// Fail makes Load return an error.
	Fail UnknownFilters = iota
	// Skip leaves the filter out and calls Options.Warn.
	Skip
)

// Options are the options of Load and the other functions of this package; the zero value is
// useful.
type Options struct {
	// Global is the caller's global configuration. [DEFAULT] of the file takes precedence over
	// it for interpolation; it takes precedence over [DEFAULT] for the factories.
	Global         Conf
	UnknownFilters UnknownFilters
	// Warn is called for each filter that Skip leaves out; it may be nil.
	Warn func(Problem)
}

// Load builds the application called name ("" means "main") of a paste file. Its error is an
// *Error that names file, section and factory, and wraps an error that a factory returned.
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

// objectType is the type of a requested object: application, filter or server.
type objectType struct {
	name string
	// protocols and prefixes are lists of groups. In each group the first existing one is used;
	// it is an error if two groups have one.
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

// Loader resolves the names in a composite's options: in the composite's own file, or where an
// egg:, call: or config: URI points to. It is valid only during the call of the Composite that
// receives it.
type Loader struct {
	job    *job
	source source
	chain  *frame
}

// job is the state that all Loaders of one Load share.
type job struct {
	factories index
	options   Options
	objects   int
}

// maxObjects bounds the number of objects of one Load. Sections that use each other repeatedly
// could otherwise multiply it without limit.
const maxObjects = 20000

// source is a place where names are looked up: a file, an egg or a callable. A nil name is the
// anonymous one that get_app() without arguments requests.
type source interface {
	find(l *Loader, t *objectType, name *string, global Conf) (*object, error)
}

// App builds the application called name. global is the globals that the composite received;
// nil starts from the file's defaults only, as pipeline factories do.
func (l *Loader) App(name string, global Conf) (http.Handler, error) {
	c, err := l.find(appType, namePointer(name), global)
	if err != nil {
		return nil, err
	}
	return c.app()
}

// Filter builds the filter called name; for global see App. The returned function fails only
// for a FilterApp, with the error of its factory.
func (l *Loader) Filter(name string, global Conf) (func(http.Handler) (http.Handler, error), error) {
	c, err := l.find(filterType, namePointer(name), global)
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
	names := splitFields(list)
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

func namePointer(name string) *string {
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

var schemePattern = regexp.MustCompile(`^[a-zA-Z]+:`)

// loadURI resolves an egg:, call: or config: reference. dir is the base of a relative config:
// URI; "" means none.
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
			return "", fmt.Errorf("config:%s is relative, and there is no file that it can be relative to", path)
		}
		path = strings.TrimSuffix(dir, "/") + "/" + path
	}
	if strings.HasPrefix(path, "///") {
		path = path[2:]
	}
	return strings.TrimFunc(percentDecode(path), isSpace), nil
}

// percentDecode is Python's unquote: an invalid escape is kept unchanged.
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

// frame is an element of the path of sections from the requested one to the current one.
type frame struct {
	up      *frame
	config  *configFile
	typ     *objectType
	section string
	global  Conf
	depth   int
}

// maxDepth is approximately the depth that Python's recursion limit allows in PasteDeploy.
const maxDepth = 200

// push appends a section to the path. It returns an error if the path contains the same section
// with the same globals.
func (f *frame) push(n *frame) (*frame, error) {
	n.up = f
	n.global = maps.Clone(n.global) // later "set" options change the original map
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

// path formats the sections from the frame first to f.
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

// fail returns err as an error of the section at the end of the path.
func (f *frame) fail(err error) error { return f.failFactory("", err) }

func (f *frame) failFactory(factory string, err error) error {
	e := &Error{Factory: factory, Err: err}
	if f != nil {
		e.File, e.Section, e.Line = f.config.abs, f.section, f.config.doc.lines[f.section]
	}
	return e
}
