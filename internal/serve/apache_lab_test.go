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
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/paste"
)

// apacheConf makes a private Apache of a directory, an address, a module
// directory and a unix socket.
const apacheConf = `
ServerRoot %[1]s
PidFile %[1]s/httpd.pid
ServerName localhost
Listen %[2]s
LoadModule mpm_event_module %[3]s/mod_mpm_event.so
LoadModule authz_core_module %[3]s/mod_authz_core.so
LoadModule proxy_module %[3]s/mod_proxy.so
LoadModule proxy_uwsgi_module %[3]s/mod_proxy_uwsgi.so
ErrorLog %[1]s/error.log
LogLevel warn
<IfModule unixd_module>
User nobody
Group nogroup
</IfModule>
LimitRequestFieldSize 131072
ProxyPass /compute unix:%[4]s|uwsgi://nova-api
`

// startApache runs an Apache in front of socket and gives its URL.
func startApache(t *testing.T, socket string) string {
	t.Helper()
	binary := ""
	for _, name := range []string{"apache2", "httpd", "/usr/sbin/apache2", "/usr/sbin/httpd"} {
		if path, err := exec.LookPath(name); err == nil {
			binary = path
			break
		}
	}
	modules := ""
	for _, dir := range []string{os.Getenv("APACHE_MODULES"), "/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"} {
		if _, err := os.Stat(filepath.Join(dir, "mod_proxy_uwsgi.so")); dir != "" && err == nil {
			modules = dir
			break
		}
	}
	if binary == "" || modules == "" {
		t.Skipf("needs Apache (found %q) with mod_proxy_uwsgi (found in %q; APACHE_MODULES names its directory)", binary, modules)
	}
	dir, address := t.TempDir(), freeAddress(t)
	conf := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, apacheConf, dir, address, modules, socket), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-f", conf, "-D", "FOREGROUND")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if log, _ := os.ReadFile(filepath.Join(dir, "error.log")); t.Failed() {
			t.Logf("Apache's log:\n%s", log)
		}
	})
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("Apache does not come up")
	return ""
}

func TestApache(t *testing.T) {
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
	mux.HandleFunc("/header", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.Header.Get("X-Big")))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "script=%q path=%q", paste.ScriptName(r), r.URL.Path)
	})
	dir := t.TempDir()
	// Apache's workers are another user.
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	socket := filepath.Join(dir, "u")
	run(t, mux, serve.Options{UWSGI: []string{"unix:" + socket}, SocketMode: 0o666}, socket)
	base := startApache(t, socket)

	var dials atomic.Int32
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
		MaxIdleConnsPerHost: 1,
	}}
	do := func(t *testing.T, method, path string, body io.Reader, header ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(method, base+path, body)
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
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		header             []string
		status             int
		want               string
	}{
		{"GET", "GET", "/compute/show?a=1&b=%20c", nil, []string{"X-Auth-Token", "t"}, 200, `script="/compute" path="/show" raw="" query="a=1&b=%20c" uri="/compute/show?a=1&b=%20c" host="` + base[7:]},
		{"header", "GET", "/compute/show", nil, []string{"Authorization", "Basic x"}, 200, "Authorization: Basic x\r\n"},
		{"prefix", "GET", "/compute", nil, nil, 200, `script="/compute" path="/"`},
		{"prefix with slash", "GET", "/compute/", nil, nil, 200, `script="/compute" path="/"`},
		{"escapes", "GET", "/compute/v2.1/%C3%A9%20x", nil, nil, 200, `script="/compute" path="/v2.1/é x"`},
		{"POST", "POST", "/compute/show", strings.NewReader("body"), []string{"Content-Type", "x/y"}, 200, `body="body" err=<nil>`},
		{"large POST", "POST", "/compute/show", strings.NewReader(strings.Repeat("p", 3<<20)), nil, 200, strings.Repeat("p", 3<<20)},
		// mod_proxy_uwsgi answers these by itself: 411 Length Required.
		{"chunked POST", "POST", "/compute/show", struct{ io.Reader }{strings.NewReader("body")}, nil, 411, ""},
		{"60 KiB header", "GET", "/compute/header", nil, []string{"X-Big", strings.Repeat("b", 60<<10)}, 200, "61440"},
		// The protocol has 16 bits for the variables; Apache does not even ask us.
		{"64 KiB header", "GET", "/compute/header", nil, []string{"X-Big", strings.Repeat("b", 64<<10)}, 500, ""},
		{"HEAD", "HEAD", "/compute/big?n=5000", nil, nil, 200, ""},
		{"204", "DELETE", "/compute/none", nil, nil, 204, ""},
		{"1 MiB", "GET", "/compute/big?n=1048576", nil, nil, 200, strings.Repeat("x", 1<<20)},
		{"refused body", "POST", "/compute/refuse", strings.NewReader(strings.Repeat("p", 3<<20)), nil, 413, "too large"},
		{"panic", "GET", "/compute/panic", nil, nil, 500, "Internal Server Error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, text := do(t, c.method, c.path, c.body, c.header...)
			if answer.StatusCode != c.status || !strings.Contains(text, c.want) {
				t.Errorf("got %s %.600q", answer.Status, text)
			}
		})
	}
	t.Run("keep-alive", func(t *testing.T) {
		do(t, "GET", "/compute/", nil)
		before := dials.Load()
		for range 50 {
			if answer, _ := do(t, "GET", "/compute/big?n=3000", nil); answer.StatusCode != 200 {
				t.Fatal(answer.Status)
			}
		}
		if n := dials.Load() - before; n != 0 {
			t.Errorf("%d new connections for 50 requests", n)
		}
	})
}
