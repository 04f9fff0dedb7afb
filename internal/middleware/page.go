package middleware

import (
	"net/http"

	"github.com/nova-go/nova/internal/webob"
)

var (
	unauthorizedPage = webob.Page{Status: http.StatusUnauthorized}
	serverErrorPage  = webob.Page{Status: http.StatusInternalServerError}
	unavailablePage  = webob.Page{Status: http.StatusServiceUnavailable}
	notFoundPage     = webob.Page{Status: http.StatusNotFound}
)
