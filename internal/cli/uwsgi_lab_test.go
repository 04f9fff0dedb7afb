//go:build lab

package cli_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
