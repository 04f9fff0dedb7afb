// Package osprofiler traces requests as Python's library osprofiler does: a client signs the headers of a request, and each
// service sends the begin and the end of its steps to the driver of [profiler] connection_string, from which
// "osprofiler trace show" reads them.
package osprofiler

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The headers of a traced request: its position, as JSON in Base64, and the signature of that.
const (
	HeaderInfo = "X-Trace-Info"
	HeaderHMAC = "X-Trace-Hmac"
)

// Position is a point of a trace. Its JSON is that of trace_info in the context of RPC messages.
type Position struct {
	HMACKey  string `json:"hmac_key"` // the key that has signed the request, and signs its child requests
	BaseID   string `json:"base_id"`  // of the trace
	ParentID string `json:"parent_id"`
}

// span is a step that has begun. Steps of concurrent goroutines have the same parent.
type span struct {
	profiler   *Profiler // nil: positions are passed on, and nothing is sent
	key, base  string
	parent, id string
}

type spanKey struct{}

// Begin returns a context whose steps belong to the trace at p. A nil Profiler sends no points; calls of other services have
// the position nonetheless, as in Python with a driver that could not be loaded.
func (p *Profiler) Begin(ctx context.Context, at Position) context.Context {
	s := &span{profiler: p, key: at.HMACKey, base: at.BaseID, id: at.ParentID}
	if s.base == "" {
		s.base = uuid.NewString()
	}
	if s.id == "" {
		s.id = s.base
	}
	s.parent = s.base
	return context.WithValue(ctx, spanKey{}, s)
}

// Start begins a step, such as "wsgi" or "db", and returns the context of what belongs to it. The returned function, which must be
// called once, ends the step. info, which may be nil, is not changed. In a context without a trace, Start does nothing.
func Start(ctx context.Context, name string, info map[string]any) (context.Context, func(info map[string]any)) {
	of, _ := ctx.Value(spanKey{}).(*span)
	if of == nil {
		return ctx, func(map[string]any) {}
	}
	s := *of
	s.parent, s.id = of.id, uuid.NewString()
	s.notify(name+"-start", info)
	return context.WithValue(ctx, spanKey{}, &s), func(info map[string]any) { s.notify(name+"-stop", info) }
}

// Current returns the position from which another service goes on; false in a context without a trace.
func Current(ctx context.Context) (Position, bool) {
	s, _ := ctx.Value(spanKey{}).(*span)
	if s == nil {
		return Position{}, false
	}
	return Position{s.key, s.base, s.id}, true
}

// TracesRequests reports whether requests to other services are steps of the context's trace ([profiler] trace_requests).
func TracesRequests(ctx context.Context) bool {
	s, _ := ctx.Value(spanKey{}).(*span)
	return s != nil && s.profiler != nil && s.profiler.o.Requests
}

// Headers returns the values of HeaderInfo and HeaderHMAC for a request from this position.
func (p Position) Headers() (info, signature string) {
	raw := `{"base_id": ` + quote(p.BaseID) + `, "parent_id": ` + quote(p.ParentID) + `}`
	info = base64.URLEncoding.EncodeToString([]byte(raw))
	return info, sign(info, p.HMACKey)
}

func quote(s string) string {
	b, _ := json.Marshal(s) // strings can be encoded
	return string(b)
}

func sign(info, key string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(info))
	return hex.EncodeToString(mac.Sum(nil))
}

// Keys splits [profiler] hmac_keys.
func Keys(option string) (keys []string) {
	for k := range strings.SplitSeq(option, ",") {
		if k = strings.TrimSpace(k); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// Verify reads the headers of a request; false unless one of the keys has signed them and they have the keys that osprofiler
// expects.
func Verify(info, signature string, keys []string) (Position, bool) {
	signature = strings.TrimSpace(signature)
	for _, key := range keys {
		if hmac.Equal([]byte(signature), []byte(sign(info, key))) {
			return parse(info, key)
		}
	}
	return Position{}, false
}

func parse(info, key string) (Position, bool) {
	raw, err := base64.URLEncoding.DecodeString(info)
	if err != nil {
		return Position{}, false
	}
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return Position{}, false
	}
	if _, ok := fields["base_id"]; !ok {
		return Position{}, false
	}
	p := Position{HMACKey: key}
	for name, value := range fields {
		text, _ := value.(string)
		switch name {
		case "base_id":
			p.BaseID = text
		case "parent_id":
			p.ParentID = text
		case "hmac_key": // osprofiler replaces the sender's value
		default:
			return Position{}, false
		}
	}
	return p, true
}

// Point is the notification about the begin or the end of a step, as osprofiler's drivers write it.
type Point struct {
	Name      string         `json:"name"` // "wsgi-start", "db-stop"
	BaseID    string         `json:"base_id"`
	TraceID   string         `json:"trace_id"`
	ParentID  string         `json:"parent_id"`
	Timestamp string         `json:"timestamp"` // UTC, with microseconds
	Info      map[string]any `json:"info"`      // has "host"; "etype" if the step has failed
	Project   string         `json:"project"`   // "nova"
	Service   string         `json:"service"`   // the application in the paste file
}

// timestamp is a layout for Go's package time.
const timestamp = "2006-01-02T15:04:05.000000"

func (s *span) notify(name string, info map[string]any) {
	if s.profiler == nil {
		return
	}
	withHost := make(map[string]any, len(info)+1)
	maps.Copy(withHost, info)
	withHost["host"] = s.profiler.host
	s.profiler.send(Point{Name: name, BaseID: s.base, TraceID: s.id, ParentID: s.parent, Timestamp: time.Now().UTC().Format(timestamp),
		Info: withHost, Project: "nova", Service: s.profiler.o.Service})
}

// hostname is socket.gethostname().
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}
