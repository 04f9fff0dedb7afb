package control

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

// OwnAgent begins the header User-Agent of requests of the cloud itself: those of Nova to the other
// services, and those of a seed file. They are not recorded with bodies, and not expected.
const OwnAgent = "nova-api --dev"

// The bounds of a recording.
const (
	maxRecorded      = 1000
	maxRecordedBody  = 64 << 10 // of each body, in bytes
	maxRecordedBytes = 16 << 20 // of all bodies
)

// Recorded is a request of a client with its body and its answer. Secrets are removed.
type Recorded struct {
	Request     string `json:"request"`           // "POST /v2.1/servers", with the query
	Version     string `json:"version,omitempty"` // the requested microversion
	Body        any    `json:"body,omitempty"`
	BodyBytes   int64  `json:"body_bytes,omitempty"` // the length of a body that is no JSON, or longer than 64 KiB
	Status      int    `json:"status,omitempty"`
	Answer      any    `json:"answer,omitempty"`
	AnswerBytes int64  `json:"answer_bytes,omitempty"`
}

// Recording has the requests since it was started. LeftOut is the number of those that it had no
// room for.
type Recording struct {
	Requests []Recorded `json:"requests"`
	LeftOut  int        `json:"left_out"`

	bytes int64
}

// exchange is a request of a client that is recorded or expected.
type exchange struct {
	Recorded
	n       int    // the number of the expected request that it meets; -1: none
	refusal string // why it is not expected
}

// begin reads the body of a client's request if it is recorded or expected. Otherwise it returns
// nil.
func (r *Recorder) begin(q *http.Request, s *statusRecorder) *exchange {
	r.mu.Lock()
	wanted := r.recording != nil || r.expected != nil
	r.mu.Unlock()
	if own := strings.HasPrefix(q.UserAgent(), "nova-api ") || strings.HasPrefix(q.UserAgent(), "nova-metadata "); !wanted || own {
		return nil
	}
	e := &exchange{n: -1}
	e.Request, e.Version = q.Method+" "+q.URL.RequestURI(), q.Header.Get("OpenStack-API-Version")
	if e.Version == "" {
		if v := q.Header.Get("X-OpenStack-Nova-API-Version"); v != "" {
			e.Version = "compute " + v
		}
	}
	text, _ := io.ReadAll(io.LimitReader(q.Body, maxRecordedBody+1))
	q.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), q.Body), q.Body}
	e.Body, e.BodyBytes = withoutSecrets(text, max(q.ContentLength, int64(len(text))))
	q.Header.Del("Accept-Encoding") // a compressed answer could not be recorded
	s.keep = true
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.expected != nil {
		e.n, e.refusal = r.expected.meet(&e.Recorded)
	}
	return e
}

// end records the answer.
func (r *Recorder) end(e *exchange, s *statusRecorder) {
	if e == nil {
		return
	}
	e.Status = s.code()
	e.Answer, e.AnswerBytes = withoutSecrets(s.body, s.length)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.expected != nil && e.n >= 0 {
		r.expected.answered(e.n, e.Answer)
	}
	c := r.recording
	if c == nil {
		return
	}
	length := int64(0)
	for _, body := range []*any{&e.Body, &e.Answer} { // as text, which needs less memory
		if *body == nil {
			continue
		}
		text, err := json.Marshal(*body)
		if err != nil {
			continue
		}
		*body = json.RawMessage(text)
		length += int64(len(text))
	}
	if len(c.Requests) >= maxRecorded || c.bytes+length > maxRecordedBytes {
		c.LeftOut++
		return
	}
	c.bytes += length
	c.Requests = append(c.Requests, e.Recorded)
}

// secrets are the members whose values a recording does not have.
var secrets = []string{"password", "original_password", "adminPass", "admin_pass", "new_pass", "secret", "private_key", "access_key",
	"user_data"}

// removed takes the place of a secret.
const removed = "***"

// withoutSecrets returns the JSON of a body without its secrets, or the length of another body.
func withoutSecrets(text []byte, length int64) (body any, other int64) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if len(text) == 0 {
		return nil, 0
	}
	if length > maxRecordedBody || d.Decode(&body) != nil {
		return nil, length
	}
	return clean(body), 0
}

// clean replaces secrets in a value of JSON in place, and returns it.
func clean(v any) any {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			clean(one)
		}
	case map[string]any:
		for name, one := range v {
			switch _, text := one.(string); {
			case text && slices.Contains(secrets, name):
				v[name] = removed
			case name == "token":
				if t, ok := one.(map[string]any); ok && t["id"] != nil { // a method of a request for a token
					t["id"] = removed
				}
				clean(one)
			default:
				clean(one)
			}
		}
	}
	return v
}

func (a *API) startRecording(*http.Request) (any, error) {
	a.Recorder.mu.Lock()
	defer a.Recorder.mu.Unlock()
	a.Recorder.recording = &Recording{Requests: []Recorded{}}
	return nil, nil
}

func (a *API) getRecording(*http.Request) (any, error) {
	a.Recorder.mu.Lock()
	defer a.Recorder.mu.Unlock()
	if a.Recorder.recording == nil {
		return Recording{Requests: []Recorded{}}, nil
	}
	c := *a.Recorder.recording
	c.Requests = slices.Clone(c.Requests)
	return c, nil
}

func (a *API) endRecording(*http.Request) (any, error) {
	a.Recorder.mu.Lock()
	defer a.Recorder.mu.Unlock()
	a.Recorder.recording = nil
	return nil, nil
}
