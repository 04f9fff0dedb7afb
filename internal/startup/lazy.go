package startup

import (
	"fmt"
	"net/http"
	"os"
	"sync"
)

// Lazy is an application that is built at its first request, as the package-level applications
// are. If that fails, the error is printed once and every request is answered with 500, because
// Nova's modules keep such a failure, too.
type Lazy struct {
	Make func() (http.Handler, error)

	once sync.Once
	app  http.Handler
	err  error
}

// ServeHTTP implements http.Handler.
func (l *Lazy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.once.Do(func() {
		if l.app, l.err = l.Make(); l.err != nil {
			fmt.Fprintln(os.Stderr, l.err)
		}
	})
	if l.err != nil {
		writeText(w, http.StatusInternalServerError, "The application could not be loaded; its log says why.\n")
		return
	}
	l.app.ServeHTTP(w, r)
}
