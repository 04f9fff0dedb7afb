//go:build lab

package cli_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// iniFile writes ini files at random. What uWSGI takes and we refuse on purpose (options.txt) is left out, and so are users
// other than root: the lab's Python belongs to root.
type iniFile struct {
	*rand.Rand
	root  bool
	wrong bool // values that prevent the start are among the others
	lines []string
}

// of returns one of the values. Those with "none", 999 and false prevent the start.
func (g *iniFile) of(values ...string) string {
	for {
		v := values[g.IntN(len(values))]
		if g.wrong || !strings.Contains(v, "none") && !strings.Contains(v, "999") && !strings.Contains(v, "false") {
			return v
		}
	}
}

// sometimes adds one of the lines, with a probability of 1 in n.
func (g *iniFile) sometimes(n int, values ...string) {
	if g.IntN(n) == 0 {
		g.lines = append(g.lines, g.of(values...))
	}
}

func (g *iniFile) text() string {
	g.wrong = g.IntN(4) == 0
	for range 1 + g.IntN(3) {
		g.lines = append(g.lines, g.of("socket", "http-socket", "uwsgi-socket", "fastcgi-socket", "scgi-socket", "http-socket", "http11-socket")+" = "+g.address())
	}
	g.sometimes(4, "http = "+g.of("127.0.0.1:PORT3", ":PORT3", "0.0.0.0:PORT3", "[::]:PORT3", "DIR/router.sock"))
	g.sometimes(4, "protocol = http", "protocol = fastcgi", "protocol = scgi", "socket-protocol = uwsgi")
	g.sometimes(3, "chmod-socket = 660", "chmod-socket = 666", "chmod-socket = 600", "chmod = 777", "chmod-socket = 999")
	g.sometimes(3, "umask = 022", "umask = 077", "umask = 002", "umask = 000", "umask = 027")
	g.sometimes(3, "listen = 50", "listen = 200", "socket-timeout = 30", "buffer-size = 65535")
	for _, option := range []string{"pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2"} {
		g.sometimes(4, option+" = DIR/"+option, option+" = "+option, option+" = "+option, option+" = DIR/sub/"+option, option+" = DIR/none/"+option)
	}
	g.sometimes(3, "logto = DIR/log", "logto = log", "logto2 = DIR/log2", "logto2 = log2", "logger = file:DIR/logger", "logto = DIR/none/log")
	g.sometimes(6, "req-logger = file:DIR/requests")
	g.sometimes(4, "logfile-chmod = 666", "logfile-chmod = 600")
	g.sometimes(4, "chdir = DIR/sub", "chdir = sub", "chdir = DIR/sub", "chdir = DIR/none")
	g.sometimes(4, "env = LC_TEST=a", "envdir = DIR/env", "unenv = HOME", "envdir = DIR/none")
	for _, stage := range []string{"asap", "pre-jail", "in-jail", "as-user", "pre-app", "post-app", "post-jail"} {
		g.sometimes(8, "exec-"+stage+" = touch DIR/"+stage, "exec-"+stage+" = touch "+stage, "hook-"+stage+" = exec:touch DIR/"+stage, "exec-"+stage+" = false")
	}
	g.sometimes(5, "stats = DIR/stats", "stats = 127.0.0.1:PORT2", "stats-server = :PORT2", "stats = DIR/none/stats")
	g.sometimes(5, "master-fifo = DIR/fifo", "master-fifo = fifo", "master-fifo = DIR/none/fifo")
	g.sometimes(3, "need-app = true", "lazy-apps = true", "die-on-term = true", "thunder-lock = true", "enable-threads = true", "processes = 2", "lazy = true")
	g.sometimes(9, "lazy-apps = true\nlazy-apps = off", "master = no", "master = 0\nlog-master = true", "vacuum = true\nvacuum = off")
	g.sometimes(4, "harakiri = 60", "limit-post = 100", "add-header = A: b", "vacuum = true", "touch-reload = DIR/none", "log-master = true")
	g.sometimes(9, "no-such-option = 1", "strict = true", "ini = :none", "ini = DIR/none.ini", "ini = DIR")
	if g.root {
		g.sometimes(5, "gid = 4343", "gid = root", "uid = root", "gid = none-such", "uid = none-such")
		g.sometimes(5, "chown-socket = 65534:65534", "chown-socket = root:4343", "chown-socket = 4242", "chown-socket = none-such")
	}
	more := "[other]\nhttp-socket = 127.0.0.1:PORT1\npidfile = DIR/other.pid\n"
	g.sometimes(6, "ini = :other")
	g.sometimes(9, "set = base=DIR\npidfile = %(base)/base.pid", "set-placeholder = base=DIR\npidfile2 = %(base)/base.pid", "pidfile = %d/magic.pid", "pidfile2 = %d%n.pid")
	g.Shuffle(len(g.lines), func(i, j int) { g.lines[i], g.lines[j] = g.lines[j], g.lines[i] })
	lines := append([]string{"master = true", "module = nova.wsgi.osapi_compute:application", "pyargv = --config-file DIR/nova.conf"}, g.lines...)
	for i, line := range lines {
		if strings.HasPrefix(strings.Join(g.lines, "\n"), "chown-socket") || strings.Contains(strings.Join(g.lines, "\n"), "\nchown-socket") {
			lines[i] = strings.ReplaceAll(line, "@NAME", "f.sock") // uWSGI takes the name for a path
		}
	}
	if g.IntN(25) == 0 { // no socket
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(cmp.Or(strings.Split(line, " =")[0]), "socket") })
	}
	for i, line := range lines {
		if key, value, ok := strings.Cut(line, " = "); ok && !strings.Contains(line, "\n") {
			lines[i] = g.of("", "", " ", "\t") + key + g.of(" = ", "=", " =", "= ", " = ") + value + g.of("", "", " ")
		}
	}
	return "[ignored]\nhttp-socket = DIR/ignored\n[uwsgi]\n" + g.of("", "; a comment\n", "# socket = DIR/comment\n") + strings.Join(lines, "\n") + "\n" + more
}

func (g *iniFile) address() string {
	return g.of("127.0.0.1:PORT0", ":PORT0", "0.0.0.0:PORT0", "[::]:PORT0", "[::1]:PORT0", "localhost:PORT0", "127.*:PORT0", "127.0.0.1:PORT0",
		"127.0.0.1:PORT1", ":PORT1", "[::]:PORT1", "DIR/a.sock", "DIR/b.sock", "c.sock", "DIR/sub/d.sock", "PORT1", "@NAME", "DIR/none/e.sock")
}
