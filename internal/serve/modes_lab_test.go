//go:build lab

package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-go/nova/paste"
)

// echo answers the requests of the modes' tests.
func echo() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/show", show)
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "a/b")
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		_, _ = w.Write(bytes.Repeat([]byte("x"), n))
	})
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("boo") })
	mux.HandleFunc("/header", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, len(r.Header.Get("X-Big"))) })
	mux.HandleFunc("/sink", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		prefix := paste.ScriptName(r)
		if prefix == "" {
			prefix = r.Header.Get("X-Forwarded-Prefix") // http_proxy_to_wsgi's business
		}
		fmt.Fprintf(w, "link=http://%s%s%s", r.Host, prefix, r.URL.Path)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" {
			r.URL.Path = "/"
		}
		mux.ServeHTTP(w, r)
	})
}

type mode struct {
	name            string
	chunked, header int
	leavesOut       bool
}

// modes are the ways of hosting, and what their front servers answer by
// themselves: to a chunked body, and to a header of 64 KiB. Apache leaves out
// headers beyond 16 KiB on the way to FastCGI.
var modes = []mode{
	{"apache-uwsgi", 411, 500, false},
	{"apache-http", 200, 200, false},
	{"apache-fcgi", 200, 200, true},
	{"apache-scgi", 411, 200, false},
	{"nginx-uwsgi", 200, 500, false},
	{"nginx-http", 200, 200, false},
	{"nginx-fcgi", 200, 500, false},
	{"nginx-scgi", 200, 200, false},
	{"haproxy-http", 200, 200, false},
}

// panics is what becomes of a handler's panic: net/http just ends the connection,
// which front servers tell as 502.
func (m mode) panics() int {
	if strings.HasSuffix(m.name, "-http") {
		return 502
	}
	return 500
}

func TestModes(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			f, start := newFront(t, mode.name)
			f.options.IdleGrace = 10 * time.Millisecond
			run(t, echo(), f.options, f.probe)
			start()
			var dials atomic.Int32
			client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					dials.Add(1)
					return (&net.Dialer{}).DialContext(ctx, network, address)
				},
				MaxIdleConnsPerHost: 1,
			}}
			do := func(t *testing.T, method, path string, body io.Reader, header ...string) (*http.Response, string) {
				t.Helper()
				r, err := http.NewRequest(method, f.base+path, body)
				if err != nil {
					t.Fatal(err)
				}
				for i := 0; i < len(header); i += 2 {
					r.Header.Set(header[i], header[i+1])
				}
				answer, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = answer.Body.Close() }()
				text, err := io.ReadAll(answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				return answer, string(text)
			}
			got60000, got64K := "60000", map[int]string{200: "65536"}[mode.header]
			if mode.leavesOut {
				got60000, got64K = "0", "0"
			}
			for _, c := range []struct {
				name, method, path string
				body               io.Reader
				header             []string
				status             int
				want               string
			}{
				{"GET", "GET", "/show?a=1&b=%20c", nil, nil, 200, `path="/show" raw="" query="a=1&b=%20c"`},
				{"header", "GET", "/show", nil, []string{"Authorization", "Basic x", "X-Auth-Token", "t"}, 200, "Authorization: Basic x\r\n"},
				{"prefix", "GET", "/", nil, nil, 200, "link=" + f.base + "/"},
				{"below the prefix", "GET", "/v2.1/", nil, nil, 200, "link=" + f.base + "/v2.1/"},
				{"prefix without slash", "GET", "", nil, nil, 200, "link=" + f.base},
				{"escapes", "GET", "/v2.1/%C3%A9%20x", nil, nil, 200, "link=" + f.base + "/v2.1/é x"},
				{"POST", "POST", "/show", strings.NewReader("body"), []string{"Content-Type", "x/y"}, 200, `body="body" err=<nil>`},
				{"large POST", "POST", "/sink", strings.NewReader(strings.Repeat("p", 3<<20)), nil, 200, "3145728 <nil>"},
				{"chunked POST", "POST", "/show", struct{ io.Reader }{strings.NewReader("body")}, nil, mode.chunked, map[int]string{200: `body="body" err=<nil>`}[mode.chunked]},
				{"16000 bytes of header", "GET", "/header", nil, []string{"X-Big", strings.Repeat("b", 16000)}, 200, "16000"},
				{"60000 bytes of header", "GET", "/header", nil, []string{"X-Big", strings.Repeat("b", 60000)}, 200, got60000},
				{"64 KiB of header", "GET", "/header", nil, []string{"X-Big", strings.Repeat("b", 64<<10)}, mode.header, got64K},
				{"HEAD", "HEAD", "/big?n=5000", nil, nil, 200, ""},
				{"204", "DELETE", "/none", nil, nil, 204, ""},
				{"1 MiB", "GET", "/big?n=1048576", nil, nil, 200, strings.Repeat("x", 1<<20)},
				{"panic", "GET", "/panic", nil, nil, mode.panics(), ""},
				{"refused body", "POST", "/refuse", strings.NewReader(strings.Repeat("p", 1<<20)), nil, 413, "too large"},
			} {
				t.Run(c.name, func(t *testing.T) {
					answer, text := do(t, c.method, c.path, c.body, c.header...)
					if answer.StatusCode != c.status || !strings.Contains(text, c.want) {
						t.Errorf("got %s %.600q, want %d %.200q", answer.Status, text, c.status, c.want)
					}
				})
			}
			t.Run("keep-alive", func(t *testing.T) {
				do(t, "GET", "/", nil)
				before := dials.Load()
				for range 50 {
					if answer, _ := do(t, "GET", "/big?n=3000", nil); answer.StatusCode != 200 {
						t.Fatal(answer.Status)
					}
				}
				if n := dials.Load() - before; n != 0 {
					t.Errorf("%d new connections for 50 requests", n)
				}
			})
			t.Run("upload", func(t *testing.T) {
				size, _ := strconv.ParseInt(os.Getenv("LAB_UPLOAD"), 10, 64)
				if size == 0 {
					size = 1 << 30 // two seconds
				}
				var body io.Reader = io.LimitReader(zeros{}, size)
				r, _ := http.NewRequest("POST", f.base+"/sink", struct{ io.Reader }{body})
				if mode.chunked != 200 {
					r.ContentLength = size
				}
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				begun := time.Now()
				answer, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = answer.Body.Close() }()
				text, _ := io.ReadAll(answer.Body)
				runtime.ReadMemStats(&after)
				t.Logf("%d MiB in %v, %d KiB more memory (client's included), chunked: %v", size>>20, time.Since(begun).Round(time.Millisecond), int64(after.Sys-before.Sys)>>10, r.ContentLength <= 0)
				if want := fmt.Sprint(size, " <nil>"); string(text) != want || after.Sys-before.Sys > 32<<20 {
					t.Errorf("%s %q", answer.Status, text)
				}
			})
		})
	}
}

// zeros are as many as wanted.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
