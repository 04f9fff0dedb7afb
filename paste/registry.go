package paste

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Conf is a set of options. A factory gets two: the globals ([DEFAULT], "set" and those of the
// including file), and the options of its section.
type Conf map[string]string

func sortedKeys(c Conf) []string { return slices.Sorted(maps.Keys(c)) }

// Factory is one of App, Filter, FilterApp, Composite, DescribedComposite,
// Server, ServerRunner, or Kinds of them.
type Factory interface{ protocols() []protocol }

// App builds an application (paste.app_factory).
type App func(global, local Conf) (http.Handler, error)

// Filter builds a wrapper for applications (paste.filter_factory).
type Filter func(global, local Conf) (func(http.Handler) http.Handler, error)

// FilterApp wraps an application (paste.filter_app_factory).
type FilterApp func(next http.Handler, global, local Conf) (http.Handler, error)

// Composite builds an application from other applications, which it gets from l
// (paste.composite_factory).
type Composite func(l *Loader, global, local Conf) (http.Handler, error)

// DescribedComposite is a Composite that can list its applications without building them, so
// that Describe can show them.
type DescribedComposite struct {
	Build Composite
	// Parts lists the applications. Node.At of each is the option that names it. Parts uses the
	// Describe methods of l.
	Parts func(l *Loader, global, local Conf) ([]*Node, error)
}

// Server builds a function that serves an application until it fails
// (paste.server_factory).
type Server func(global, local Conf) (func(http.Handler) error, error)

// ServerRunner serves an application until it fails (paste.server_runner).
type ServerRunner func(app http.Handler, global, local Conf) error

// Kinds holds several factories of one name, for objects that Python offers under several
// protocols, as oslo.middleware does with healthcheck.
type Kinds []Factory

// Registry maps the names that paste files use to factories. A key is a Python dotted name,
// "nova.api.openstack:FaultWrapper.factory", or a distribution and an entry point,
// "Paste#urlmap". As in Python, the name of a distribution is compared without case, and with
// "-", "_" and "." as equal characters.
type Registry map[string]Factory

// protocol is the name under which Python's entry points declare a factory.
type protocol string

const (
	appFactory       protocol = "paste.app_factory"
	compositeFactory protocol = "paste.composite_factory"
	compositFactory  protocol = "paste.composit_factory" // PasteDeploy's old spelling
	filterFactory    protocol = "paste.filter_factory"
	filterAppFactory protocol = "paste.filter_app_factory"
	serverFactory    protocol = "paste.server_factory"
	serverRunner     protocol = "paste.server_runner"
)

func (App) protocols() []protocol                { return []protocol{appFactory} }
func (Filter) protocols() []protocol             { return []protocol{filterFactory} }
func (FilterApp) protocols() []protocol          { return []protocol{filterAppFactory} }
func (Composite) protocols() []protocol          { return []protocol{compositeFactory} }
func (DescribedComposite) protocols() []protocol { return []protocol{compositeFactory} }
func (Server) protocols() []protocol             { return []protocol{serverFactory} }
func (ServerRunner) protocols() []protocol       { return []protocol{serverRunner} }

func (k Kinds) protocols() []protocol {
	var all []protocol
	for _, f := range k {
		all = append(all, f.protocols()...)
	}
	return all
}

// factoryFor returns the factory that f offers under p, or nil.
func factoryFor(f Factory, p protocol) Factory {
	if p == compositFactory {
		p = compositeFactory
	}
	if k, ok := f.(Kinds); ok {
		for _, one := range k {
			if got := factoryFor(one, p); got != nil {
				return got
			}
		}
		return nil
	}
	if f != nil && slices.Contains(f.protocols(), p) {
		return f
	}
	return nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// normalEgg normalises the distribution in "Distribution#name" by PEP 503.
func normalEgg(key string) string {
	dist, name, _ := strings.Cut(key, "#")
	return strings.ToLower(separators.ReplaceAllString(dist, "-")) + "#" + name
}

// index is a Registry prepared for lookups.
type index map[string]Factory

func newIndex(r Registry) index {
	x := make(index, len(r))
	for k, f := range r {
		if strings.Contains(k, "#") {
			k = normalEgg(k)
		}
		x[k] = f
	}
	return x
}

func (x index) egg(key string) Factory { return x[normalEgg(key)] }

func (x index) dotted(key string) Factory { return x[key] }

// entryPoint is the value of a paste.*_factory option: a module, optionally an
// object in it, and extras that have no meaning here.
var entryPoint = regexp.MustCompile(`^([\pL\pN_.]+)\s*(?::\s*([\pL\pN_.]+)\s*)?(?:\[.*\]\s*)?$`)

// dottedName converts the value of a paste.*_factory option into the form of a Registry key.
func dottedName(value string) (string, bool) {
	m := entryPoint.FindStringSubmatch(value)
	if m == nil {
		return "", false
	}
	if m[2] == "" {
		return m[1], true
	}
	return m[1] + ":" + m[2], true
}
