package serve

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// newFastCGISource serves FastCGI as a responder. It answers the requests of a connection one
// after the other, as front servers send them; a concurrent request is rejected with
// FCGI_CANT_MPX_CONN.
//
// net/http/fcgi is not used: it buffers bodies that arrive faster than they are read, has no
// limits for slow clients, cannot drain, and does not separate SCRIPT_NAME from the path.
func newFastCGISource(l net.Listener, h http.Handler, o *Options) *cgiSource {
	return newCGISource("fcgi", func(s *cgiSource, c *cgiConn) {
		for first := true; first || s.nextFastCGI(c); first = false {
			if !s.answerFastCGI(c) {
				return
			}
		}
	}, l, h, o)
}

// nextFastCGI waits for another request on a persistent connection.
func (s *cgiSource) nextFastCGI(c *cgiConn) bool {
	if !s.between(c, true) {
		return false
	}
	_ = c.SetReadDeadline(time.Now().Add(s.options.IdleTimeout))
	_, err := c.in.Peek(1)
	// A request that has begun is answered even if the source is about to stop.
	s.between(c, false)
	return err == nil
}

// The types of records, and their values.
const (
	fcgiBegin = iota + 1
	fcgiAbort
	fcgiEnd
	fcgiParams
	fcgiStdin
	fcgiStdout
	fcgiStderr
	fcgiData
	fcgiGetValues
	fcgiGetValuesResult
	fcgiUnknownType

	fcgiResponder = 1
	fcgiKeepConn  = 1

	fcgiComplete    = 0
	fcgiCantMPX     = 1
	fcgiUnknownRole = 3

	fcgiHeader    = 8
	fcgiMaxRecord = 65528 // below 64 KiB, and a multiple of 8
)

// fcgiRecord is the header of a record.
type fcgiRecord struct {
	kind    byte
	id      uint16
	length  int // remaining bytes of its content
	padding int
}

// fcgiStream reads the records of one request.
type fcgiStream struct {
	in      *bufio.Reader
	out     io.Writer
	id      uint16
	keep    bool
	current fcgiRecord // the current FCGI_STDIN record, if any
	ended   bool       // the body has been read, or the request aborted
}

// next skips the rest of the previous record and reads the next header.
func (f *fcgiStream) next() (fcgiRecord, error) {
	if _, err := f.in.Discard(f.current.length + f.current.padding); err != nil {
		return fcgiRecord{}, unexpectedEOF(err)
	}
	f.current = fcgiRecord{}
	var h [fcgiHeader]byte
	if n, err := io.ReadFull(f.in, h[:]); err != nil {
		if n > 0 || f.id != 0 {
			err = unexpectedEOF(err)
		}
		return fcgiRecord{}, err
	}
	if h[0] != 1 {
		return fcgiRecord{}, badPacketf("FastCGI version %d", h[0])
	}
	f.current = fcgiRecord{kind: h[1], id: binary.BigEndian.Uint16(h[2:]), length: int(binary.BigEndian.Uint16(h[4:])), padding: int(h[6])}
	return f.current, nil
}

// content reads the whole content of the current record.
func (f *fcgiStream) content() ([]byte, error) {
	b := make([]byte, f.current.length)
	_, err := io.ReadFull(f.in, b)
	f.current.length = 0
	if err != nil {
		return nil, unexpectedEOF(err)
	}
	return b, nil
}

// errAborted ends the body of a request that the front server has aborted.
var errAborted = errors.New("the front end aborted the request")

// relevant returns the next record of the request, and answers all other records.
func (f *fcgiStream) relevant() (fcgiRecord, error) {
	for {
		r, err := f.next()
		if err != nil {
			return r, err
		}
		switch {
		case r.kind == fcgiGetValues:
			err = f.getValues()
		case r.id == 0:
			err = f.write(fcgiUnknownType, 0, []byte{r.kind, 0, 0, 0, 0, 0, 0, 0})
		case r.kind == fcgiBegin && f.id == 0:
			if err = f.begin(r.id); err == nil && f.id == 0 {
				continue // rejected
			}
			if err == nil {
				return r, nil
			}
		case r.id != f.id:
			if r.kind == fcgiBegin {
				err = f.end(r.id, fcgiCantMPX)
			}
		case r.kind == fcgiAbort:
			f.ended = true
			return r, errAborted
		case r.kind == fcgiParams || r.kind == fcgiStdin:
			return r, nil
		default:
			return r, badPacketf("a record of type %d", r.kind)
		}
		if err != nil {
			return r, err
		}
	}
}

func (f *fcgiStream) begin(id uint16) error {
	b, err := f.content()
	if err != nil {
		return err
	}
	if len(b) < 3 {
		return badPacketf("a FCGI_BEGIN_REQUEST of %d bytes", len(b))
	}
	if role := binary.BigEndian.Uint16(b); role != fcgiResponder {
		return f.end(id, fcgiUnknownRole)
	}
	f.id, f.keep = id, b[2]&fcgiKeepConn != 0
	return nil
}

func (f *fcgiStream) getValues() error {
	b, err := f.content()
	if err != nil {
		return err
	}
	names, err := fcgiVariables(b)
	if err != nil {
		return err
	}
	var answer []byte
	for _, v := range names {
		if v.name == "FCGI_MPXS_CONNS" {
			answer = append(answer, byte(len(v.name)), 1)
			answer = append(append(answer, v.name...), '0')
			break
		}
	}
	return f.write(fcgiGetValuesResult, 0, answer)
}

func (f *fcgiStream) end(id uint16, status byte) error {
	return f.write(fcgiEnd, id, []byte{0, 0, 0, 0, status, 0, 0, 0})
}

func (f *fcgiStream) write(kind byte, id uint16, content []byte) error {
	b := make([]byte, fcgiHeader, fcgiHeader+len(content))
	b[0], b[1] = 1, kind
	binary.BigEndian.PutUint16(b[2:], id)
	binary.BigEndian.PutUint16(b[4:], uint16(len(content)))
	_, err := f.out.Write(append(b, content...))
	return err
}

// Write sends a part of the answer.
func (f *fcgiStream) Write(p []byte) (int, error) {
	for written := 0; written < len(p); {
		piece := p[written:min(len(p), written+fcgiMaxRecord)]
		if err := f.write(fcgiStdout, f.id, piece); err != nil {
			return written, err
		}
		written += len(piece)
	}
	return len(p), nil
}

// Read reads the body.
func (f *fcgiStream) Read(p []byte) (int, error) {
	for {
		if f.ended {
			return 0, io.EOF
		}
		if f.current.kind == fcgiStdin && f.current.length > 0 {
			n, err := f.in.Read(p[:min(len(p), f.current.length)])
			f.current.length -= n
			if n > 0 {
				err = nil
			}
			return n, unexpectedEOF(err)
		}
		if err := f.advance(); err != nil {
			return 0, err
		}
	}
}

// advance reads the header of the next part of the body.
func (f *fcgiStream) advance() error {
	r, err := f.relevant()
	if err != nil {
		return err
	}
	if r.kind != fcgiStdin {
		return badPacketf("a record of type %d inside the body", r.kind)
	}
	f.ended = r.length == 0
	return nil
}

// unsized implements bodySource: the records mark the end of the body, whatever transfer
// encoding the client used.
func (f *fcgiStream) unsized(string) (io.Reader, int64, error) {
	if err := f.advance(); err != nil || f.ended {
		return nil, 0, err
	}
	return f, -1, nil
}

// request reads the head of a request.
func (f *fcgiStream) request(ctx context.Context, limit int) (*http.Request, error) {
	if _, err := f.relevant(); err != nil { // FCGI_BEGIN_REQUEST
		return nil, err
	}
	var params []byte
	for {
		r, err := f.relevant()
		if err != nil {
			return nil, err
		}
		if r.kind != fcgiParams {
			return nil, badPacketf("a body before the end of the variables")
		}
		if r.length == 0 {
			break
		}
		if len(params)+r.length > limit {
			return nil, badPacketf("there are more than %d bytes of variables", limit)
		}
		b, err := f.content()
		if err != nil {
			return nil, err
		}
		params = append(params, b...)
	}
	vars, err := fcgiVariables(params)
	if err != nil {
		return nil, err
	}
	return cgiRequest(ctx, withoutWholeScript(vars), f)
}

// withoutWholeScript removes a SCRIPT_NAME that is the whole path. nginx's fastcgi_params and
// Apache without proxy-fcgi-pathinfo send one, because they treat every path as a file and send
// no PATH_INFO.
func withoutWholeScript(vars []variable) []variable {
	env := make(map[string]string, len(vars))
	for _, v := range vars {
		env[v.name] = v.value
	}
	if _, ok := env["PATH_INFO"]; ok || env["SCRIPT_NAME"] == "" {
		return vars
	}
	path, _, _ := strings.Cut(env["REQUEST_URI"], "?")
	if rest, ok := cutEscaped(path, env["SCRIPT_NAME"]); !ok || rest != "" {
		return vars
	}
	return append(vars, variable{"SCRIPT_NAME", ""})
}

// fcgiVariables parses names and values, each preceded by its length: one byte, or four bytes
// for lengths above 127.
func fcgiVariables(b []byte) ([]variable, error) {
	vars := make([]variable, 0, 32)
	for len(b) > 0 {
		var lengths [2]int
		for i := range lengths {
			switch {
			case len(b) > 0 && b[0] < 0x80:
				lengths[i], b = int(b[0]), b[1:]
			case len(b) >= 4:
				lengths[i], b = int(binary.BigEndian.Uint32(b)&0x7fffffff), b[4:]
			default:
				return nil, badPacketf("the variables end inside a length")
			}
		}
		if len(b) < lengths[0] || len(b)-lengths[0] < lengths[1] {
			return nil, badPacketf("a variable of %d and %d bytes reaches beyond the end", lengths[0], lengths[1])
		}
		vars = append(vars, variable{string(b[:lengths[0]]), string(b[lengths[0] : lengths[0]+lengths[1]])})
		b = b[lengths[0]+lengths[1]:]
	}
	return vars, nil
}

// answerFastCGI answers one request; it reports whether the connection can be reused.
func (s *cgiSource) answerFastCGI(c *cgiConn) bool {
	ctx, cancel := s.requestContext(c)
	defer cancel()
	f := &fcgiStream{in: c.in, out: c}
	const statusLine = "Status: "
	_ = c.SetReadDeadline(time.Now().Add(s.options.ReadHeaderTimeout))
	r, err := f.request(ctx, s.options.MaxHeaderBytes)
	var bad badPacket
	switch {
	case errors.As(err, &bad) && f.id != 0:
		s.options.Log.Warn().Err(err).Msgf("bad fcgi request from %s", c.RemoteAddr())
		newCGIResponse(c, f, http.MethodGet, statusLine).fail(http.StatusBadRequest)
		_ = f.end(f.id, fcgiComplete)
		linger(c)
		return false
	case errors.Is(err, errAborted):
		return f.end(f.id, fcgiComplete) == nil && f.keep && f.skipBody(c)
	case errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed):
		return false
	case err != nil:
		s.options.Log.Warn().Err(err).Msgf("bad fcgi request from %s", c.RemoteAddr())
		return false
	}
	s.prepare(c, r)
	if !s.answer(c, newCGIResponse(c, f, r.Method, statusLine), r) {
		return false
	}
	if err := f.end(f.id, fcgiComplete); err != nil {
		return false
	}
	if !f.keep {
		if !f.ended {
			linger(c)
		}
		return false
	}
	return f.skipBody(c)
}

// skipBody reads the rest of the body that the handler has not read, so that the next request
// can be found. It returns false if the rest is too large.
func (f *fcgiStream) skipBody(c *cgiConn) bool {
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := io.CopyN(io.Discard, f, lingerLimit); n == lingerLimit || !errors.Is(err, io.EOF) && !errors.Is(err, errAborted) {
		return false
	}
	_, err := f.in.Discard(f.current.length + f.current.padding)
	return err == nil
}
