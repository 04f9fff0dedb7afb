package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// expectations are the requests that a client has to send, in their order.
type expectations struct {
	list []Recorded
	met  int // how many of them have been met
	// ids has the ids of the current run by those of the recording, which another run created, and
	// taken the reverse.
	ids, taken map[string]string
	unexpected *Unexpected
}

// Unexpected is the first request that differs from the expected ones.
type Unexpected struct {
	Request string `json:"request"`
	Why     string `json:"why"`
}

// Expectations is the state of the expectations.
type Expectations struct {
	Expected   int         `json:"expected"`
	Met        int         `json:"met"`
	Missing    []string    `json:"missing"`    // the requests that have not been sent
	Unexpected *Unexpected `json:"unexpected"` // null: no request differs
}

// anything is a string of an expectation that stands for any value.
const anything = "*"

// meet returns the number of the expected request that a request meets, or why it meets none. A
// request that reads may be repeated more or less often than expected, because clients poll.
func (x *expectations) meet(got *Recorded) (n int, refusal string) {
	if x.unexpected != nil {
		return -1, x.unexpected.Why
	}
	ahead := x.met
	for {
		if ahead == len(x.list) {
			break
		}
		if x.differs(&x.list[ahead], got) == "" {
			x.met = ahead + 1
			return ahead, ""
		}
		if ahead == 0 || !isRead(x.list[ahead].Request) || !same(&x.list[ahead], &x.list[ahead-1]) {
			break
		}
		ahead++ // the rest of a poll that took longer when it was recorded
	}
	if x.met > 0 && isRead(got.Request) && x.differs(&x.list[x.met-1], got) == "" {
		return x.met - 1, ""
	}
	why := fmt.Sprintf("request %d is %s: no further request is expected", x.met+1, got.Request)
	if x.met < len(x.list) {
		why = fmt.Sprintf("request %d is not the expected %s: %s", x.met+1, x.list[x.met].Request, x.differs(&x.list[x.met], got))
	}
	x.unexpected = &Unexpected{Request: got.Request, Why: why}
	return -1, why
}

func isRead(request string) bool {
	return strings.HasPrefix(request, "GET ") || strings.HasPrefix(request, "HEAD ")
}

func same(a, b *Recorded) bool { return a.Request == b.Request && a.Version == b.Version }

// differs returns how a request differs from an expected one, or "".
func (x *expectations) differs(want, got *Recorded) string {
	// The ids of a request that differs must not be remembered.
	try := &expectations{ids: maps.Clone(x.ids), taken: maps.Clone(x.taken)}
	why := try.text("the request", want.Request, got.Request)
	if why == "" && want.Version != "" && want.Version != got.Version {
		why = fmt.Sprintf("version: it is %q, not %q", got.Version, want.Version)
	}
	if why == "" {
		why = try.value("body", want.Body, got.Body)
	}
	if why == "" {
		x.ids, x.taken = try.ids, try.taken
	}
	return why
}

// id matches ids in paths and bodies, with and without hyphens.
var id = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b`)

// text compares two strings. Their ids may differ, if the same ids take the place of each other
// everywhere.
func (x *expectations) text(where, want, got string) string {
	if want == anything {
		return ""
	}
	differs := fmt.Sprintf("%s: it is %q, not %q", where, got, x.renamed(want))
	if id.ReplaceAllString(want, "-") != id.ReplaceAllString(got, "-") {
		return differs
	}
	others := id.FindAllString(got, -1)
	for n, a := range id.FindAllString(want, -1) {
		b := others[n]
		known, ok := x.ids[a]
		of, used := x.taken[b]
		if ok && known != b || used && of != a {
			return differs
		}
		x.ids[a], x.taken[b] = b, a
	}
	return ""
}

// renamed returns a text of the recording with the ids of the current run.
func (x *expectations) renamed(text string) string {
	return id.ReplaceAllStringFunc(text, func(a string) string {
		if b, ok := x.ids[a]; ok {
			return b
		}
		return a
	})
}

// value compares two values of JSON.
func (x *expectations) value(where string, want, got any) string {
	if want == anything {
		return ""
	}
	switch want := want.(type) {
	case string:
		if text, ok := got.(string); ok {
			return x.text(where, want, text)
		}
	case []any:
		list, ok := got.([]any)
		if !ok {
			break
		}
		if len(list) != len(want) {
			return fmt.Sprintf("%s: it has %d elements, not %d", where, len(list), len(want))
		}
		for n := range want {
			if why := x.value(fmt.Sprintf("%s[%d]", where, n), want[n], list[n]); why != "" {
				return why
			}
		}
		return ""
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, wanted := want[name]; !wanted {
				return fmt.Sprintf("%s.%s: it is not expected", where, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			v, there := object[name]
			if !there {
				return fmt.Sprintf("%s.%s: it is missing", where, name)
			}
			if why := x.value(where+"."+name, want[name], v); why != "" {
				return why
			}
		}
		return ""
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		return fmt.Sprintf("%s: it is %s, not %s", where, b, a)
	}
	return ""
}

// answered learns the ids of new resources from the answer, at the places where the recorded answer
// has ids.
func (x *expectations) answered(n int, got any) { x.learn(x.list[n].Answer, got) }

func (x *expectations) learn(want, got any) {
	switch want := want.(type) {
	case string:
		if text, ok := got.(string); ok {
			try := &expectations{ids: maps.Clone(x.ids), taken: maps.Clone(x.taken)}
			if try.text("", want, text) == "" {
				x.ids, x.taken = try.ids, try.taken
			}
		}
	case []any:
		if list, ok := got.([]any); ok && len(list) == len(want) {
			for n := range want {
				x.learn(want[n], list[n])
			}
		}
	case map[string]any:
		if object, ok := got.(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(want)) {
				x.learn(want[name], object[name])
			}
		}
	}
}

// refuseUnexpected answers a request that is not expected, in a form that all clients understand.
func refuseUnexpected(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": http.StatusBadRequest, "title": "Bad Request",
		"message": "/dev/expectations: " + why}})
}

// maxExpectations is the maximum length of expectations, in bytes. They have the bodies of a
// recording, which are escaped.
const maxExpectations = 2 * maxRecordedBytes

func (a *API) expect(r *http.Request) (any, error) {
	text, err := readAtMost(r, maxExpectations)
	if err != nil {
		return nil, err
	}
	var body struct {
		Requests []json.RawMessage `json:"requests"`
		LeftOut  int               `json:"left_out"`
	}
	if err := decodeObject(text, &body); err != nil {
		return nil, err
	}
	if body.LeftOut > 0 {
		return nil, fmt.Errorf("left_out: the recording lacks %d requests", body.LeftOut)
	}
	if len(body.Requests) == 0 {
		return nil, errors.New("requests: a list of requests is needed")
	}
	x := &expectations{ids: map[string]string{}, taken: map[string]string{}}
	for n, one := range body.Requests {
		q, err := readExpected(one)
		if err != nil {
			return nil, fmt.Errorf("requests[%d]: %w", n, err)
		}
		x.list = append(x.list, q)
	}
	a.Recorder.mu.Lock()
	defer a.Recorder.mu.Unlock()
	a.Recorder.expected = x
	return nil, nil
}

func readExpected(text []byte) (Recorded, error) {
	var q Recorded
	if err := decodeObject(text, &q); err != nil {
		return q, err
	}
	method, path, _ := strings.Cut(q.Request, " ")
	if !strings.HasPrefix(path, "/") {
		return q, fmt.Errorf("request: %q is not METHOD /PATH", q.Request)
	}
	if err := oneOf("method of HTTP", method, httpMethods); err != nil {
		return q, fmt.Errorf("request: %w", err)
	}
	// Numbers are compared by their text, as in the requests.
	var exact struct{ Body, Answer json.RawMessage }
	if err := json.Unmarshal(text, &exact); err != nil {
		return q, err
	}
	q.Body, _ = withoutSecrets(exact.Body, 0)
	q.Answer, _ = withoutSecrets(exact.Answer, 0)
	return q, nil
}

func (a *API) getExpectations(*http.Request) (any, error) {
	a.Recorder.mu.Lock()
	defer a.Recorder.mu.Unlock()
	out := Expectations{Missing: []string{}}
	if x := a.Recorder.expected; x != nil {
		out.Expected, out.Met, out.Unexpected = len(x.list), x.met, x.unexpected
		for n := x.met; n < len(x.list); n++ {
			if n > 0 && isRead(x.list[n].Request) && same(&x.list[n], &x.list[n-1]) {
				continue // a repeated poll
			}
			out.Missing = append(out.Missing, x.list[n].Request)
		}
	}
	return out, nil
}

func (a *API) forgetExpectations(*http.Request) (any, error) {
	a.Recorder.mu.Lock()
	defer a.Recorder.mu.Unlock()
	a.Recorder.expected = nil
	return nil, nil
}
