package serve

import (
	"context"
	"crypto/tls"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// source is a listener with its protocol.
type source interface {
	// serve returns nil after withdraw, shutdown or close.
	serve() error
	// withdraw stops listening; what has connected is still served.
	withdraw()
	// shutdown waits until all is answered or ctx is done.
	shutdown(ctx context.Context) error
	// close ends what is still going on.
	close()
}

// httpSource is HTTP or HTTPS.
type httpSource struct {
	server   *http.Server
	listener *listener
	options  *Options
	stopping atomic.Bool
	cutOff   context.Context // done when what is under way is cut off
	cut      context.CancelFunc
}

func newHTTPSource(l net.Listener, h http.Handler, o *Options, config *tls.Config) *httpSource {
	s := &httpSource{listener: newListener(l, o), options: o}
	s.cutOff, s.cut = context.WithCancel(context.Background())
	s.server = &http.Server{
		Handler:           s.guarded(h),
		TLSConfig:         config,
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    o.MaxHeaderBytes,
		HTTP2:             http2Limits(o),
		// For streams of HTTP/2, of which net/http answers some by itself: a
		// deadline that is there from the start can be moved later for nothing.
		// Over HTTP/1.1 that of conn.Write holds.
		WriteTimeout: streamLife,
		// With it end the contexts of all connections, and those of their requests.
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

// shutdown gives clients with a kept connection the time to find out that it is
// going to be closed, before Shutdown closes those that are idle: the request
// that is just on its way over one of them would fail.
func (s *httpSource) shutdown(ctx context.Context) error {
	s.withdraw()
	grace := time.After(s.options.IdleGrace)
	for wait := true; wait && !s.listener.deserted(); {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-grace:
			wait = false
		case <-ctx.Done():
			wait = false
		}
	}
	// Shutdown would wait for them: they are not idle, but new.
	s.listener.crowd.closeSilent(s.listener)
	return s.server.Shutdown(ctx)
}

func (s *httpSource) close() {
	s.cut()
	_ = s.server.Close()
}

// logWriter brings net/http's own complaints, mostly about clients, into the log.
type logWriter struct{ log zerolog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	e := w.log.Debug()
	if strings.HasPrefix(string(p), "http: panic") {
		e = w.log.Error()
	}
	e.Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}
