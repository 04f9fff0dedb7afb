//go:build unix

package cli_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

func TestReload(t *testing.T) {
	t.Parallel()
	address := testproc.Address(t)
	p := command(t, ip(1), nil, "nova-api", "--config-file=CONF", "--http="+address)
	fetch(t, address, " 192.0.2.1 ")
	p.write(t, ip(2))
	_ = p.Process.Signal(syscall.SIGHUP)
	fetch(t, address, " 192.0.2.2 ")
	for text, want := range map[string]string{
		"[DEFAULT]\nmy_ip\n": "not reloaded, all stays as it was: ",
		ip(99):               "not reloaded, all stays as it was: policy.yaml: line 3 is nonsense",
		ip(97):               "not reloaded, all stays as it was: an old conductor; this program serves the releases from ",
	} {
		p.write(t, text)
		_ = p.Process.Signal(syscall.SIGHUP)
		p.logs(t, want)
		fetch(t, address, " 192.0.2.2 ")
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	trigger := filepath.Join(dir, "trigger")
	address := testproc.Address(t)
	p := command(t, ip(1)+"[database]\nconnection = mysql://nova:topsecret@db/nova\n[oslo_reports]\nlog_dir = "+dir+"\nfile_event_handler = "+trigger+"\n", nil, "nova-api", "--config-file=CONF", "--http="+address)
	fetch(t, address, "192.0.2.1")
	for n, ask := range []func(){
		func() { _ = p.Process.Signal(syscall.SIGUSR1) },
		func() { _ = os.WriteFile(trigger, nil, 0o600) },
	} {
		ask()
		p.logs(t, "The state of the process is in ")
		files, _ := filepath.Glob(filepath.Join(dir, "nova-api-os-compute_gurumeditation_*"))
		if len(files) == 0 {
			t.Fatalf("%d: no report", n)
		}
		b, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Guru Meditation", "internal/cli", "my_ip = 192.0.2.1", "connection = ***", "go_goroutines", "since the process began:"} {
			if !strings.Contains(string(b), want) {
				t.Errorf("%d: %s is not in the report", n, want)
			}
		}
		if strings.Contains(string(b), "topsecret") {
			t.Errorf("%d: a password is in the report", n)
		}
		for _, f := range files {
			_ = os.Remove(f)
		}
		p.log.Reset()
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	address := testproc.Address(t)
	socket := filepath.Join(t.TempDir(), "s")
	metrics := testproc.Address(t)
	p := command(t, ip(1), nil, "nova-api", "--config-file=CONF", "--http="+address, "--uwsgi=unix:"+socket, "--metrics="+metrics)
	before := fetch(t, address, " 192.0.2.1 ")
	fetch(t, metrics, "/metrics")
	// A successor that cannot start changes nothing.
	p.write(t, "[DEFAULT\n")
	_ = p.Process.Signal(syscall.SIGUSR2)
	p.logs(t, "not replaced: ")
	if got := fetch(t, address, ""); got != before {
		t.Errorf("got %q, want %q", got, before)
	}
	p.write(t, ip(2))
	slow := make(chan string, 1)
	at, begun := held(t)
	go func() {
		r, err := http.Get("http://" + address + "/?hold=" + at)
		if err != nil {
			slow <- err.Error()
			return
		}
		b, _ := io.ReadAll(r.Body)
		slow <- string(b)
	}()
	operation := begun()
	_ = p.Process.Signal(syscall.SIGUSR2)
	after := fetch(t, address, " 192.0.2.2 ")
	_ = operation.Close()
	if got := <-slow; got != before {
		t.Errorf("the slow request got %q", got)
	}
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	fetch(t, metrics, "/metrics") // the successor's now
	if c, err := net.Dial("unix", socket); err != nil {
		t.Error(err)
	} else {
		_ = c.Close()
	}
	pid, _ := strconv.Atoi(strings.Fields(after)[0])
	if pid == p.Process.Pid {
		t.Fatal("it is the same process")
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	testproc.Eventually(t, "the successor has ended, and left no socket", func() bool {
		_, err := os.Stat(socket)
		return err != nil
	})
}

// No request that was sent goes without an answer when the process is stopped.
func TestTermUnderLoad(t *testing.T) {
	t.Parallel()
	address := testproc.Address(t)
	p := command(t, ip(1), nil, "nova-api", "--config-file=CONF", "--http="+address)
	fetch(t, address, "")
	var answered, refused, failed atomic.Int64
	var load sync.WaitGroup
	for i := range 32 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}, Timeout: 10 * time.Second}
		load.Go(func() {
			for {
				r, err := client.Get("http://" + address + "/")
				switch {
				case errors.Is(err, syscall.ECONNREFUSED) || err != nil && strings.Contains(err.Error(), "dial tcp"):
					refused.Add(1)
					return
				case err != nil:
					failed.Add(1)
					t.Error(err)
					return
				}
				if _, err := io.ReadAll(r.Body); err != nil || r.StatusCode != 200 {
					failed.Add(1)
					t.Error(r.Status, err)
				}
				_ = r.Body.Close()
				answered.Add(1)
			}
		})
	}
	testproc.Eventually(t, "there is a load", func() bool { return answered.Load() > 1000 })
	_ = p.Process.Signal(syscall.SIGTERM)
	load.Wait()
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	t.Logf("%d answered, %d failed, %d clients found nobody afterwards", answered.Load(), failed.Load(), refused.Load())
	if answered.Load() == 0 || refused.Load() != 32 {
		t.Error("that was no load")
	}
}

func TestUWSGIName(t *testing.T) {
	t.Parallel()
	address := testproc.Address(t)
	dir := t.TempDir()
	ini := filepath.Join(dir, "nova-api-uwsgi.ini")
	write := func(text string) {
		if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[uwsgi]\nport = " + address[strings.LastIndex(address, ":")+1:] + "\nhttp-socket = 127.0.0.1:%(port)\nmodule = nova.wsgi.osapi_compute:application\n" +
		"env = LC_TEST=hello\npyargv = --config-file $(CONFIG)\nprocesses = 4\nadd-header = X-Added: yes\nsafe-pidfile = %d/pid\n")
	conf := filepath.Join(dir, "nova.conf")
	if err := os.WriteFile(conf, []byte(ip(7)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := command(t, "", []string{"CONFIG=" + conf}, "uwsgi", "--procname-prefix", "nova-api", ini)
	fetch(t, address, " 192.0.2.7 hello")
	r, err := http.Get("http://" + address)
	if err != nil || r.Header.Get("X-Added") != "yes" {
		t.Error(r, err)
	}
	if pid, _ := os.ReadFile(filepath.Join(dir, "pid")); strings.TrimSpace(string(pid)) != strconv.Itoa(p.Process.Pid) {
		t.Errorf("pid file: %q", pid)
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	if err := p.ends(t); err != nil {
		t.Error(err)
	}

	write("[uwsgi]\nhttp = " + address + "\nwsgi-file = /bin/nova-metadata-wsgi\npyargv = --config-file=" + conf + "\n")
	p = command(t, "", nil, "uwsgi", "--ini", ini)
	fetch(t, address, "metadata")
	_ = p.Process.Signal(syscall.SIGTERM)
	_ = p.ends(t)

	p = command(t, "", nil, "nova-api", "--ini="+ini)
	if err := p.ends(t); err == nil {
		t.Error("nova-api takes the metadata service's file")
	}
	p.logs(t, "is for metadata, and this is osapi_compute")
}

func TestConfiguredAddress(t *testing.T) {
	t.Parallel()
	address := testproc.Address(t)
	host, port, _ := net.SplitHostPort(address)
	p := command(t, "[DEFAULT]\nosapi_compute_listen = "+host+"\nosapi_compute_listen_port = "+port+"\n", nil, "nova-api", "--config-file=CONF")
	fetch(t, address, "")
	_ = p.Process.Signal(syscall.SIGTERM)
	_ = p.ends(t)
	for _, group := range []string{"[wsgi]\n", ""} { // the options have former names in [DEFAULT]
		p = command(t, "[DEFAULT]\nosapi_compute_listen_port = "+port+"\nenabled_ssl_apis = osapi_compute\n"+group+"ssl_cert_file = /none/cert\nssl_key_file = /none/key\n", nil, "nova-api", "--config-file=CONF")
		if err := p.ends(t); err == nil {
			t.Error("it serves without a certificate")
		}
		p.logs(t, "/none/cert")
	}
}

// systemd's protocol: the socket is open before the process, and a datagram says
// when it is ready, reloads and stops.
func TestSystemd(t *testing.T) {
	t.Parallel()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	_ = manager.SetReadDeadline(time.Now().Add(10 * time.Second))
	expect := func(want string) string {
		t.Helper()
		b := make([]byte, 500)
		n, err := manager.Read(b)
		if err != nil || !strings.HasPrefix(string(b[:n]), want) {
			t.Fatalf("%v: got %q, want %q", err, b[:n], want)
		}
		return string(b[:n])
	}
	conf := filepath.Join(dir, "nova.conf")
	if err := os.WriteFile(conf, []byte(ip(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	// LISTEN_PID is the shell's, and so becomes the command's.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, self, "--config-file="+conf)
	cmd.Env = append(os.Environ(), childEnv+"=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=http", "NOTIFY_SOCKET="+manager.LocalAddr().String())
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	expect("READY=1")
	fetch(t, l.Addr().String(), strconv.Itoa(cmd.Process.Pid)+" ")
	_ = cmd.Process.Signal(syscall.SIGHUP)
	expect("RELOADING=1\nMONOTONIC_USEC=")
	expect("READY=1")
	_ = cmd.Process.Signal(syscall.SIGUSR2)
	expect("READY=1") // the successor's
	pid, err := strconv.Atoi(strings.TrimPrefix(expect("MAINPID="), "MAINPID="))
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	fetch(t, l.Addr().String(), strconv.Itoa(pid)+" ")
	_ = syscall.Kill(pid, syscall.SIGTERM)
	expect("STOPPING=1")
}

// TestProcessesThatMustNotServe end, with the status that supervisors know.
func TestProcessesThatMustNotServe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ip      int
		needApp string
		status  int
		says    string
	}{
		"a mistake": {99, "", 1, "policy.yaml: line 3 is nonsense"}, "a mistake, and need-app": {99, "need-app = true\n", 22, "policy.yaml: line 3 is nonsense"},
		"no database, and need-app": {98, "need-app = true\n", 22, "access denied"},
		"another release at once":   {97, "", 1, "an old conductor"}, "another release later": {96, "need-app = true\n", 1, "an old conductor"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ini, conf := filepath.Join(dir, "api.ini"), filepath.Join(dir, "nova.conf")
			text := "[uwsgi]\nmodule = nova.wsgi.osapi_compute:application\nhttp-socket = " + testproc.Address(t) + "\npyargv = --config-file " + conf + "\n" + c.needApp
			for file, text := range map[string]string{ini: text, conf: ip(c.ip)} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := command(t, "", nil, "uwsgi", "--ini", ini)
			err := p.ends(t)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.status {
				t.Errorf("it ends with %v", err)
			}
			p.logs(t, c.says)
		})
	}
}
