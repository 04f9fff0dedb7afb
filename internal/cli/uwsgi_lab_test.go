//go:build lab

package cli_test

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// shim stands for Nova's module, so that the real uWSGI starts fast.
const shim = "def application(env, start):\n    start('200 OK', [])\n    return [b'']\n"

// TestLabRandomFiles starts uWSGI of LAB_VENV and our own with the same ini files, written at random, and compares what operators
// rely on: the exit status, the listening addresses, and the files with their owners and modes. LAB_UWSGI_FILES is their number,
// LAB_UWSGI_SEED the seed.
func TestLabRandomFiles(t *testing.T) {
	programs := uwsgiPrograms(t)
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			return otherwise
		}
		return n
	}
	seed := number("LAB_UWSGI_SEED", 1)
	started, refused := 0, 0
	for i := range number("LAB_UWSGI_FILES", 20) {
		g := &iniFile{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i))), root: os.Geteuid() == 0}
		text := g.text()
		if alike, ok := compareStarts(t, i, text, programs); !ok {
			continue
		} else if alike {
			started++
		} else {
			refused++
		}
	}
	t.Logf("%d alike: %d files started both, %d neither", started+refused, started, refused)
}

// Addresses that are named twice, in the same words or others, by options of one kind or of two.
func TestLabSameAddress(t *testing.T) {
	programs := uwsgiPrograms(t)
	for i, pair := range []string{
		"http-socket=127.0.0.1:PORT0 http-socket=127.0.0.1:PORT0",
		"http-socket=127.0.0.1:PORT0 socket=127.0.0.1:PORT0",
		"http-socket=127.0.0.1:PORT0 http-socket=localhost:PORT0",
		"http-socket=:PORT0 http-socket=0.0.0.0:PORT0",
		"http-socket=:PORT0 http-socket=127.0.0.1:PORT0",
		"http-socket=:PORT0 http-socket=[::]:PORT0",
		"http-socket=[::]:PORT0 http-socket=[::0]:PORT0",
		"http-socket=127.*:PORT0 http-socket=127.0.0.1:PORT0",
		"http=127.0.0.1:PORT0 http=127.0.0.1:PORT0",
		"http=:PORT0 http=0.0.0.0:PORT0",
		"http=127.0.0.1:PORT0 http-socket=127.0.0.1:PORT0",
		"http-socket=:PORT0 stats=0.0.0.0:PORT0",
		"http-socket=:PORT0 stats=:PORT0",
		"http-socket=@NAME http=@NAME",
		"http-socket=@NAME http-socket=@NAME",
		"http-socket=DIR/a.sock http-socket=DIR/a.sock",
		"http=DIR/a.sock http-socket=DIR/a.sock",
	} {
		text := "[uwsgi]\nmaster = true\nmodule = nova.wsgi.osapi_compute:application\npyargv = --config-file DIR/nova.conf\n" + strings.ReplaceAll(pair, " ", "\n") + "\n"
		if running, ok := compareStarts(t, i, text, programs); ok {
			t.Logf("%s: both run: %v", pair, running)
		}
	}
}

// Commands that fail at each stage, where what uWSGI does is not a matter of which of its processes is faster.
func TestLabFailingCommands(t *testing.T) {
	programs := uwsgiPrograms(t)
	i := 0
	for _, processes := range []string{"", "master = true", "master = true\nlazy-apps = true", "lazy-apps = true", "master = true\nlazy = true",
		"processes = 2", "processes = 2\nlog-master = true\nlazy-apps = true", "stats = DIR/stats\nlazy-apps = true"} {
		for _, stage := range []string{"asap", "pre-jail", "in-jail", "as-root", "as-user", "pre-app", "post-app", "as-user-atexit"} {
			for _, command := range []string{"exec-" + stage + " = false", "hook-" + stage + " = exec:false"} {
				if strings.HasPrefix(command, "hook") && strings.HasSuffix(stage, "-app") && strings.Contains(processes, "lazy") {
					continue
				}
				text := "[uwsgi]\nmodule = nova.wsgi.osapi_compute:application\npyargv = --config-file DIR/nova.conf\n" +
					"http-socket = 127.0.0.1:PORT0\nsafe-pidfile = DIR/pid\n" + processes + "\n" + command + "\n"
				compareStarts(t, i, text, programs)
				i++
			}
		}
	}
	t.Logf("%d files", i)
}

// Daemons: the status of the process that is started, and of the one that remains its session, its umask, its files and its pid.
func TestLabDaemonize(t *testing.T) {
	programs := uwsgiPrograms(t)
	for _, lines := range []string{"daemonize = DIR/log", "daemonize2 = DIR/log", "daemonize = DIR/log\numask = 027", "daemonize = log\nchdir = DIR/sub",
		"daemonize2 = DIR/log\nlogto = DIR/other", "daemonize = DIR/log\nexec-asap = false", "daemonize = DIR/log\nexec-pre-app = false",
		"daemonize2 = DIR/log\nexec-pre-app = false", "daemonize2 = DIR/log\nhttp-socket = DIR/none/sock", "daemonize = DIR/log\nhttp-socket = DIR/none/sock",
		"daemonize = DIR/none/log", "daemonize = DIR/log\nlogfile-chmod = 666", "daemonize = DIR/log\ndaemonize2 = DIR/log2"} {
		text := "[uwsgi]\nmaster = true\nmodule = nova.wsgi.osapi_compute:application\npyargv = --config-file DIR/nova.conf\n" +
			"http-socket = 127.0.0.1:PORT0\npidfile = DIR/pid\nsafe-pidfile = DIR/safe\n" + lines + "\n"
		var seen [2]string
		for i, p := range programs {
			seen[i] = daemonOf(t, begin(t, p, text))
		}
		if seen[0] != seen[1] {
			t.Errorf("%s\nuWSGI:\n%s\nhere:\n%s", lines, seen[0], seen[1])
		}
	}
}

// daemonOf describes what a start that ends has left, and ends it.
func daemonOf(t *testing.T, s *start) string {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		s.stop()
		return "does not end"
	}
	pidOf := func(name string) int {
		b, _ := os.ReadFile(filepath.Join(s.dir, name))
		pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		return pid
	}
	status := s.cmd.ProcessState.ExitCode()
	for deadline := time.Now().Add(5 * time.Second); pidOf("safe") == 0 && status == 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	lines := []string{fmt.Sprintf("exit %d", status)}
	if pid := pidOf("safe"); pid != 0 {
		defer func() { _ = syscall.Kill(pid, syscall.SIGKILL); _ = syscall.Kill(-pid, syscall.SIGKILL) }()
		session, err := unix.Getsid(pid)
		lines = append(lines, fmt.Sprintf("runs: the one that was started: %v, in its session: %v %v, one pid: %v", pid == s.cmd.Process.Pid,
			session == s.cmd.Process.Pid, err, pidOf("pid") == pid))
	}
	for _, line := range s.files(t) {
		name, rest, _ := strings.Cut(line, " of the process")
		if _ = rest; !strings.Contains(name, "/safe") {
			lines = append(lines, name)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// uwsgiPrograms returns uWSGI of LAB_VENV and our own.
func uwsgiPrograms(t *testing.T) [2]starter {
	t.Helper()
	binary := filepath.Join(os.Getenv("LAB_VENV"), "bin", "uwsgi")
	if _, err := os.Stat(binary); err != nil || os.Getenv("LAB_VENV") == "" {
		t.Skip("LAB_VENV does not name a Python environment with uWSGI")
	}
	modules := t.TempDir()
	for path, text := range map[string]string{"nova/__init__.py": "", "nova/wsgi/__init__.py": "", "nova/wsgi/osapi_compute.py": shim} {
		_ = os.MkdirAll(filepath.Dir(filepath.Join(modules, path)), 0o755)
		if err := os.WriteFile(filepath.Join(modules, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(t.TempDir(), "uwsgi")
	if err := os.Symlink(self, ours); err != nil {
		t.Fatal(err)
	}
	return [2]starter{{binary, "PYTHONPATH=" + modules}, {ours, childEnv + "=1"}}
}

// starter is a program that takes uWSGI's files.
type starter struct{ binary, env string }

// compareStarts starts both programs with a file. ok tells whether they are alike, running whether they run.
func compareStarts(t *testing.T, number int, text string, programs [2]starter) (running, ok bool) {
	t.Helper()
	var runs [2]*start
	for i, p := range programs {
		runs[i] = begin(t, p, text)
		defer runs[i].stop()
	}
	for _, r := range runs {
		r.awaitReady(t)
	}
	var seen [2]string
	for deadline := time.Now().Add(8 * time.Second); ; {
		for i, r := range runs {
			seen[i] = r.observe(t)
		}
		if seen[0] == seen[1] {
			return !strings.HasPrefix(seen[0], "exit"), true
		}
		if time.Now().After(deadline) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("file %d:\n%s\nuWSGI:\n%s\nhere:\n%s\nuWSGI says:\n%s\nhere:\n%s", number, text, seen[0], seen[1], runs[0].said(), runs[1].said())
	return false, false
}

// start is a program that has been started.
type start struct {
	cmd    *exec.Cmd
	dir    string
	ports  map[string]string // by the port
	ready  chan struct{}
	ended  chan struct{}
	output string
}

// begin starts a program in a directory of its own, with ports of its own.
func begin(t *testing.T, p starter, text string) *start {
	t.Helper()
	s := &start{dir: t.TempDir(), ports: map[string]string{}, ready: make(chan struct{}), ended: make(chan struct{})}
	s.output = filepath.Join(t.TempDir(), "output")
	for _, sub := range []string{"sub", "env"} {
		if err := os.Mkdir(filepath.Join(s.dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	replace := []string{"DIR", s.dir, "@NAME", "@" + filepath.Base(filepath.Dir(s.dir)) + filepath.Base(s.dir)}
	for len(s.ports) < 4 {
		_, port, _ := net.SplitHostPort(testproc.Address(t))
		if s.ports[port] != "" {
			continue
		}
		name := "PORT" + strconv.Itoa(len(s.ports))
		s.ports[port] = name
		replace = append(replace, name, port)
	}
	ini, conf := filepath.Join(s.dir, "x.ini"), filepath.Join(s.dir, "nova.conf")
	for path, content := range map[string]string{ini: strings.NewReplacer(replace...).Replace(text), conf: ip(1)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(filepath.Dir(s.output), "notify")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = notify.Close() })
	out, err := os.Create(s.output)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	s.cmd = exec.Command(p.binary, "--ini", ini)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, out, out
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "NOTIFY_SOCKET=" + notify.LocalAddr().String(), p.env}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := notify.Read(b)
			if err != nil {
				return
			}
			if strings.Contains(string(b[:n]), "READY=1") {
				close(s.ready)
				return
			}
		}
	}()
	return s
}

func (s *start) awaitReady(t *testing.T) {
	t.Helper()
	select {
	case <-s.ready:
	case <-s.ended:
	case <-time.After(time.Minute):
		t.Fatalf("neither ready nor ended: %s", s.said())
	}
}

func (s *start) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.ended
}

func (s *start) said() string {
	b, _ := os.ReadFile(s.output)
	return string(b)
}

// observe describes what can be seen of the program from outside.
func (s *start) observe(t *testing.T) string {
	t.Helper()
	var lines []string
	select {
	case <-s.ended:
		return fmt.Sprintf("exit %d", s.cmd.ProcessState.ExitCode())
	default:
		lines = append(s.sockets(t), s.files(t)...)
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}

// files describes the files in the directory of the program.
func (s *start) files(t *testing.T) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(s.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, s.dir)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || name == "" || name == "/x.ini" || name == "/nova.conf" {
			return nil
		}
		stat, _ := info.Sys().(*syscall.Stat_t)
		line := fmt.Sprintf("%s %s %d:%d", strings.NewReplacer(s.portNames()...).Replace(name), info.Mode(), stat.Uid, stat.Gid)
		if strings.Contains(name, "pid") {
			b, _ := os.ReadFile(path)
			line += fmt.Sprintf(" of the process: %v", strings.TrimSpace(string(b)) == strconv.Itoa(s.cmd.Process.Pid))
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func (s *start) portNames() (pairs []string) {
	for port, name := range s.ports {
		pairs = append(pairs, port, name)
	}
	return pairs
}

// sockets describes the listening sockets of the process group. Ports that the file does not name are uWSGI's own.
func (s *start) sockets(t *testing.T) []string {
	t.Helper()
	inodes := map[string]bool{}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	groups := map[string]bool{}
	for _, link := range links {
		pid := strings.Split(link, "/")[2]
		ours, known := groups[pid]
		if !known {
			n, _ := strconv.Atoi(pid)
			group, err := syscall.Getpgid(n)
			ours = err == nil && group == s.cmd.Process.Pid
			groups[pid] = ours
		}
		if !ours {
			continue
		}
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:[") {
			inodes[strings.Trim(to, "socket:[]")] = true
		}
	}
	var lines []string
	for _, file := range []string{"tcp", "tcp6", "unix"} {
		f, err := os.Open("/proc/net/" + file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for scanner := bufio.NewScanner(f); scanner.Scan(); {
			fields := strings.Fields(scanner.Text())
			switch {
			case file == "unix" && len(fields) > 7 && fields[3] == "00010000" && inodes[fields[6]]:
				path := strings.TrimPrefix(fields[7], s.dir+"/")
				if strings.HasPrefix(path, "@") {
					path = "@NAME"
				}
				lines = append(lines, "unix "+strings.NewReplacer(s.portNames()...).Replace(path))
			case file != "unix" && len(fields) > 9 && fields[3] == "0A" && inodes[fields[9]]:
				address, port := endpoint(fields[1])
				if name := s.ports[port]; name != "" {
					lines = append(lines, file+" "+address+" "+name)
				}
			}
		}
	}
	return lines
}

// endpoint reads an address of /proc/net/tcp.
func endpoint(text string) (address, port string) {
	host, hexPort, _ := strings.Cut(text, ":")
	n, _ := strconv.ParseUint(hexPort, 16, 16)
	b, _ := hex.DecodeString(host)
	for i := 0; i+4 <= len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	ip, _ := netip.AddrFromSlice(b)
	return ip.String(), strconv.FormatUint(n, 10)
}

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
