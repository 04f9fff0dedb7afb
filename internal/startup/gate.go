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

func fileExists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Gate is the handler in front of an application until it has started. It runs the start in the
// background, and repeats it with increasing pauses, because obstacles can be temporary.
// Meanwhile it answers every request with 503, or with Nova's error application if a
// nova-compute is too old.
type Gate struct {
	Name  string // the name in the text of the error application: "osapi_compute"
	Next  http.Handler
	Start func(context.Context) error
	// Rest does the remaining work after Start; it is called until done. Its error closes the
	// gate. nil means no remaining work.
	Rest func(context.Context) (done bool, err error)
	// Started is called after Start and Rest, in the background, and ends with ctx.
	Started func(ctx context.Context)
	// Ready returns nil while the application can serve requests; the readiness probe, GET /,
	// calls it.
	Ready func(context.Context) error
	// Fail is called with the reason for which the application must not be started (an
	// *OtherReleaseError) or, with NeedApp, could not be started (a *NotLoadedError). The gate
	// then stays closed. If Fail is nil, the gate continues to try.
	Fail func(error)
	// NeedApp is uWSGI's need-app: Fail is called when uWSGI would fail to load Nova's module.
	NeedApp bool
	Log     zerolog.Logger

	open   atomic.Bool
	mu     sync.Mutex
	err    error     // why the gate is closed; nil before the first attempt
	logged time.Time // when err was last logged
	began  time.Time
}

const (
	// attemptTimeout bounds one attempt.
	attemptTimeout = 30 * time.Second
	// openTimeout is the time that Open waits for the first attempt.
	openTimeout = time.Second
	// logEvery is the interval of log messages while the service cannot start.
	logEvery = time.Minute
)

// NotLoadedError reports an application that uWSGI would have failed to load.
type NotLoadedError struct{ Err error }

func (e *NotLoadedError) Error() string { return "no application could be loaded: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *NotLoadedError) Unwrap() error { return e.Err }

// Open starts the application in the background, until it has started or ctx ends. It returns
// after the first attempt, or after a second, so that in the normal case no request finds the
// gate closed.
func (g *Gate) Open(ctx context.Context) {
	g.began = time.Now()
	tried := make(chan struct{})
	go g.run(ctx, sync.OnceFunc(func() { close(tried) }))
	select {
	case <-tried:
	case <-ctx.Done():
	case <-time.After(openTimeout):
	}
}

func (g *Gate) run(ctx context.Context, tried func()) {
	defer tried()
	started := g.repeat(ctx, tried, func(ctx context.Context) (bool, error) { return true, g.Start(ctx) })
	if started && g.Rest != nil {
		started = g.repeat(ctx, func() {}, g.Rest)
	}
	if started && g.Started != nil {
		g.Started(ctx)
	}
}

// repeat repeats a step until it is done or fatal, and returns whether it is done. The gate is
// open while the last attempt had no error.
func (g *Gate) repeat(ctx context.Context, tried func(), step func(context.Context) (bool, error)) bool {
	for p := (pauses{}); ; {
		done, err := attempt(ctx, step)
		if ctx.Err() != nil {
			return false
		}
		fatal := g.record(err)
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

// attempt runs a step with a deadline. It converts a panic to an error, because the step runs
// in its own goroutine.
func attempt(ctx context.Context, step func(context.Context) (bool, error)) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return step(ctx)
}

// record stores and logs the result of an attempt. It returns the error with which the process
// must end, or nil.
func (g *Gate) record(err error) (fatal error) {
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

// fatal returns the error with which the process must end, or nil.
func (g *Gate) fatal(err error) error {
	var other *OtherReleaseError
	if g.Fail == nil {
		return nil
	}
	if errors.As(err, &other) {
		return other
	}
	if !g.NeedApp || g.novaWaits(err) {
		return nil
	}
	return &NotLoadedError{err}
}

// novaWaits reports whether Nova would still wait for a database. Any other error ends the loading
// of Nova's module at once.
func (g *Gate) novaWaits(err error) bool {
	var database *DatabaseError
	if !errors.As(err, &database) || !database.Away() {
		return false
	}
	patience, ends := database.connectTime()
	return !ends || time.Since(g.began) < patience
}

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.open.Load() {
		g.mu.Lock()
		err := g.err
		g.mu.Unlock()
		g.writeClosed(w, err)
		return
	}
	if g.Ready != nil && isProbe(r) {
		if err := g.Ready(r.Context()); err != nil {
			g.writeClosed(w, err)
			return
		}
	}
	g.Next.ServeHTTP(w, r)
}

// isProbe reports whether a request is the readiness probe.
func isProbe(r *http.Request) bool {
	return (r.URL.Path == "/" || r.URL.Path == "") && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// writeClosed answers with the reason for which the application does not serve. The answer contains
// no addresses.
func (g *Gate) writeClosed(w http.ResponseWriter, err error) {
	var tooOld *TooOldError
	var other *OtherReleaseError
	var database *DatabaseError
	switch {
	case errors.As(err, &tooOld):
		writeText(w, http.StatusInternalServerError, fmt.Sprintf("Out of date %s service %s\n", g.Name, tooOld))
	case errors.As(err, &other):
		unavailable(w, "The services around this one are of an unknown release of Nova; its log says more.\n")
	case errors.As(err, &database) && database.Away():
		unavailable(w, "The database cannot be reached.\n")
	default:
		unavailable(w, "The service has not started yet; its log says why.\n")
	}
}

func unavailable(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "5")
	writeText(w, http.StatusServiceUnavailable, why)
}

func writeText(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
