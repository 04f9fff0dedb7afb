//go:build unix

package cli_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// status sends a request on a connection of its own, and returns its status, or 0 if the connection ends without an answer.
func status(t *testing.T, method, url, body string, chunked bool) int {
	t.Helper()
	var reader io.Reader = strings.NewReader(body)
	if chunked {
		reader = io.MultiReader(reader)
	}
	r, err := http.NewRequest(method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	a, err := transport.RoundTrip(r)
	if err != nil {
		if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "connection reset") {
			t.Error(err)
		}
		return 0
	}
	_ = a.Body.Close()
	return a.StatusCode
}

// A body above limit-post ends the connection; one without a length passes, as with uWSGI.
func TestUWSGILimitPost(t *testing.T) {
	t.Parallel()
	address, p := uwsgiLogs(t, t.TempDir(), ip(1), "limit-post = 10\n")
	fetch(t, address, "192.0.2.1")
	for _, c := range []struct {
		body    string
		chunked bool
		want    int
	}{{"0123456789", false, 200}, {"0123456789a", false, 0}, {"0123456789a", true, 200}} {
		if got := status(t, http.MethodPost, "http://"+address+"/", c.body, c.chunked); got != c.want {
			t.Errorf("%+v: status %d", c, got)
		}
	}
	p.logs(t, "Invalid (too big) CONTENT_LENGTH. skip.\n")
	p.logs(t, "POST / => generated 0 bytes in 0 msecs (HTTP/1.1 500) 0 headers in ")
}

// A request beyond harakiri loses its connection; its operation goes on to its end, and the request has no line in the log.
func TestUWSGIHarakiri(t *testing.T) {
	t.Parallel()
	address, p := uwsgiLogs(t, t.TempDir(), ip(1), "harakiri = 1\n")
	fetch(t, address, "192.0.2.1")
	wait, begun := held(t)
	if got := status(t, http.MethodGet, "http://"+address+"/?hold="+wait, "", false); got != 0 {
		t.Errorf("status %d", got)
	}
	p.logs(t, " - *** HARAKIRI ON WORKER 1 (pid: ")
	p.logs(t, " - HARAKIRI [core 0] 127.0.0.1 - GET /?hold="+wait+" since ")
	_ = begun().Close()
	p.logs(t, "the operation is done")
	fetch(t, address, "192.0.2.1")
	if strings.Contains(p.log.String(), "hold="+wait+" => ") {
		t.Error("the request has a line in the log")
	}
}

// The statistics have the members of uWSGI's. statsMembers is compared with uWSGI by a lab test.
func TestUWSGIStats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, _ := uwsgiLogs(t, dir, ip(1), "stats = DIR/stats\nlimit-post = 5\n")
	fetch(t, address, "192.0.2.1")
	wait, begun := held(t)
	go func() {
		if a, err := http.Get("http://" + address + "/?hold=" + wait); err == nil {
			_ = a.Body.Close()
		}
	}()
	c := begun()
	var last string
	var stats struct {
		Sockets []struct{ Name, Proto string }
		Workers []struct {
			Requests, TX, RSS int64
			Status            string
			Cores             []struct {
				InRequest int `json:"in_request"`
				Vars      []string
			}
		}
	}
	testproc.Eventually(t, "statistics", func() bool {
		s, err := net.Dial("unix", filepath.Join(dir, "stats"))
		if err != nil {
			return false
		}
		b, err := io.ReadAll(s)
		_ = s.Close()
		last = string(b)
		return err == nil && json.Unmarshal(b, &stats) == nil && len(stats.Workers) == 1 && stats.Workers[0].Status == "busy"
	})
	w := stats.Workers[0]
	if w.Requests < 1 || w.TX < 16 || w.RSS == 0 || len(w.Cores) != 1 || w.Cores[0].InRequest != 1 || w.Cores[0].Vars[1] != "REQUEST_URI=/?hold="+wait ||
		len(stats.Sockets) != 1 || stats.Sockets[0].Name != address || stats.Sockets[0].Proto != "http" {
		t.Error(last)
	}
	if got := strings.Join(members(t, last), " "); got != statsMembers {
		t.Errorf("members %s", got)
	}
	_ = c.Close()
}

const statsMembers = "version listen_queue listen_queue_errors signal_queue load pid uid gid cwd locks sockets name proto queue max_queue shared can_offload " +
	"workers id pid accepting requests delta_requests exceptions harakiri_count signals signal_queue status rss vsz running_time last_spawn respawn_count " +
	"tx avg_rt apps id modifier1 mountpoint startup_time requests exceptions chdir cores id requests static_requests routed_requests " +
	"offloaded_requests write_errors read_errors in_request vars req_info"

// members returns the names of all members of a JSON text in their order.
func members(t *testing.T, text string) []string {
	t.Helper()
	var names []string
	var walk func(d *json.Decoder) error
	walk = func(d *json.Decoder) error {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'):
			for d.More() {
				name, err := d.Token()
				if err != nil {
					return err
				}
				if s, _ := name.(string); s != "" {
					names = append(names, s)
				}
				if err := walk(d); err != nil {
					return err
				}
			}
			_, err = d.Token()
		case json.Delim('['):
			for d.More() {
				if err := walk(d); err != nil {
					return err
				}
			}
			_, err = d.Token()
		}
		return err
	}
	if err := walk(json.NewDecoder(strings.NewReader(text))); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return names
}

// Letters in the pipe of master-fifo reload, reopen and rotate the log, and stop.
func TestUWSGIFIFO(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	address, p := uwsgiLogs(t, dir, ip(1), "master-fifo = DIR/fifo\nmaster-fifo = DIR/other\nlogto = DIR/log\nlog-backupname = DIR/old\n"+
		"pidfile = DIR/pid\nvacuum = true\n")
	fetch(t, address, "192.0.2.1")
	tell := func(pipe, letters string) {
		t.Helper()
		testproc.Eventually(t, "the pipe", func() bool {
			info, err := os.Stat(filepath.Join(dir, pipe))
			return err == nil && info.Mode() == fs.ModeNamedPipe|0o600
		})
		if err := os.WriteFile(filepath.Join(dir, pipe), []byte(letters), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "nova.conf"), []byte(ip(2)), 0o600); err != nil {
		t.Fatal(err)
	}
	tell("fifo", "r\n")
	fetch(t, address, "192.0.2.2")
	tell("fifo", "+E")
	written(t, log, "has no counterpart here command=+")
	tell("fifo", "L")
	written(t, filepath.Join(dir, "old"), "has no counterpart here command=E")
	tell("fifo", "1")
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	tell("other", "l")
	testproc.Eventually(t, "a new file", func() bool { _, err := os.Stat(log); return err == nil })
	tell("other", "q")
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "pid")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the pid file: %v", err)
	}
}

// Commands run at their stages; one that fails prevents the start. As uWSGI does, only a process of root runs as-user, and one
// that remains root runs it again.
func TestUWSGICommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lines := "hook-pre-app = exec:echo hook >> DIR/ran\n"
	stages := []string{"asap", "pre-jail", "in-jail", "as-user", "pre-app", "post-app", "as-user-atexit"}
	for _, stage := range stages {
		lines = "exec-" + stage + " = echo " + stage + " >> DIR/ran\n" + lines
	}
	address, p := uwsgiLogs(t, dir, ip(1), lines)
	fetch(t, address, "192.0.2.1")
	_ = p.Process.Signal(os.Interrupt)
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	asUser := ""
	if os.Geteuid() == 0 {
		asUser = "as-user\nas-user\n"
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "ran")); string(b) != "asap\npre-jail\nin-jail\n"+asUser+"pre-app\nhook\npost-app\nas-user-atexit\n" {
		t.Errorf("ran %q", b)
	}
	for _, stage := range []string{"asap", "post-app"} {
		_, p := uwsgiLogs(t, t.TempDir(), ip(1), "exec-"+stage+" = exit 3\n")
		p.logs(t, "exec-"+stage+": exit 3: exit status 3")
		if err := p.ends(t); err == nil || err.Error() != "exit status 1" {
			t.Errorf("%s: %v", stage, err)
		}
	}
}

// A uWSGI file without a socket does not start, as with uWSGI.
func TestUWSGINoSocket(t *testing.T) {
	t.Parallel()
	ini := filepath.Join(t.TempDir(), "x.ini")
	if err := os.WriteFile(ini, []byte("[uwsgi]\nmodule = nova.wsgi.osapi_compute:application\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := command(t, "", nil, "uwsgi", ini)
	p.logs(t, "no socket: ")
	if err := p.ends(t); err == nil || err.Error() != "exit status 1" {
		t.Error(err)
	}
}
