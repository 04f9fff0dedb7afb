// Package middleware holds the filters that Nova's api-paste.ini names: one
// file each, a constructor of func(http.Handler) http.Handler from an Options
// struct, and [Registry], which lists them all under the names paste files use.
//
// Filters tell each other what they know of a request through one [Record] per
// request, which the first of them that needs it creates: the request id, the
// token, who the user turned out to be, the microversion. Outer filters, above
// all the request log, so learn what only inner ones find out.
//
// Answers that go out before Nova's own code runs come from webob and
// oslo.middleware in Python; their bodies are written by page.go, byte for byte.
// They are not Nova's JSON faults, so that nothing of compute/ is needed here.
//
// The package imports config, paste, and of internal/ only log, policy, reqctx
// and rest.
package middleware
