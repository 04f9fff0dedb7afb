// Package schema holds the request schemas of Nova 34.0.0 and checks bodies and
// query strings against them, answering with the words Nova's clients know.
//
// The checker is our own and not a JSON-schema library under a message writer.
// Nova reports the first error in the order in which Python's jsonschema walks
// a schema, prints offending values and whole sub-schemas as Python's repr does,
// matches patterns as Python's re.search does, compares numbers written as
// strings, and for legacy v2 deletes unknown properties while it walks. Order of
// keys, Python's number model and the mutation all have to be known to the
// evaluator itself; the twenty keywords that Nova uses are less code than an
// adapter would be.
//
// The data lives in data/schemas.txt: one schema a line, in the order of Nova's
// own definitions, with parts that several schemas share stored once. A schema
// is compiled when it is first used, shared parts once for all of them.
//
// The package imports nothing else of this project.
package schema
