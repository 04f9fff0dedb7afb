package serve

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// uwsgiSource speaks the uwsgi protocol: a client connects, sends one packet of
// CGI variables and the body, and reads the answer until the end.
type uwsgiSource struct {
	listener net.Listener
	handler  http.Handler
	options  *Options
	base     context.Context // of the requests, done when they are cut off
	cancel   context.CancelFunc

	mu       sync.Mutex
	conns    map[net.Conn]bool
	stopping bool
	active   sync.WaitGroup
}

func newUWSGISource(l net.Listener, h http.Handler, o *Options) *uwsgiSource {
	s := &uwsgiSource{
		listener: timedListener{l, o.WriteTimeout},
		handler:  h,
		options:  o,
		conns:    map[net.Conn]bool{},
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *uwsgiSource) serve() error {
	var pause time.Duration
	for {
		c, err := s.listener.Accept()
		if err != nil {
			if s.isStopping() {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("uwsgi listener on %s: %w", s.listener.Addr(), err)
			}
			// Mostly no file descriptors are left: better later than never.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.options.Log.Error().Err(err).Stringer("retry_in", pause).Msgf("accepting uwsgi on %s", s.listener.Addr())
			time.Sleep(pause)
			continue
		}
		pause = 0
		if !s.track(c) {
			_ = c.Close()
			continue
		}
		go s.converse(c)
	}
}

func (s *uwsgiSource) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

func (s *uwsgiSource) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.conns[c] = true
	s.active.Add(1)
	return true
}

func (s *uwsgiSource) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	_ = s.listener.Close()
	idle := make(chan struct{})
	go func() {
		s.active.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		s.cancel()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *uwsgiSource) close() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// converse answers one connection. Nothing a client or a handler does gets out of it.
func (s *uwsgiSource) converse(c net.Conn) {
	defer s.active.Done()
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, c.LocalAddr())
	in := bufio.NewReaderSize(c, 4096)
	r, err := s.receive(ctx, c, in)
	var bad badPacket
	switch {
	case errors.As(err, &bad):
		s.options.Log.Warn().Err(err).Msgf("bad uwsgi request from %s", c.RemoteAddr())
		newCGIResponse(c, http.MethodGet).fail(http.StatusBadRequest)
		s.linger(c, in)
		return
	case errors.Is(err, io.EOF):
		return // connected and gone, as health checks do
	case err != nil:
		s.options.Log.Warn().Err(err).Msgf("incomplete uwsgi request from %s", c.RemoteAddr())
		return
	}
	if r.RemoteAddr == "" {
		r.RemoteAddr = c.RemoteAddr().String()
	}
	var body *pacedBody
	if r.Body != http.NoBody {
		body = newPacedBody(r.Body, c.SetReadDeadline, s.options)
		r.Body = body
	}
	if s.answer(newCGIResponse(c, r.Method), r) && body != nil && (!body.done || in.Buffered() > 0) {
		s.linger(c, in)
	}
}

// answer runs the handler; it reports whether the answer is complete.
func (s *uwsgiSource) answer(w *cgiResponse, r *http.Request) (complete bool) {
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

// lingerLimit is how much of an unread body is thrown away, so that the client
// gets to read the answer instead of an error about its own sending.
const lingerLimit = 4 << 20

func (s *uwsgiSource) linger(c net.Conn, in *bufio.Reader) {
	cw, ok := c.(interface{ CloseWrite() error })
	if !ok || cw.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.CopyN(io.Discard, in, lingerLimit)
}

// badPacket is an error to be answered with 400.
type badPacket struct{ error }

func bad(format string, args ...any) error { return badPacket{fmt.Errorf(format, args...)} }

// receive reads the variables and makes the request of them. io.EOF means that
// nothing came at all.
func (s *uwsgiSource) receive(ctx context.Context, c net.Conn, in *bufio.Reader) (*http.Request, error) {
	if err := c.SetReadDeadline(time.Now().Add(s.options.ReadHeaderTimeout)); err != nil {
		return nil, err
	}
	vars, err := readPacket(in)
	if err != nil {
		return nil, err
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	r, err := cgiRequest(ctx, vars, in)
	if err != nil {
		return nil, badPacket{err}
	}
	return r, nil
}

// A packet begins with modifier1 (0 for WSGI), the size of the variables as a
// little-endian uint16, and modifier2.
const packetHeader = 4

func readPacket(in io.Reader) ([]variable, error) {
	var header [packetHeader]byte
	if _, err := io.ReadFull(in, header[:1]); err != nil {
		return nil, err
	}
	if header[0] != 0 {
		return nil, bad("modifier1 is %d, only WSGI requests (0) are served here", header[0])
	}
	if _, err := io.ReadFull(in, header[1:]); err != nil {
		return nil, short(err)
	}
	buffer := make([]byte, binary.LittleEndian.Uint16(header[1:]))
	if _, err := io.ReadFull(in, buffer); err != nil {
		return nil, short(err)
	}
	return parseVariables(buffer)
}

func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parseVariables reads names and values, each after its length as a
// little-endian uint16.
func parseVariables(b []byte) ([]variable, error) {
	vars := make([]variable, 0, 32)
	for len(b) > 0 {
		var v variable
		for _, field := range []*string{&v.name, &v.value} {
			if len(b) < 2 {
				return nil, bad("the variables end inside a length")
			}
			n := int(binary.LittleEndian.Uint16(b))
			if b = b[2:]; len(b) < n {
				return nil, bad("a string of %d bytes reaches beyond the end", n)
			}
			*field, b = string(b[:n]), b[n:]
		}
		vars = append(vars, v)
	}
	return vars, nil
}
