//go:build lab

package serve_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/serve"
)

// snippets are the configurations of docs/operating.md, by the names in the
// comments before them.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)<!-- lab: ([a-z-]+) -->\n```[a-z]+\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		all[m[1]] = m[2]
	}
	return all
}

// front is a front server with our side of it.
type front struct {
	name    string // server-protocol, as in the documentation
	base    string // URL of the prefix
	options serve.Options
	probe   string // of our listener
}

// newFront says where our side is to listen, and gives what starts the front server.
func newFront(t *testing.T, name string) (*front, func()) {
	t.Helper()
	text := snippets(t)
	snippet, ok := text[name]
	if !ok {
		t.Fatalf("docs/operating.md has no %s", name)
	}
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755) // the workers of front servers are another user
	}
	address, back, socket := testproc.Address(t), testproc.Address(t), filepath.Join(dir, "s")
	f := &front{name: name, base: "http://" + address + "/compute", options: serve.Options{SocketMode: 0o666}, probe: socket}
	ours := "unix:" + socket
	if !strings.Contains(snippet, "/run/nova/api.sock") {
		ours, f.probe = back, back
	}
	server, protocol, _ := strings.Cut(name, "-")
	*map[string]*[]string{"http": &f.options.HTTP, "uwsgi": &f.options.UWSGI, "fcgi": &f.options.FCGI, "scgi": &f.options.SCGI}[protocol] = []string{ours}
	snippet = text[server] + snippet
	for from, to := range map[string]string{"192.0.2.10:8774": address, "127.0.0.1:9774": back, "/run/nova/api.sock": socket} {
		snippet = strings.ReplaceAll(snippet, from, to)
	}
	conf := filepath.Join(dir, "conf")
	var cmd *exec.Cmd
	switch server {
	case "apache":
		modules := directory(t, os.Getenv("APACHE_MODULES"), "/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
		snippet = apachePreamble(dir, address, modules, "proxy_"+protocol) + snippet
		cmd = exec.Command(program(t, "apache2", "httpd"), "-f", conf, "-D", "FOREGROUND")
	case "nginx":
		snippet = fmt.Sprintf("daemon off;\npid %[1]s/pid;\nerror_log %[1]s/error.log;\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path %[1]s/b;\nproxy_temp_path %[1]s/p;\nfastcgi_temp_path %[1]s/f;\nuwsgi_temp_path %[1]s/u;\nscgi_temp_path %[1]s/s_;\nserver {\nlisten %[2]s;\n%[3]s}\n}\n", dir, address, snippet)
		cmd = exec.Command(program(t, "nginx"), "-e", filepath.Join(dir, "error.log"), "-c", conf)
	case "haproxy":
		cmd = exec.Command(program(t, "haproxy"), "-db", "-f", conf)
	}
	if err := os.WriteFile(conf, []byte(snippet), 0o644); err != nil {
		t.Fatal(err)
	}
	return f, func() {
		t.Helper()
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
			if log, _ := os.ReadFile(filepath.Join(dir, "error.log")); t.Failed() {
				t.Logf("%s\n%s", snippet, log)
			}
		})
		for range 250 {
			if c, err := net.Dial("tcp", address); err == nil {
				_ = c.Close()
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("%s does not come up", server)
	}
}

func apachePreamble(dir, address, modules, protocol string) string {
	text := fmt.Sprintf("ServerRoot %[1]s\nPidFile %[1]s/pid\nServerName localhost\nListen %[2]s\nErrorLog %[1]s/error.log\nLogLevel warn\nUser nobody\nGroup nogroup\n", dir, address)
	for _, m := range []string{"mpm_event", "authz_core", "env", "setenvif", "headers", "proxy", protocol} {
		text += fmt.Sprintf("LoadModule %[1]s_module %[2]s/mod_%[1]s.so\n", m, modules)
	}
	return text
}

func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, path := range []string{name, "/usr/sbin/" + name} {
			if found, err := exec.LookPath(path); err == nil {
				return found
			}
		}
	}
	t.Skipf("needs %s", strings.Join(names, " or "))
	return ""
}

func directory(t *testing.T, candidates ...string) string {
	t.Helper()
	for _, d := range candidates {
		if _, err := os.Stat(d); d != "" && err == nil {
			return d
		}
	}
	t.Skipf("needs Apache's modules in one of %q (APACHE_MODULES)", candidates)
	return ""
}
