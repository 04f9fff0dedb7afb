package schema

import "slices"

// Mode selects the strictness of the validation.
type Mode uint8

const (
	// Strict is v2.1: unknown properties are rejected if the schema forbids them.
	Strict Mode = iota
	// Relaxed is legacy v2: unknown properties are deleted from the body during the validation.
	Relaxed
)

// Error reports a request that its schema rejects. Nova answers it with 400 and this message.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// Exception reports a value for which Nova's check fails with a Python exception, which Nova
// answers with 500.
type Exception struct{ Name string }

func (e *Exception) Error() string { return "the check raises " + e.Name }

// Schema is one request schema. It is safe for concurrent use.
type Schema struct {
	name     string
	contract string
	root     func() (*node, error)
	cat      *catalog
	major    int // the release of Nova that evaluates it
}

// Lookup finds a schema by its name: "module.method.kind", followed by the first microversion
// if Nova has several ("flavors.create.body.2.55", "servers.index.query.2.75",
// "servers.reboot.body"). Module and method are those of Nova's controllers, without leading
// underscores. If two classes of a module have the same method, the name contains the class
// ("versions.VersionsV2.index.query").
func Lookup(name string) (*Schema, bool) {
	s, ok := loadCatalog().schemas[name]
	return s, ok
}

// Names lists all schemas; those of a method are ordered by microversion.
func Names() []string { return slices.Clone(loadCatalog().names) }

// Name returns the name for Lookup.
func (s *Schema) Name() string { return s.name }

// Contract returns the full name of the schema: module, class, method, kind and the first and
// last microversion ("any" means no bound), as in
// "flavors.FlavorsController.create.body.2.55-2.101".
func (s *Schema) Contract() string { return s.contract }

// Compile compiles the schema before its first use. An error means that the embedded data is
// damaged; the other methods panic in this case.
func (s *Schema) Compile() error {
	_, err := s.root()
	return err
}

// Source returns Nova's schema, with all references resolved. It is shared and must not be changed.
func (s *Schema) Source() *Object { return s.node().source }

func (s *Schema) node() *node {
	n, err := s.root()
	if err != nil {
		panic("schema: " + s.name + ": " + err.Error())
	}
	return n
}

// CheckBody checks the result of Decode, and returns an *Error if the schema rejects it, or an
// *Exception. In Relaxed mode it deletes unknown properties, even if it finds an error later.
func (s *Schema) CheckBody(v any, mode Mode) error {
	f, ok := s.check(v, mode)
	if ok {
		return nil
	}
	if f.exception != "" {
		return &Exception{f.exception}
	}
	if len(f.path) == 0 || f.reason != "" {
		return f.error()
	}
	return &Error{Message: "Invalid input for field/attribute " + f.path[len(f.path)-1].String() +
		". Value: " + pyStr(f.value) + ". " + f.message}
}

func (s *Schema) check(v any, mode Mode) (*failure, bool) {
	c := checker{relaxed: mode == Relaxed, major: s.major}
	c.walk(s.node(), v)
	return &c.first, !c.failed
}

// error formats a failure that names no field.
func (f *failure) error() *Error {
	if f.reason != "" {
		return &Error{Message: "An invalid 'name' value was provided. The name must be: " + f.reason}
	}
	return &Error{Message: f.message}
}
