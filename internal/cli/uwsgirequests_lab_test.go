//go:build lab

package cli_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// TestLabLimits compares what a client and the log see of limit-post and harakiri, and the members of the statistics, with
// uWSGI in LAB_VENV.
func TestLabLimits(t *testing.T) {
	binary := filepath.Join(os.Getenv("LAB_VENV"), "bin", "uwsgi")
	if _, err := os.Stat(binary); err != nil || os.Getenv("LAB_VENV") == "" {
		t.Skip("LAB_VENV does not name a Python environment with uWSGI")
	}
	for i, more := range []string{"", "log-date = true\n", "log-date = day %%d\n", "log-prefix = nova\nlog-micros = true\n",
		"logdate = %%Y\nlog-format-strftime = true\nlog-format = %%(ftime) %%(method) %%(status)\n", "log-format-strftime = true\nlog-format = %%(ftime) %%(method)\n"} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			compareLimits(t, binary, "limit-post = 10\nharakiri = 1\nstats = DIR/stats\nlogto = DIR/log\n"+more)
		})
	}
}

func compareLimits(t *testing.T, binary, options string) {
	t.Helper()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	real := testproc.Address(t)
	for path, text := range map[string]string{
		"app.py": "import socket\ndef application(env, start):\n    env['wsgi.input'].read()\n    q = env['QUERY_STRING']\n    if q.startswith('hold='):\n" +
			"        socket.create_connection(q[5:].split(':')).recv(1)\n    start('200 OK', [])\n    return [b'x']\n",
		"x.ini": "[uwsgi]\nmaster = true\nhttp-socket = " + real + "\nwsgi-file = DIR/app.py\n" + options,
	} {
		if err := os.WriteFile(filepath.Join(dirs[0], path), []byte(strings.ReplaceAll(text, "DIR", dirs[0])), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, filepath.Join(dirs[0], "x.ini"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	ours, _ := uwsgiLogs(t, dirs[1], ip(1), options)
	masks := regexp.MustCompile(`pid: \d+|since \d+|hold=\S+|\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}|\d\d/\w{3}/\d{4}:[\d:]{8}|` +
		`req: \d+/\d+|\d+ vars in \d+|generated \d+|in \d+ m|\d+ headers in \d+`)
	var seen, stats [2]string
	for i, address := range []string{real, ours} {
		fetch(t, address, "")
		var got []string
		for _, body := range []string{"0123456789", "0123456789a"} {
			got = append(got, http.StatusText(status(t, http.MethodPost, "http://"+address+"/", body, false)))
		}
		wait, begun := held(t)
		got = append(got, http.StatusText(status(t, http.MethodGet, "http://"+address+"/?hold="+wait, "", false)))
		_ = begun().Close()
		fetch(t, address, "")
		log := ""
		testproc.Eventually(t, "the lines of harakiri", func() bool {
			b, _ := os.ReadFile(filepath.Join(dirs[i], "log"))
			log = string(b)
			return strings.Contains(log, "HARAKIRI triggered")
		})
		for line := range strings.Lines(log) {
			if strings.Contains(line, "HARAKIRI") || strings.Contains(line, "CONTENT_LENGTH") || strings.Contains(line, "GET") {
				if line = masks.ReplaceAllString(strings.TrimSpace(line), "-"); !slices.Contains(got, line) {
					got = append(got, line)
				}
			}
		}
		seen[i] = strings.Join(got, "\n")
		for range 50 { // uWSGI may be starting its worker again
			if stats[i] = statsOf(t, filepath.Join(dirs[i], "stats")); stats[i] == statsMembers {
				break
			}
			fetch(t, address, "")
		}
	}
	if seen[0] != seen[1] || stats[0] != stats[1] || stats[1] != statsMembers {
		t.Errorf("uWSGI:\n%s\n%s\nhere:\n%s\n%s", seen[0], stats[0], seen[1], stats[1])
	}
}

// statsOf returns the names of the members of the statistics, without those of locks.
func statsOf(t *testing.T, socket string) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	names := members(t, string(b))
	from, to := slices.Index(names, "locks"), slices.Index(names, "sockets")
	return strings.Join(slices.Delete(names, from+1, to), " ")
}
