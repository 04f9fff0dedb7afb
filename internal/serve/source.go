package serve

import (
	"context"
	"crypto/tls"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// source is a listener with its protocol.
type source interface {
	// serve returns nil after withdraw, shutdown or close.
	serve() error
	// withdraw stops listening; connections in the queue are still served.
	withdraw()
	// shutdown waits until all requests are answered or ctx ends.
	shutdown(ctx context.Context) error
	// close interrupts the requests in progress.
	close()
}

// httpSource serves HTTP or HTTPS.
type httpSource struct {
	server   *http.Server
	listener *listener
	options  *Options
	stopping atomic.Bool
	cutOff   context.Context // ends when the requests in progress are interrupted
	cut      context.CancelFunc
	name     func() string // the host of requests of HTTP/1.0 without a Host header
}

func newHTTPSource(l net.Listener, h http.Handler, o *Options, config *tls.Config) *httpSource {
	s := &httpSource{listener: newListener(l, o), options: o}
	s.name = sync.OnceValue(func() string { return serverName(l.Addr()) })
	s.cutOff, s.cut = context.WithCancel(context.Background())
	s.server = &http.Server{
		Handler:           s.guarded(h),
		TLSConfig:         config,
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    o.MaxHeaderBytes,
		HTTP2:             http2Limits(o),
		// For HTTP/2 streams: net/http answers some by itself, and a deadline that is set from
		// the start can be moved without cost. Over HTTP/1.1 conn.Write sets the deadlines.
		WriteTimeout: streamLife,
		// The contexts of all connections and of their requests end with it.
		BaseContext: func(net.Listener) context.Context { return s.cutOff },
		ErrorLog:    stdlog.New(logWriter{o.Log}, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if t, ok := c.(*tls.Conn); ok {
				c = t.NetConn()
			}
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	return s
}

// serverName returns the name of this machine with the port of a listener, as uWSGI sets
// SERVER_NAME and SERVER_PORT.
func serverName(a net.Addr) string {
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	if tcp, ok := a.(*net.TCPAddr); ok {
		return net.JoinHostPort(name, strconv.Itoa(tcp.Port))
	}
	return name
}

func (s *httpSource) serve() error {
	var err error
	if s.server.TLSConfig != nil {
		err = s.server.ServeTLS(s.listener, "", "")
	} else {
		err = s.server.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, errWithdrawn) {
		return nil
	}
	return err
}

func (s *httpSource) withdraw() {
	s.stopping.Store(true)
	s.listener.withdraw()
}

// shutdown lets clients with persistent connections learn that they will be closed, before
// Shutdown closes idle connections. A request that is being sent on such a connection would
// otherwise fail.
func (s *httpSource) shutdown(ctx context.Context) error {
	s.withdraw()
	grace := time.After(s.options.IdleGrace)
	for wait := true; wait && !s.listener.isUnused(); {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-grace:
			wait = false
		case <-ctx.Done():
			wait = false
		}
	}
	// Shutdown would wait for these connections, because it does not treat new ones as idle.
	s.listener.conns.closeSilent(s.listener)
	return s.server.Shutdown(ctx)
}

func (s *httpSource) close() {
	s.cut()
	_ = s.server.Close()
}

// logWriter writes net/http's own messages, mostly about clients, to the log.
type logWriter struct{ log zerolog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	e := w.log.Debug()
	if strings.HasPrefix(string(p), "http: panic") {
		e = w.log.Error()
	}
	e.Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}
