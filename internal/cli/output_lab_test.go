//go:build lab && unix

package cli_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// TestLabRequestLog compares the lines of requests with those of uWSGI in LAB_VENV, for the same options and requests. Process
// ids, times, and the sizes and numbers of what only one of them has (WSGI variables, fields of the answer) are left out.
func TestLabRequestLog(t *testing.T) {
	binary := filepath.Join(os.Getenv("LAB_VENV"), "bin", "uwsgi")
	if _, err := os.Stat(binary); err != nil || os.Getenv("LAB_VENV") == "" {
		t.Skip("LAB_VENV does not name a Python environment with uWSGI")
	}
	app := filepath.Join(t.TempDir(), "app.py")
	if err := os.WriteFile(app, []byte(`
def application(env, start):
    query = env['QUERY_STRING']
    status = query[7:] if query.startswith('status=') else '200'
    start(status + ' X', [('Content-Type', 'text/plain')])
    return [b'x' * int(env['PATH_INFO'][1:] or 0)]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	masks := regexp.MustCompile(`\d+ vars in \d+ bytes|pid: \d+|\d+ headers in \d+ bytes|[\w ]{8,}[\d:]{8} \d{4}|\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}|generated \d+ bytes in \d+ msecs|#[\d.]+`)
	firstRequest := regexp.MustCompile(`(?m)^.*GET / .*\n`) // its answers have different sizes
	for name, lines := range map[string]string{
		"default":             "",
		"x-forwarded-for":     "log-x-forwarded-for = true\n",
		"disabled":            "disable-logging = true\n",
		"4xx":                 "disable-logging = true\nlog-4xx = true\n",
		"5xx and zero":        "disable-logging = true\nlog-5xx = true\nlog-zero = true\n",
		"helm":                "log-format = %(addr) - - [%(ltime)] \"%(method) %(uri) %(proto)\" %(status)\n",
		"variables":           "log-format = %(user) %(host) %(uagent) %(referer) %(var.HTTP_X_FOO) %(cl) %(core) %(modifier1) %(none) %(metric.a) end\n",
		"times":               "log-format = [%(ctime)] [%(ltime)] #%(time) #%(epoch) #%(tmsecs) #%(tmicros) #%(msecs) #%(micros) #%(secs) %(method)\n",
		"numbers of a worker": "log-format = %(wid) %(switches) %(rerr) %(werr) %(ioerr) %(rss) %(vsz) %(rssM)\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			lines += "req-logger = file:DIR/requests.log\n"
			ours, _ := uwsgiLogs(t, dir, ip(1), lines)
			realDir := t.TempDir()
			real := testproc.Address(t)
			ini := filepath.Join(realDir, "real.ini")
			if err := os.WriteFile(ini, []byte("[uwsgi]\nmaster = true\nhttp-socket = "+real+"\nwsgi-file = "+app+"\n"+strings.ReplaceAll(lines, "DIR", realDir)), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(binary, "--ini", ini)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			var got [2]string
			for n, address := range []string{ours, real} {
				fetch(t, address, "")
				for _, request := range []string{"GET /3", "GET /2?a=b%20c", "POST /1?status=404", "DELETE /0?status=500", "GET /0?status=204", "GET /9?status=409"} {
					method, path, _ := strings.Cut(request, " ")
					r, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(""))
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("X-Foo", `b"a`)
					r.Header.Set("X-Forwarded-For", "192.0.2.7, 192.0.2.8")
					r.Host = "nova.example"
					a, err := http.DefaultTransport.RoundTrip(r)
					if err != nil {
						t.Fatal(err)
					}
					_ = a.Body.Close()
				}
				path := filepath.Join([]string{dir, realDir}[n], "requests.log")
				var b []byte
				testproc.Eventually(t, "lines of requests", func() bool {
					b, _ = os.ReadFile(path)
					last := map[string]string{"disabled": "", "4xx": "status=409", "5xx and zero": "status=204"}
					if want, fewer := last[name]; fewer {
						return strings.Contains(string(b), want)
					}
					return strings.Count(string(b), "\n") >= 7
				})
				text := firstRequest.ReplaceAllString(string(b), "")
				got[n] = strings.ReplaceAll(masks.ReplaceAllString(text, "…"), address, "ADDRESS")
			}
			if got[0] != got[1] {
				t.Errorf("ours:\n%s\nuWSGI:\n%s", got[0], got[1])
			}
		})
	}
}
