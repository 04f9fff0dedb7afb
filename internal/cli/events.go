package cli

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nova-go/nova/config"
)

// eventsAddress returns the address of the events of servers; "" means none.
func (p Program) eventsAddress(c *config.Config) string {
	if p.Events == nil {
		return ""
	}
	return p.Events(c)
}

// Until returns a handler whose requests are cancelled when ctx ends, for answers that do not end otherwise.
func Until(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		with, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		h.ServeHTTP(w, r.WithContext(with))
	})
}

// eventsSwitch passes requests to the events of the current application.
type eventsSwitch struct{ current atomic.Pointer[eventsHandler] }

type eventsHandler struct {
	http.Handler
	end context.CancelFunc
}

// set replaces the handler, and ends the answers of the previous one: the clients connect again. A nil handler, for an
// application without events, is answered with 404.
func (s *eventsSwitch) set(h http.Handler) {
	if h == nil {
		h = http.NotFoundHandler()
	}
	ctx, end := context.WithCancel(context.Background())
	if old := s.current.Swap(&eventsHandler{Until(ctx, h), end}); old != nil {
		old.end()
	}
}

// eventsEndWithin bounds the time in which the answers of a server of events must end.
const eventsEndWithin = 5 * time.Second

// serveEvents serves the events of servers until ctx ends. Then it ends all answers, so that clients connect to another
// process.
func (h *hosting) serveEvents(ctx context.Context, address string) {
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.events.current.Load().ServeHTTP(w, r) }),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(ended)
		closing, cancel := context.WithTimeout(context.Background(), eventsEndWithin)
		defer cancel()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
	})
	h.serveBeside(ctx, server, address, "Events of servers are served")
	<-ended
}
