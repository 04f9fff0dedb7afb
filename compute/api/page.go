package api

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// WritePage answers a bare status the way webob's exceptions do outside of a
// controller (an unknown path): HTML, or JSON for who accepts only that.
func WritePage(w http.ResponseWriter, r *http.Request, status int, detail string) {
	title := http.StatusText(status)
	text := bare[status] + "<br /><br />\n" + html.EscapeString(detail) + "\n\n"
	body, kind := fmt.Sprintf("<html>\n <head>\n  <title>%d %s</title>\n </head>\n <body>\n  <h1>%d %s</h1>\n  %s\n\n </body>\n</html>", status, title, status, title, text), "text/html; charset=UTF-8"
	switch prefers(r.Header.Get("Accept")) {
	case "application/json":
		body, kind = fmt.Sprintf(`{"message": %s, "code": "%d %s", "title": %q}`, quote(text), status, title, title), "application/json"
	case "":
		body, kind = fmt.Sprintf("%d %s\n\n%s\n\n%s\n\n", status, title, bare[status], detail), "text/plain; charset=UTF-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(body))
	}
}

// prefers picks HTML or JSON by the first of them that Accept names; without a
// preference it is HTML, and "" when neither is acceptable.
func prefers(accept string) string {
	if accept == "" {
		return "text/html"
	}
	for _, part := range strings.Split(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.TrimSpace(kind) {
		case "*/*", "text/*", "text/html":
			return "text/html"
		case "application/json", "application/*":
			return "application/json"
		}
	}
	return ""
}
