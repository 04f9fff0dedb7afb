//go:build unix

package costfuzz

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// The size limits of a request: [oslo_middleware] max_request_body_size, and the listeners'
// limit of the request line with its headers.
const (
	maxBody = 114688
	maxHead = 120 << 10
)

// request is a request to measure, with a description of its content.
type request struct {
	Name    string
	Method  string
	Path    string // with its query
	Version string
	Header  [][2]string
	Body    string
}

// String returns the description of the request for the log.
func (r request) String() string {
	return fmt.Sprintf("%s %.60s (%s): %s", r.Method, r.Path, r.Version, r.Name)
}

// withGrownBody returns a request with one part of its body grown to the limit.
func withGrownBody(r *rand.Rand, q request, limit int) request {
	var doc any
	if json.Unmarshal([]byte(q.Body), &doc) != nil {
		doc = map[string]any{}
	}
	const slot = "@@SLOT@@"
	what, raw := "", func(int) string { return "" }
	at := ""
	doc = replace(doc, r, "", func(v any, path string) any {
		at = path
		what, raw = growth(r, v)
		return slot
	})
	text, _ := json.Marshal(doc)
	room := limit - len(text)
	q.Body = strings.Replace(string(text), `"`+slot+`"`, raw(room), 1)
	q.Name += fmt.Sprintf(" body%s: %s", at, what)
	return q
}

// replace replaces one random node of a document by the result of f.
func replace(v any, r *rand.Rand, path string, f func(any, string) any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 && r.IntN(5) > 0 {
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			k := pick(r, keys)
			v[k] = replace(v[k], r, path+"/"+k, f)
			return v
		}
	case []any:
		if len(v) > 0 && r.IntN(3) > 0 {
			n := r.IntN(len(v))
			v[n] = replace(v[n], r, fmt.Sprintf("%s/%d", path, n), f)
			return v
		}
	}
	return f(v, path)
}

// growth chooses the way in which a node grows: in most cases into more content of the same
// kind.
func growth(r *rand.Rand, v any) (string, func(int) string) {
	own, _ := json.Marshal(v)
	switch v := v.(type) {
	case map[string]any:
		inner := strings.TrimSuffix(strings.TrimPrefix(string(own), "{"), "}")
		if inner != "" {
			inner += ","
		}
		switch r.IntN(5) {
		case 0:
			return "members that nobody knows", func(n int) string { return "{" + inner + numbered(`"%x":1`, ",", n-len(inner)-2) + "}" }
		case 1:
			return "its members again and again", func(n int) string {
				return "{" + repeat(inner+" ", n-len(inner)-8) + `"a":1}`
			}
		case 2:
			s := pick(r, valueShapes)
			return "one more member, " + s.name, func(n int) string { return "{" + inner + `"zz":` + s.make(n-len(inner)-8) + "}" }
		}
	case []any:
		if len(v) > 0 && r.IntN(2) > 0 {
			item, _ := json.Marshal(pick(r, v))
			if r.IntN(2) > 0 {
				return "equal items", func(n int) string { return "[" + repeat(string(item)+",", n-len(item)-2) + string(item) + "]" }
			}
			return "different items", func(n int) string { return "[" + differentItems(v[0], n-2) + "]" }
		}
	case string:
		switch r.IntN(4) {
		case 0:
			return "the text again and again", func(n int) string { return `"` + repeat(strings.Trim(string(own), `"`)+" ", n-2) + `"` }
		case 1, 2:
			s := pick(r, stringShapes)
			size := 1 + r.IntN(5)
			return s.name, func(n int) string { return `"` + s.make((n-2)/size) + `"` }
		}
	}
	s := pick(r, valueShapes)
	return s.name, s.make
}

// differentItems returns n different items that resemble item.
func differentItems(item any, n int) string {
	var b strings.Builder
	for i := 0; ; i++ {
		text, _ := json.Marshal(varied(item, i))
		if b.Len()+len(text)+1 > n {
			return b.String()
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(text)
	}
}

// varied changes the texts of a value; a UUID remains a UUID.
func varied(v any, i int) any {
	switch v := v.(type) {
	case string:
		digits := fmt.Sprintf("%x", i)
		if len(v) > len(digits) {
			return v[:len(v)-len(digits)] + digits
		}
		return v + digits
	case float64:
		return v + float64(i)
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = varied(e, i)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for n, e := range v {
			l[n] = varied(e, i)
		}
		return l
	}
	return v
}

// withLongQuery returns a request with a long query.
func withLongQuery(r *rand.Rand, q request, keys []string) request {
	room := maxHead - len(q.Path) - 1000
	key := pick(r, keys)
	s := pick(r, stringShapes)
	var query string
	switch r.IntN(6) {
	case 0:
		query, q.Name = key+"="+escapedForQuery(s.make(room/pick(r, []int{1, 3, 10})), room-len(key)-1), q.Name+" query "+key+": "+s.name
	case 1:
		value := pick(r, []string{"", "a", "uuid", "1", "desc", "ACTIVE", "display_name", "2020-01-01", "true"})
		query, q.Name = repeat(key+"="+value+"&", room), q.Name+" query "+key+" again and again: "+value
	case 2:
		query, q.Name = numbered(key+"=%x", "&", room), q.Name+" query "+key+" with many values"
	case 3:
		query, q.Name = numbered("%x", pick(r, []string{"&", "=&", ";"}), room), q.Name+" query of many keys"
	case 4:
		query, q.Name = escapedForQuery(s.make(room), room), q.Name+" query of "+s.name
	case 5:
		var all []string
		for range 1 + r.IntN(20) {
			all = append(all, pick(r, keys)+"="+escapedForQuery(pick(r, stringShapes).make(room/40), room/20))
		}
		query, q.Name = strings.Join(all, "&"), q.Name+" query of many filters"
	}
	q.Path, _, _ = strings.Cut(q.Path, "?")
	q.Path += "?" + query
	return q
}

// escapedForQuery returns a text, escaped for a query and cut to room bytes.
func escapedForQuery(s string, room int) string {
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < room-3; i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '&' || c == '+' || c == '%' || c == '"' || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// headers are the headers that the services read.
var headers = []string{"Accept", "OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "X-Forwarded-For", "X-Forwarded-Proto",
	"X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "Content-Type",
	"X-OpenStack-Request-ID", "X-Auth-Token", "X-Service-Token", "X-Roles", "X-Service-Catalog", "Origin", "Access-Control-Request-Method",
	"Access-Control-Request-Headers", "Accept-Language", "Accept-Encoding",
	"Cookie", "traceparent", "tracestate", "baggage", "X-Trace-Info", "X-Trace-HMAC", "If-None-Match", "Range", "User-Agent",
	"X-Instance-ID", "X-Instance-ID-Signature", "X-Tenant-ID", "X-Metadata-Provider",
	"X-Metadata-Provider-Signature", "X-LB-Provider", "Connection", "Via"}

// headerUnits are parts of header values.
var headerUnits = []string{"a,", "compute 2.1,", "application/json,", "*/*;q=0.1,", "application/json;version=2;", ";q=1,",
	"for=1.2.3.4;proto=https,", `"`, `\"`, "1.2.3.4, ", "::,", "00-", "a=b,", " ", "\t", ",", "=", ";", "bytes=0-1,", "X-A,", "compute 2.",
	"9", "eyJ", "https,"}

// withLongHeaders returns a request with long headers.
func withLongHeaders(r *rand.Rand, q request) request {
	name, unit := pick(r, headers), pick(r, headerUnits)
	room := maxHead - len(q.Path) - 2000
	q.Header = slices.Clone(q.Header)
	switch r.IntN(3) {
	case 0:
		q.Header = append(q.Header, [2]string{name, repeat(unit, room)})
		q.Name += " header " + name + " of " + unit
	case 1:
		for range room / (len(name) + len(unit) + 4) {
			q.Header = append(q.Header, [2]string{name, unit})
		}
		q.Name += " header " + name + " again and again: " + unit
	case 2:
		for n := range room / 12 {
			q.Header = append(q.Header, [2]string{fmt.Sprintf("X-%x", n), "a"})
		}
		q.Name += " many headers"
	}
	return q
}

// withLongPath returns a request with a long path.
func withLongPath(r *rand.Rand, q request) request {
	path, query, _ := strings.Cut(q.Path, "?")
	unit := pick(r, []string{"/", "a", "a/", "..", "../", "./", "%2F", "%25", "%C3%A9", "%00", ";a=b", ".json", "//", "-", "0", "%"})
	room := maxHead - len(q.Path) - 2000
	parts := strings.Split(path, "/")
	at := 1 + r.IntN(len(parts)-1)
	parts[at] += repeat(unit, room)
	q.Path = strings.Join(parts, "/")
	if query != "" {
		q.Path += "?" + query
	}
	q.Name += fmt.Sprintf(" path part %d of %s", at, unit)
	return q
}
