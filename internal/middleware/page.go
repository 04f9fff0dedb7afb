package middleware

import (
	"net/http"
	"strconv"

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
