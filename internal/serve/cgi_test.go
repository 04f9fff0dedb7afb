package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/serve"
)

// startOn serves h by a protocol on a unix socket until the test ends.
func startOn(t testing.TB, protocol string, h http.Handler, o serve.Options) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := serve.Listen("unix:"+socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serveOn(ctx, protocol, l, h, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return socket
}

func netstring(vars ...string) []byte {
	text := strings.Join(vars, "\x00") + "\x00"
	return fmt.Appendf(nil, "%d:%s,", len(text), text)
}

func TestSCGI(t *testing.T) {
	socket := startOn(t, "scgi", show, serve.Options{ReadHeaderTimeout: 200 * time.Millisecond})
	for _, c := range []struct {
		name    string
		request []byte
		want    []string
	}{
		{"nginx", netstring("CONTENT_LENGTH", "0", "REQUEST_METHOD", "GET", "REQUEST_URI", "/v2.1/a%20b?x=1", "QUERY_STRING", "x=1", "SCGI", "1", "HTTP_HOST", "h"),
			[]string{"Status: 200 OK\r\n", `GET HTTP/1.1 script="" path="/v2.1/a b" raw="" query="x=1"`}},
		{"Apache with a path info that is not decoded", netstring("CONTENT_LENGTH", "4", "SCGI", "1", "REQUEST_METHOD", "POST", "SCRIPT_NAME", "/compute", "PATH_INFO", "/a%20b", "REQUEST_URI", "/compute/a%20b"),
			[]string{"Status: 200 OK\r\n", `script="/compute" path="/a b"`}},
		{"large", netstring("CONTENT_LENGTH", "0", "REQUEST_METHOD", "GET", "PATH_INFO", "/", "HTTP_X", strings.Repeat("b", 100000)), []string{"Status: 200 OK\r\n"}},
		{"body", append(netstring("CONTENT_LENGTH", "4", "SCGI", "1", "REQUEST_METHOD", "PUT", "PATH_INFO", "/"), "body"...), []string{`body="body" err=<nil>`}},
		{"http", []byte("GET / HTTP/1.1\r\n\r\n"), []string{"Status: 400 Bad Request\r\n"}},
		{"too large", []byte("999999:"), []string{"Status: 400"}},
		{"no comma", []byte("2:a\x00b"), []string{"Status: 400"}},
		{"no length", netstring("REQUEST_METHOD", "GET"), []string{"Status: 400"}},
		{"odd", netstring("CONTENT_LENGTH"), []string{"Status: 400"}},
		{"bad header", netstring("CONTENT_LENGTH", "", "REQUEST_METHOD", "GET", "PATH_INFO", "/", "HTTP_A", "b\nc"), []string{"Status: 400"}},
	} {
		request := c.request
		if strings.HasPrefix(c.name, "Apache") {
			request = append(request, "body"...)
		}
		got := talk(t, socket, request)
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in %.300q", c.name, w, got)
			}
		}
	}
	for _, request := range []string{"", "12", "12:a"} {
		if got := talk(t, socket, []byte(request)); got != "" {
			t.Errorf("%q: got %q", request, got)
		}
	}
}

// record is one of FastCGI's.
func record(kind byte, id uint16, content string) []byte {
	b := []byte{1, kind, byte(id >> 8), byte(id), byte(len(content) >> 8), byte(len(content)), 3, 0}
	return append(append(b, content...), "pad"...)
}

func params(vars ...string) string {
	var lengths, all []byte
	for i, s := range vars {
		if len(s) < 128 {
			lengths = append(lengths, byte(len(s)))
		} else {
			lengths = binary.BigEndian.AppendUint32(lengths, uint32(len(s))|1<<31)
		}
		if i%2 == 1 {
			all = append(append(append(all, lengths...), vars[i-1]...), s...)
			lengths = nil
		}
	}
	return string(all)
}

const begin, beginKeep = "\x00\x01\x00\x00\x00\x00\x00\x00", "\x00\x01\x01\x00\x00\x00\x00\x00"

// fcgi is a whole request with a body in two records.
func fcgi(begin, body string, vars ...string) []byte {
	b := record(1, 7, begin)
	p := params(append([]string{"REQUEST_METHOD", "POST", "PATH_INFO", "/", "HTTP_HOST", "h"}, vars...)...)
	for len(p) > 0 {
		n := min(len(p), 60000)
		b, p = append(b, record(4, 7, p[:n])...), p[n:]
	}
	b = append(b, record(4, 7, "")...)
	if body != "" {
		b = append(append(b, record(5, 7, body[:1])...), record(5, 7, body[1:])...)
	}
	return append(b, record(5, 7, "")...)
}

// readFCGI reads records up to the next end of a request.
func readFCGI(in io.Reader) (stdout string, end []byte, err error) {
	for {
		var h [8]byte
		if _, err := io.ReadFull(in, h[:]); err != nil {
			return stdout, nil, err
		}
		content := make([]byte, int(h[4])<<8|int(h[5]))
		if _, err := io.ReadFull(in, content); err != nil {
			return stdout, nil, err
		}
		switch h[1] {
		case 6:
			stdout += string(content)
		case 3:
			return stdout, append(h[2:4:4], content...), nil
		default:
			stdout += fmt.Sprintf("[%d %q]", h[1], content)
		}
	}
}

func TestFastCGI(t *testing.T) {
	socket := startOn(t, "fcgi", show, serve.Options{ReadHeaderTimeout: 300 * time.Millisecond})
	for _, c := range []struct {
		name    string
		request []byte
		want    []string
	}{
		{"body", fcgi(begin, "hello", "CONTENT_LENGTH", "5"), []string{"Status: 200 OK\r\n", "length=5\n", `body="hello" err=<nil>`}},
		{"no length", fcgi(begin, "hello"), []string{"length=-1\n", `body="hello" err=<nil>`}},
		{"no length, said to be chunked", fcgi(begin, "hello", "HTTP_TRANSFER_ENCODING", "chunked", "CONTENT_LENGTH", ""), []string{"length=-1\n", `body="hello" err=<nil>`}},
		{"short", fcgi(begin, "hello", "CONTENT_LENGTH", "9"), []string{`body="hello" err=unexpected EOF`}},
		{"long", fcgi(begin, "hello", "CONTENT_LENGTH", "2"), []string{`body="he" err=<nil>`}},
		{"no body", fcgi(begin, ""), []string{"length=0\n", `body=""`}},
		{"large header", fcgi(begin, "", "HTTP_X", strings.Repeat("b", 100000)), []string{strings.Repeat("b", 100000)}},
		{"too large header", fcgi(begin, "", "HTTP_X", strings.Repeat("b", 200000)), []string{"Status: 400"}},
		{"whole script", append(append(record(1, 1, begin), record(4, 1, params("REQUEST_METHOD", "GET", "SCRIPT_NAME", "/v2.1/a b", "REQUEST_URI", "/v2.1/a%20b?c"))...), append(record(4, 1, ""), record(5, 1, "")...)...),
			[]string{`script="" path="/v2.1/a b" raw="" query="c"`}},
		{"values", append(record(9, 0, params("FCGI_MPXS_CONNS", "", "X", "")), fcgi(begin, "")...), []string{`[10 "\x0f\x01FCGI_MPXS_CONNS0"]Status: 200`}},
		{"unknown management", append(record(77, 0, ""), fcgi(begin, "")...), []string{`[11 "M\x00\x00\x00\x00\x00\x00\x00"]Status: 200`}},
		{"stray", append(record(5, 9, "x"), fcgi(begin, "")...), []string{`Status: 200`}},
		{"bad method", fcgi(begin, "", "REQUEST_METHOD", "G T"), []string{"Status: 400"}},
		{"bad length", fcgi(begin, "", "CONTENT_LENGTH", "x"), []string{"Status: 400"}},
		{"bad variables", append(record(1, 7, begin), append(record(4, 7, "\xff\xff\xff\xff"), record(4, 7, "")...)...), []string{"Status: 400"}},
		{"bad record", append(record(1, 7, begin), record(6, 7, "")...), []string{"Status: 400"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			go func() { _, _ = conn.Write(c.request) }()
			in := bufio.NewReader(conn)
			got, end, err := readFCGI(in)
			if err != nil || end[6] != 0 {
				t.Fatalf("%v %v %.300q", err, end, got)
			}
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("no %.300q in %.300q", w, got)
				}
			}
			if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
				t.Errorf("after the end: %v %q", err, rest)
			}
		})
	}
	for name, c := range map[string]struct {
		request []byte
		status  byte
	}{"role": {record(1, 7, "\x00\x02\x00\x00\x00\x00\x00\x00"), 3}, "second": {append(record(1, 7, begin), record(1, 8, begin)...), 1}, "abort": {append(record(1, 7, begin), record(2, 7, "")...), 0}} {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(c.request)
		if _, end, err := readFCGI(conn); err != nil || end[6] != c.status {
			t.Errorf("%s: %v %v", name, end, err)
		}
		_ = conn.Close()
	}
	for name, request := range map[string][]byte{"http": []byte("GET / HTTP/1.1\r\n\r\n"), "nothing": nil, "half": record(1, 7, begin)[:9], "half a request": record(1, 7, begin)} {
		if got := talk(t, socket, request); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestFastCGIKeepsConnections(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	socket := filepath.Join(t.TempDir(), "s")
	l, err := serve.Listen("unix:"+socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- serveOn(ctx, "fcgi", l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%d", r.ContentLength) // and leaves the body
		}), serve.Options{IdleGrace: 100 * time.Millisecond})
	}()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	in := bufio.NewReader(conn)
	for i := range 20 {
		if _, err := conn.Write(fcgi(beginKeep, strings.Repeat("x", 3000), "CONTENT_LENGTH", "3000")); err != nil {
			t.Fatal(i, err)
		}
		if got, _, err := readFCGI(in); err != nil || !strings.HasSuffix(got, "3000") {
			t.Fatal(i, got, err)
		}
	}
	// The one that is kept is closed soon after the stop.
	begun := time.Now()
	cancel()
	if err := <-done; err != nil || time.Since(begun) > 10*time.Second {
		t.Error(err, time.Since(begun))
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Error(err)
	}
}

func FuzzSCGI(f *testing.F) {
	f.Add(netstring("CONTENT_LENGTH", "2", "REQUEST_METHOD", "GET", "REQUEST_URI", "/a%2F?b", "SCGI", "1"))
	f.Add([]byte("3:a\x00b,"))
	fuzz(f, "scgi", func(t *testing.T, answer []byte) []byte {
		return bytes.Replace(answer, []byte("Status: "), []byte("HTTP/1.1 "), 1)
	})
}

func FuzzFastCGI(f *testing.F) {
	f.Add(fcgi(beginKeep, "body", "CONTENT_LENGTH", "4"))
	f.Add(fcgi(begin, "body"))
	f.Add(append(record(9, 0, params("FCGI_MPXS_CONNS", "")), fcgi(begin, "")...))
	fuzz(f, "fcgi", func(t *testing.T, answer []byte) []byte {
		// What is no answer to a request (values, refusals) is not looked at.
		in := bytes.NewReader(answer)
		for {
			stdout, _, err := readFCGI(in)
			if err != nil && err != io.EOF {
				t.Fatalf("%v: %q", err, answer)
			}
			if _, after, ok := strings.Cut(stdout, "Status: "); ok {
				return []byte("HTTP/1.1 " + after)
			}
			if err != nil {
				return nil
			}
		}
	})
}

// fuzz sends anything, and checks that what comes back is HTTP once plain has
// taken it out of its protocol.
func fuzz(f *testing.F, protocol string, plain func(*testing.T, []byte) []byte) {
	l := make(pipes)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = serveOn(ctx, protocol, l, show, serve.Options{}) }()
	f.Fuzz(func(t *testing.T, request []byte) {
		c := &memory{in: bytes.NewReader(request), closed: make(chan bool)}
		l <- c
		<-c.closed
		answer := plain(t, c.out.Bytes())
		if len(answer) == 0 {
			return
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
		if err != nil {
			t.Fatalf("%v: %q", err, answer)
		}
		if _, err := io.ReadAll(r.Body); err != nil && err != io.ErrUnexpectedEOF || r.StatusCode != 200 && r.StatusCode != 400 {
			t.Fatalf("%d %v: %q", r.StatusCode, err, answer)
		}
	})
}
