package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/startup"
)

// build builds the application of a configuration and installs it; the previous one ends after
// its last request. If the application fails during its start, build returns the reason and the
// previous one stays; if it fails later, the process ends.
func (h *hosting) build(ctx context.Context, c *config.Config) error {
	logger, sink, err := log.New(c.Default.Log, h.program.Name)
	if err != nil {
		return err
	}
	told, _ := startup.UnheededIn(c)
	for _, w := range append(c.Warnings(), told...) {
		logger.Warn().Msg(w.String())
	}
	// The background work of the application continues while the requests in progress are
	// finished.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 1)
	o := Observers{Log: logger, Metrics: h.metrics, Traces: h.traces.provider(), NeedApp: h.needApp, Fail: func(err error) {
		select {
		case failed <- err:
		default:
		}
	}}
	var events http.Handler
	if h.program.eventsAddress(c) != "" {
		o.Events = func(handler http.Handler) { events = handler }
	}
	app, err := h.program.Build(ctx, c, o)
	if err == nil {
		select {
		case err = <-failed:
		default:
		}
	}
	if err != nil {
		cancel()
		_ = sink.Close()
		return err
	}
	go func() {
		select {
		case err := <-failed:
			h.fail(err)
		case <-ctx.Done():
		}
	}()
	h.app.Set(app, h.end)
	h.events.set(events)
	h.config = c
	h.end = func() {
		cancel()
		_ = sink.Close()
	}
	return nil
}

// reload reads configuration, paste file, policy files and certificates, and reopens the log.
// If a file cannot be read, its previous content stays in effect.
func (h *hosting) reload(ctx context.Context) {
	notify(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
	defer notify(daemon.SdNotifyReady)
	if err := errors.Join(h.sink.Reopen(), h.output.reopen()); err != nil {
		h.log.Error().Err(err).Msg("the log file cannot be reopened")
	}
	c, err := h.load()
	switch {
	case err != nil:
	case h.waits():
		h.config = c // for the next attempt
		err = h.loadApp(ctx, c)
	default:
		err = h.build(ctx, c)
	}
	if err != nil {
		h.log.Error().Msg("not reloaded, all stays as it was: " + oneLine(err))
		return
	}
	if err := h.server.ReloadCertificates(); err != nil {
		h.log.Error().Msg("the certificate was not reloaded: " + oneLine(err))
	}
	h.log.Info().Msg("reloaded")
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

// notLoaded converts err to the error with uWSGI's own exit status for need-app.
func (h *hosting) notLoaded(err error) error {
	var other *startup.OtherReleaseError
	var same *startup.NotLoadedError
	if !h.needApp || errors.As(err, &other) || errors.As(err, &same) {
		return err
	}
	return &startup.NotLoadedError{Err: err}
}

// finishTimeout bounds the time that writing operations may take after the connections of their
// clients have been closed at the end of the drain time.
const finishTimeout = time.Minute

// finish waits for writing operations whose clients have disconnected, so that none is
// interrupted by the end of the process.
func (h *hosting) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), finishTimeout)
	defer cancel()
	if h.app.Close(ctx) != nil {
		h.log.Warn().Stringer("after", finishTimeout).Msg("ending although operations have not finished")
	}
}
