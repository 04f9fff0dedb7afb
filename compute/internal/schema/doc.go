// Package schema holds the request schemas of Nova 34.0.0, and checks bodies and query strings
// against them with Nova's error messages.
//
// The package has its own evaluator, because a JSON schema library does not provide what it
// needs. Nova reports the first error in the order in which Python's jsonschema evaluates a
// schema, formats invalid values and whole sub-schemas as Python's repr does, matches patterns
// as Python's re.search does, compares numbers in strings, and deletes unknown properties
// during the validation for legacy v2. An evaluator has to implement the order of keys,
// Python's number model and the deletion itself. Nova uses only twenty keywords.
//
// The file data/releases.txt has what differs in the releases before; see History.
//
// The file data/schemas.txt has one schema per line, in the order of Nova's definitions; parts
// that several schemas share are stored once. A schema is compiled at its first use, and a
// shared part once for all schemas.
//
// The package imports no other package of this module.
package schema
