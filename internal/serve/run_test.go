package serve_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/serve"
)

// serveOn serves h on l until ctx is done.
func serveOn(ctx context.Context, protocol string, l net.Listener, h http.Handler, o serve.Options) error {
	o.Inherited = []serve.Inherited{{Protocol: protocol, Listener: l}}
	return serveAll(ctx, h, o)
}

func serveAll(ctx context.Context, h http.Handler, o serve.Options) error {
	s, err := serve.Open(h, o)
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}

// run serves where o says and waits until it serves; stop ends it and gives its error.
func run(t *testing.T, h http.Handler, o serve.Options, probe string) (stop func() error) {
	t.Helper()
	if o.IdleGrace == 0 {
		o.IdleGrace = 50 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serveAll(ctx, h, o) }()
	network := "tcp"
	if strings.HasPrefix(probe, "/") {
		network = "unix"
	}
	testproc.Eventually(t, "it serves", func() bool { return listens(network, probe) })
	stop = func() error {
		cancel()
		err := <-done
		done <- err
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// listens tells whether somebody takes connections.
func listens(network, address string) bool {
	c, err := net.Dial(network, address)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func TestRunServesAllAndDrains(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	entered, release := make(chan bool, 9), make(chan bool)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- true
			<-release
		}
		_, _ = io.WriteString(w, r.Proto)
	})
	httpAddr, httpsAddr, socket, uwsgi := testproc.Address(t), testproc.Address(t), filepath.Join(dir, "h"), filepath.Join(dir, "u")
	stop := run(t, h, serve.Options{
		HTTP:  []string{httpAddr, "unix:" + socket},
		HTTPS: []serve.TLS{{Addr: httpsAddr, CertFile: cert, KeyFile: key}},
		UWSGI: []string{"unix:" + uwsgi},
	}, uwsgi)

	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
	}}
	overSocket := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", socket)
	}}}
	for _, c := range []struct {
		client    *http.Client
		url, want string
	}{
		{client, "http://" + httpAddr, "HTTP/1.1"},
		{client, "https://" + httpsAddr, "HTTP/2.0"},
		{overSocket, "http://x", "HTTP/1.1"},
	} {
		r, err := c.client.Get(c.url)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if string(body) != c.want {
			t.Errorf("%s: got %q", c.url, body)
		}
	}
	if info, err := os.Stat(uwsgi); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket: %v %v", info, err)
	}

	// A request that is under way when the stop comes ends well.
	answers := make(chan string, 2)
	go func() { answers <- talk(t, uwsgi, packet("REQUEST_METHOD", "GET", "PATH_INFO", "/slow")) }()
	go func() {
		r, err := client.Get("http://" + httpAddr + "/slow")
		if err != nil {
			answers <- err.Error()
			return
		}
		answers <- r.Status
	}()
	<-entered
	<-entered
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	testproc.Eventually(t, "it listens no more", func() bool { return !listens("tcp", httpAddr) })
	close(release)
	for range 2 {
		if a := <-answers; !strings.Contains(a, "200 OK") {
			t.Errorf("got %q", a)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(uwsgi); !os.IsNotExist(err) {
		t.Error("the socket is still there")
	}
}

func TestRunCutsOffAfterDrainTimeout(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "u")
	entered := make(chan bool)
	stop := run(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}), serve.Options{UWSGI: []string{"unix:" + socket}, DrainTimeout: 50 * time.Millisecond}, socket)
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write(get())
	<-entered
	begin := time.Now()
	if err := stop(); err != nil || time.Since(begin) > 15*time.Second {
		t.Error(err, time.Since(begin))
	}
}

func TestRunRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free := testproc.Address(t)
	for _, c := range []struct {
		o    serve.Options
		want string
	}{
		{serve.Options{}, "no address"},
		{serve.Options{HTTP: []string{free, taken.Addr().String()}}, taken.Addr().String()},
		{serve.Options{UWSGI: []string{"unix:" + file}}, "unix:" + file},
		{serve.Options{UWSGI: []string{"unix:" + dir + "/none/s"}}, "unix:" + dir + "/none/s"},
		{serve.Options{HTTP: []string{"nonsense"}}, "nonsense"},
		{serve.Options{HTTPS: []serve.TLS{{Addr: free, CertFile: file, KeyFile: file}}}, file},
	} {
		if err := serveAll(context.Background(), http.NotFoundHandler(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c.o, err)
		}
	}
	l, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatalf("a listener was left open: %v", err)
	}
	_ = l.Close()
}

func TestListenUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := serve.Listen("unix:"+path, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v %v", info, err)
	}
	if _, err := serve.Listen("unix:"+path, 0o666); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("in use: got %v", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // as after a crash
	_ = l.Close()
	l, err = serve.Listen("unix:"+path, 0o600)
	if err != nil {
		t.Fatalf("stale: %v", err)
	}
	_ = l.Close()
}

func TestHTTPLimits(t *testing.T) {
	l, err := serve.Listen("127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- serveOn(ctx, "http", l, show, serve.Options{BodyGrace: 100 * time.Millisecond, ReadHeaderTimeout: 200 * time.Millisecond})
	}()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	dial := func(text string) (net.Conn, time.Time) {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(8 * time.Second))
		_, _ = io.WriteString(c, text)
		return c, time.Now()
	}
	t.Run("64 KiB of headers", func(t *testing.T) {
		c, _ := dial("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Big: " + strings.Repeat("b", 64<<10) + "\r\n\r\n")
		got, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200") {
			t.Errorf("%v %.100q", err, got)
		}
	})
	t.Run("HTTP/1.0 without a host", func(t *testing.T) {
		c, _ := dial("GET /host HTTP/1.0\r\n\r\n")
		got, _ := io.ReadAll(c)
		name, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		if want := "host=" + strconv.Quote(net.JoinHostPort(name, port)); !strings.Contains(string(got), want) {
			t.Errorf("the handler answers %.300q without %s", got, want)
		}
	})
	t.Run("too many headers", func(t *testing.T) {
		c, _ := dial("GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("b", 300<<10) + "\r\n\r\n")
		got, _ := io.ReadAll(c)
		if strings.HasPrefix(string(got), "HTTP/1.1 200") {
			t.Errorf("%.100q", got)
		}
	})
	t.Run("slow headers", func(t *testing.T) {
		c, begin := dial("GET / HTTP/1.1\r\nHost:")
		if _, err := io.ReadAll(c); err != nil || time.Since(begin) > 15*time.Second {
			t.Error(err, time.Since(begin))
		}
	})
	t.Run("slow body", func(t *testing.T) {
		c, _ := dial("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
		got, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(got), "i/o timeout") {
			t.Errorf("%v %.300q", err, got)
		}
	})
	t.Run("the connection stays good after a body", func(t *testing.T) {
		c, _ := dial("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
		late, _ := dial("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
		_, _ = io.ReadAll(late) // until the time for bodies is over
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\ndef")
		got, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(got), `body="def" err=<nil>`) {
			t.Errorf("%v %.900q", err, got)
		}
	})
}

// A handler that takes longer than BodyGrace after it has read the body keeps its context.
func TestSlowHandlerIsNotCutOff(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "h")
	read, over := make(chan struct{}), make(chan struct{})
	run(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			return // that of the late one
		}
		close(read)
		select {
		case <-r.Context().Done():
			http.Error(w, "cancelled", 500)
		case <-over:
		}
	}), serve.Options{HTTP: []string{"unix:" + socket}, BodyGrace: 50 * time.Millisecond}, socket)
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", socket)
	}}}
	go func() {
		defer close(over)
		<-read
		late, err := net.Dial("unix", socket)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = late.Close() }()
		_, _ = io.WriteString(late, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
		_, _ = io.ReadAll(late) // until the time for bodies is over
	}()
	r, err := client.Post("http://x/", "a/b", strings.NewReader("body"))
	if err != nil || r.StatusCode != 200 {
		t.Error(r, err)
	}
}

func certificate(t *testing.T, dir string, names ...string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: append(names, "localhost")}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert},
		keyFile:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
