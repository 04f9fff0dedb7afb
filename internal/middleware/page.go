package middleware

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/webob"
)

var (
	unauthorizedPage = webob.Page{Status: http.StatusUnauthorized}
	serverErrorPage  = webob.Page{Status: http.StatusInternalServerError}
	unavailablePage  = webob.Page{Status: http.StatusServiceUnavailable}
	notFoundPage     = webob.Page{Status: http.StatusNotFound}
)

func writeBody(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// pyQuote is Python's json.dumps of a text that is ASCII, as all of ours are.
func pyQuote(s string) string {
	b := new(strings.Builder)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}
