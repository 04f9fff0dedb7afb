package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
)

// cgiSource accepts connections of a protocol with CGI variables, and answers their requests.
type cgiSource struct {
	protocol string
	converse func(*cgiSource, *cgiConn)
	listener *listener
	handler  http.Handler
	options  *Options
	base     context.Context // the context of requests; it ends when they are interrupted
	cancel   context.CancelCauseFunc

	mu       sync.Mutex
	conns    map[*cgiConn]bool // true: waiting for another request
	stopping bool
	active   sync.WaitGroup
}

// cgiConn is a connection with its read buffer.
type cgiConn struct {
	*conn
	in *bufio.Reader
}

func newCGISource(protocol string, converse func(*cgiSource, *cgiConn), l net.Listener, h http.Handler, o *Options) *cgiSource {
	s := &cgiSource{
		protocol: protocol,
		converse: converse,
		listener: newListener(l, o),
		handler:  h,
		options:  o,
		conns:    map[*cgiConn]bool{},
	}
	s.base, s.cancel = context.WithCancelCause(context.Background())
	return s
}

func (s *cgiSource) serve() error {
	var pause time.Duration
	for {
		c, err := s.listener.accept()
		if err != nil {
			if errors.Is(err, errWithdrawn) || s.isStopping() {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("%s listener on %s: %w", s.protocol, s.listener.Addr(), err)
			}
			// In most cases no file descriptors are available; the loop waits and tries again.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.options.Log.Error().Err(err).Stringer("retry_in", pause).Msgf("cannot accept %s connections on %s", s.protocol, s.listener.Addr())
			time.Sleep(pause)
			continue
		}
		pause = 0
		s.active.Add(1)
		go s.attend(&cgiConn{conn: c, in: bufio.NewReaderSize(c, 4096)})
	}
}

func (s *cgiSource) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// attend serves one connection. It recovers from panics.
func (s *cgiSource) attend(c *cgiConn) {
	defer s.active.Done()
	s.mu.Lock()
	s.conns[c] = false
	s.mu.Unlock()
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	s.converse(s, c)
}

// between records whether c waits for another request. It returns false if c must not serve
// another one.
func (s *cgiSource) between(c *cgiConn, waiting bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = waiting
	return !s.stopping
}

func (s *cgiSource) withdraw() {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.listener.withdraw()
}

func (s *cgiSource) shutdown(ctx context.Context) error {
	s.withdraw()
	idle := make(chan struct{})
	go func() {
		for !s.listener.closed.Load() || s.listener.accepting.Load() > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		s.active.Wait()
		close(idle)
	}()
	grace := time.NewTimer(s.options.IdleGrace)
	defer grace.Stop()
	for {
		select {
		case <-idle:
			s.cancel(nil)
			return nil
		case <-grace.C:
			s.closeConns(func(waiting bool) bool { return waiting })
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *cgiSource) close() {
	s.cancel(reqctx.ErrCutOff)
	_ = s.listener.Close()
	s.closeConns(func(bool) bool { return true })
}

func (s *cgiSource) closeConns(which func(waiting bool) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, waiting := range s.conns {
		if which(waiting) {
			_ = c.Close()
		}
	}
}

// single serves a connection of a protocol with one request per connection; closing the
// connection ends the answer.
func (s *cgiSource) single(c *cgiConn, statusLine string, read func(context.Context) (*http.Request, error)) {
	ctx, cancel := s.requestContext(c)
	defer cancel()
	_ = c.SetReadDeadline(time.Now().Add(s.options.ReadHeaderTimeout))
	r, err := read(ctx)
	var bad badPacket
	switch {
	case errors.As(err, &bad):
		s.options.Log.Warn().Err(err).Msgf("bad %s request from %s", s.protocol, c.RemoteAddr())
		newCGIResponse(c, c, http.MethodGet, statusLine).fail(http.StatusBadRequest)
		linger(c)
		return
	case errors.Is(err, io.EOF):
		return // a connection without a request, as of health checks
	case err != nil:
		s.options.Log.Warn().Err(err).Msgf("incomplete %s request from %s", s.protocol, c.RemoteAddr())
		return
	}
	body := s.prepare(c, r)
	if s.answer(c, newCGIResponse(c, c, r.Method, statusLine), r) && body != nil && (!body.done || c.in.Buffered() > 0) {
		linger(c)
	}
}

// prepare completes a request whose head has been read, and returns its body; nil if it has
// none.
func (s *cgiSource) prepare(c *cgiConn, r *http.Request) *pacedBody {
	_ = c.SetReadDeadline(time.Time{})
	if r.RemoteAddr == "" {
		r.RemoteAddr = c.RemoteAddr().String()
	}
	if r.Body == http.NoBody {
		return nil
	}
	body := newPacedBody(r.Body, c.conn, c.SetReadDeadline, s.options)
	r.Body = body
	return body
}

func (s *cgiSource) requestContext(c *cgiConn) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.base)
	return context.WithValue(ctx, http.LocalAddrContextKey, c.LocalAddr()), cancel
}

// answer calls the handler; it reports whether the answer is complete.
func (s *cgiSource) answer(c *cgiConn, w *cgiResponse, r *http.Request) (complete bool) {
	c.enter()
	defer c.leave()
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			return
		}
		s.options.Log.Error().Str("stack", string(debug.Stack())).Msgf("panic serving %s %s: %v", r.Method, r.URL.Path, p)
		complete = w.fail(http.StatusInternalServerError)
	}()
	s.handler.ServeHTTP(w, r)
	if err := w.finish(); err != nil {
		s.options.Log.Debug().Err(err).Msgf("answering %s %s", r.Method, r.URL.Path)
		return false
	}
	return true
}

// lingerLimit bounds the bytes of an unread body that are discarded. Discarding them lets the
// client read the answer instead of getting a write error.
const lingerLimit = 4 << 20

func linger(c *cgiConn) {
	if c.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.CopyN(io.Discard, c.in, lingerLimit)
}

// badPacket is an error that is answered with 400.
type badPacket struct{ error }

func badPacketf(format string, args ...any) error { return badPacket{fmt.Errorf(format, args...)} }

// unexpectedEOF converts io.EOF in the middle of an element to io.ErrUnexpectedEOF.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
