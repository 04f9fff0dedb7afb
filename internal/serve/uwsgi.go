package serve

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
)

// newUWSGISource serves the uwsgi protocol: a client connects, sends one packet of CGI
// variables and the body, and reads the answer until the end.
func newUWSGISource(l net.Listener, h http.Handler, o *Options) *cgiSource {
	return newCGISource("uwsgi", func(s *cgiSource, c *cgiConn) {
		s.single(c, "HTTP/1.1 ", func(ctx context.Context) (*http.Request, error) {
			vars, err := readPacket(c.in)
			if err != nil {
				return nil, err
			}
			return cgiRequest(ctx, vars, rawBody{c.in})
		})
	}, l, h, o)
}

// packetHeader is the size of a packet's header: modifier1 (0 for WSGI), the size of the
// variables as a little-endian uint16, and modifier2.
const packetHeader = 4

func readPacket(in io.Reader) ([]variable, error) {
	var header [packetHeader]byte
	if _, err := io.ReadFull(in, header[:1]); err != nil {
		return nil, err
	}
	if header[0] != 0 {
		return nil, badPacketf("modifier1 is %d, only WSGI requests (0) are served here", header[0])
	}
	if _, err := io.ReadFull(in, header[1:]); err != nil {
		return nil, unexpectedEOF(err)
	}
	buffer := make([]byte, binary.LittleEndian.Uint16(header[1:]))
	if _, err := io.ReadFull(in, buffer); err != nil {
		return nil, unexpectedEOF(err)
	}
	return parseVariables(buffer)
}

// parseVariables parses names and values, each preceded by its length as a little-endian
// uint16.
func parseVariables(b []byte) ([]variable, error) {
	vars := make([]variable, 0, 32)
	for len(b) > 0 {
		var v variable
		for _, field := range []*string{&v.name, &v.value} {
			if len(b) < 2 {
				return nil, badPacketf("the variables end inside a length")
			}
			n := int(binary.LittleEndian.Uint16(b))
			if b = b[2:]; len(b) < n {
				return nil, badPacketf("a string of %d bytes reaches beyond the end", n)
			}
			*field, b = string(b[:n]), b[n:]
		}
		vars = append(vars, v)
	}
	return vars, nil
}
