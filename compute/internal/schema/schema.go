package schema

import "slices"

// Mode is how strictly a schema is applied.
type Mode uint8

const (
	// Strict is v2.1: unknown properties are refused where the schema says so.
	Strict Mode = iota
	// Relaxed is legacy v2: they are deleted from the body while it is checked.
	Relaxed
)

// Error is a request that its schema refuses. Nova answers it with 400 and this
// message.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// Schema is one request schema. It may be used by many goroutines at once.
type Schema struct {
	name     string
	contract string
	root     func() (*node, error)
	cat      *catalog
}

// Lookup finds a schema by its name: "module.method.kind", with the first
// microversion behind it where Nova gives one ("flavors.create.body.2.55",
// "servers.index.query.2.75", "servers.reboot.body"). Module and method are
// those of Nova's controllers, without leading underscores; where two classes of
// a module have the same method, the class stands between them
// ("versions.VersionsV2.index.query").
func Lookup(name string) (*Schema, bool) {
	s, ok := load().schemas[name]
	return s, ok
}

// Names lists all schemas, those of a method from the lowest microversion up.
func Names() []string { return slices.Clone(load().names) }

// Name is the name that Lookup knows.
func (s *Schema) Name() string { return s.name }

// Contract is the schema's name in full: module, class, method, kind and the
// first and last microversion ("any" where there is no bound), as in
// "flavors.FlavorsController.create.body.2.55-2.101".
func (s *Schema) Contract() string { return s.contract }

// Compile prepares the schema ahead of its first use. An error is a mistake in
// the embedded data; the other methods panic on it.
func (s *Schema) Compile() error {
	_, err := s.root()
	return err
}

func (s *Schema) node() *node {
	n, err := s.root()
	if err != nil {
		panic("schema: " + s.name + ": " + err.Error())
	}
	return n
}

// CheckBody checks a body that Decode has read, and answers *Error if the schema
// refuses it. In Relaxed mode properties that the schema does not know are
// deleted from it, also when an error is found later.
func (s *Schema) CheckBody(v any, mode Mode) error {
	f, ok := s.check(v, mode)
	if ok {
		return nil
	}
	if len(f.path) == 0 || f.reason != "" {
		return f.error()
	}
	return &Error{Message: "Invalid input for field/attribute " + f.path[len(f.path)-1].String() +
		". Value: " + pyStr(f.value) + ". " + f.message}
}

func (s *Schema) check(v any, mode Mode) (*failure, bool) {
	c := checker{relaxed: mode == Relaxed}
	c.walk(s.node(), v)
	return &c.first, !c.failed
}

// error is the message of a failure that names no field.
func (f *failure) error() *Error {
	if f.reason != "" {
		return &Error{Message: "An invalid 'name' value was provided. The name must be: " + f.reason}
	}
	return &Error{Message: f.message}
}
