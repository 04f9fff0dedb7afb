//go:build unix

package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// A process whose standard output and standard error nobody reads any more goes on:
// it serves, reloads, and can be stopped.
func TestClosedOutput(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "nova.conf")
	write := func(n int) {
		if err := os.WriteFile(conf, []byte(ip(n)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	address := testproc.Address(t)
	cmd := exec.Command(self, "--config-file="+conf, "--http="+address)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	_ = w.Close()
	_ = r.Close()
	fetch(t, address, " 192.0.2.1 ")
	for n := 2; n < 5; n++ {
		write(n)
		_ = cmd.Process.Signal(syscall.SIGHUP) // it logs that it has reloaded
		fetch(t, address, " 192.0.2."+string(rune('0'+n))+" ")
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A replacement that fails leaves the unix socket and the pid file to the process
// that goes on; one that takes over puts itself there.
func TestReplaceFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket, pidfile, ini, conf := filepath.Join(dir, "s"), filepath.Join(dir, "pid"), filepath.Join(dir, "nova.ini"), filepath.Join(dir, "nova.conf")
	address := testproc.Address(t)
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(ini, "[uwsgi]\nhttp-socket = "+address+"\nuwsgi-socket = "+socket+"\nmodule = nova.wsgi.osapi_compute:application\npyargv = --config-file "+conf+"\nsafe-pidfile = "+pidfile+"\n")
	write(conf, ip(1))
	p := command(t, "", nil, "uwsgi", ini)
	before := fetch(t, address, " 192.0.2.1 ")
	pid := func() string {
		b, _ := os.ReadFile(pidfile)
		return strings.TrimSpace(string(b))
	}
	mine := strings.Fields(before)[0]
	for _, bad := range []string{"[DEFAULT\n", ip(99)} {
		write(conf, bad)
		_ = p.Process.Signal(syscall.SIGUSR2)
		p.logs(t, "not replaced: ")
		p.log.Reset()
		if _, err := os.Stat(socket); err != nil || pid() != mine || fetch(t, address, "") != before {
			t.Errorf("%v, pid file %s", err, pid())
		}
	}
	write(conf, ip(2))
	_ = p.Process.Signal(syscall.SIGUSR2)
	after := strings.Fields(fetch(t, address, " 192.0.2.2 "))[0]
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	fetchPid(t, pidfile, after)
	n, _ := strconv.Atoi(after)
	_ = syscall.Kill(n, syscall.SIGTERM)
}

// fetchPid waits until a pid file names a process.
func fetchPid(t *testing.T, path, want string) {
	t.Helper()
	testproc.Eventually(t, path+" names "+want, func() bool {
		b, _ := os.ReadFile(path)
		return strings.TrimSpace(string(b)) == want
	})
}
