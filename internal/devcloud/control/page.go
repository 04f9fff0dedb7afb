package control

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"

	"github.com/nova-go/nova/internal/pytext"
)

//go:embed page
var pageFiles embed.FS

// pages adds the files of the web page, and the events of servers that it reads.
func (a *API) pages(m *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return // impossible: the name is valid
	}
	serve := func(name, kind string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'")
			http.ServeFileFS(w, r, files, name)
		}
	}
	m.HandleFunc("GET /{$}", serve("page.html", "text/html"))
	m.HandleFunc("GET /page.css", serve("page.css", "text/css"))
	m.HandleFunc("GET /page.js", serve("page.js", "text/javascript"))
	m.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) { a.Cloud.Events(w, r) })
}

// life answers what has happened to a server.
func (a *API) life(r *http.Request) (any, error) {
	server := r.URL.Query().Get("server")
	if server == "" {
		return map[string]any{"messages": a.Messages.About("")}, nil
	}
	if !pytext.IsUUID(server) {
		return nil, errors.New("server: " + server + " is not the UUID of a server")
	}
	life, err := a.Cloud.Life(r.Context(), server)
	if err != nil {
		return nil, err
	}
	life["messages"] = a.Messages.About(server)
	return life, nil
}
