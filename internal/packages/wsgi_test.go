//go:build packages

package packages_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// server is a program in Python that serves the application below the path /compute. As Apache does, it tells the
// application the address of the request as it was sent, which it takes from the header X-Raw.
const server = `
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
sys.path.insert(0, '.')
from nova_go_wsgi import Application
application = Application(sys.argv[2])
def mounted(environ, start_response):
    assert environ['PATH_INFO'].startswith('/compute')
    environ['SCRIPT_NAME'], environ['PATH_INFO'] = '/compute', environ['PATH_INFO'][8:]
    if 'HTTP_X_RAW' in environ:
        environ['REQUEST_URI'] = environ['HTTP_X_RAW']
    return application(environ, start_response)
make_server('127.0.0.1', int(sys.argv[1]), mounted).serve_forever()
`

// TestWSGI sends requests through the WSGI application in the packages, to a server on a Unix socket, on a
// port, and to none.
func TestWSGI(t *testing.T) {
	needs(t, "python3")
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", strings.Join([]string{r.Method, r.RequestURI, r.Host, r.Header.Get("X-Auth-Token"),
			strings.Join(r.Header.Values("X-Forwarded-Prefix"), ","), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("Content-Type"), string(body)}, " "))
		w.WriteHeader(http.StatusAccepted)
		for range 3 { // more than one part, without a length
			_, _ = io.WriteString(w, strings.Repeat("x", 50_000))
			w.(http.Flusher).Flush()
		}
	})
	onSocket := httptest.NewUnstartedServer(handler)
	socket := t.TempDir() + "/s"
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	onSocket.Listener = listener
	onSocket.Start()
	t.Cleanup(onSocket.Close)
	onPort := httptest.NewServer(handler)
	t.Cleanup(onPort.Close)

	for name, address := range map[string]string{"socket": socket, "port": onPort.Listener.Addr().String(), "nobody": socket + ".absent"} {
		t.Run(name, func(t *testing.T) {
			front := testproc.Address(t)
			_, port, err := net.SplitHostPort(front)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "python3", "-c", server, port, address)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			testproc.Eventually(t, "the WSGI server listens", func() bool {
				c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", front)
				if err == nil {
					_ = c.Close()
				}
				return err == nil
			})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+front+"/compute/v2.1/servers?a=b%20c", strings.NewReader(`{"server": {}}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Auth-Token", "secret")
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Forwarded-Prefix", "/other")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if name == "nobody" {
				if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
					t.Errorf("%d %s", res.StatusCode, body)
				}
				return
			}
			want := `POST /v2.1/servers?a=b%20c ` + front + ` secret /compute http application/json {"server": {}}`
			if got := res.Header.Get("X-Seen"); res.StatusCode != http.StatusAccepted || got != want || len(body) != 150_000 {
				t.Errorf("%d, %d bytes\n%s\n%s", res.StatusCode, len(body), got, want)
			}
			for raw, want := range map[string]string{
				"/compute/v2.1/a%2Fb?x=%2F": "/v2.1/a%2Fb?x=%2F",
				"/compute":                  "/",
				"//v2.1/servers":            "/v2.1/servers",
				"http://nova/compute/v2.1?": "/v2.1",
			} {
				req.Method, req.Body = http.MethodGet, http.NoBody
				req.ContentLength = 0
				req.Header.Set("X-Raw", raw)
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
				if got := strings.Fields(res.Header.Get("X-Seen"))[1]; got != want {
					t.Errorf("%s is sent as %s", raw, got)
				}
			}
		})
	}
}
