//go:build lab && linux

package deployments_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// enterEnv makes the test binary a process that enters a machine and becomes a command in it.
const enterEnv = "DEPLOYMENTS_TEST_ENTER"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "sudo" {
		fmt.Fprintln(os.Stderr, "sudo:", sudo(os.Args[1:]))
		os.Exit(1)
	}
	if spec := os.Getenv(enterEnv); spec != "" {
		err := enter([]byte(spec))
		fmt.Fprintln(os.Stderr, "entering the machine:", err)
		os.Exit(125)
	}
	status := m.Run()
	stopDatabase()
	_ = os.RemoveAll(programs.dir)
	os.Exit(status)
}

// account is the user of a process. Groups are the supplementary ones.
type account struct {
	UID, GID int
	Groups   []int
}

var root = account{}

// entry is a command in a machine.
type entry struct {
	Upper, Work, Merged string
	ReadOnly            bool
	Temporary           []string    // directories with an empty file system of their own, if ReadOnly
	Binds               [][2]string // directories of the host, and where they are; sockets cannot be reached through an overlay
	Root                string      // of a process that runs there: nothing is mounted
	As                  account
	Env, Args           []string
}

// enter replaces this process, which has a mount namespace of its own, by the command of an entry. Its root directory is an
// overlay of the files of the machine and those of the host, as in a container whose image has all programs of the host.
func enter(spec []byte) error {
	var e entry
	if err := json.Unmarshal(spec, &e); err != nil {
		return err
	}
	if e.Root == "" {
		if err := e.mount(); err != nil {
			return err
		}
	}
	if err := syscall.Chroot(cmp.Or(e.Root, e.Merged)); err != nil {
		return err
	}
	return e.execute()
}

func (e *entry) mount() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	options := fmt.Sprintf("lowerdir=/,upperdir=%s,workdir=%s", e.Upper, e.Work)
	if err := syscall.Mount("overlay", e.Merged, "overlay", 0, options); err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	for _, dir := range []string{"/proc", "/dev"} {
		if err := syscall.Mount(dir, e.Merged+dir, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	for _, dir := range e.Temporary {
		if err := syscall.Mount("tmpfs", e.Merged+dir, "tmpfs", 0, fmt.Sprintf("uid=%d,gid=%d", e.As.UID, e.As.GID)); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	for _, dir := range e.Binds {
		if err := syscall.Mount(dir[0], e.Merged+dir[1], "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", dir[1], err)
		}
	}
	if e.ReadOnly {
		return syscall.Mount("", e.Merged, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
	}
	return nil
}

// execute becomes the user and the command.
func (e *entry) execute() error {
	if err := os.Chdir("/"); err != nil {
		return err
	}
	groups := e.As.Groups
	if len(groups) == 0 {
		groups = []int{e.As.GID}
	}
	if err := syscall.Setgroups(groups); err != nil {
		return err
	}
	if err := syscall.Setgid(e.As.GID); err != nil {
		return err
	}
	if err := syscall.Setuid(e.As.UID); err != nil {
		return err
	}
	for _, v := range e.Env {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			_ = os.Setenv("PATH", path)
		}
	}
	program, err := exec.LookPath(e.Args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, e.Args, e.Env)
}

// programs are nova-api and nova-metadata, built once.
var programs struct {
	sync.Once
	dir string
	err error
}

func buildPrograms(t *testing.T) string {
	t.Helper()
	programs.Do(func() {
		if programs.dir, programs.err = os.MkdirTemp("", "programs"); programs.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", programs.dir, "../../cmd/nova-api", "../../cmd/nova-metadata")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			programs.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if programs.err != nil {
		t.Fatal(programs.err)
	}
	return programs.dir
}

// machine is a host or a container with the files of a deployment.
type machine struct {
	dir       string
	env       []string
	readOnly  bool
	temporary []string
	binds     [][2]string
	root      string // of the process that was started first, as the host sees it; "" before the start
}

// needRoot skips the test unless it may change users and mounts.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to change users and mounts")
	}
}

// newMachine writes the files of a deployment. Those in etc can be read by the group of nova.
func newMachine(t *testing.T, d deployment, values any) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "machine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &machine{dir: dir, readOnly: d.readOnly, temporary: d.temporary, env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}}
	for _, sub := range []string{"", "upper", "work", "merged"} {
		if err := errorOf(os.MkdirAll(filepath.Join(dir, sub), 0o755), os.Chmod(filepath.Join(dir, sub), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	m.account(t, d.users, d.groups)
	for _, path := range d.temporary {
		m.directory(t, directory{path, root, 0o755})
	}
	source := filepath.Join("testdata", d.name, "root")
	err = filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := template.New(path).Option("missingkey=error").ParseFiles(path)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := text.ExecuteTemplate(&b, filepath.Base(path), values); err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		m.write(t, strings.TrimPrefix(path, source), b.Bytes(), info.Mode().Perm(), root)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.image != "" {
		m.build(t, d.image, d.name)
	}
	for _, dir := range d.directories {
		m.directory(t, dir)
	}
	for path, to := range d.links {
		m.link(t, path, filepath.Join(buildPrograms(t), to))
	}
	return m
}

// errorOf returns the first error.
func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// account writes the user and group files.
func (m *machine) account(t *testing.T, users, groups []string) {
	t.Helper()
	for file, lines := range map[string][]string{"/etc/passwd": users, "/etc/group": groups} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, file, []byte(strings.TrimSpace(string(b))+"\n"+strings.Join(lines, "\n")+"\n"), 0o644, root)
	}
}

// path returns where the host has a file of the machine. The files below a mounted overlay may not be changed.
func (m *machine) path(name string) string {
	return filepath.Join(cmp.Or(m.root, filepath.Join(m.dir, "upper")), name)
}

// directory is a directory of a machine.
type directory struct {
	path string
	of   account
	mode os.FileMode
}

func (m *machine) directory(t *testing.T, d directory) {
	t.Helper()
	path := m.path(d.path)
	if err := errorOf(os.MkdirAll(path, 0o755), os.Chown(path, d.of.UID, d.of.GID), os.Chmod(path, d.mode)); err != nil {
		t.Fatal(err)
	}
}

// write writes a file of the machine, whole or not at all.
func (m *machine) write(t *testing.T, name string, content []byte, mode os.FileMode, of account) {
	t.Helper()
	path := m.path(name)
	temporary := path + ".new"
	err := errorOf(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(temporary, content, 0o600), os.Chmod(temporary, mode),
		os.Chown(temporary, of.UID, of.GID))
	if err = errorOf(err, os.Rename(temporary, path)); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(m.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// link gives a program of the host a place in the machine.
func (m *machine) link(t *testing.T, name, program string) {
	t.Helper()
	path := m.path(name)
	if err := errorOf(os.MkdirAll(filepath.Dir(path), 0o755), os.Link(program, path)); err != nil {
		t.Fatal(err)
	}
}

// process is a command that runs in a machine.
type process struct {
	*exec.Cmd
	stdout, stderr testproc.Output
	ready          chan struct{}
	ended          chan struct{}
}

// start starts a command. With notify, its manager waits for READY=1, as systemd does with Type=notify.
func (m *machine) start(t *testing.T, as account, notify bool, env []string, args ...string) *process {
	t.Helper()
	p := &process{ready: make(chan struct{}), ended: make(chan struct{})}
	all := slices.Concat(m.env, env)
	if notify {
		all = append(all, "NOTIFY_SOCKET="+p.manager(t))
	}
	spec, err := json.Marshal(entry{Root: m.root, Binds: append(m.binds, [2]string{database.dir, database.dir}), ReadOnly: m.readOnly, Temporary: m.temporary, Upper: filepath.Join(m.dir, "upper"), Work: filepath.Join(m.dir, "work"), Merged: filepath.Join(m.dir, "merged"), As: as, Env: all, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.Cmd = exec.Command(self)
	p.Env = []string{enterEnv + "=" + string(spec)}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if m.root == "" {
		m.root = fmt.Sprintf("/proc/%d/root", p.Process.Pid)
	}
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("%s wrote\n%s\n%s", args[0], p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// manager is the socket on which the process says that it is ready. The name is abstract, because root directories differ.
func (p *process) manager(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: "@" + filepath.Base(t.TempDir()) + t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			if strings.Contains(string(b[:n]), "READY=1") {
				close(p.ready)
				return
			}
		}
	}()
	return conn.LocalAddr().String()
}

// run runs a command to its end, and returns its output and exit status.
func (m *machine) run(t *testing.T, as account, env []string, args ...string) (output string, status int) {
	t.Helper()
	p := m.start(t, as, false, env, args...)
	<-p.ended
	return p.stdout.String() + p.stderr.String(), p.ProcessState.ExitCode()
}
