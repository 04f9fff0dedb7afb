//go:build unix

package serve_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/serve"
)

// replacementEnv makes the test binary a process that takes over, or does not.
const replacementEnv = "SERVE_TEST_REPLACEMENT"

// replacement says what that process is to serve, and what becomes of it.
type replacement struct {
	HTTP, UWSGI []string
	HTTPS       []serve.TLS
	// Fate is where it ends, and how: "STEP exit", "STEP kill", "STEP stop" (as by
	// SIGTERM) or "STEP hang". "" is nowhere.
	Fate string
}

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(replacementEnv)
	if !ok {
		os.Exit(m.Run())
	}
	var r replacement
	err := json.Unmarshal([]byte(text), &r)
	if err == nil {
		err = r.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (r *replacement) at(step string, stop func()) {
	fate, ok := strings.CutPrefix(r.Fate, step+" ")
	if !ok {
		return
	}
	switch fate {
	case "exit":
		os.Exit(1)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "stop":
		stop()
	}
	select {}
}

func (r *replacement) run() error {
	nothing := func() { os.Exit(0) }
	r.at("start", nothing)
	p, err := serve.Inherit()
	if err != nil {
		return err
	}
	r.at("inherited", nothing)
	s, err := serve.Open(answer("child"), serve.Options{HTTP: r.HTTP, HTTPS: r.HTTPS, UWSGI: r.UWSGI, Inherited: p.Listeners, IdleGrace: time.Millisecond})
	if err != nil {
		return err
	}
	r.at("open", nothing)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	stop := func() {
		cancel()
		<-done
		os.Exit(0)
	}
	r.at("serving", stop)
	if err := p.Ready(); err != nil {
		return err
	}
	r.at("ready", stop)
	<-p.Owned()
	// The parent's test ends it by asking for this.
	<-ended
	stop()
	return nil
}

// ended is closed by the request that ends a replacement.
var ended = make(chan bool)

func answer(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, name)
		if r.URL.Path == "/end" {
			close(ended)
		}
	})
}

// predecessor is a server that is to be replaced.
type predecessor struct {
	*serve.Server
	replacement
	web, secure, unix, uwsgi string
	stop                     func() error
}

func newPredecessor(t *testing.T) *predecessor {
	t.Helper()
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	p := &predecessor{web: testproc.Address(t), secure: testproc.Address(t), unix: filepath.Join(dir, "h"), uwsgi: filepath.Join(dir, "u")}
	p.replacement = replacement{HTTP: []string{p.web, "unix:" + p.unix}, UWSGI: []string{"unix:" + p.uwsgi}, HTTPS: []serve.TLS{{Addr: p.secure, CertFile: cert, KeyFile: key}}}
	var err error
	if p.Server, err = serve.Open(answer("parent"), serve.Options{HTTP: p.HTTP, HTTPS: p.HTTPS, UWSGI: p.UWSGI, IdleGrace: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx) }()
	p.stop = func() error {
		cancel()
		err := <-done
		done <- err
		return err
	}
	t.Cleanup(func() { _ = p.stop() })
	return p
}

// replace starts a replacement; env is added to its environment.
func (p *predecessor) replace(t *testing.T, patience time.Duration, r replacement, env ...string) error {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(r)
	cmd := exec.Command(self)
	if len(env) > 0 {
		// What Replace adds comes last, so that it has to be put right after it.
		cmd = exec.Command("/bin/sh", append([]string{"-c", `exec env "$@" "$0"`, self}, env...)...)
	}
	// Under the race detector a process sleeps for a second before it ends.
	cmd.Env = append(os.Environ(), replacementEnv+"="+string(text), "GORACE=atexit_sleep_ms=0")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err = p.Replace(ctx, cmd)
	return err
}

// asks gets an answer from each listener, over new connections.
func (p *predecessor) asks(t *testing.T, want string, times int) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, "unix") {
				network, address = "unix", p.unix
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}}}
	for range times {
		for _, url := range []string{"http://" + p.web, "https://" + p.secure, "http://unix"} {
			r, err := client.Get(url)
			if err != nil {
				t.Errorf("%s: %v", url, err)
				continue
			}
			b, _ := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if string(b) != want {
				t.Errorf("%s: %q answers", url, b)
			}
		}
		if got := talk(t, p.uwsgi, packet("REQUEST_METHOD", "GET", "PATH_INFO", "/")); !strings.HasSuffix(got, want) {
			t.Errorf("uwsgi: %q", got)
		}
	}
}

// Whatever becomes of a process that was to take over, at whichever step, the one
// that it was to replace goes on serving on all its addresses.
func TestReplacementFails(t *testing.T) {
	p := newPredecessor(t)
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.pem")
	if err := os.WriteFile(broken, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	with := func(change func(*replacement)) replacement {
		r := p.replacement
		change(&r)
		return r
	}
	fate := func(s string) replacement { return with(func(r *replacement) { r.Fate = s }) }
	for name, c := range map[string]struct {
		replacement
		env []string
	}{
		"its program is not there":   {},
		"the environment is broken":  {fate(""), []string{"NOVA_SERVE_HANDOVER={"}},
		"other descriptors":          {fate(""), []string{`NOVA_SERVE_HANDOVER=[{},{},{},{},{},{},{},{}]`}},
		"the certificate is broken":  {with(func(r *replacement) { r.HTTPS = []serve.TLS{{Addr: p.secure, CertFile: broken, KeyFile: broken}} }), nil},
		"a further address is taken": {with(func(r *replacement) { r.HTTP = append(r.HTTP[:2:2], taken.Addr().String()) }), nil},
		"a socket for another protocol": {with(func(r *replacement) {
			r.UWSGI, r.HTTP = nil, append(r.HTTP[:2:2], "unix:"+p.uwsgi)
		}), nil},
		"another spelling of a socket": {with(func(r *replacement) {
			r.UWSGI = []string{"unix:" + filepath.Dir(p.uwsgi) + "//" + filepath.Base(p.uwsgi)}
		}), nil},
		"it serves less, and ends":    {with(func(r *replacement) { r.UWSGI, r.Fate = nil, "serving exit" }), nil},
		"it has nothing to serve":     {replacement{}, nil},
		"it ends at the start":        {fate("start exit"), nil},
		"it is killed at the start":   {fate("start kill"), nil},
		"it ends with the sockets":    {fate("inherited exit"), nil},
		"it is killed with them":      {fate("inherited kill"), nil},
		"it hangs with them":          {fate("inherited hang"), nil},
		"it ends with them open":      {fate("open exit"), nil},
		"it is killed with them open": {fate("open kill"), nil},
		"it hangs with them open":     {fate("open hang"), nil},
		"it ends while it serves":     {fate("serving exit"), nil},
		"it is killed while it does":  {fate("serving kill"), nil},
		"it is stopped while it does": {fate("serving stop"), nil},
		"it hangs while it does":      {fate("serving hang"), nil},
		"it ends once it is ready":    {fate("ready exit"), nil},
		"it is killed once it is":     {fate("ready kill"), nil},
		"it is stopped once it is":    {fate("ready stop"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			patience := 30 * time.Second
			if strings.HasSuffix(c.Fate, "hang") {
				patience = 500 * time.Millisecond
			}
			before := inodes(t, p.unix, p.uwsgi)
			var err error
			if name == "its program is not there" {
				_, err = p.Replace(t.Context(), exec.Command(filepath.Join(dir, "none")))
			} else {
				err = p.replace(t, patience, c.replacement, c.env...)
			}
			if err == nil {
				t.Fatal("it has taken over")
			}
			t.Log(err)
			if after := inodes(t, p.unix, p.uwsgi); after != before {
				t.Errorf("the sockets were %v and are %v", before, after)
			}
			p.asks(t, "parent", 2)
		})
	}
	// After all that it can still be replaced.
	if err := p.replace(t, 30*time.Second, p.replacement); err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p.asks(t, "child", 2)
	p.end(t)
}

// end ends a replacement, which removes its sockets.
func (p *predecessor) end(t *testing.T) {
	t.Helper()
	r, err := http.Get("http://" + p.web + "/end")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	for _, path := range []string{p.unix, p.uwsgi} {
		testproc.Eventually(t, path+" is gone", func() bool {
			_, err := os.Lstat(path)
			return errors.Is(err, os.ErrNotExist)
		})
	}
}

// A socket that the replacement is not to serve goes with the process before it.
func TestReplacementServesLess(t *testing.T) {
	p := newPredecessor(t)
	r := p.replacement
	r.UWSGI = nil
	if err := p.replace(t, 30*time.Second, r); err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p.end(t)
}

func inodes(t *testing.T, paths ...string) (all [2]uint64) {
	t.Helper()
	for i, path := range paths {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = info.Sys().(*syscall.Stat_t).Ino
	}
	return all
}
