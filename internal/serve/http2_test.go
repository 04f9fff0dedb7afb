package serve_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/serve"
)

// h2 is a client of HTTP/2 that does as it is told.
type h2 struct {
	t testing.TB
	*http2.Framer
	conn   net.Conn
	head   bytes.Buffer
	stream uint32
}

func dialH2(t testing.TB, address string, settings ...http2.Setting) *h2 {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	h := &h2{t: t, Framer: http2.NewFramer(c, c), conn: c, stream: 1}
	if err := h.WriteSettings(settings...); err != nil {
		t.Fatal(err)
	}
	return h
}

// block is the head of a GET.
func (h *h2) block(path string) []byte {
	h.head.Reset()
	e := hpack.NewEncoder(&h.head)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}, {":path", path}} {
		_ = e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	return h.head.Bytes()
}

// get opens a stream.
func (h *h2) get(path string) (uint32, error) {
	id := h.stream
	h.stream += 2
	return id, h.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: h.block(path), EndStream: true, EndHeaders: true})
}

// sized answers with as many bytes as the path says, and knows how many of its
// handlers are at work.
type sized struct{ working, begun atomic.Int64 }

func (s *sized) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.working.Add(1)
	defer s.working.Add(-1)
	n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	s.begun.Add(1)
	_, _ = w.Write(make([]byte, n))
}

func runH2(t testing.TB, h http.Handler, o serve.Options) (address, uwsgi string) {
	dir := t.TempDir()
	cert, key := certificate(t.(*testing.T), dir)
	address, uwsgi = testproc.Address(t), filepath.Join(dir, "u")
	o.HTTPS = []serve.TLS{{Addr: address, CertFile: cert, KeyFile: key}}
	o.UWSGI = []string{"unix:" + uwsgi}
	o.DrainTimeout = time.Second
	run(t.(*testing.T), h, o, address) // which is opened last
	return address, uwsgi
}

func noWindow() http2.Setting { return http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0} }

// A stream whose client takes nothing is reset, whether its handler is still
// writing or is done; the connection stays good for others.
func TestStalledStreams(t *testing.T) {
	h := &sized{}
	address, _ := runH2(t, h, serve.Options{WriteTimeout: 200 * time.Millisecond})
	c := dialH2(t, address, noWindow())
	open := map[uint32]bool{}
	for _, path := range []string{"/100", "/4096", "/5000", "/300000", "/1000000"} {
		for range 10 {
			id, err := c.get(path)
			if err != nil {
				t.Fatal(err)
			}
			open[id] = true
		}
	}
	for len(open) > 0 {
		f, err := c.ReadFrame()
		if err != nil {
			t.Fatalf("%d streams are open: %v", len(open), err)
		}
		if f, ok := f.(*http2.RSTStreamFrame); ok {
			delete(open, f.StreamID)
		}
	}
	testproc.Eventually(t, "no handler is at work", func() bool { return h.working.Load() == 0 })
	id, err := c.get("/100")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WriteWindowUpdate(id, 1000); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := c.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := f.(*http2.DataFrame); ok && f.StreamID == id && f.StreamEnded() {
			return
		}
	}
}

// A client that takes its answer slowly, but takes it, gets all of it.
func TestSlowStream(t *testing.T) {
	const size, timeout = 300000, 300 * time.Millisecond
	address, _ := runH2(t, &sized{}, serve.Options{WriteTimeout: timeout})
	c := dialH2(t, address, noWindow())
	id, err := c.get("/" + strconv.Itoa(size))
	if err != nil {
		t.Fatal(err)
	}
	got, begun := 0, time.Now()
	for {
		f, err := c.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := f.(type) {
		case *http2.RSTStreamFrame:
			t.Fatalf("reset after %d bytes: %v", got, f.ErrCode)
		case *http2.DataFrame:
			got += len(f.Data())
			if f.StreamEnded() {
				if got != size || time.Since(begun) < timeout {
					t.Errorf("%d bytes after %v", got, time.Since(begun))
				}
				return
			}
			if got%50000 != 0 {
				continue
			}
			<-time.After(timeout / 5)
		case *http2.HeadersFrame:
		default:
			continue
		}
		if err := c.WriteWindowUpdate(id, 50000); err != nil {
			t.Fatal(err)
		}
		_ = c.WriteWindowUpdate(0, 50000)
	}
}

// Connections full of streams that do not go on keep nobody out, on no listener,
// though nothing has timed out yet: they are those that are closed at the limit.
func TestStalledConnectionsGoFirst(t *testing.T) {
	for name, stall := range map[string]func(address string){
		"HTTP/2, many small answers": func(address string) {
			c := dialH2(t, address, noWindow())
			for range 20 {
				_, _ = c.get("/1000")
			}
		},
		"HTTP/2, large answers": func(address string) {
			c := dialH2(t, address, noWindow())
			for range 20 {
				_, _ = c.get("/200000")
			}
		},
		"HTTP/1.1": func(address string) {
			c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = io.WriteString(c, "GET /30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			const limit = 32
			h := &sized{}
			address, uwsgi := runH2(t, h, serve.Options{MaxConnections: limit})
			for range limit {
				stall(address)
			}
			testproc.Eventually(t, "all are at it", func() bool { return h.begun.Load() >= limit })
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
			ask := func() bool {
				r, err := client.Get("https://" + address + "/10")
				if err != nil {
					return false
				}
				_ = r.Body.Close()
				return r.StatusCode == 200
			}
			// It takes a moment until a write that goes on is one that does not.
			testproc.Eventually(t, "somebody gets in", ask)
			for i := range 2 * limit {
				if !ask() {
					t.Errorf("%d: kept out", i)
				}
				if got := talk(t, uwsgi, packet("REQUEST_METHOD", "GET", "PATH_INFO", "/10")); !strings.Contains(got, "200 OK") {
					t.Errorf("%d: uwsgi: kept out: %q", i, got)
				}
				stall(address) // they come again
			}
		})
	}
}

// Floods of frames keep nobody out, and do not fill the memory.
func TestFloods(t *testing.T) {
	const frames = 20000
	h := &sized{}
	address, _ := runH2(t, h, serve.Options{})
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	for name, flood := range map[string]func(*h2) error{
		"rapid reset": func(c *h2) error {
			id, err := c.get("/100000") // which handlers hold while they work
			if err == nil {
				err = c.WriteRSTStream(id, http2.ErrCodeCancel)
			}
			return err
		},
		"PING":     func(c *h2) error { return c.WritePing(false, [8]byte{}) },
		"SETTINGS": func(c *h2) error { return c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}) },
		"CONTINUATION": func(c *h2) error {
			if c.stream == 1 {
				c.stream = 3
				if err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block("/"), EndStream: true}); err != nil {
					return err
				}
			}
			c.head.Reset()
			_ = hpack.NewEncoder(&c.head).WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("y", 10000)})
			return c.WriteContinuation(1, false, c.head.Bytes())
		},
		"empty CONTINUATION": func(c *h2) error {
			if c.stream == 1 {
				c.stream = 3
				if err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block("/"), EndStream: true}); err != nil {
					return err
				}
			}
			return c.WriteContinuation(1, false, nil)
		},
		"PRIORITY": func(c *h2) error {
			return c.WritePriority(1, http2.PriorityParam{StreamDep: 3, Weight: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := liveMemory()
			done := make(chan int, 4)
			for range cap(done) {
				c := dialH2(t, address, noWindow())
				_ = c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)) // nothing is read
				go func() {
					n := 0
					for n < frames && flood(c) == nil {
						n++
					}
					done <- n
				}()
			}
			for i := range 20 {
				r, err := client.Get("https://" + address + "/100")
				if err != nil {
					t.Fatalf("%d: %v", i, err)
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_ = r.Body.Close()
			}
			for range cap(done) {
				t.Logf("the flood went on for %d frames", <-done)
			}
			if used := liveMemory() - before; used > 128<<20 { // 100 kB for each of the 1,000 streams, and some room
				t.Errorf("%d MiB", used>>20)
			}
		})
	}
}

// liveMemory is what is in use: garbage depends on when the collector last ran.
func liveMemory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// What a client has asked for before it says that it goes away is answered.
func TestGoAway(t *testing.T) {
	h := newWaiter()
	address, _ := runH2(t, h, serve.Options{})
	c := dialH2(t, address)
	id, err := c.get("/")
	if err != nil {
		t.Fatal(err)
	}
	<-h.entered
	if err := c.WriteGoAway(0, http2.ErrCodeNo, nil); err != nil {
		t.Fatal(err)
	}
	h.release <- true
	for {
		f, err := c.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := f.(*http2.DataFrame); ok && f.StreamID == id && f.StreamEnded() {
			return
		}
	}
}
