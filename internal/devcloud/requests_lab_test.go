//go:build lab

package devcloud_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLabRequests sends lists of requests to the lab's real nova-api and to an embedded cloud, and compares the
// answers: status, headers and body. Both clouds get the same flavors, and a project with the same servers. The lists
// are the *.jsonl of the directory that LAB_REQUESTS names, without it those of testdata/requests.
func TestLabRequests(t *testing.T) {
	conf := os.Getenv("LAB_NOVA_CONF")
	if conf == "" || os.Getenv("LAB_NOVA") == "" {
		t.Skip("LAB_NOVA_CONF and LAB_NOVA name no lab")
	}
	dir := os.Getenv("LAB_REQUESTS")
	if dir == "" {
		dir = filepath.Join("testdata", "requests")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("LAB_REQUESTS: %s has no *.jsonl", dir)
	}
	real, dev := newRequestSides(t, conf)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			steps := requestSteps(t, file)
			same, broken := 0, 0
			for _, s := range steps {
				differences := compareRequest(t, real, dev, s)
				switch {
				case differences == nil:
					same++
				case differences[0] == realBroken:
					broken++
				default:
					t.Errorf("%s %s %s\n\t%s", s.where, s.MV, s.Do, strings.Join(differences, "\n\t"))
				}
			}
			t.Logf("%d requests: %d have the same answer; to %d Nova itself answers 500", len(steps), same, broken)
		})
	}
}

// requestStep is a line of a list.
type requestStep struct {
	Do string // "GET /servers"; {name} is replaced by a variable, {A*300} by 300 times A
	// As is the user: demo, reader and manager of the test's project, admin with another project, system (the
	// administrator with the scope system), none, or bad for a token that nobody issued. The default is demo.
	As      string
	MV      string // microversion; "all" sends the request with each one
	Body    any
	Raw     *string            // a body that is sent as it is
	Headers map[string]*string // further headers; nil removes one
	Save    map[string]string  // variables, with the paths of their values in the answer
	Until   map[string]any     // paths and the values that they have to reach; "status" is the status of HTTP
	Ignore  []string           // paths that are not compared; lists have no index
	Mask    []string           // expressions whose matches are not compared
	Base    *string            // what precedes the path in place of /v2.1
	Meta    bool               // a request to nova-metadata, which this test does not send

	where string
}

// newestMicroversion is the minor version that "all" ends with.
const newestMicroversion = 104

func requestSteps(t *testing.T, file string) []requestStep {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []requestStep
	for n, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s := requestStep{where: fmt.Sprintf("%s:%d", filepath.Base(file), n+1)}
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil {
			t.Fatalf("%s: %v", s.where, err)
		}
		if s.Meta {
			t.Skip("its requests are for nova-metadata")
		}
		if s.MV != "all" {
			steps = append(steps, s)
			continue
		}
		for m := range newestMicroversion {
			s.MV = fmt.Sprintf("2.%d", m+1)
			steps = append(steps, s)
		}
	}
	return steps
}

// realBroken stands for a request that the real service answers with an internal error.
const realBroken = "the real service itself fails"

// compareRequest sends a request to both sides, and returns the differences of the answers. Other users of the lab can
// change the lists of flavors and of all servers meanwhile: then the request is repeated, after both sides have
// the same flavors again, and with the servers of the test's project only.
func compareRequest(t *testing.T, real, dev *requestSide, s requestStep) []string {
	t.Helper()
	var differences []string
	real.token(t, s.As) // which ends the test if there is none
	dev.token(t, s.As)
	for range 3 {
		theirs := make(chan requestAnswer)
		go func() { theirs <- real.ask(t, s) }()
		y, x := dev.ask(t, s), <-theirs
		if x.Status == http.StatusInternalServerError && strings.Contains(fmt.Sprint(x.Body), "Unexpected API Error") && y.Status != 0 {
			return []string{realBroken}
		}
		differences = differing(x.lines(), y.lines(), nil)
		if !x.Reached {
			differences = append(differences, fmt.Sprintf("the real service never reached %v", s.Until))
		}
		if differences == nil || !strings.HasPrefix(s.Do, "GET ") || s.Save != nil {
			break
		}
		copyFlavors(t, real, dev)
		if strings.Contains(s.Do, "all_tenants=1") && !strings.Contains(s.Do, "project_id=") {
			t.Logf("%s %s: repeated with project_id, because the lists differ: %s", s.where, s.Do, differences[0])
			s.Do += "&project_id={demo_project}"
		}
	}
	return differences
}

// requestAnswer is an answer in the form that is compared.
type requestAnswer struct {
	Status  int
	Headers map[string]string
	Body    any
	Reached bool // the state of Until
}

func (a requestAnswer) lines() []string {
	lines := []string{fmt.Sprintf("status = %d", a.Status), fmt.Sprintf("reached = %t", a.Reached)}
	for k, v := range a.Headers {
		lines = append(lines, "header "+k+" = "+v)
	}
	return flatten(lines, "body", a.Body)
}

// flatten adds a line "path = value" for each value of a JSON document.
func flatten(lines []string, path string, v any) []string {
	switch x := v.(type) {
	case map[string]any:
		lines = append(lines, path+" = object")
		for _, k := range slices.Sorted(maps.Keys(x)) {
			lines = flatten(lines, path+"."+k, x[k])
		}
	case []any:
		lines = append(lines, fmt.Sprintf("%s = list of %d", path, len(x)))
		for i, one := range x {
			lines = flatten(lines, path+"."+strconv.Itoa(i), one)
		}
	default:
		text, _ := json.Marshal(v)
		lines = append(lines, path+" = "+string(text))
	}
	return lines
}

// ask sends the request of a step, until it has the wanted state.
func (c *requestSide) ask(t *testing.T, s requestStep) requestAnswer {
	verb, path, _ := strings.Cut(s.Do, " ")
	url := c.nova
	if s.Base != nil {
		url = strings.TrimSuffix(c.nova, "/v2.1") + *s.Base
	}
	headers := map[string]string{"Accept": "application/json"}
	if token := c.token(t, s.As); token != "" {
		headers["X-Auth-Token"] = token
	}
	if s.MV != "" {
		headers["OpenStack-API-Version"] = "compute " + s.MV
	}
	body := ""
	if s.Raw != nil {
		body = repeated(*s.Raw)
	} else if s.Body != nil {
		text, err := json.Marshal(s.Body)
		if err != nil {
			t.Error(err)
		}
		body = c.fill(string(text))
	}
	if s.Raw != nil || s.Body != nil {
		headers["Content-Type"] = "application/json"
	}
	for k, v := range s.Headers {
		if v == nil {
			delete(headers, k)
		} else {
			headers[k] = c.fill(*v)
		}
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		status, header, text, err := c.http(verb, url+c.fill(path), body, headers)
		if err != nil {
			return requestAnswer{Body: err.Error()}
		}
		v := decoded(text)
		reached := true
		for where, want := range s.Until {
			if n, isNumber := want.(float64); where == "status" && isNumber {
				reached = status == int(n)
			} else if at(v, where) != want {
				reached = false
			}
		}
		if !reached && time.Now().Before(deadline) && at(v, "server.status") != "ERROR" {
			wait()
			continue
		}
		for name, where := range s.Save {
			c.vars[name], _ = at(v, where).(string)
		}
		return c.shown(status, header, v, reached, s)
	}
}

// http sends a request.
func (c *requestSide) http(method, url, body string, headers map[string]string) (int, http.Header, string, error) {
	q, err := http.NewRequest(method, url, strings.NewReader(body)) //nolint:noctx // the client has a timeout
	if err != nil {
		return 0, nil, "", err
	}
	for k, v := range headers {
		q.Header.Set(k, v)
	}
	r, err := requestClient.Do(q)
	if err != nil {
		return 0, nil, "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return r.StatusCode, r.Header, string(text), err
}

var requestClient = &http.Client{Timeout: 90 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// decoded returns the JSON value of a text, or the text itself.
func decoded(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}

var repetition = regexp.MustCompile(`\{(.)\*(\d+)\}`)

func repeated(text string) string {
	return repetition.ReplaceAllStringFunc(text, func(m string) string {
		parts := repetition.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[2])
		return strings.Repeat(parts[1], n)
	})
}

// fill replaces the variables of a text.
func (c *requestSide) fill(text string) string {
	return variable.ReplaceAllStringFunc(repeated(text), func(m string) string {
		if v, known := c.vars[m[1:len(m)-1]]; known {
			return v
		}
		return m
	})
}

// comparedHeaders are the headers of answers that are compared.
var comparedHeaders = []string{"Content-Type", "OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary", "Location", "Retry-After",
	"WWW-Authenticate", "Allow", "X-OpenStack-Request-ID", "X-Compute-Request-ID", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Headers", "Access-Control-Max-Age", "Access-Control-Expose-Headers"}

// varying are the members of answers whose values differ by nature; that they have one is compared.
var varying = []string{"adminPass", "reservation_id", "OS-EXT-SRV-ATTR:reservation_id", "OS-EXT-SRV-ATTR:instance_name", "OS-EXT-IPS-MAC:mac_addr",
	"mac_addr", "private_key", "fingerprint", "public_key", "addr", "port_id", "request_id", "ip_address", "uptime", "token", "url",
	"OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname", "hostId", "host_uuid"}

var (
	shownUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	setOfKeys = regexp.MustCompile(`is not one of \[([^\]]*'vm_state'[^\]]*)\]`)
	shownTime = regexp.MustCompile(`\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?`)
)

// shown returns an answer with names in place of what differs from cloud to cloud: ids, times (of which the form
// remains), addresses.
func (c *requestSide) shown(status int, header http.Header, body any, reached bool, s requestStep) requestAnswer {
	ids := map[string]string{}
	for name, id := range c.vars {
		if len(id) >= 32 {
			ids[id] = "{" + name + "}"
		}
	}
	next := 0
	own := slices.SortedFunc(maps.Keys(ids), func(a, b string) int { return strings.Compare(ids[a], ids[b]) })
	plain := func(text string) string {
		for _, m := range s.Mask {
			text = regexp.MustCompile(m).ReplaceAllString(text, "MASKED")
		}
		root := strings.TrimSuffix(c.nova, "/v2.1")
		text = strings.ReplaceAll(text, c.auth, "http://KEYSTONE/v3")
		text = strings.ReplaceAll(text, root, "http://SERVICE")
		text = strings.ReplaceAll(text, strings.Replace(root, "http:", "https:", 1), "https://SERVICE")
		// Nova makes this list of a Python set: its order differs from process to process.
		text = setOfKeys.ReplaceAllStringFunc(text, func(list string) string {
			keys := strings.Split(setOfKeys.FindStringSubmatch(list)[1], ", ")
			slices.Sort(keys)
			return "is not one of [" + strings.Join(keys, ", ") + "]"
		})
		// A second request finds the server paused, or the lab's host still at it.
		text = strings.ReplaceAll(text, "while it is in task_state pausing", "while it is in vm_state paused")
		for _, id := range own {
			text = strings.ReplaceAll(text, id, ids[id])
		}
		text = shownUUID.ReplaceAllStringFunc(text, func(id string) string {
			if ids[id] == "" {
				next++
				ids[id] = fmt.Sprintf("{id %d}", next)
			}
			return ids[id]
		})
		return shownTime.ReplaceAllStringFunc(text, func(m string) string {
			parts := shownTime.FindStringSubmatch(m)
			if strings.Trim(parts[2], ".0") != "" {
				parts[2] = fmt.Sprintf(".%d digits", len(parts[2])-1)
			}
			return "TIME" + parts[1] + parts[2] + parts[3]
		})
	}
	var value func(v any, path string) any
	value = func(v any, path string) any {
		switch x := v.(type) {
		case string:
			return plain(x)
		case []any:
			list := make([]any, len(x))
			for i := range x {
				list[i] = value(x[i], path)
			}
			if path == "interfaceAttachments" { // in the order of the ports' ids, which are random
				slices.SortFunc(list, func(a, b any) int {
					return strings.Compare(strings.Join(flatten(nil, "", a), ""), strings.Join(flatten(nil, "", b), ""))
				})
			}
			return list
		case map[string]any:
			object := map[string]any{}
			for _, k := range slices.Sorted(maps.Keys(x)) { // the ids get their names in this order
				member := strings.TrimPrefix(path+"."+k, ".")
				_, isObject := x[k].(map[string]any)
				_, isList := x[k].([]any)
				switch {
				case slices.Contains(s.Ignore, member):
					object[plain(k)] = "IGNORED"
				case slices.Contains(varying, k) && !isObject && !isList && !slices.Contains([]any{nil, "", 0., false}, x[k]):
					object[plain(k)] = "VARIES"
				default:
					object[plain(k)] = value(x[k], member)
				}
			}
			return object
		}
		return v
	}
	a := requestAnswer{Status: status, Body: value(body, ""), Reached: reached, Headers: map[string]string{}}
	for _, h := range comparedHeaders {
		if v, present := header[http.CanonicalHeaderKey(h)]; present {
			a.Headers[h] = plain(strings.Join(v, ", "))
		}
	}
	return a
}
