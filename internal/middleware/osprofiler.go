package middleware

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// ProfilerOptions configure Profiler, as [profiler] does.
type ProfilerOptions struct {
	Enabled  bool
	HMACKeys string // separated by commas
}

// Trace is a request's position in a trace of osprofiler.
type Trace struct {
	BaseID   string
	ParentID string // or ""
	HMACKey  string // the key that signed the request, and signs its child requests
}

// Profiler stores the trace of a request in its Record if X-Trace-Info is signed with one of
// the keys. It records no measurements.
func Profiler(o ProfilerOptions) func(http.Handler) http.Handler {
	var keys []string
	for k := range strings.SplitSeq(o.HMACKeys, ",") {
		if k = strings.TrimSpace(k); k != "" {
			keys = append(keys, k)
		}
	}
	return func(next http.Handler) http.Handler {
		if !o.Enabled || keys == nil {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if info := r.Header.Get("X-Trace-Info"); info != "" {
				if t := readTrace(info, r.Header.Get("X-Trace-Hmac"), keys); t != nil {
					var rec *Record
					rec, r = withRecord(r)
					rec.Trace = t
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func readTrace(info, signature string, keys []string) *Trace {
	signature = strings.TrimSpace(signature)
	for _, key := range keys {
		mac := hmac.New(sha1.New, []byte(key))
		mac.Write([]byte(info))
		if !hmac.Equal([]byte(signature), []byte(hex.EncodeToString(mac.Sum(nil)))) {
			continue
		}
		raw, err := base64.URLEncoding.DecodeString(info)
		if err != nil {
			return nil
		}
		var fields map[string]any
		if json.Unmarshal(raw, &fields) != nil {
			return nil
		}
		t := &Trace{HMACKey: key}
		for name, value := range fields {
			text, _ := value.(string)
			switch name {
			case "base_id":
				t.BaseID = text
			case "parent_id":
				t.ParentID = text
			case "hmac_key": // osprofiler adds its own value; that of the sender is ignored
			default:
				return nil
			}
		}
		if _, ok := fields["base_id"]; !ok {
			return nil
		}
		return t
	}
	return nil
}
