package novatest

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// NameID returns the id of a project or user of the embedded cloud, which is derived from the name: NameID("project",
// "demo").
func NameID(kind, name string) string {
	return hex.EncodeToString(fmt.Appendf(nil, "%-16.16s", kind+"-"+name))
}

// Client sends requests of one user. Its methods return a changed copy.
type Client struct {
	s      *Stack
	token  string
	prefix string
	header http.Header
}

// As returns a client with a token of a role: "admin" (admin of its own project), "demo" (member of the project demo),
// "reader" (reader of demo), "nova" (the service user), "system" (admin with system scope); with "none" or "" it has no
// token. Its paths are below /v2.1.
func (s *Stack) As(role string) *Client {
	s.t.Helper()
	c := &Client{s: s, prefix: "/v2.1", header: http.Header{}}
	if role != "" && role != "none" {
		c.token = s.login(role)
		c.header.Set("X-Auth-Token", c.token)
	}
	return c
}

// login gets a token from Keystone's stand-in, and caches it.
func (s *Stack) login(role string) string {
	s.t.Helper()
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if token := s.shared.tokens[role]; token != "" {
		return token
	}
	scope, user := `{"project": {"name": "demo", "domain": {"id": "default"}}}`, role
	switch role {
	case "admin":
		scope = `{"project": {"name": "admin", "domain": {"id": "default"}}}`
	case "nova":
		scope = `{"project": {"name": "service", "domain": {"id": "default"}}}`
	case "system":
		user, scope = "admin", `{"system": {"all": true}}`
	}
	r := s.As("none").At("").Do("POST /identity/v3/auth/tokens", fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user":
		{"name": %q, "password": "secret", "domain": {"id": "default"}}}}, "scope": %s}}`, user, scope)).Expect(http.StatusCreated)
	s.shared.tokens[role] = r.Header.Get("X-Subject-Token")
	return s.shared.tokens[role]
}

func (c *Client) with(change func(*Client)) *Client {
	n := *c
	n.header = c.header.Clone()
	change(&n)
	return &n
}

// MV sets the microversion: "2.90", "latest".
func (c *Client) MV(version string) *Client {
	return c.Header("OpenStack-API-Version", "compute "+version)
}

// Header sets a header; "" removes it. "Host" sets the host of the request.
func (c *Client) Header(name, value string) *Client {
	return c.with(func(n *Client) {
		if value == "" {
			n.header.Del(name)
		} else {
			n.header.Set(name, value)
		}
	})
}

// At sets the prefix of paths: "/v2", "/v2.1/PROJECT", "".
func (c *Client) At(prefix string) *Client { return c.with(func(n *Client) { n.prefix = prefix }) }

// In returns the client for a subtest.
func (c *Client) In(t testing.TB) *Client { return c.with(func(n *Client) { n.s = c.s.In(t) }) }

// Do sends a request, "METHOD /path?query". A body of type string or []byte is sent unchanged, other types as JSON;
// without a body none is sent.
func (c *Client) Do(request string, body ...any) *Response {
	t := c.s.t
	t.Helper()
	r, err := http.DefaultTransport.RoundTrip(c.request(t.Context(), request, body)) // RoundTrip does not follow redirects
	c.s.must(err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	c.s.must(err)
	return &Response{t: t, request: request, Status: r.StatusCode, Header: r.Header, Body: text}
}

// HangUp sends a request as Do does, and closes the connection after a time, whether or not the answer has arrived.
func (c *Client) HangUp(after time.Duration, request string, body ...any) {
	c.s.t.Helper()
	ctx, cancel := context.WithTimeout(c.s.t.Context(), after)
	defer cancel()
	c.HangUpOn(ctx, request, body...)
}

// HangUpOn sends a request as Do does, and closes the connection when ctx ends or the answer arrives.
func (c *Client) HangUpOn(ctx context.Context, request string, body ...any) {
	c.s.t.Helper()
	own := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			c.s.connections.leaves(conn.LocalAddr())
		}
		return conn, err
	}}
	if r, err := own.RoundTrip(c.request(ctx, request, body)); err == nil {
		_ = r.Body.Close()
	}
}

func (c *Client) request(ctx context.Context, request string, body []any) *http.Request {
	t := c.s.t
	t.Helper()
	method, path, ok := strings.Cut(request, " ")
	if !ok {
		t.Fatalf("%q is not METHOD PATH", request)
	}
	var content io.Reader
	if len(body) > 0 {
		switch b := body[0].(type) {
		case string:
			content = strings.NewReader(b)
		case []byte:
			content = bytes.NewReader(b)
		default:
			text, err := json.Marshal(b)
			c.s.must(err)
			content = bytes.NewReader(text)
		}
	}
	q, err := http.NewRequestWithContext(ctx, method, c.s.URL+c.prefix+path, content)
	c.s.must(err)
	q.Header = c.header.Clone()
	if content != nil && q.Header.Get("Content-Type") == "" {
		q.Header.Set("Content-Type", "application/json")
	}
	q.Host = q.Header.Get("Host")
	q.Header.Del("Host")
	return q
}

// Response is an answer. Its methods fail the test if an expectation is not met, and return the response.
type Response struct {
	t       testing.TB
	request string
	Status  int
	Header  http.Header
	Body    []byte
}

// Expect fails the test unless the answer has the status.
func (r *Response) Expect(status int) *Response {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: got %d, want %d: %s", r.request, r.Status, status, r.Body)
	}
	return r
}

// JSON fails the test unless the body equals want; the string "*" matches any value.
func (r *Response) JSON(want string) *Response {
	r.t.Helper()
	return r.match(want, false)
}

// Has fails the test unless the objects of the body have the members of want; lists must have the same length.
func (r *Response) Has(want string) *Response {
	r.t.Helper()
	return r.match(want, true)
}

func (r *Response) match(want string, part bool) *Response {
	r.t.Helper()
	if problem := Match(r.Body, want, part); problem != "" {
		r.t.Errorf("%s: %s\nin %s", r.request, problem, r.Body)
	}
	return r
}

// Fault fails the test unless the body is a fault of a kind ("itemNotFound") with a message, in which "*" matches any
// text.
func (r *Response) Fault(kind, message string) *Response {
	r.t.Helper()
	var faults map[string]struct {
		Code    int
		Message string
	}
	if err := json.Unmarshal(r.Body, &faults); err != nil || len(faults) != 1 {
		r.t.Fatalf("%s: the answer with status %d is not a fault: %s", r.request, r.Status, r.Body)
	}
	f, ok := faults[kind]
	if !ok || f.Code != r.Status || !Glob(message, f.Message) {
		r.t.Errorf("%s: got %s, want %s with %d and %q", r.request, r.Body, kind, r.Status, message)
	}
	return r
}

// HasHeader fails the test unless a header has the value, in which "*" matches any text; "" expects that the header is
// absent.
func (r *Response) HasHeader(name, value string) *Response {
	r.t.Helper()
	got := strings.Join(r.Header.Values(name), ", ")
	if value == "" && got != "" || !Glob(value, got) {
		r.t.Errorf("%s: header %s is %q, want %q", r.request, name, got, value)
	}
	return r
}

// At returns a value in the body as a string: At("servers", "0", "id").
func (r *Response) At(path ...string) string {
	r.t.Helper()
	var v any
	if err := json.Unmarshal(r.Body, &v); err != nil {
		r.t.Fatalf("%s: %v: %s", r.request, err, r.Body)
	}
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			member, ok := at[step]
			if !ok {
				r.t.Fatalf("%s: no %q of %q in %s", r.request, step, path, r.Body)
			}
			v = member
		case []any:
			var n int
			if _, err := fmt.Sscan(step, &n); err != nil || n >= len(at) {
				r.t.Fatalf("%s: no item %s of %q in %s", r.request, step, path, r.Body)
			}
			v = at[n]
		default:
			r.t.Fatalf("%s: nothing is below %v (%q) in %s", r.request, v, path, r.Body)
		}
	}
	return fmt.Sprint(v)
}

// Names returns the members "name" of a list, separated by spaces: Names("servers").
func (r *Response) Names(list string) string { return strings.Join(r.Each(list, "name"), " ") }

// Each returns a member of each entry of a list.
func (r *Response) Each(list, member string) []string {
	r.t.Helper()
	var doc map[string]json.RawMessage
	var items []map[string]any
	if err := json.Unmarshal(r.Body, &doc); err != nil || json.Unmarshal(doc[list], &items) != nil {
		r.t.Fatalf("%s: no list %q in %s", r.request, list, r.Body)
	}
	out := make([]string, len(items))
	for n, i := range items {
		out[n] = fmt.Sprint(i[member])
	}
	return out
}
