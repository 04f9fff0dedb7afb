package middleware

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-strftime"

	"github.com/nova-go/nova/internal/middleware/filter"
)

// counter numbers requests.
type counter struct{ n atomic.Int64 }

func (c *counter) next() int64 { return c.n.Add(1) }

// accessFormat is a sequence of texts and variables.
type accessFormat []func([]byte, *Access) []byte

func (f accessFormat) append(b []byte, a *Access) []byte {
	for _, part := range f {
		b = part(b, a)
	}
	return b
}

const (
	uwsgiFormat = "[pid: %(pid)|app: 0|req: %(serial)/%(serial)] %(client) () {%(vars) vars in %(pktsize) bytes} [%(ctime)] " +
		"%(method) %(uri) => generated %(rsize) bytes in %(msecs) msecs (%(proto) %(status)) %(headers) headers in %(hsize) bytes " +
		"(1 switches on core 0)"
	combinedFormat = `%(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(rsize) "%(referer)" "%(uagent)"`
)

// parseAccessFormat reads a format as uWSGI reads log-format. It writes "-" for variables that
// it does not know, and for those without a value.
func parseAccessFormat(o AccessLogOptions) accessFormat {
	text := o.Format
	switch text {
	case "", "uwsgi":
		text = uwsgiFormat
		if o.Forwarded {
			text = strings.Replace(text, "%(client)", "%(forwarded)", 1)
		}
		if o.Micros {
			text = strings.Replace(text, "%(msecs) msecs", "%(micros) micros", 1)
		}
	case "combined":
		text = combinedFormat
	case "json":
		return accessFormat{appendJSONAccess}
	}
	var f accessFormat
	for text != "" {
		before, rest, found := strings.Cut(text, "%(")
		name, after, closed := strings.Cut(rest, ")")
		if before = strings.ReplaceAll(before, "%", ""); before != "" { // uWSGI drops a percent sign that begins no variable
			f = append(f, func(b []byte, _ *Access) []byte { return append(b, before...) })
		}
		if !found || !closed {
			break
		}
		variable := accessVariable(name)
		if name == "ftime" && o.TimeFormat != "" {
			variable = textOf(func(a *Access) string { return strftime.Format(o.TimeFormat, a.Start) })
		}
		f, text = append(f, variable), after
	}
	return f
}

// accessVariable returns the function that appends a variable of uWSGI's log-format.
func accessVariable(name string) func([]byte, *Access) []byte {
	if header, is := strings.CutPrefix(name, "var."); is {
		header = strings.ReplaceAll(strings.TrimPrefix(header, "HTTP_"), "_", "-")
		return textOf(func(a *Access) string { return a.Request.Header.Get(header) })
	}
	if f := accessTexts[name]; f != nil {
		return textOf(f)
	}
	if f := accessNumbers[name]; f != nil {
		return func(b []byte, a *Access) []byte { return strconv.AppendInt(b, f(a), 10) }
	}
	switch name {
	case "secs":
		return func(b []byte, a *Access) []byte { return strconv.AppendFloat(b, a.Took.Seconds(), 'f', 6, 64) }
	}
	if strings.HasPrefix(name, "metric.") {
		return func(b []byte, _ *Access) []byte { return append(b, '0') }
	}
	return textOf(func(*Access) string { return "" })
}

func textOf(f func(*Access) string) func([]byte, *Access) []byte {
	return func(b []byte, a *Access) []byte {
		if s := f(a); s != "" {
			return append(b, s...)
		}
		return append(b, '-')
	}
}

var accessTexts = map[string]func(*Access) string{
	"uri":     func(a *Access) string { return accessURI(a.Request) },
	"method":  func(a *Access) string { return a.Request.Method },
	"addr":    func(a *Access) string { return filter.RemoteAddr(a.Request) },
	"client":  func(a *Access) string { return filter.RemoteAddr(a.Request) },
	"host":    func(a *Access) string { return a.Request.Host },
	"proto":   func(a *Access) string { return a.Request.Proto },
	"uagent":  func(a *Access) string { return a.Request.UserAgent() },
	"referer": func(a *Access) string { return a.Request.Referer() },
	"ctime":   func(a *Access) string { return a.Start.Format(time.ANSIC) },
	"ltime":   func(a *Access) string { return a.Start.Format("02/Jan/2006:15:04:05 -0700") },
	"ftime":   func(a *Access) string { return a.Start.Format("02/Jan/2006:15:04:05 -0700") },
	"forwarded": func(a *Access) string {
		if f := a.Request.Header.Get("X-Forwarded-For"); f != "" {
			return f
		}
		return filter.RemoteAddr(a.Request)
	},
}

// accessNumbers are the numbers of uWSGI's log-format. Those of its own memory and workers are 0
// or 1. There are no WSGI variables; vars and pktsize are the fields of the request and their size.
var accessNumbers = map[string]func(*Access) int64{
	"status":    func(a *Access) int64 { return int64(a.Status) },
	"micros":    func(a *Access) int64 { return a.Took.Microseconds() },
	"msecs":     func(a *Access) int64 { return a.Took.Milliseconds() },
	"time":      func(a *Access) int64 { return a.Start.Unix() },
	"epoch":     func(a *Access) int64 { return a.Start.Add(a.Took).Unix() },
	"unix":      func(a *Access) int64 { return a.Start.Unix() },
	"tmsecs":    func(a *Access) int64 { return a.Start.UnixMilli() },
	"tmicros":   func(a *Access) int64 { return a.Start.UnixMicro() },
	"rsize":     func(a *Access) int64 { return a.Size },
	"hsize":     headSize,
	"size":      func(a *Access) int64 { return headSize(a) + a.Size },
	"cl":        func(a *Access) int64 { return max(a.Request.ContentLength, 0) },
	"pid":       func(*Access) int64 { return int64(os.Getpid()) },
	"serial":    func(a *Access) int64 { return a.Serial },
	"headers":   func(a *Access) int64 { return fields(a.Header) },
	"vars":      func(a *Access) int64 { return fields(a.Request.Header) },
	"pktsize":   func(a *Access) int64 { return fieldsSize(a.Request.Header) },
	"wid":       func(*Access) int64 { return 1 },
	"switches":  func(*Access) int64 { return 1 },
	"core":      zero,
	"modifier1": zero, "modifier2": zero, "errors": zero, "rerr": zero, "werr": zero, "ioerr": zero,
	"vsz": zero, "rss": zero, "vszM": zero, "rssM": zero,
}

func zero(*Access) int64 { return 0 }

// accessURI returns the target of the request as the client sent it.
func accessURI(r *http.Request) string {
	if r.RequestURI != "" {
		return r.RequestURI
	}
	return requestURI(r, true)
}

// headSize returns the size of the head of the answer as the application made it.
func headSize(a *Access) int64 {
	return int64(len("HTTP/1.1 200 \r\n\r\n")+len(http.StatusText(a.Status))) + fieldsSize(a.Header)
}

func fields(h http.Header) int64 {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return int64(n)
}

func fieldsSize(h http.Header) int64 {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(": \r\n") + len(v)
		}
	}
	return int64(n)
}

// appendJSONAccess writes an object with the names of uWSGI's variables, and Nova's request id.
func appendJSONAccess(b []byte, a *Access) []byte {
	line, _ := json.Marshal(struct {
		Time      string  `json:"time"`
		Addr      string  `json:"addr"`
		Method    string  `json:"method"`
		URI       string  `json:"uri"`
		Proto     string  `json:"proto"`
		Status    int     `json:"status"`
		Size      int64   `json:"rsize"`
		Seconds   float64 `json:"secs"`
		Referer   string  `json:"referer,omitempty"`
		Agent     string  `json:"uagent,omitempty"`
		RequestID string  `json:"request_id,omitempty"`
	}{a.Start.UTC().Format(time.RFC3339Nano), filter.RemoteAddr(a.Request), a.Request.Method, accessURI(a.Request), a.Request.Proto, a.Status,
		a.Size, a.Took.Seconds(), a.Request.Referer(), a.Request.UserAgent(), a.Header.Get(headerRequestID)})
	return append(b, line...)
}
