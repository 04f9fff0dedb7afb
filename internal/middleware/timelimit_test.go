package middleware_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/middleware"
)

// A request that waits for its body, for its client or for anything else loses its connection at the limit, and its handler can
// neither read nor write any more. Other requests, and panics, pass.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	over := make(chan string, 1)
	ended := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fast":
			w.Header().Set("X-A", "b")
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.Copy(w, r.Body)
		case "/empty":
		case "/panic":
			panic(http.ErrAbortHandler)
		case "/body":
			_, err := io.ReadAll(r.Body)
			_, again := r.Body.Read(make([]byte, 1))
			_, write := w.Write([]byte("late"))
			ended <- errors.Join(err, again, write)
		case "/write":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					ended <- err
					return
				}
			}
		case "/wait":
			<-r.Context().Done()
			ended <- r.Context().Err()
		}
	})
	limited := middleware.TimeLimit(200*time.Millisecond, func(r *http.Request, _ time.Time) { over <- r.URL.Path })(handler)
	server := httptest.NewServer(limited)
	t.Cleanup(server.Close)
	ask := func(path, body string, length int) string {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, length, body)
		if path == "/write" { // a client that does not read
			return <-over
		}
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return "none"
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", r.StatusCode, r.Header.Get("X-A"), b))
	}
	for _, c := range []struct{ path, body, want string }{{"/fast", "hello", "418 b hello"}, {"/empty", "", "200"}, {"/panic", "", "none"}} {
		if got := ask(c.path, c.body, len(c.body)); got != c.want {
			t.Errorf("%s: %s", c.path, got)
		}
	}
	for _, path := range []string{"/body", "/wait"} {
		if got := ask(path, "he", 5); got != "none" || <-over != path || <-ended == nil {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := ask("/write", "", 0); got != "/write" || <-ended == nil {
		t.Error(got)
	}
	if len(over) > 0 {
		t.Errorf("over: %s", <-over)
	}
}
