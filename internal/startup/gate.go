package startup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Gate stands in front of an application until its start-up has succeeded. It
// starts in the background alone, and again with growing pauses: whatever has kept
// it from starting may pass. Until then every request is answered at once, with
// 503, or with Nova's error application where computes are too old.
type Gate struct {
	Name  string // as the error application says it: "osapi_compute"
	Next  http.Handler
	Start func(context.Context) error
	// Rest is what is left to do after Start; it is called until it is done. An error
	// of it closes the gate. nil: nothing is left.
	Rest func(context.Context) (done bool, err error)
	// Ready is nil while the application can serve requests: the readiness probe,
	// GET /, asks it.
	Ready func(context.Context) error
	// Fail is told why the application must not be started, or with NeedApp could not
	// be: an *OtherReleaseError, or a *NotLoadedError. The gate stays closed then. nil:
	// it goes on trying.
	Fail func(error)
	// NeedApp is uWSGI's: Fail is called when Nova's module would have failed to load.
	NeedApp bool
	Log     zerolog.Logger

	open   atomic.Bool
	mu     sync.Mutex
	err    error     // why it is closed; nil while nothing is known
	logged time.Time // when that was last logged
	began  time.Time
}

const (
	// tryWithin is how long one try may take.
	tryWithin = 30 * time.Second
	// openWithin is how long Open waits for the first try.
	openWithin = time.Second
	// logEvery is how often the log says why the service has not started.
	logEvery = time.Minute
)

// NotLoadedError is an application that uWSGI would have failed to load.
type NotLoadedError struct{ Err error }

func (e *NotLoadedError) Error() string { return "no application could be loaded: " + e.Err.Error() }

// Unwrap implements errors.
func (e *NotLoadedError) Unwrap() error { return e.Err }

// Open starts the application in the background, until it has started or ctx ends.
// It returns after the first try, or after a second, so that where all is well no
// request finds the gate closed.
func (g *Gate) Open(ctx context.Context) {
	g.began = time.Now()
	tried := make(chan struct{})
	go g.run(ctx, sync.OnceFunc(func() { close(tried) }))
	select {
	case <-tried:
	case <-ctx.Done():
	case <-time.After(openWithin):
	}
}

func (g *Gate) run(ctx context.Context, tried func()) {
	defer tried()
	started := g.until(ctx, tried, func(ctx context.Context) (bool, error) { return true, g.Start(ctx) })
	if started && g.Rest != nil {
		g.until(ctx, func() {}, g.Rest)
	}
}

// until tries until a step is done, and tells whether it is. The gate is open
// while there is no error.
func (g *Gate) until(ctx context.Context, tried func(), step func(context.Context) (bool, error)) bool {
	for p := (pauses{}); ; {
		done, err := attempt(ctx, step)
		if ctx.Err() != nil {
			return false
		}
		fatal := g.note(err)
		if fatal != nil {
			g.Fail(fatal)
		}
		tried()
		if fatal != nil {
			return false
		}
		if done && err == nil {
			return true
		}
		if !p.wait(ctx) {
			return false
		}
	}
}

// attempt runs a step with a deadline. A panic of it is an error: nobody else would
// catch it here.
func attempt(ctx context.Context, step func(context.Context) (bool, error)) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return step(ctx)
}

// note keeps and logs the result of a try. It answers what the process is to end
// with, or nil.
func (g *Gate) note(err error) (fatal error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.err
	g.err = err
	g.open.Store(err == nil)
	if err == nil {
		if before != nil {
			g.Log.Info().Msg("The service has started")
		}
		return nil
	}
	if fatal := g.fatal(err); fatal != nil {
		return fatal
	}
	if time.Since(g.logged) >= logEvery {
		g.logged = time.Now()
		g.Log.Error().Msg("The service cannot start yet, and will try again: " + err.Error())
	}
	return nil
}

// fatal is what the process is to end with, or nil.
func (g *Gate) fatal(err error) error {
	var other *OtherReleaseError
	if g.Fail == nil {
		return nil
	}
	if errors.As(err, &other) {
		return other
	}
	if !g.NeedApp || g.waits(err) {
		return nil
	}
	return &NotLoadedError{err}
}

// waits tells whether Nova would still wait for a database. Another error ends the
// loading of its module at once.
func (g *Gate) waits(err error) bool {
	var database *DatabaseError
	if !errors.As(err, &database) || !database.Away() {
		return false
	}
	patience, ends := database.patience()
	return !ends || time.Since(g.began) < patience
}

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.open.Load() {
		g.mu.Lock()
		err := g.err
		g.mu.Unlock()
		g.closed(w, err)
		return
	}
	if g.Ready != nil && isProbe(r) {
		if err := g.Ready(r.Context()); err != nil {
			g.closed(w, err)
			return
		}
	}
	g.Next.ServeHTTP(w, r)
}

// isProbe tells whether a request is the readiness probe.
func isProbe(r *http.Request) bool {
	return (r.URL.Path == "/" || r.URL.Path == "") && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// closed answers why the application does not. Clients are told of no address.
func (g *Gate) closed(w http.ResponseWriter, err error) {
	var tooOld *TooOldError
	var other *OtherReleaseError
	var database *DatabaseError
	switch {
	case errors.As(err, &tooOld):
		text(w, http.StatusInternalServerError, fmt.Sprintf("Out of date %s service %s\n", g.Name, tooOld))
	case errors.As(err, &other):
		unavailable(w, "The services around this one are of another release of Nova; its log says which.\n")
	case errors.As(err, &database) && database.Away():
		unavailable(w, "The database cannot be reached.\n")
	default:
		unavailable(w, "The service has not started yet; its log says why.\n")
	}
}

func unavailable(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "5")
	text(w, http.StatusServiceUnavailable, why)
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
