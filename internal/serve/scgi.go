package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// newSCGISource serves SCGI: a client connects, sends its variables as one netstring and then
// the body, and reads a CGI answer until the end.
func newSCGISource(l net.Listener, h http.Handler, o *Options) *cgiSource {
	return newCGISource("scgi", func(s *cgiSource, c *cgiConn) {
		s.single(c, "Status: ", func(ctx context.Context) (*http.Request, error) {
			vars, err := readNetstring(c.in, o.MaxHeaderBytes)
			if err != nil {
				return nil, err
			}
			return cgiRequest(ctx, vars, rawBody{c.in})
		})
	}, l, h, o)
}

// readNetstring parses "LENGTH:NAME\0VALUE\0...,", whose first variable is CONTENT_LENGTH.
func readNetstring(in *bufio.Reader, limit int) ([]variable, error) {
	n := 0
	for i := 0; ; i++ {
		b, err := in.ReadByte()
		if err != nil {
			if i > 0 {
				err = unexpectedEOF(err)
			}
			return nil, err
		}
		if b == ':' && i > 0 {
			break
		}
		if b < '0' || b > '9' {
			return nil, badPacketf("the request does not begin with the length of a netstring")
		}
		if n = 10*n + int(b-'0'); n > limit {
			return nil, badPacketf("there are more than %d bytes of variables", limit)
		}
	}
	// The buffer grows with the received bytes, not with the announced length.
	var text bytes.Buffer
	if _, err := io.CopyN(&text, in, int64(n)+1); err != nil {
		return nil, unexpectedEOF(err)
	}
	vars, err := parseNetstring(text.Bytes())
	if err != nil {
		return nil, badPacket{err}
	}
	return vars, nil
}

func parseNetstring(b []byte) ([]variable, error) {
	b, ok := bytes.CutSuffix(b, []byte{','})
	if !ok {
		return nil, errors.New("the netstring has no comma at its end")
	}
	vars := make([]variable, 0, 32)
	for len(b) > 0 {
		name, rest, ok := bytes.Cut(b, []byte{0})
		value, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 {
			return nil, errors.New("the netstring ends inside a variable")
		}
		vars, b = append(vars, variable{string(name), string(value)}), rest
	}
	if len(vars) == 0 || vars[0].name != "CONTENT_LENGTH" {
		return nil, errors.New("CONTENT_LENGTH is not the first variable")
	}
	return vars, nil
}
