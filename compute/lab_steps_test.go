//go:build lab

package compute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// labStep is a request that both sides answer. Its answer, the messages that it sends, and the rows
// about the server afterwards are compared, without ids and times. {name} in its path and body is a variable of the side.
type labStep struct {
	chapter
	on    string // type of the neighbour that the request is sent to, with its headers; empty: to Nova
	as    string // user in the project demo; empty: the administrator
	reach string // "path.of.member=value": repeats the request until the answer has it; "404" waits for this status
	// unordered: the order of rows in the answer is that of random ids
	unordered bool
	quiet     bool // only prepares; the answer is not compared
	// breaks: an unexpected error is what the real service answers in this situation; it is compared
	breaks bool
}

// labVersions are the headers with the microversion for each neighbour.
var labVersions = map[string][2]string{
	"shared-file-system": {"X-OpenStack-Manila-API-Version", "2.82"},
	"accelerator":        {"OpenStack-API-Version", "accelerator 2.2"},
	"baremetal":          {"X-OpenStack-Ironic-API-Version", "1.90"},
	"placement":          {"OpenStack-API-Version", "placement 1.36"},
	"key-manager":        {"OpenStack-API-Version", "key-manager 1.1"},
}

// neighbourhood sends steps to both sides.
type neighbourhood struct {
	sides  [2]*side // the real service, ours
	tokens map[string]string
	urls   map[string]string // of neighbours
	rows   *rowReader
	heard  *listener
	// contexts: the contexts of the messages are compared as well; the requests of both sides have the same token
	contexts bool
	done     int
	broken   int // steps for which the real service answers an unexpected error; nothing is compared
}

// labNeighbourhood returns a comparer for a lab that has the neighbour with a service type; other tests are skipped.
func labNeighbourhood(t *testing.T, kind string) *neighbourhood {
	t.Helper()
	real, ours := labSides(t)
	n := &neighbourhood{sides: [2]*side{real, ours}, tokens: map[string]string{}, urls: map[string]string{}, rows: openRows(t)}
	var v struct {
		Catalog []struct {
			Type      string
			Endpoints []struct{ Interface, URL string }
		}
	}
	labGet(t, real.token, labIdentity()+"/auth/catalog", &v)
	for _, s := range v.Catalog {
		for _, e := range s.Endpoints {
			if e.Interface == "public" {
				n.urls[s.Type] = strings.TrimSuffix(e.URL, "/")
			}
		}
	}
	if n.urls[kind] == "" {
		t.Skipf("the lab has no service of type %s: start it with internal/lab start", kind)
	}
	for k, s := range n.sides {
		s.variables["side"] = fmt.Sprintf("side-%d-%d", time.Now().UnixNano(), k)
	}
	n.heard = listen(t, "compute."+hostUp) // see since
	t.Cleanup(func() {
		for _, s := range n.sides {
			s.t = t
			for name, id := range s.variables {
				if strings.HasPrefix(name, "server") {
					_ = labDelete(&side{t, real.url, real.token, map[string]string{"server": id}})
				}
			}
		}
	})
	return n
}

// as returns the token of a user of the project demo, or of the administrator.
func (n *neighbourhood) as(t *testing.T, user string) string {
	t.Helper()
	if user == "" {
		return n.sides[0].token
	}
	if n.tokens[user] == "" {
		n.tokens[user] = labTokenOf(t, user, "demo")
	}
	return n.tokens[user]
}

// run sends the steps, each one to the real service and then to ours, and compares.
func (n *neighbourhood) run(t *testing.T, steps []labStep) {
	t.Helper()
	done, broken := n.done, n.broken
	for _, o := range steps {
		compared := false
		t.Run(o.name, func(t *testing.T) {
			var saw [2][]string
			for k, s := range n.sides {
				s.t = t
				saw[k] = n.one(t, s, o)
			}
			compared = true
			if !o.quiet && !o.breaks && slices.ContainsFunc(saw[0], func(line string) bool { return strings.Contains(line, "Unexpected API Error") }) {
				n.broken++
				t.Logf("the real service breaks: %q", saw[0])
				if o.save != "" {
					t.Error("the steps that follow need its answer")
				}
				return
			}
			if !o.quiet && !slices.Equal(saw[0], saw[1]) {
				t.Errorf("differs:\n%s", difference(saw[0], saw[1]))
				return
			}
			if !o.quiet {
				n.done++
			}
		})
		if !compared {
			t.Fatalf("%s: the steps that follow need it", o.name)
		}
	}
	quiet := 0
	for _, o := range steps {
		if o.quiet {
			quiet++
		}
	}
	t.Logf("%d of %d steps alike; the real service breaks in %d; %d prepare", n.done-done, len(steps)-quiet-n.broken+broken, n.broken-broken, quiet)
}

// one sends a step to a side, and returns what is to be compared, as lines.
func (n *neighbourhood) one(t *testing.T, s *side, o labStep) []string {
	t.Helper()
	n.heard.since(t)
	var r reply
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(300 * time.Millisecond) {
		r = n.send(t, s, o)
		if o.reach == "" || reached(r, s.fill(o.reach)) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the answer does not become %s: %d %s", o.reach, r.status, r.body)
		}
	}
	lines := append([]string{fmt.Sprint("status ", r.status)}, n.plain(s, r.body)...)
	if o.quiet {
		if r.status >= http.StatusBadRequest {
			t.Fatalf("%d %s", r.status, r.body)
		}
		return nil
	}
	if o.on == "" && !strings.HasPrefix(o.do, "GET") {
		for _, m := range n.heard.since(t) {
			if m["_context_request_id"] == r.requestID && !n.isFromHost(m) {
				lines = append(lines, told(m)...)
				if n.contexts {
					lines = append(lines, shape("context", contextOf(m))...)
				}
				break // later ones are sent by other services
			}
		}
		if s.variables["server"] != "" && r.status < 300 {
			s.settle(o.until)
			lines = append(lines, n.rows.settled(t, s.variables["server"], o.racing)...)
		}
	}
	for k, line := range lines {
		for name, value := range s.variables {
			if len(value) > 8 {
				line = strings.ReplaceAll(line, value, "{"+name+"}")
			}
		}
		lines[k] = sideNames.ReplaceAllString(spelled.ReplaceAllString(line, "ID"), "SIDE")
	}
	if o.unordered {
		for k, line := range lines {
			lines[k] = indexes.ReplaceAllString(line, "[]")
		}
		slices.Sort(lines)
	}
	return lines
}

// contextOf returns the context of a message without what differs from request to request.
func contextOf(m map[string]any) map[string]any {
	context := map[string]any{}
	for name, value := range m {
		if strings.HasPrefix(name, "_context_") && name != "_context_request_id" && name != "_context_timestamp" {
			context[name] = value
		}
	}
	return context
}

// isFromHost reports whether a message about a request was sent by another service than the API.
func (n *neighbourhood) isFromHost(m map[string]any) bool {
	return m["method"] == "object_action" || m["method"] == "object_class_action_versions"
}

// send sends a step once.
func (n *neighbourhood) send(t *testing.T, s *side, o labStep) reply {
	t.Helper()
	if o.on == "" {
		user := *s
		user.token = n.as(t, o.as)
		return user.send(o.chapter)
	}
	method, path, _ := strings.Cut(s.fill(o.do), " ")
	q, err := http.NewRequestWithContext(t.Context(), method, n.urls[o.on]+path, strings.NewReader(s.fill(o.body)))
	if err != nil {
		t.Fatal(err)
	}
	q.Header = http.Header{"X-Auth-Token": {n.as(t, o.as)}, "Content-Type": {"application/json"}}
	if v := labVersions[o.on]; v[0] != "" {
		q.Header.Set(v[0], v[1])
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if name, path, ok := strings.Cut(o.save, "="); ok && resp.StatusCode < 300 {
		s.variables[name] = fmt.Sprint(member(body, path))
	}
	return reply{status: resp.StatusCode, body: body}
}

// request sends a request of the administrator to a neighbour after a test, whatever the answer is.
func (n *neighbourhood) request(on, method, path, body string) {
	q, err := http.NewRequestWithContext(context.Background(), method, n.urls[on]+path, strings.NewReader(body))
	if err != nil {
		return
	}
	q.Header = http.Header{"X-Auth-Token": {n.sides[0].token}, "Content-Type": {"application/json"}}
	q.Header.Set(labVersions[on][0], labVersions[on][1])
	if r, err := http.DefaultClient.Do(q); err == nil {
		r.Body.Close()
	}
}

// reached reports whether an answer is the one that a step waits for.
func reached(r reply, condition string) bool {
	path, value, ok := strings.Cut(condition, "=")
	if !ok {
		return fmt.Sprint(r.status) == condition
	}
	return fmt.Sprint(member(r.body, path)) == value
}

// member returns a member of a JSON document; a part of its path may be an index.
func member(document []byte, path string) any {
	var v any
	_ = json.Unmarshal(document, &v)
	for key := range strings.SplitSeq(path, ".") {
		switch one := v.(type) {
		case map[string]any:
			v = one[key]
		case []any:
			n := -1
			if _, err := fmt.Sscan(key, &n); err != nil || n < 0 || n >= len(one) {
				return nil
			}
			v = one[n]
		default:
			return nil
		}
	}
	return v
}

// spelled are ids as Manila's driver writes them in the paths of shares.
var spelled = regexp.MustCompile(`[0-9a-f]{8}(_[0-9a-f]{4}){3}_[0-9a-f]{12}`)

var indexes = regexp.MustCompile(`\[\d+\]`)

// sideNames are the values of the variable side, which makes names different on both sides.
var sideNames = regexp.MustCompile(`side-\d+-\d`)

// networked are the addresses of the lab's networks.
var networked = regexp.MustCompile(`192\.168\.\d+\.\d+`)

var ports = regexp.MustCompile(`:\d{4,5}/`)

// plain returns a body as lines without what differs from side to side.
func (n *neighbourhood) plain(s *side, body []byte) []string {
	text := ports.ReplaceAllString(string(bytes.TrimSpace(body)), ":PORT/")
	for name, value := range s.variables {
		if len(value) > 8 {
			text = strings.ReplaceAll(text, value, "{"+name+"}")
		}
	}
	for _, m := range []*regexp.Regexp{moments, ids, macs, booking, hosts, networked} {
		text = m.ReplaceAllString(text, "X")
	}
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		return shape("", v)
	}
	return []string{text}
}
