package paste

import (
	"context"
	"net/http"
	"strings"
)

type scriptNameKey struct{}

// ScriptName returns WSGI's SCRIPT_NAME: the part of the path that earlier handlers have
// consumed, "" at the root. The rest of the path is r.URL.Path. Links to the application itself
// begin with it.
func ScriptName(r *http.Request) string {
	s, _ := r.Context().Value(scriptNameKey{}).(string)
	return s
}

// WithScriptName returns a copy of r with SCRIPT_NAME set to prefix. It does not change r.URL;
// see Shift.
func WithScriptName(r *http.Request, prefix string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), scriptNameKey{}, prefix))
}

// Shift returns a copy of r in which prefix is moved from the beginning of the path to the end
// of SCRIPT_NAME. As in Paste's urlmap, each run of slashes in the path becomes one slash.
// After that the path must begin with prefix, and may be equal to it. URL.RawPath is dropped,
// because WSGI has only the decoded path.
func Shift(r *http.Request, prefix string) *http.Request {
	s := WithScriptName(r, ScriptName(r)+prefix)
	u := *r.URL
	u.Path = strings.TrimPrefix(CollapseSlashes(r.URL.Path), prefix)
	u.RawPath = ""
	s.URL = &u
	return s
}

// CollapseSlashes turns every run of slashes into one.
func CollapseSlashes(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	var b strings.Builder
	for i := range len(path) {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}
