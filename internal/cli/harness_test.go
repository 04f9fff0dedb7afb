//go:build unix

package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/internal/startup"
)

// childEnv makes the test binary one of the commands, with an application that
// answers with its process and [DEFAULT] my_ip.
const childEnv = "CLI_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	p := cli.Program{Name: "nova-api-os-compute", App: uwsgiini.Compute, Port: 8774, Metrics: func(c *config.Config) string { return c.WSGI.ComputeMetrics }, Events: func(c *config.Config) string { return c.WSGI.ComputeEvents }}
	p.Build = func(_ context.Context, c *config.Config, o cli.Observers) (http.Handler, error) {
		switch c.Default.MyIP {
		case "192.0.2.99":
			return nil, errors.New("policy.yaml: line 3 is nonsense")
		case "192.0.2.98": // the databases refuse, which is found out later
			if o.NeedApp {
				time.AfterFunc(50*time.Millisecond, func() { o.Fail(&startup.NotLoadedError{Err: errors.New("access denied")}) })
			}
		case "192.0.2.97":
			o.Fail(&startup.OtherReleaseError{Found: "an old conductor"})
		case "192.0.2.96":
			time.AfterFunc(50*time.Millisecond, func() { o.Fail(&startup.OtherReleaseError{Found: "an old conductor"}) })
		}
		if o.Events != nil {
			o.Events(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "%d %s\n", os.Getpid(), c.Default.MyIP)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}))
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if address := r.URL.Query().Get("hold"); address != "" {
				hold(address)
			}
			if status, err := strconv.Atoi(r.URL.Query().Get("status")); err == nil {
				w.WriteHeader(status)
			}
			fmt.Fprintf(w, "%d %s %s", os.Getpid(), c.Default.MyIP, os.Getenv("LC_TEST"))
		}), nil
	}
	other := cli.Metadata()
	other.Build = func(context.Context, *config.Config, cli.Observers) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "metadata") }), nil
	}
	if cli.CalledUWSGI() {
		cli.MainUWSGI(p, other)
		return
	}
	var f cli.Flags
	fs := pflag.NewFlagSet("nova-api", pflag.ContinueOnError)
	f.Register(fs)
	if err := fs.Parse(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := f.Serve(p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hold is an operation that writes: it does not end with its client, but when the test
// closes the connection that it opens.
func hold(address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the operation has failed:", err)
		return
	}
	_, _ = io.Copy(io.Discard, c)
	fmt.Fprintln(os.Stderr, "the operation is done")
}

// held is where an operation waits; begun is its connection.
func held(t *testing.T) (address string, begun func() net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), func() net.Conn {
		t.Helper()
		_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second))
		c, err := l.Accept()
		if err != nil {
			t.Fatalf("no operation begins: %v", err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
}

// process is a command that runs.
type process struct {
	*exec.Cmd
	conf string
	log  *testproc.Output
	done chan error
}

// write replaces the configuration.
func (p *process) write(t testing.TB, text string) {
	t.Helper()
	if err := os.WriteFile(p.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command starts a command with a configuration, which it finds under CONF in args.
func command(t testing.TB, conf string, env []string, name string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &process{conf: filepath.Join(dir, "nova.conf"), log: &testproc.Output{}, done: make(chan error, 1)}
	p.write(t, conf)
	binary := filepath.Join(dir, name)
	if err := os.Symlink(self, binary); err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "CONF", p.conf)
	}
	p.Cmd = exec.Command(binary, args...)
	p.Env = append(append(os.Environ(), childEnv+"=1"), env...)
	// A file, not a pipe of exec's: those that take over hold it longer.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(p.log, r) }()
	p.Stdout, p.Stderr = w, w
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		if t.Failed() {
			t.Log(p.log)
		}
	})
	return p
}

// fetch asks with a connection of its own, until an answer contains want.
func fetch(t testing.TB, address, want string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	var last string
	testproc.Eventually(t, address+" answers "+want, func() bool {
		r, err := client.Get("http://" + address + "/")
		if err != nil {
			last = err.Error()
			return false
		}
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		last = string(b)
		return strings.Contains(last, want)
	})
	return last
}

func (p *process) logs(t testing.TB, want string) {
	t.Helper()
	select {
	case <-p.log.Says(want):
	case <-time.After(30 * time.Second):
		t.Fatalf("no %q in the log", want)
	}
}

func (p *process) ends(t testing.TB) error {
	t.Helper()
	select {
	case err := <-p.done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the process does not end")
		return nil
	}
}

func ip(n int) string { return fmt.Sprintf("[DEFAULT]\nmy_ip = 192.0.2.%d\n", n) }
