// Package paste is PasteDeploy in Go: it reads an api-paste.ini and builds the
// http.Handler that one of its sections describes, from factories the caller
// registers under the names the file uses for their Python counterparts.
//
// It understands everything PasteDeploy does: app, composite, filter, pipeline,
// filter-app and server sections, "use" with egg:, call:, config: and section
// names, paste.*_factory, [DEFAULT] globals, "set" and "get", %(here)s and
// other interpolation, filter-with and urlmap. Only sections that are reached
// from the one asked for are resolved, so a file may carry dead sections that
// name classes nobody has.
//
// The package knows nothing of Nova and imports nothing of this module.
package paste
