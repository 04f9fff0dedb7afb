// Package middleware has the filters of Nova's api-paste.ini: one file per filter, with a
// constructor of func(http.Handler) http.Handler from an Options struct, and [Registry], which
// lists them by the names of paste files.
//
// Filters share their data about a request in one [Record] per request, which the first filter
// that needs it creates: the request id, the token, the caller, the microversion. Outer filters
// such as the request log can thus use data that inner filters add.
//
// Answers that are sent before Nova's own code runs come from webob and oslo.middleware in
// Python. page.go writes their bodies byte for byte. They are not Nova's JSON faults, so that
// the package does not depend on compute/.
//
// The package imports config and paste, and of internal/ only log, policy, reqctx and rest.
package middleware
