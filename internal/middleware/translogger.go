package middleware

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/paste"
)

// TransLoggerOptions configure TransLogger.
type TransLoggerOptions struct {
	// Format is a format of Python with the names of transVariables; "" means Apache's combined
	// format.
	Format string
	// Out receives the lines; if it is nil, Log does, with Level and the logger name Name.
	Out   io.Writer
	Log   zerolog.Logger
	Level zerolog.Level
	Name  string
}

const transFormat = `%(REMOTE_ADDR)s - %(REMOTE_USER)s [%(time)s] "%(REQUEST_METHOD)s %(REQUEST_URI)s %(HTTP_VERSION)s" ` +
	`%(status)s %(bytes)s "%(HTTP_REFERER)s" "%(HTTP_USER_AGENT)s"`

// transVariables are the variables of formats.
var transVariables = map[string]func(*Access) string{
	"REMOTE_ADDR": func(a *Access) string {
		return cmp.Or(filter.HeaderList(a.Request.Header, "X-Forwarded-For"), filter.RemoteAddr(a.Request))
	},
	"REMOTE_USER":     func(*Access) string { return "" },
	"REQUEST_METHOD":  func(a *Access) string { return a.Request.Method },
	"REQUEST_URI":     func(a *Access) string { return quotedURI(a.Request) },
	"HTTP_VERSION":    func(a *Access) string { return a.Request.Proto },
	"time":            func(a *Access) string { return a.Start.Format("02/Jan/2006:15:04:05 -0700") },
	"status":          func(a *Access) string { return fmt.Sprint(a.Status) },
	"bytes":           func(a *Access) string { return cmp.Or(a.Header.Get("Content-Length"), fmt.Sprint(a.Size)) },
	"HTTP_REFERER":    func(a *Access) string { return a.Request.Referer() },
	"HTTP_USER_AGENT": func(a *Access) string { return a.Request.UserAgent() },
}

var transVariable = regexp.MustCompile(`%(?:%|\((\w+)\)(-?\d*)s|)`)

// transParts translates a format into functions that append its parts.
func transParts(format string) (accessFormat, error) {
	var parts accessFormat
	text := func(s string) {
		if s = strings.ReplaceAll(s, "%%", "%"); s != "" {
			parts = append(parts, func(b []byte, _ *Access) []byte { return append(b, s...) })
		}
	}
	at := 0
	for _, m := range transVariable.FindAllStringSubmatchIndex(format, -1) {
		text(format[at:m[0]])
		at = m[1]
		if format[m[0]:m[1]] == "%%" {
			text("%%")
			continue
		}
		if m[2] < 0 {
			return nil, fmt.Errorf(`format: %q is no variable such as %%(REQUEST_URI)s, and no %%%%`, format[m[0]:min(m[0]+20, len(format))])
		}
		value := transVariables[format[m[2]:m[3]]]
		if value == nil {
			return nil, fmt.Errorf("format: there is no variable %s", format[m[2]:m[3]])
		}
		width := "%" + format[m[4]:m[5]] + "s"
		parts = append(parts, func(b []byte, a *Access) []byte { return fmt.Appendf(b, width, cmp.Or(value(a), "-")) })
	}
	text(format[at:])
	return parts, nil
}

// TransLogger is Paste's translogger: it writes a line per request, after the answer.
func TransLogger(o TransLoggerOptions) (func(http.Handler) http.Handler, error) {
	format, err := transParts(cmp.Or(o.Format, transFormat))
	if err != nil {
		return nil, err
	}
	logger := log.Named(o.Log, o.Name)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := Access{Request: r, Start: time.Now(), Status: http.StatusInternalServerError}
			out := &filter.Response{ResponseWriter: w}
			defer func() {
				if out.Status != 0 {
					a.Status = out.Status
				}
				a.Size, a.Header = out.Size, w.Header()
				line := format.append(make([]byte, 0, 256), &a)
				if o.Out != nil {
					_, _ = o.Out.Write(append(line, '\n'))
					return
				}
				logger.WithLevel(o.Level).Msg(string(line))
			}()
			next.ServeHTTP(out, r)
			out.Finish()
		})
	}, nil
}

// quotedURI is SCRIPT_NAME and PATH_INFO, quoted by Python's quote, and the query.
func quotedURI(r *http.Request) string {
	var b []byte
	for _, c := range []byte(paste.ScriptName(r) + r.URL.Path) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/_.-~", c) >= 0 {
			b = append(b, c)
			continue
		}
		b = fmt.Appendf(b, "%%%02X", c)
	}
	if r.URL.RawQuery != "" {
		b = append(append(b, '?'), r.URL.RawQuery...)
	}
	return string(b)
}

// pythonLevels are the names of levels in Python.
var pythonLevels = map[string]zerolog.Level{"DEBUG": zerolog.DebugLevel, "INFO": zerolog.InfoLevel, "WARN": zerolog.WarnLevel,
	"WARNING": zerolog.WarnLevel, "ERROR": zerolog.ErrorLevel, "CRITICAL": zerolog.FatalLevel, "FATAL": zerolog.FatalLevel}

// transLogger builds the filter from a paste section.
func (d Deps) transLogger(next http.Handler, _, local paste.Conf) (http.Handler, error) {
	o := TransLoggerOptions{Log: d.Log, Level: zerolog.InfoLevel, Name: "wsgi"}
	console, level, least := true, "INFO", "DEBUG"
	p := filter.Options{Local: local} // Paste passes the options of the section only
	p.String("format", &o.Format)
	p.String("logger_name", &o.Name)
	p.Boolean("setup_console_handler", &console)
	p.String("logging_level", &level)
	p.String("set_logger_level", &least)
	for option, name := range map[string]string{"logging_level": level, "set_logger_level": least} {
		if _, ok := pythonLevels[name]; !ok {
			p.Fail(option, name, "level such as INFO")
		}
	}
	if p.Err != nil {
		return nil, p.Err
	}
	known := []string{"format", "logger_name", "setup_console_handler", "logging_level", "set_logger_level"}
	for option := range local {
		if !slices.Contains(known, option) {
			return nil, fmt.Errorf("there is no option %s; known are %s", option, strings.Join(known, ", "))
		}
	}
	o.Level = pythonLevels[level]
	if o.Level < pythonLevels[least] {
		return next, nil
	}
	if console {
		o.Out = os.Stderr
	}
	wrap, err := TransLogger(o)
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}
