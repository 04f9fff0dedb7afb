//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// With daemonize the started process ends at once with status 0, with daemonize2 when the service can be reached. The process
// that remains has a session of its own, and writes to the file; with daemonize2 from then on.
func TestUWSGIDaemonize(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"daemonize", "daemonize2"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			address, p := uwsgiLogs(t, dir, ip(1), option+" = DIR/log\npidfile = DIR/pid\nexec-asap = echo x >> DIR/asap\n")
			if err := p.ends(t); err != nil {
				t.Fatal(err)
			}
			var pid int
			testproc.Eventually(t, "the pid file", func() bool {
				b, _ := os.ReadFile(filepath.Join(dir, "pid"))
				pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
				return pid > 0
			})
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
			if pid == p.Process.Pid {
				t.Error("the pid file has the pid of the process that has ended")
			}
			if group, err := syscall.Getpgid(pid); err != nil || group != pid {
				t.Errorf("the process group is %d: %v", group, err)
			}
			fetch(t, address, "192.0.2.1")
			written(t, filepath.Join(dir, "log"), "GET / => generated")
			if b, err := os.ReadFile(filepath.Join(dir, "asap")); string(b) != "x\n" {
				t.Errorf("the command ran as %q: %v", b, err)
			}
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			testproc.Eventually(t, "the end", func() bool { return syscall.Kill(pid, 0) != nil })
		})
	}
}

// A process that daemonize2 starts, and that cannot serve, is the failure of the one that was started.
func TestUWSGIDaemonizeFails(t *testing.T) {
	t.Parallel()
	_, p := uwsgiLogs(t, t.TempDir(), ip(99), "daemonize2 = DIR/log\nneed-app = true\n")
	err := p.ends(t)
	if err == nil || err.Error() != "exit status 22" {
		t.Errorf("%v", err)
	}
	p.logs(t, "policy.yaml: line 3 is nonsense")
}
