package paste

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// objectKind is the way in which an object is built.
type objectKind int

const (
	factoryObject    objectKind = iota // by a factory
	pipelineObject                     // filters in front of an application
	filterAppObject                    // one filter in front of an application
	filterWithObject                   // one filter in front of an application or a filter
	skippedObject                      // a filter that is left out
)

// object is a resolved section with everything that is needed to build it. Objects share the
// Confs, which a chain of "use" options updates.
type object struct {
	kind     objectKind
	typ      *objectType
	name     string
	key      string
	factory  Factory
	protocol protocol
	global   Conf
	local    Conf
	loader   *Loader

	filters []*object
	next    *object
}

func (c *object) fail(err error) error { return c.loader.chain.failFactory(c.key, err) }

// typed returns the factory in the form that the protocol of the section requires.
func (c *object) typed() (Factory, error) {
	f := factoryFor(c.factory, c.protocol)
	if f == nil {
		return nil, c.fail(fmt.Errorf("is registered for %v, but the section needs %q", c.factory.protocols(), c.protocol))
	}
	return f, nil
}

func (c *object) confs() (global, local Conf) { return maps.Clone(c.global), maps.Clone(c.local) }

// wrapper is a built filter.
type wrapper = func(http.Handler) (http.Handler, error)

func (c *object) app() (http.Handler, error) {
	if c.kind != factoryObject {
		return c.wrapped()
	}
	f, err := c.typed()
	if err != nil {
		return nil, err
	}
	global, local := c.confs()
	var h http.Handler
	switch f := f.(type) {
	case App:
		h, err = f(global, local)
	case Composite:
		h, err = f(c.loader, global, local)
	case DescribedComposite:
		h, err = f.Build(c.loader, global, local)
	default:
		return nil, c.fail(fmt.Errorf("%q cannot build an application", c.protocol))
	}
	switch {
	case err != nil:
		return nil, c.located(err)
	case h == nil:
		return nil, c.fail(fmt.Errorf("%q returned no application", c.protocol))
	}
	return h, nil
}

// wrapped builds the application first, then its filters in their order, and wraps the
// application from the innermost filter to the outermost.
func (c *object) wrapped() (http.Handler, error) {
	h, err := c.next.app()
	if err != nil {
		return nil, err
	}
	filters := make([]wrapper, len(c.filters))
	for i, f := range c.filters {
		if filters[i], err = f.filter(); err != nil {
			return nil, err
		}
	}
	for _, wrap := range slices.Backward(filters) {
		if h, err = wrap(h); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (c *object) filter() (wrapper, error) {
	switch c.kind {
	case skippedObject:
		return func(h http.Handler) (http.Handler, error) { return h, nil }, nil
	case filterWithObject:
		outer, err := c.filters[0].filter()
		if err != nil {
			return nil, err
		}
		inner, err := c.next.filter()
		if err != nil {
			return nil, err
		}
		return func(h http.Handler) (http.Handler, error) {
			h, err := inner(h)
			if err != nil {
				return nil, err
			}
			return outer(h)
		}, nil
	}
	f, err := c.typed()
	if err != nil {
		return nil, err
	}
	global, local := c.confs()
	switch f := f.(type) {
	case Filter:
		wrap, err := f(global, local)
		switch {
		case err != nil:
			return nil, c.located(err)
		case wrap == nil:
			return nil, c.fail(fmt.Errorf("%q returned no filter", c.protocol))
		}
		return func(h http.Handler) (http.Handler, error) { return wrap(h), nil }, nil
	case FilterApp:
		return func(h http.Handler) (http.Handler, error) {
			h, err := f(h, global, local)
			switch {
			case err != nil:
				return nil, c.located(err)
			case h == nil:
				return nil, c.fail(fmt.Errorf("%q returned no application", c.protocol))
			}
			return h, nil
		}, nil
	}
	return nil, c.fail(fmt.Errorf("%q cannot build a filter", c.protocol))
}

func (c *object) server() (func(http.Handler) error, error) {
	f, err := c.typed()
	if err != nil {
		return nil, err
	}
	global, local := c.confs()
	switch f := f.(type) {
	case Server:
		serve, err := f(global, local)
		if err != nil {
			return nil, c.located(err)
		}
		return serve, nil
	case ServerRunner:
		return func(h http.Handler) error { return f(h, global, local) }, nil
	}
	return nil, c.fail(fmt.Errorf("%q cannot build a server", c.protocol))
}

// located adds the place of a failed factory to its error, unless the error contains a place,
// as that of an application inside a composite does.
func (c *object) located(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.File != "" {
		return err
	}
	return c.fail(err)
}
