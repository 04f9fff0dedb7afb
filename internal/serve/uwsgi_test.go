package serve_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/paste"
)

// packet builds a uwsgi request out of names and values in turn.
func packet(vars ...string) []byte {
	var b []byte
	for _, s := range vars {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	return append(binary.LittleEndian.AppendUint16([]byte{0}, uint16(len(b))), append([]byte{0}, b...)...)
}

func get(vars ...string) []byte {
	return packet(append([]string{"REQUEST_METHOD", "GET", "PATH_INFO", "/", "HTTP_HOST", "h"}, vars...)...)
}

func post(length string, body string, vars ...string) []byte {
	return append(packet(append([]string{"REQUEST_METHOD", "POST", "PATH_INFO", "/", "CONTENT_LENGTH", length}, vars...)...), body...)
}

// start serves h by uwsgi on a unix socket until the test ends.
func start(t testing.TB, h http.Handler, o serve.Options) (socket string) {
	t.Helper()
	return startOn(t, "uwsgi", h, o)
}

// talk sends request and gives all that comes back.
func talk(t testing.TB, socket string, request []byte) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	go func() { _, _ = c.Write(request) }()
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("reading the answer: %v", err)
	}
	return string(answer)
}

// show answers with what the handler sees of a request.
var show = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s script=%q path=%q raw=%q query=%q uri=%q host=%q remote=%q scheme=%q length=%d\n",
		r.Method, r.Proto, paste.ScriptName(r), r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI, r.Host, r.RemoteAddr, r.URL.Scheme, r.ContentLength)
	_ = r.Header.Write(w)
	fmt.Fprintf(w, "body=%q err=%v\n", body, err)
})

func TestUWSGIRequest(t *testing.T) {
	socket := start(t, show, serve.Options{})
	for _, c := range []struct {
		name    string
		request []byte
		want    []string // in this order
	}{
		{"plain", get("SERVER_PROTOCOL", "HTTP/1.0", "QUERY_STRING", "a=1&b=%20"), []string{`GET HTTP/1.0 script="" path="/" raw="" query="a=1&b=%20" uri="/?a=1&b=%20" host="h"`}},
		{"as Apache sends it", append(packet("PATH_INFO", "/v2.1/a/b", "HTTP_HOST", "h:1", "HTTP_X_A", "one, two", "CONTENT_LENGTH", "2", "CONTENT_TYPE", "text/x",
			"REMOTE_ADDR", "10.0.0.9", "REMOTE_PORT", "77", "REQUEST_SCHEME", "https", "SERVER_PROTOCOL", "HTTP/1.1", "REQUEST_METHOD", "PUT",
			"QUERY_STRING", "", "REQUEST_URI", "/compute/v2.1/a%2Fb", "SCRIPT_NAME", "/compute"), "ok"...),
			[]string{`PUT HTTP/1.1 script="/compute" path="/v2.1/a/b" raw="/v2.1/a%2Fb"`, `uri="/compute/v2.1/a%2Fb" host="h:1" remote="10.0.0.9:77" scheme="https" length=2`, "Content-Type: text/x\r\n", "X-A: one, two\r\n"}},
		{"Apache's slash twice", packet("REQUEST_METHOD", "GET", "PATH_INFO", "/", "SCRIPT_NAME", "/compute/", "REQUEST_URI", "/compute/"), []string{`script="/compute" path="/" raw="" query=""`}},
		{"as nginx sends it", packet("QUERY_STRING", "x", "REQUEST_METHOD", "GET", "CONTENT_TYPE", "", "CONTENT_LENGTH", "", "REQUEST_URI", "/v2.1/%C3%A9?x",
			"PATH_INFO", "/v2.1/é", "SERVER_PROTOCOL", "HTTP/2.0", "HTTPS", "on", "REMOTE_ADDR", "::1", "REMOTE_PORT", "5", "SERVER_PORT", "8443", "SERVER_NAME", "n", "HTTP_X_AUTH_TOKEN", "t"),
			[]string{`GET HTTP/2.0 script="" path="/v2.1/é" raw="" query="x" uri="/v2.1/%C3%A9?x" host="n:8443" remote="[::1]:5" scheme="https" length=0`, "X-Auth-Token: t\r\n"}},
		{"no PATH_INFO", packet("REQUEST_METHOD", "GET", "SCRIPT_NAME", "/a", "REQUEST_URI", "/a/b%20c?d"), []string{`script="/a" path="/b c" raw="" query="d"`}},
		{"REQUEST_URI does not fit", packet("REQUEST_METHOD", "GET", "PATH_INFO", "/x", "REQUEST_URI", "/other%2F"), []string{`path="/x" raw=""`}},
		{"empty path below a script", packet("REQUEST_METHOD", "GET", "PATH_INFO", "", "SCRIPT_NAME", "/v2"), []string{`script="/v2" path=""`}},
		{"content headers count only without HTTP_", get("HTTP_CONTENT_LENGTH", "5", "HTTP_CONTENT_TYPE", "x/y"), []string{"length=0\nbody=\"\""}},
		{"body", post("5", "hello"), []string{`length=5`, `body="hello" err=<nil>`}},
		{"more than the body", post("5", "hello, and more"), []string{`body="hello" err=<nil>`}},
		{"chunks", append(packet("REQUEST_METHOD", "POST", "PATH_INFO", "/", "HTTP_TRANSFER_ENCODING", "chunked"), "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"...), []string{`length=-1`, `body="hello!" err=<nil>`}},
		{"length beats chunks", post("2", "ok", "HTTP_TRANSFER_ENCODING", "chunked"), []string{`length=2`, `body="ok" err=<nil>`}},
		{"no length, no chunks", append(get(), "rest"...), []string{`length=0`, `body=""`}},
		{"large header", get("HTTP_X_BIG", strings.Repeat("b", 65000)), []string{strings.Repeat("b", 65000)}},
		{"star", packet("REQUEST_METHOD", "OPTIONS", "PATH_INFO", "*"), []string{`path="*"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := talk(t, socket, c.request)
			rest := got
			for _, w := range c.want {
				_, after, ok := strings.Cut(rest, w)
				if !ok {
					t.Fatalf("got %s\nwant %s", got, w)
				}
				rest = after
			}
			if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestUWSGIBadPackets(t *testing.T) {
	socket := start(t, show, serve.Options{ReadHeaderTimeout: 100 * time.Millisecond})
	for name, request := range map[string][]byte{
		"http":           []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"modifier":       {5, 0, 0, 0},
		"no variables":   {0, 0, 0, 0},
		"cut length":     {0, 1, 0, 0, 9},
		"long string":    {0, 4, 0, 0, 9, 0, 'a', 'b'},
		"no value":       {0, 3, 0, 0, 1, 0, 'a'},
		"method":         packet("REQUEST_METHOD", "G T", "PATH_INFO", "/"),
		"path":           packet("REQUEST_METHOD", "GET", "PATH_INFO", "x"),
		"script":         packet("REQUEST_METHOD", "GET", "PATH_INFO", "/", "SCRIPT_NAME", "x"),
		"no path":        packet("REQUEST_METHOD", "GET", "REQUEST_URI", "/%zz"),
		"length":         post("-1", ""),
		"signed length":  post("+1", "x"),
		"huge length":    post("99999999999999999999", "x"),
		"header newline": get("HTTP_X", "a\r\nb: c"),
		"header name":    get("HTTP_X Y", "a"),
		"type newline":   get("CONTENT_TYPE", "a\nb"),
		"query newline":  get("QUERY_STRING", "a\r\nb"),
		"encoding":       packet("REQUEST_METHOD", "POST", "PATH_INFO", "/", "HTTP_TRANSFER_ENCODING", "gzip"),
	} {
		if got := talk(t, socket, request); !strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\r\n") {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for name, request := range map[string][]byte{"nothing": nil, "half a header": {0, 9}, "half the variables": get()[:20]} {
		if got := talk(t, socket, request); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := talk(t, socket, get()); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("after all that: got %q", got)
	}
}

func TestUWSGISplitAnywhere(t *testing.T) {
	socket := start(t, show, serve.Options{})
	request := post("3", "abc", "HTTP_X", "y")
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	pace := time.NewTicker(100 * time.Microsecond) // else several bytes are read at once
	defer pace.Stop()
	for i := range request {
		if _, err := c.Write(request[i : i+1]); err != nil {
			t.Fatal(err)
		}
		<-pace.C
	}
	got, _ := io.ReadAll(c)
	if !strings.Contains(string(got), `body="abc" err=<nil>`) {
		t.Errorf("got %s", got)
	}
}

func TestUWSGIResponse(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5000)) })
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(r.PathValue("code"), &code)
		w.Header().Set("Content-Type", "a/b")
		w.WriteHeader(code)
		if _, err := io.WriteString(w, "x"); (code == 204 || code == 304) != (err == http.ErrBodyNotAllowed) {
			panic(err)
		}
	})
	mux.HandleFunc("/inject", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "b\r\nX-Evil: 1\r\n\r\nbody")
		w.Header()["X: y\r\nX-Evil"] = []string{"2"}
	})
	mux.HandleFunc("/panic", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", "y"); panic("boo") })
	mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "begun")
		w.(http.Flusher).Flush()
		panic("boo")
	})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/declared", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		if _, err := io.WriteString(w, "four"); err != http.ErrContentLength {
			panic(err)
		}
		_, _ = io.WriteString(w, "abc")
	})
	mux.HandleFunc("/headlength", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "77") })
	socket := start(t, mux, serve.Options{})
	const text = "Content-Type: text/plain; charset=utf-8\r\n"
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/hello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + text + "\r\nhello"},
		{"HEAD", "/hello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + text + "\r\n"},
		{"HEAD", "/headlength", "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"},
		{"GET", "/empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"GET", "/long", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + string(make([]byte, 5000))},
		{"GET", "/status/204", "HTTP/1.1 204 No Content\r\nContent-Type: a/b\r\n\r\n"},
		{"GET", "/status/304", "HTTP/1.1 304 Not Modified\r\nContent-Type: a/b\r\n\r\n"},
		{"GET", "/status/599", "HTTP/1.1 599 status code 599\r\nContent-Length: 1\r\nContent-Type: a/b\r\n\r\nx"},
		{"GET", "/status/103", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: a/b\r\n\r\nx"},
		{"GET", "/status/99", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 22\r\n" + text + "\r\nInternal Server Error\n"},
		{"GET", "/inject", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: b  X-Evil: 1    body\r\n\r\n"},
		{"GET", "/panic", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 22\r\n" + text + "\r\nInternal Server Error\n"},
		{"GET", "/late", "HTTP/1.1 200 OK\r\n" + text + "\r\nbegun"},
		{"GET", "/abort", ""},
		{"GET", "/declared", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + text + "\r\nabc"},
	} {
		if got := talk(t, socket, packet("REQUEST_METHOD", c.method, "PATH_INFO", c.path)); got != c.want {
			t.Errorf("%s %s:\n got %q\nwant %q", c.method, c.path, got, c.want)
		}
	}
}

func TestUWSGIStreams(t *testing.T) {
	// The handler answers each piece before the next one is sent.
	socket := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	}), serve.Options{})
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	const pieces = 2000
	piece := bytes.Repeat([]byte("0123456789abcdef"), 1024)
	if _, err := c.Write(post(fmt.Sprint(pieces*len(piece)), "")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	got := make([]byte, len(piece))
	for i := range pieces {
		if _, err := c.Write(piece); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			for line := ""; line != "\r\n"; {
				if line, err = in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := io.ReadFull(in, got); err != nil || !bytes.Equal(got, piece) {
			t.Fatal(i, err)
		}
	}
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Error(len(rest), err)
	}
}

func TestUWSGIUnreadBody(t *testing.T) {
	socket := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusRequestEntityTooLarge) }), serve.Options{})
	got := talk(t, socket, post("3000000", strings.Repeat("x", 3000000)))
	if !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("got %q", got)
	}
}

func TestUWSGISlowBody(t *testing.T) {
	socket := start(t, show, serve.Options{BodyGrace: 100 * time.Millisecond})
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write(post("1000", ""))
	go func() {
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for range 1000 {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			<-pace.C
		}
	}()
	begin := time.Now()
	got, _ := io.ReadAll(c)
	if !strings.Contains(string(got), "i/o timeout") || time.Since(begin) > 18*time.Second {
		t.Errorf("after %v: got %s", time.Since(begin), got)
	}
}

// memory is a connection whose other side has sent all it ever will.
type memory struct {
	net.Conn
	in     *bytes.Reader
	out    bytes.Buffer
	closed chan bool
}

func (m *memory) Read(p []byte) (int, error)       { return m.in.Read(p) }
func (m *memory) Write(p []byte) (int, error)      { return m.out.Write(p) }
func (m *memory) Close() error                     { close(m.closed); return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }
func (m *memory) LocalAddr() net.Addr              { return &net.UnixAddr{Name: "memory", Net: "unix"} }
func (m *memory) RemoteAddr() net.Addr             { return m.LocalAddr() }

// pipes is a listener without sockets.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func FuzzUWSGI(f *testing.F) {
	f.Add(get("HTTP_X", "y"))
	f.Add(post("3", "abc", "SCRIPT_NAME", "/a", "REQUEST_URI", "/a/b%2F?c"))
	f.Add([]byte{0, 4, 0, 0, 9, 0, 'a', 'b'})
	f.Add(append(packet("REQUEST_METHOD", "POST", "PATH_INFO", "/", "HTTP_TRANSFER_ENCODING", "chunked"), "5\r\nhello\r\n0\r\n\r\n"...))
	fuzz(f, "uwsgi", func(_ *testing.T, answer []byte) []byte { return answer })
}
