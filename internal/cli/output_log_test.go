//go:build unix

package cli_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// written waits until a file matches a pattern.
func written(t *testing.T, path, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var last []byte
	testproc.Eventually(t, path+" matches "+pattern, func() bool {
		last, _ = os.ReadFile(path)
		return re.Match(last)
	})
}

// uwsgiLogs starts the command as uwsgi with a file of these lines.
func uwsgiLogs(t *testing.T, dir, conf, lines string) (address string, p *process) {
	t.Helper()
	address = testproc.Address(t)
	ini := filepath.Join(dir, "nova.ini")
	file := filepath.Join(dir, "nova.conf")
	text := "[uwsgi]\nhttp-socket = " + address + "\nmodule = nova.wsgi.osapi_compute:application\npyargv = --config-file=" + file + "\n" + lines
	for path, content := range map[string]string{ini: strings.ReplaceAll(text, "DIR", dir), file: conf} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return address, command(t, "", nil, "uwsgi", "--ini", ini)
}

// The output of the process and the lines of requests are in the file of logto, as Debian's package
// expects it. After logrotate has renamed the file, a signal or a touched file begins a new one.
func TestUWSGILogto(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"logto", "logto2", "logger = file:"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "nova-api.log")
			if !strings.HasSuffix(option, ":") {
				option += " = "
			}
			address, p := uwsgiLogs(t, dir, ip(1), option+"DIR/nova-api.log\ntouch-logreopen = DIR/touched\nmount = /x\n")
			fetch(t, address, "192.0.2.1")
			line := `(?m)^\[pid: \d+\|app: 0\|req: \d+/\d+\] 127\.0\.0\.1 \(\) \{\d+ vars in \d+ bytes\} \[\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\] GET / => ` +
				`generated \d+ bytes in \d+ msecs \(HTTP/1\.1 200\) \d+ headers in \d+ bytes \(1 switches on core 0\)$`
			written(t, path, line)
			written(t, path, "mount is left out") // of Nova's log
			if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o640 {
				t.Errorf("%v %v", i.Mode(), err)
			}
			for n, reopen := range []func(){
				func() { _ = p.Process.Signal(syscall.SIGHUP) },
				func() { _ = os.WriteFile(filepath.Join(dir, "touched"), nil, 0o600) },
			} {
				if err := os.Rename(path, path+string(rune('1'+n))); err != nil {
					t.Fatal(err)
				}
				reopen()
				testproc.Eventually(t, "a new file", func() bool { _, err := os.Stat(path); return err == nil })
				fetch(t, address, "192.0.2.1")
				written(t, path, line)
			}
			if said := p.log.String(); said != "" {
				t.Errorf("on the terminal: %s", said)
			}
		})
	}
}

// Requests have a log of their own, with a format, and with conditions.
func TestUWSGIRequestLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, _ := uwsgiLogs(t, dir, ip(1), "req-logger = file:DIR/requests.log\nlog-format = %(addr) %(method) %(uri) %(status) [%(var.HTTP_X_A)] %(none)\n")
	r, err := http.NewRequest(http.MethodGet, "http://"+address+"/a%20b?c=%41", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-A", "b")
	testproc.Eventually(t, "an answer", func() bool {
		a, err := http.DefaultClient.Do(r)
		if err == nil {
			_, _ = io.Copy(io.Discard, a.Body)
			_ = a.Body.Close()
		}
		return err == nil
	})
	written(t, filepath.Join(dir, "requests.log"), `(?m)^127\.0\.0\.1 GET /a%20b\?c=%41 200 \[b\] -$`)

	address, _ = uwsgiLogs(t, dir, ip(1), "disable-logging = true\nlog-big = 1000\nlog-4xx = true\nreq-logger = file:DIR/some.log\n")
	fetch(t, address, "192.0.2.1")
	for _, path := range []string{"/?status=404", "/?status=200"} {
		a, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
	}
	written(t, filepath.Join(dir, "some.log"), `GET /\?status=404 => `)
	if b, _ := os.ReadFile(filepath.Join(dir, "some.log")); strings.Count(string(b), "\n") != 1 {
		t.Errorf("got %s", b)
	}
}

// A log that cannot be opened ends the start with one line.
func TestUWSGILogtoFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, p := uwsgiLogs(t, dir, ip(1), "logto = DIR/none/nova-api.log\n")
	p.logs(t, "log file: open "+dir+"/none/nova-api.log: no such file or directory")
	if err := p.ends(t); err == nil {
		t.Error("exit status 0")
	}
}

// The flags write the same log without a uWSGI file.
func TestAccessLogFlags(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for format, want := range map[string]string{
		"":         `GET / => generated \d+ bytes`,
		"combined": `(?m)^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\] "GET / HTTP/1\.1" 200 \d+ "-" "Go-http-client/1\.1"$`,
		"json":     `(?m)^\{"time":"[^"]+","addr":"127\.0\.0\.1","method":"GET","uri":"/","proto":"HTTP/1\.1","status":200,"rsize":\d+,"secs":[\d.e-]+,"uagent":"Go-http-client/1\.1"`,
	} {
		address, path := testproc.Address(t), filepath.Join(dir, "log"+format)
		command(t, ip(1), nil, "nova-api", "--config-file=CONF", "--http="+address, "--access-log="+path, "--access-log-format="+format)
		fetch(t, address, "192.0.2.1")
		written(t, path, want)
	}
}

// Requests of an agent that route-user-agent names have no line; touch-logrotate renames the file.
func TestUWSGIQuietAgent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, _ := uwsgiLogs(t, dir, ip(1), "route-user-agent = ^Go-http donotlog:\nlogto = DIR/log\nlog-backupname = DIR/old\ntouch-logrotate = DIR/touched\n")
	fetch(t, address, "192.0.2.1")
	r, err := http.NewRequest(http.MethodGet, "http://"+address+"/loud", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "loud")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Body.Close()
	written(t, filepath.Join(dir, "log"), `GET /loud => `)
	if err := os.WriteFile(filepath.Join(dir, "touched"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	written(t, filepath.Join(dir, "old"), `GET /loud => `)
	if b, _ := os.ReadFile(filepath.Join(dir, "old")); strings.Count(string(b), " => ") != 1 {
		t.Errorf("got %s", b)
	}
}
