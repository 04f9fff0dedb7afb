package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// token logs in as admin at the stand-in identity service.
func (p *process) token() string {
	p.t.Helper()
	r, err := http.Post("http://"+p.address+"/identity/v3/auth/tokens", "application/json", strings.NewReader(`{"auth": {"identity": {"methods": ["password"],
		"password": {"user": {"name": "admin", "password": "secret", "domain": {"id": "default"}}}}, "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}`))
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	return r.Header.Get("X-Subject-Token")
}

// raw sends bytes as they are, and answers the status and body of the reply.
func (p *process) raw(text string) (int, string) {
	p.t.Helper()
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		p.t.Fatalf("%q: %v", text, err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

func TestBytesThatAreNoUTF8(t *testing.T) {
	t.Parallel()
	p, _ := dev(t)
	token := p.token()
	request := func(line, header, body string) string {
		return line + " HTTP/1.1\r\nHost: " + p.address + "\r\nConnection: close\r\nContent-Type: application/json\r\nX-Auth-Token: " + token + "\r\n" + header +
			"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	for _, c := range []struct {
		name, text string
		status     []int
	}{
		{"path", request("GET /v2.1/flavors/%ff", "", ""), []int{400, 404}},
		{"path, not escaped", request("GET /v2.1/flavors/\xff", "", ""), []int{400, 404}},
		{"path before the version", request("GET /%ff%fe", "", ""), []int{300, 400, 404}},
		{"query", request("GET /v2.1/flavors?name=%ff", "", ""), []int{400, 200}},
		{"query, not escaped", request("GET /v2.1/servers?name=\xff\xfe", "", ""), []int{400, 200}},
		{"query that is no escape", request("GET /v2.1/servers?name=%zz", "", ""), []int{400, 200}},
		{"key of the query", request("GET /v2.1/servers?%ff=1", "OpenStack-API-Version: compute 2.75\r\n", ""), []int{400}},
		{"body", request("POST /v2.1/flavors", "", "{\"flavor\": {\"name\": \"\xff\xfe\", \"ram\": 1, \"vcpus\": 1, \"disk\": 1}}"), []int{400}},
		{"half a surrogate", request("POST /v2.1/flavors", "", `{"flavor": {"name": "\ud800", "ram": 1, "vcpus": 1, "disk": 1}}`), []int{400}},
		{"zero byte", request("POST /v2.1/flavors", "", `{"flavor": {"name": "a\u0000b", "ram": 1, "vcpus": 1, "disk": 1}}`), []int{400}},
		{"deep body", request("POST /v2.1/flavors", "", strings.Repeat("[", 50000)), []int{400}},
		{"version header", request("GET /v2.1/flavors", "OpenStack-API-Version: compute \xff\r\n", ""), []int{400}},
		{"request id", request("GET /v2.1/flavors", "X-OpenStack-Request-ID: \xff\r\n", ""), []int{200}},
		{"token", "GET /v2.1/flavors HTTP/1.1\r\nHost: x\r\nX-Auth-Token: \xff\xfe\r\n\r\n", []int{401}},
		{"host", "GET /v2.1 HTTP/1.1\r\nHost: \xff\r\n\r\n", []int{200, 400}},
		{"header name", "GET / HTTP/1.1\r\nHost: x\r\n\xff: 1\r\n\r\n", []int{400}},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", []int{400}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := p.raw(c.text)
			known := false
			for _, s := range c.status {
				known = known || s == status
			}
			if !known || status >= 400 && body == "" {
				t.Errorf("answers %d %q, want one of %v and a reason", status, body, c.status)
			}
			p.alive()
		})
	}
}

// endless is a body of so many bytes, none of which is kept.
type endless struct{ left, read int64 }

func (e *endless) Read(b []byte) (int, error) {
	n := min(int64(len(b)), e.left)
	if n == 0 {
		return 0, io.EOF
	}
	e.left, e.read = e.left-n, e.read+n
	copy(b, bytes.Repeat([]byte{' '}, int(n)))
	return int(n), nil
}

func TestHugeBodiesAreRefusedUnread(t *testing.T) {
	t.Parallel()
	p, _ := dev(t)
	token := p.token()
	before := p.memory()
	const size = 1 << 30
	for _, chunked := range []bool{true, false} {
		t.Run(fmt.Sprintf("chunked=%v", chunked), func(t *testing.T) {
			body := &endless{left: size}
			r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+p.address+"/v2.1/flavors", io.NopCloser(body))
			if err != nil {
				t.Fatal(err)
			}
			if !chunked {
				r.ContentLength = size
			}
			r.Header.Set("X-Auth-Token", token)
			r.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				// The connection is closed on who goes on sending; that the answer
				// is lost then is the nature of TCP.
				t.Logf("%v after %d bytes", err, body.read)
			} else {
				answer.Body.Close()
				if answer.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("answers %d", answer.StatusCode)
				}
			}
			if body.read > size/4 {
				t.Errorf("%d bytes were taken", body.read)
			}
			p.alive()
		})
	}
	if after := p.memory(); after > before+64<<20 {
		t.Errorf("memory went from %d to %d MiB", before>>20, after>>20)
	}
	// A body that is just too large gets its answer for certain.
	text := strings.Repeat(" ", 114689)
	status, body := p.raw(fmt.Sprintf("POST /v2.1/flavors HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", token, len(text), text))
	if status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "too large") {
		t.Errorf("answers %d %s", status, body)
	}
}

// memory is the most that the process has had resident, in bytes; 0 where /proc
// does not say.
func (p *process) memory() int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n << 10
}

// TestSlowClients opens connections that stop in the middle of a request, and
// wants others answered all the while.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	p, _ := dev(t)
	token := p.token()
	for n := range 100 {
		text := "GET /v2.1/flavors HTTP/1.1\r\nHost: x\r\nX-Auth-Tok"
		if n%2 == 1 {
			text = "POST /v2.1/flavors HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " + token + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
		}
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if n%10 == 0 {
			p.alive()
		}
	}
	status, body := p.raw("GET /v2.1/flavors HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: " + token + "\r\n\r\n")
	if status != http.StatusOK {
		t.Errorf("answers %d %s", status, body)
	}
}

// TestHalfAPacket speaks uwsgi badly to a second process on the same cloud.
func TestHalfAPacket(t *testing.T) {
	t.Parallel()
	_, state := dev(t)
	address, uwsgi := testproc.Address(t), testproc.Address(t)
	p := start(t, address, "--config-file", filepath.Join(state, "nova.conf"), "--http", address, "--uwsgi", uwsgi)
	for name, packet := range map[string]string{
		"nothing":               "",
		"half a head":           "\x00\x10",
		"half a packet":         "\x00\x40\x00\x00\x0e\x00REQUEST_ME",
		"length beyond the end": "\x00\x08\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00",
		"another modifier":      "\x05\x00\x00\x00",
		"HTTP":                  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", uwsgi)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write([]byte(packet)); err != nil {
				t.Fatal(err)
			}
			p.alive() // while the connection hangs
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(c) // the process hangs up, or says what is wrong
			if bytes.Contains(answer, []byte(" 200 ")) {
				t.Errorf("answers %q", answer)
			}
			p.alive()
		})
	}
}
