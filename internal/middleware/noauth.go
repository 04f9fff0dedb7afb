package middleware

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
)

// NoAuthOptions configure NoAuth.
type NoAuthOptions struct {
	// ProjectInPath appends the project to the management URL.
	ProjectInPath bool
}

// NoAuth accepts "user:project", or "user" for both, as X-Auth-Token, for development without
// Keystone. The user admin is an administrator. To a request without a token it answers 204,
// with the token for X-Auth-User and X-Auth-Project-Id and the management URL. Nova 34 has
// removed this filter, but older paste files name it. The roles are an addition, because the
// default policies require roles.
func NoAuth(o NoAuthOptions) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := r.Header["X-Auth-Token"]; !ok {
				loginAnswer(w, r, o.ProjectInPath)
				return
			}
			user, project, _ := strings.Cut(r.Header.Get("X-Auth-Token"), ":")
			if project == "" {
				project = user
			}
			rec, r := WithRecord(r)
			c := &reqctx.Caller{
				RequestID: rec.RequestID, GlobalRequestID: rec.GlobalRequestID, Timestamp: clock.Now(r.Context()).UTC(),
				RemoteAddress: filter.RemoteAddr(r), UserID: user, ProjectID: project, IsAdminProject: true,
				IsAdmin: user == "admin", Roles: []string{"member", "reader"}, AuthToken: r.Header.Get("X-Auth-Token"),
			}
			if c.RequestID == "" {
				c.RequestID = newRequestID()
			}
			if c.IsAdmin {
				c.Roles = []string{"admin", "manager", "member", "reader"}
			}
			rec.User = c
			next.ServeHTTP(w, r.WithContext(reqctx.With(r.Context(), c)))
		})
	}
}

func loginAnswer(w http.ResponseWriter, r *http.Request, projectInPath bool) {
	user, project := "admin", "admin"
	if v := r.Header.Get("X-Auth-User"); v != "" {
		user = v
	}
	if v := r.Header.Get("X-Auth-Project-Id"); v != "" {
		project = v
	}
	url := strings.TrimRight(requestURL(r), "/")
	if projectInPath {
		url += "/" + project
	}
	h := w.Header()
	h.Set("X-Auth-Token", user+":"+project)
	h.Set("X-Server-Management-Url", url)
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(http.StatusNoContent)
}
