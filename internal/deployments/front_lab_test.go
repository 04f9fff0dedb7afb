//go:build lab && linux

package deployments_test

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// uwsgiTransport sends requests in the uwsgi protocol to a unix socket, as mod_proxy_uwsgi does.
type uwsgiTransport func() string

// RoundTrip implements http.RoundTripper, for requests without a body.
func (socket uwsgiTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c, err := net.Dial("unix", socket())
	if err != nil {
		return nil, err
	}
	vars := []string{"REQUEST_METHOD", r.Method, "REQUEST_URI", r.URL.RequestURI(), "PATH_INFO", r.URL.Path, "QUERY_STRING", r.URL.RawQuery, "SCRIPT_NAME", "",
		"SERVER_PROTOCOL", "HTTP/1.1", "HTTP_HOST", "nova.example", "REMOTE_ADDR", "192.0.2.9", "SERVER_NAME", "nova.example", "SERVER_PORT", "80"}
	for name := range r.Header {
		vars = append(vars, "HTTP_"+strings.ReplaceAll(strings.ToUpper(name), "-", "_"), r.Header.Get(name))
	}
	var b bytes.Buffer
	for _, v := range vars {
		_ = binary.Write(&b, binary.LittleEndian, uint16(len(v)))
		b.WriteString(v)
	}
	head := []byte{0, byte(b.Len()), byte(b.Len() >> 8), 0}
	if _, err := c.Write(append(head, b.Bytes()...)); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(c), r)
}

// checkSocket compares mode and owner of the socket with those with which the front server can connect.
func (x *deployed) checkSocket(t *testing.T) {
	t.Helper()
	if x.service.socket == "" {
		return
	}
	info, err := os.Stat(x.machine.path(x.service.socket))
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if got := fmt.Sprintf("%s %d:%d", info.Mode(), stat.Uid, stat.Gid); got != x.service.mode {
		t.Errorf("%s: %s, want %s", x.service.socket, got, x.service.mode)
	}
}

// checkFront starts Apache with the file of the deployment, if it is installed, and sends a request through it.
func (x *deployed) checkFront(t *testing.T) {
	t.Helper()
	if x.service.front == "" {
		return
	}
	apache, err := exec.LookPath("apache2")
	if err != nil {
		if apache, err = exec.LookPath("httpd"); err != nil {
			t.Log("Apache is not installed: its file is not tried")
			return
		}
	}
	modules := cmp.Or(os.Getenv("APACHE_MODULES"), "/usr/lib/apache2/modules")
	main := "ServerRoot /run\nPidFile /run/apache.pid\nServerName localhost\nErrorLog /dev/stderr\nUser #65534\nGroup #33\n" +
		"LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\"\" combined\n"
	for _, m := range []string{"mpm_event", "authz_core", "proxy", "proxy_uwsgi"} {
		main += fmt.Sprintf("LoadModule %[1]s_module %[2]s/mod_%[1]s.so\n", m, modules)
	}
	x.machine.write(t, "/etc/apache.conf", []byte(main+"Include "+x.service.front+"\n"), 0o644, root)
	x.machine.start(t, root, false, []string{"LD_LIBRARY_PATH=" + os.Getenv("APACHE_LIBRARIES")}, apache, "-f", "/etc/apache.conf", "-D", "FOREGROUND")
	testproc.Eventually(t, "Apache answers", func() bool {
		a, err := http.Get(x.base + x.service.prefix + "/")
		if err != nil {
			return false
		}
		defer a.Body.Close()
		b, err := io.ReadAll(a.Body)
		if a.StatusCode != http.StatusOK || err != nil {
			return false
		}
		if link := x.base + x.service.prefix + "/v2.1/"; x.service.name == "nova-api" && !strings.Contains(string(b), link) {
			t.Errorf("no link to %s in %s", link, b)
		}
		return true
	})
}

// checkDatabase looks for connections of the user that the files name. The server accepts nova_tls with TLS only, and nova_x509
// only with a certificate.
func (x *deployed) checkDatabase(t *testing.T) {
	t.Helper()
	user := "nova"
	for _, name := range []string{"nova_tls", "nova_x509"} {
		if exec.Command("grep", "-rqF", "pymysql://"+name+":", x.machine.path("/etc/nova")).Run() == nil {
			user = name
		}
	}
	if want := x.deployment.user; user != want {
		t.Errorf("the files name %s, not %s", user, want)
	}
	var n int
	row := database.root.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?", user)
	if err := row.Scan(&n); err != nil || n == 0 {
		t.Errorf("%d connections of %s: %v", n, user, err)
	}
}

// openJournal listens in the place of journald.
func (x *deployed) openJournal(t *testing.T) {
	t.Helper()
	if !x.service.journal {
		return
	}
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(dir, "socket")})
	if err == nil {
		err = os.Chmod(filepath.Join(dir, "socket"), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	const place = "/run/systemd/journal"
	x.machine.directory(t, directory{place, root, 0o755})
	x.machine.binds = append(x.machine.binds, [2]string{dir, place})
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			_, _ = x.journal.Write(append(b[:n:n], '\n'))
		}
	}()
}

// checkJournal sends a request, whose entry has its fields.
func (x *deployed) checkJournal(t *testing.T) {
	t.Helper()
	if !x.service.journal {
		return
	}
	wanted := []string{"LOGGER_NAME=nova\n", "PRIORITY=6\n", "SYSLOG_IDENTIFIER=", "Serving as Nova"}
	if x.service.name == "nova-api" {
		wanted = append(wanted, "LOGGER_NAME=nova.api.openstack.requestlog\n", "REQUEST_ID=req-", "PROJECT_NAME=admin\n", "USER_ID=", `"GET /v2.1/flavors?name=nova-api" status: 200`)
	}
	for _, text := range wanted {
		testproc.Eventually(t, "the journal has "+text, func() bool { return strings.Contains(x.journal.String(), text) })
	}
	if out := x.process.stdout.String() + x.process.stderr.String(); strings.Contains(out, " INFO nova") {
		t.Errorf("records outside of the journal: %s", out)
	}
}

// checkRotation empties the files as logrotate does with copytruncate: they grow again from their beginning.
func (x *deployed) checkRotation(t *testing.T) {
	t.Helper()
	for _, f := range x.service.logs {
		if f.path == "" || f.request == nil {
			continue
		}
		if err := os.Truncate(x.machine.path(f.path), 0); err != nil {
			t.Fatal(err)
		}
		path := "/v2.1/flavors?rotated=1"
		if x.service.name == "nova-metadata" {
			path = "/?rotated=1"
		}
		x.get(path, "operator")
		testproc.Eventually(t, f.path+" has a line after its rotation", func() bool {
			text := x.text(f)
			return strings.Contains(text, path) && !strings.HasPrefix(text, "\x00")
		})
	}
}

// checkCertificates asks for each name of the server, and gets its certificate.
func (x *deployed) checkCertificates(t *testing.T) {
	t.Helper()
	if !x.service.https {
		return
	}
	for _, files := range x.deployment.certificates {
		block, _ := pem.Decode([]byte(x.machine.read(t, files[0])))
		want, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(want)
		c, err := tls.Dial("tcp", strings.TrimPrefix(x.base, "https://"), &tls.Config{ServerName: want.DNSNames[0], RootCAs: roots})
		if err != nil {
			t.Errorf("%s: %v", want.DNSNames[0], err)
			continue
		}
		_ = c.Close()
	}
}

// checkStats reads uWSGI's statistics.
func (x *deployed) checkStats(t *testing.T) {
	t.Helper()
	if !x.service.stats {
		return
	}
	a, err := http.Get("http://" + x.stats + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	var stats struct {
		Workers []struct{ Requests int }
	}
	if err := json.NewDecoder(a.Body).Decode(&stats); err != nil || len(stats.Workers) != 1 || stats.Workers[0].Requests < 2 {
		t.Errorf("%+v %v", stats, err)
	}
}

// checkDrain takes the service out of the load balancer, and puts it back.
func (x *deployed) checkDrain(t *testing.T) {
	t.Helper()
	if x.service.drain == "" {
		return
	}
	x.machine.write(t, x.service.drain, nil, 0o644, root)
	if status, said := x.get(x.service.probe.path, x.service.probe.agent); status != http.StatusServiceUnavailable {
		t.Errorf("with %s: %d %s", x.service.drain, status, said)
	}
	if status, said := x.get("/", "operator"); status != http.StatusOK {
		t.Errorf("while it is drained: %d %s", status, said)
	}
	if err := os.Remove(x.machine.path(x.service.drain)); err != nil {
		t.Fatal(err)
	}
	if status, _ := x.get(x.service.probe.path, x.service.probe.agent); status != http.StatusOK {
		t.Errorf("without %s: %d", x.service.drain, status)
	}
}
