//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/version"
)

// A process that starts as root opens its sockets and its pid file before it changes its user, and its log
// after that. A numeric user need not exist.
func TestUWSGIUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can change the user of a process")
	}
	if _, err := user.LookupId("4242"); err == nil {
		t.Skip("the user 4242 exists")
	}
	dir, err := os.MkdirTemp("", "nova")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	private, public := filepath.Join(dir, "private"), filepath.Join(dir, "public")
	for path, mode := range map[string]os.FileMode{dir: 0o755, private: 0o700, public: 0o777} {
		_ = os.Mkdir(path, mode)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(public, "LC_TEST"), []byte("from envdir\nmore"), 0o600); err != nil {
		t.Fatal(err)
	}
	address, p := uwsgiLogs(t, dir, ip(1), fmt.Sprintf("uid = 4242\ngid = 4343\nadd-gid = 4444\numask = 027\nenvdir = %s\n"+
		"socket = %s/api.sock\npidfile = %[2]s/pid\npidfile2 = %[1]s/pid\nlogto2 = %[1]s/api.log\n", public, private))
	if said := fetch(t, address, "192.0.2.1"); !strings.HasSuffix(said, "from envdir") {
		t.Errorf("got %q", said)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	for _, want := range []string{`Umask:\t0027\n`, `Uid:\t4242\t4242\t4242\t4242\n`, `Gid:\t4343\t4343\t4343\t4343\n`, `Groups:\t4343 4444 \n`} {
		if !regexp.MustCompile(want).Match(status) {
			t.Errorf("no %q in %s", want, status)
		}
	}
	for path, owner := range map[string]string{private + "/api.sock": "4242", private + "/pid": "0", public + "/pid": "4242", public + "/api.log": "4242"} {
		testproc.Eventually(t, path+" of user "+owner, func() bool { return ownerOf(path) == owner })
	}
}

// A touched file has the process read its configuration again.
func TestUWSGITouchReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, _ := uwsgiLogs(t, dir, ip(1), "touch-reload = DIR/nova.conf\n")
	fetch(t, address, "192.0.2.1")
	if err := os.WriteFile(filepath.Join(dir, "nova.conf"), []byte(ip(2)), 0o600); err != nil {
		t.Fatal(err)
	}
	fetch(t, address, "192.0.2.2")
}

// uwsgi --reload and --stop find the process by its pid file.
func TestUWSGIControl(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pidfile := filepath.Join(dir, "pid")
	address, p := uwsgiLogs(t, dir, ip(1), "pidfile = DIR/pid\n")
	fetch(t, address, "192.0.2.1")
	if err := os.WriteFile(filepath.Join(dir, "nova.conf"), []byte(ip(2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command(t, "", nil, "uwsgi", "--reload", pidfile).ends(t); err != nil {
		t.Error(err)
	}
	fetch(t, address, "192.0.2.2")
	if err := command(t, "", nil, "uwsgi", "--stop="+pidfile).ends(t); err != nil {
		t.Error(err)
	}
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	none := command(t, "", nil, "uwsgi", "--stop", filepath.Join(dir, "none"))
	none.logs(t, "uwsgi: open "+dir+"/none: no such file or directory")
	if err := none.ends(t); err == nil {
		t.Error("exit status 0")
	}
	shown := command(t, "", nil, "uwsgi", "--version")
	shown.logs(t, version.Number)
	if err := shown.ends(t); err != nil {
		t.Error(err)
	}
}

// Unix sockets have the mode that the umask leaves, or that of chmod-socket, and the owner of chown-socket. A router has no other
// owner.
func TestUWSGISocketFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lines := "umask = 027\nsocket = DIR/a.sock\nhttp = DIR/router.sock\nchdir = DIR\npidfile2 = pid\n"
	owner := strconv.Itoa(os.Getuid())
	if os.Geteuid() == 0 {
		lines += "chown-socket = 4242:4343\n"
		owner = "4242"
	}
	address, _ := uwsgiLogs(t, dir, ip(1), lines)
	fetch(t, address, "192.0.2.1")
	for name, want := range map[string]string{"a.sock": "Srwxr-x--- " + owner, "router.sock": "Srwxr-x--- " + strconv.Itoa(os.Getuid()),
		"pid": "-rw-r----- " + strconv.Itoa(os.Getuid())} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().String() + " " + ownerOf(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	address, _ = uwsgiLogs(t, dir, ip(1), "socket = DIR/b.sock\nchmod-socket = 606\nchdir = DIR\n")
	fetch(t, address, "192.0.2.1")
	if info, err := os.Lstat(filepath.Join(dir, "b.sock")); err != nil || info.Mode().Perm() != 0o606 {
		t.Errorf("%v %v", info, err)
	}
	// Without a socket that has this owner, its name is not looked up.
	address, _ = uwsgiLogs(t, dir, ip(1), "http = DIR/only.sock\nchown-socket = none-such\nchdir = DIR\n")
	fetch(t, address, "192.0.2.1")
}
