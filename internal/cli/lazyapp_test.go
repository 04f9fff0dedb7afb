//go:build unix

package cli_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// With lazy-apps, requests wait while a command before or after the application fails, and get an answer after it succeeds.
func TestUWSGILazyApps(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"pre-app", "post-app"} {
		for _, ending := range []string{"succeeds", "terminated"} {
			t.Run(stage+" "+ending, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				address, p := uwsgiLogs(t, dir, ip(1), "master = true\nlazy-apps = true\nexec-"+stage+" = test -e DIR/there\nsafe-pidfile = DIR/pid\n")
				p.logs(t, "requests wait, because the application cannot be loaded: exec-"+stage+": test -e ")
				var c net.Conn
				testproc.Eventually(t, "a connection", func() bool {
					var err error
					c, err = net.Dial("tcp", address)
					return err == nil
				})
				defer c.Close()
				if _, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
					t.Fatal(err)
				}
				if ending == "terminated" {
					_ = p.Process.Signal(syscall.SIGTERM)
					if err := p.ends(t); err != nil {
						t.Error(err)
					}
					if n, _ := c.Read(make([]byte, 1)); n != 0 {
						t.Error("an answer")
					}
					return
				}
				if err := os.WriteFile(filepath.Join(dir, "there"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				b := make([]byte, 1024)
				if n, err := c.Read(b); err != nil || !strings.HasPrefix(string(b[:n]), "HTTP/1.0 200") {
					t.Errorf("%q %v", b[:n], err)
				}
				fetch(t, address, "192.0.2.1")
				_ = p.Process.Signal(syscall.SIGHUP)
				p.logs(t, "reloaded")
				fetch(t, address, "192.0.2.1")
			})
		}
	}
}

// A hook that fails is no reason not to start with a master; with lazy-apps the process ends with status 0.
func TestUWSGIFailingHook(t *testing.T) {
	t.Parallel()
	address, p := uwsgiLogs(t, t.TempDir(), ip(1), "master = true\nhook-pre-app = exec:false\n")
	fetch(t, address, "192.0.2.1")
	p.logs(t, "hook-pre-app: false: exit status 1")
	_, p = uwsgiLogs(t, t.TempDir(), ip(1), "master = true\nlazy-apps = true\nhook-post-app = exec:false\n")
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	p.logs(t, "ending: hook-post-app: false: exit status 1")
	_, p = uwsgiLogs(t, t.TempDir(), ip(1), "hook-post-app = exec:false\n")
	if err := p.ends(t); err == nil {
		t.Error("status 0")
	}
	p.logs(t, "hook-post-app: false: exit status 1")
}

// A hook that fails at a later attempt ends the process with status 0, as at the first one.
func TestUWSGILazyAppsEndLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, p := uwsgiLogs(t, dir, ip(1), "master = true\nlazy-apps = true\nexec-pre-app = test -e DIR/there\nhook-post-app = exec:false\nsafe-pidfile = DIR/pid\n")
	p.logs(t, "requests wait, because the application cannot be loaded: exec-pre-app: test -e ")
	if err := os.WriteFile(filepath.Join(dir, "there"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.logs(t, "ending: hook-post-app: false")
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
}
