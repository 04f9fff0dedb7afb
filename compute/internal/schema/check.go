package schema

import "strconv"

// checker walks a value beside a schema and keeps the first error.
type checker struct {
	// relaxed is legacy v2: unknown properties are deleted, not refused.
	relaxed bool
	// trial is the walk of an alternative: whether it fails is all that counts.
	trial bool
	// all goes on after an error, for what the walk deletes on its way. Python
	// collects all errors of an alternative, but only the first elsewhere.
	all    bool
	path   []step // from the root
	failed bool
	first  failure
}

// step is a key of an object or, where there is no key, an index of a list.
type step struct {
	key   string
	index int
	list  bool
}

// String is Python's str of the step.
func (s step) String() string {
	if s.list {
		return strconv.Itoa(s.index)
	}
	return s.key
}

// failure is an error as Python's jsonschema would raise it.
type failure struct {
	path    []step
	value   any    // what is wrong
	message string // in jsonschema's words
	reason  string // of a name that is none; then the message is Nova's
}

// fail reports an error; message is asked for only if it will be read.
func (c *checker) fail(v any, message func() string) {
	if !c.failed && !c.trial {
		c.first = failure{path: append([]step(nil), c.path...), value: v, message: message()}
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

// at walks a member or item.
func (c *checker) at(key step, n *node, v any) {
	if c.trial {
		c.walk(n, v)
		return
	}
	c.path = append(c.path, key)
	c.walk(n, v)
	c.path = c.path[:len(c.path)-1]
}

// accepts tries an alternative. Python looks at all of its errors while it
// searches the first that fits, and afterwards stops at one.
func (c *checker) accepts(n *node, v any, all bool) bool {
	t := checker{relaxed: c.relaxed, trial: true, all: all && c.relaxed}
	t.walk(n, v)
	return !t.failed
}
