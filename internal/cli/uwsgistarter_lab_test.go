//go:build lab

package cli_test

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
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

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// starter is a program that takes uWSGI's files.
type starter struct{ binary, env string }

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
