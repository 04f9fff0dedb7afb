package startup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Gate stands in front of an application until its start-up has succeeded. While
// a database is away it answers 503 and tries again; deployments whose computes
// are too old get Nova's error application; any other failure is final.
type Gate struct {
	Name  string // as the error application says it: "osapi_compute"
	Next  http.Handler
	Start func(context.Context) error
	Log   zerolog.Logger

	ready atomic.Bool
	mu    sync.Mutex
	tried time.Time
	err   error
}

const retryEvery = time.Second

// Open tries to start until it succeeds, fails for good, or ctx ends. It is run
// beside the listener, so that a database that comes back needs no request to be
// noticed.
func (g *Gate) Open(ctx context.Context) {
	for !g.ready.Load() {
		if err := g.try(ctx); err != nil && !away(err) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryEvery):
		}
	}
}

func away(err error) bool { return objects.IsClass(err, db.Unavailable) }

// try starts once, at most every retryEvery while the database is away.
func (g *Gate) try(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ready.Load() {
		return nil
	}
	if g.err != nil && (!away(g.err) || time.Since(g.tried) < retryEvery) {
		return g.err
	}
	g.err = g.Start(ctx)
	g.tried = time.Now()
	if g.err == nil {
		g.ready.Store(true)
		return nil
	}
	g.Log.Error().Err(g.err).Msg("The service cannot start yet")
	return g.err
}

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.ready.Load() {
		g.Next.ServeHTTP(w, r)
		return
	}
	err := g.try(context.WithoutCancel(r.Context()))
	var tooOld *TooOldError
	switch {
	case err == nil:
		g.Next.ServeHTTP(w, r)
	case away(err):
		w.Header().Set("Retry-After", "5")
		text(w, http.StatusServiceUnavailable, "The database cannot be reached.\n")
	case errors.As(err, &tooOld):
		text(w, http.StatusInternalServerError, fmt.Sprintf("Out of date %s service %s\n", g.Name, tooOld))
	default:
		text(w, http.StatusInternalServerError, "The service failed to start; its log says why.\n")
	}
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
