package cli

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// lazyInterval is the time between two attempts to load the application, as between two starts of uWSGI's worker.
const lazyInterval = time.Second

// errEndWell ends the process with status 0.
var errEndWell = errors.New("ended by a hook")

// loadApp runs the commands before the application, builds it, and runs those after it.
func (h *hosting) loadApp(ctx context.Context, c *config.Config) error {
	if err := run(h.ini, uwsgiini.PreApp); err != nil {
		return err
	}
	if err := h.build(ctx, c); err != nil {
		return h.notLoaded(err)
	}
	if err := run(h.ini, uwsgiini.PostApp); err != nil {
		h.app.Set(http.HandlerFunc(h.wait), h.end)
		h.end = func() {}
		return err
	}
	if h.waits() {
		close(h.loaded)
	}
	return nil
}

// loadFirst loads the application. If a command around it fails with lazy-apps, loadFirst returns when to try again, and
// until then requests wait: uWSGI listens, and its worker starts again and again. A process that replaces another one ends
// instead, and the other one goes on.
func (h *hosting) loadFirst(ctx context.Context, c *config.Config, parent *serve.Parent) (again <-chan time.Time, err error) {
	h.end = func() {}
	err = h.loadApp(ctx, c)
	failed, isCommand := errors.AsType[*commandError](err)
	if !isCommand || failed.what == uwsgiini.Ends || parent.Replaces() {
		return nil, err
	}
	if failed.what == uwsgiini.EndsWell {
		return nil, h.endWell(err)
	}
	h.config, h.loaded = c, make(chan struct{})
	h.app.Set(http.HandlerFunc(h.wait), nil)
	return h.later(err), nil
}

// endWell reports why the process ends with status 0, and returns errEndWell.
func (h *hosting) endWell(err error) error {
	h.log.Error().Msg("ending: " + oneLine(err))
	return errEndWell
}

// loadAgain tries to load the application another time. Its error is errEndWell.
func (h *hosting) loadAgain(ctx context.Context) (again <-chan time.Time, err error) {
	if !h.waits() {
		return nil, nil // SIGHUP has loaded it
	}
	err = h.loadApp(ctx, h.config)
	if failed, ok := errors.AsType[*commandError](err); ok && failed.what == uwsgiini.EndsWell {
		return nil, h.endWell(err)
	}
	if err != nil {
		return h.later(err), nil
	}
	h.log.Info().Msg("the application is loaded")
	return nil, nil
}

// later reports why there is no application, and returns when to try again.
func (h *hosting) later(err error) <-chan time.Time {
	h.log.Error().Msg("requests wait, because the application cannot be loaded: " + oneLine(err))
	return time.After(lazyInterval)
}

// waits tells whether requests wait for the application.
func (h *hosting) waits() bool {
	if h.loaded == nil {
		return false
	}
	select {
	case <-h.loaded:
		return false
	default:
		return true
	}
}

// wait is the handler without an application. It closes the connection when the process ends.
func (h *hosting) wait(w http.ResponseWriter, r *http.Request) {
	select {
	case <-h.loaded:
		h.app.ServeHTTP(w, r)
	case <-r.Context().Done():
	case <-h.ending:
		panic(http.ErrAbortHandler)
	}
}
