package paste

import (
	"context"
	"net/http"
	"strings"
)

type scriptNameKey struct{}

// ScriptName gives WSGI's SCRIPT_NAME: the part of the path that those in front
// of the current handler have consumed, "" at the root. The rest is
// r.URL.Path. Links to oneself begin with it.
func ScriptName(r *http.Request) string {
	s, _ := r.Context().Value(scriptNameKey{}).(string)
	return s
}

// WithScriptName gives a copy of r whose SCRIPT_NAME is prefix. It leaves
// r.URL alone; see Shift.
func WithScriptName(r *http.Request, prefix string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), scriptNameKey{}, prefix))
}

// Shift gives a copy of r in which prefix has moved from the front of the path
// to the end of SCRIPT_NAME. Runs of slashes in the path become one slash, as
// Paste's urlmap does it. The path must begin with prefix after that; what
// remains may be empty. URL.RawPath is dropped: WSGI knows the decoded path only.
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
