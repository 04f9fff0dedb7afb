package devcloud_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// browser is a session of Chromium, which chromedriver controls with the WebDriver protocol.
type browser struct {
	t   *testing.T
	url string // of the session
}

// openBrowser starts Chromium. It skips the test if Chromium or chromedriver is not installed.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	var chromium string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	driver, err := exec.LookPath("chromedriver")
	if err != nil || chromium == "" {
		t.Skip("Chromium and chromedriver are not installed (Debian: apt-get install chromium chromium-driver)")
	}
	profile := t.TempDir() // removed after the end of Chromium, because it is made before the cleanup that ends it
	address := testproc.Address(t)
	_, port, _ := net.SplitHostPort(address)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, driver, "--port="+port)
	if err := cmd.Start(); err != nil {
		t.Skipf("chromedriver does not start: %v", err)
	}
	b := &browser{t: t, url: "http://" + address}
	t.Cleanup(func() {
		_, _ = b.try("DELETE", "", nil)
		stop()
		_ = cmd.Wait()
	})
	testproc.Eventually(t, "chromedriver answers", func() bool {
		_, err := b.try("GET", "/status", nil)
		return err == nil
	})
	value, err := b.try("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions": map[string]any{"binary": chromium, "args": []string{"--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
			"--disable-gpu", "--force-device-scale-factor=1", "--user-data-dir=" + profile}}}}})
	if err != nil {
		t.Skipf("Chromium does not start: %v", err)
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	b.must(json.Unmarshal(value, &session))
	b.url += "/session/" + session.ID
	return b
}

func (b *browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// try sends a command and returns its value.
func (b *browser) try(method, path string, body any) (json.RawMessage, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	q, err := http.NewRequest(method, b.url+path, content)
	if err != nil {
		return nil, err
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s %s", method, path, r.Status, text)
	}
	var answer struct{ Value json.RawMessage }
	err = json.Unmarshal(text, &answer)
	return answer.Value, err
}

// do sends a command.
func (b *browser) do(path string, body any) json.RawMessage {
	b.t.Helper()
	value, err := b.try("POST", path, body)
	b.must(err)
	return value
}

// open loads a page.
func (b *browser) open(url string) { b.t.Helper(); b.do("/url", map[string]string{"url": url}) }

// run evaluates a function body of JavaScript into out.
func (b *browser) run(script string, out any) {
	b.t.Helper()
	b.must(json.Unmarshal(b.do("/execute/sync", map[string]any{"script": script, "args": []any{}}), out))
}

// holds waits until an expression of JavaScript is true.
func (b *browser) holds(expression string) {
	b.t.Helper()
	testproc.Eventually(b.t, expression, func() bool {
		var is bool
		b.run("return !!("+expression+")", &is)
		return is
	})
}

// The keys of WebDriver.
const (
	keyTab    = "\ue004"
	keyEnter  = "\ue007"
	keyEscape = "\ue00c"
)

// press presses and releases a key.
func (b *browser) press(key string) {
	b.t.Helper()
	b.do("/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": []any{
		map[string]string{"type": "keyDown", "value": key}, map[string]string{"type": "keyUp", "value": key}}}}})
}

// tabTo presses the tabulator until an expression is true of the element with the focus.
func (b *browser) tabTo(of string) {
	b.t.Helper()
	for range 60 {
		b.press(keyTab)
		var is bool
		if b.run("const e = document.activeElement; return !!("+of+")", &is); is {
			return
		}
	}
	b.t.Fatalf("the keyboard does not reach %s", of)
}

// size sets the size of the window in CSS pixels, which may be less than Chromium's windows allow.
func (b *browser) size(width, height int) {
	b.t.Helper()
	b.do("/goog/cdp/execute", map[string]any{"cmd": "Emulation.setDeviceMetricsOverride",
		"params": map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}})
}

// screenshot returns what the window shows, as PNG.
func (b *browser) screenshot() []byte {
	b.t.Helper()
	value, err := b.try("GET", "/screenshot", nil)
	b.must(err)
	var text string
	b.must(json.Unmarshal(value, &text))
	image, err := base64.StdEncoding.DecodeString(text)
	b.must(err)
	return image
}

// forwarder passes connections to another address, and can be interrupted as a process is that ends.
type forwarder struct {
	t       *testing.T
	address string

	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
}

// to begins to pass connections to an address.
func (f *forwarder) to(target string) {
	f.t.Helper()
	l, err := net.Listen("tcp", f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	f.address, f.listener = l.Addr().String(), l
	f.mu.Unlock()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				_ = in.Close()
				continue
			}
			f.mu.Lock()
			f.open = append(f.open, in, out)
			f.mu.Unlock()
			for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1])
					_ = pair[0].Close()
				}()
			}
		}
	}()
}

// cut closes the listener and all connections.
func (f *forwarder) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.listener.Close()
	for _, c := range f.open {
		_ = c.Close()
	}
	f.open = nil
}
