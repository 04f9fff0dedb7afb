package schema

import "strconv"

// checker validates a value against a schema and keeps the first error.
type checker struct {
	// relaxed deletes unknown properties instead of rejecting them, for legacy v2.
	relaxed bool
	// major is the major version of the release of Nova whose evaluation this is.
	major int
	// trial is the validation of an alternative, of which only success or failure is used.
	trial bool
	// all continues after an error, because the validation may delete properties. Python
	// collects all errors of an alternative, but stops at the first one elsewhere.
	all    bool
	path   []pathStep // path from the root of the document
	failed bool
	first  failure
}

// pathStep is a key of an object or, without a key, an index of a list.
type pathStep struct {
	key   string
	index int
	list  bool
}

// String returns Python's str of the step.
func (s pathStep) String() string {
	if s.list {
		return strconv.Itoa(s.index)
	}
	return s.key
}

// failure is an error in the form of Python's jsonschema.
type failure struct {
	path    []pathStep
	value   any    // the invalid value
	message string // in the words of jsonschema
	reason  string // why a name is invalid; it replaces message, in Nova's words
	// exception is the Python exception that Nova's check raises instead of reporting an error.
	exception string
}

// fail records an error. message is called only if the text is needed.
func (c *checker) fail(v any, message func() string) {
	if !c.failed && !c.trial {
		c.first = failure{path: append([]pathStep(nil), c.path...), value: v, message: message()}
	}
	c.failed = true
}

func (c *checker) done() bool { return c.failed && !c.all }

func (c *checker) walk(n *node, v any) {
	for _, r := range n.rules {
		if r.check(c, n, v); c.done() {
			return
		}
	}
}

// at validates a member or item.
func (c *checker) at(key pathStep, n *node, v any) {
	if c.trial {
		c.walk(n, v)
		return
	}
	c.path = append(c.path, key)
	c.walk(n, v)
	c.path = c.path[:len(c.path)-1]
}

// accepts validates an alternative. Python evaluates all errors of an alternative while it
// searches for the first valid one, and later stops at the first error.
func (c *checker) accepts(n *node, v any, all bool) bool {
	t := checker{relaxed: c.relaxed, major: c.major, trial: true, all: all && c.relaxed}
	t.walk(n, v)
	return !t.failed
}
