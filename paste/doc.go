// Package paste is PasteDeploy in Go: it reads an api-paste.ini and builds the http.Handler
// that one of its sections describes. The caller registers the factories under the names that
// the file uses for their Python counterparts.
//
// It implements all of PasteDeploy: app, composite, filter, pipeline, filter-app and server
// sections, "use" with egg:, call:, config: and section names, paste.*_factory, [DEFAULT]
// globals, "set" and "get", %(here)s and other interpolation, filter-with and urlmap. Only
// sections that the requested section refers to are resolved, so that unused sections may name
// factories that are not registered.
//
// The package does not depend on Nova and imports no package of this module.
package paste
