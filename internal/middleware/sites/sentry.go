package sites

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/version"
	"github.com/nova-go/nova/paste"
)

// SentryOptions configure Sentry.
type SentryOptions struct {
	// DSN is the URL of a project, with its key: https://KEY[:SECRET]@HOST/PROJECT. "" turns the
	// filter off.
	DSN string
	// ServerName, Environment, Release and Site describe the process; "" leaves them out, but
	// ServerName, which is the name of the host then.
	ServerName, Environment, Release, Site string
	Log                                    zerolog.Logger
}

// sentryEvent is an event in the format of Sentry's store endpoint.
type sentryEvent struct {
	ID          string            `json:"event_id"`
	Timestamp   string            `json:"timestamp"`
	Level       string            `json:"level"`
	Logger      string            `json:"logger"`
	Platform    string            `json:"platform"`
	ServerName  string            `json:"server_name,omitempty"`
	Environment string            `json:"environment,omitempty"`
	Release     string            `json:"release,omitempty"`
	Message     string            `json:"message"`
	Culprit     string            `json:"culprit"`
	Exception   sentryExceptions  `json:"exception"`
	Request     sentryRequest     `json:"request"`
	User        *sentryUser       `json:"user,omitempty"`
	Tags        map[string]string `json:"tags"`
	SDK         sentrySDK         `json:"sdk"`
}

type sentryExceptions struct {
	Values []sentryException `json:"values"`
}

type sentryException struct {
	Type       string            `json:"type"`
	Value      string            `json:"value"`
	Stacktrace *sentryStacktrace `json:"stacktrace,omitempty"`
}

type sentryStacktrace struct {
	Frames []sentryFrame `json:"frames"` // the oldest first
}

type sentryFrame struct {
	Function string `json:"function"`
	Module   string `json:"module"`
	File     string `json:"filename"`
	Line     int    `json:"lineno"`
	InApp    bool   `json:"in_app"`
}

type sentryRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Query   string            `json:"query_string,omitempty"`
	Headers map[string]string `json:"headers"`
	Env     map[string]string `json:"env"`
}

type sentryUser struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"username,omitempty"`
	Address string `json:"ip_address,omitempty"`
}

type sentrySDK struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Sentry reports panics of handlers and answers with status 500 to Sentry, in the background.
// Events have neither bodies nor tokens nor passwords.
func Sentry(o SentryOptions) (func(http.Handler) http.Handler, error) {
	if o.DSN == "" {
		return func(next http.Handler) http.Handler { return next }, nil
	}
	client, err := newSentryClient(o.DSN, o.Log)
	if err != nil {
		return nil, err
	}
	if o.ServerName == "" {
		o.ServerName, _ = os.Hostname()
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := middleware.WithRecord(r)
			out := &filter.Response{ResponseWriter: w}
			defer func() {
				reason := recover()
				switch {
				case reason == http.ErrAbortHandler: //nolint:errorlint // the value of a panic
				case reason != nil:
					client.send(o.event(r, rec, sentryException{"panic", secretless(fmt.Sprint(reason)), sentryStack()}))
				case out.Status == http.StatusInternalServerError && !reqctx.ClientGone(r.Context()):
					client.send(o.event(r, rec, exceptionOf(rec.Failure())))
				}
				if reason != nil {
					panic(reason) // the filters outside of this one see the panic with the same stack
				}
			}()
			next.ServeHTTP(out, r)
		})
	}, nil
}

func exceptionOf(err error) sentryException {
	if err == nil {
		return sentryException{Type: "500", Value: "Internal Server Error"}
	}
	return sentryException{Type: fmt.Sprintf("%T", err), Value: secretless(err.Error())}
}

// event returns the event of a request that has failed.
func (o *SentryOptions) event(r *http.Request, rec *middleware.Record, e sentryException) *sentryEvent {
	where := r.Method + " " + cmp.Or(rec.Operation(), sentryPath(r))
	ev := &sentryEvent{
		ID: strings.ReplaceAll(uuid.NewString(), "-", ""), Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000000"), Level: "error",
		Logger: "nova.api", Platform: "go", ServerName: o.ServerName, Environment: o.Environment, Release: o.Release,
		Message: where + ": " + e.Value, Culprit: where, Exception: sentryExceptions{[]sentryException{e}},
		Request: sentryRequest{Method: r.Method, URL: sentryURL(r), Query: sentryQuery(r.URL.RawQuery), Headers: map[string]string{},
			Env: map[string]string{"REMOTE_ADDR": filter.RemoteAddr(r)}},
		Tags: map[string]string{}, SDK: sentrySDK{"nova-go", version.Number},
	}
	if r.Host != "" {
		ev.Request.Headers["Host"] = r.Host // which net/http keeps apart
	}
	if host, port, err := net.SplitHostPort(localAddress(r)); err == nil {
		ev.Request.Env["SERVER_NAME"], ev.Request.Env["SERVER_PORT"] = host, port
	}
	for _, name := range sentryHeaders {
		if v := filter.HeaderList(r.Header, name); v != "" {
			ev.Request.Headers[name] = v
		}
	}
	tag := func(name, value string) {
		if value != "" {
			ev.Tags[name] = value
		}
	}
	tag("site", o.Site)
	tag("request_id", rec.RequestID)
	tag("global_request_id", rec.GlobalRequestID)
	if u := rec.User; u != nil {
		ev.User = &sentryUser{u.UserID, u.UserName, u.RemoteAddress}
		tag("project_id", u.ProjectID)
		tag("request_id", u.RequestID)
	}
	return ev
}

// localAddress returns the address at which the request arrived, "" if it is unknown.
func localAddress(r *http.Request) string {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return a.String()
	}
	return ""
}

// sentryHeaders are the headers that events contain. All others may be secrets.
var sentryHeaders = []string{"Accept", "Content-Length", "Content-Type", "Openstack-Api-Version", "User-Agent", "Via", "X-Forwarded-For",
	"X-Forwarded-Proto", "X-Openstack-Nova-Api-Version", "X-Openstack-Request-Id"}

const secretMask = "********"

var (
	// secretInPath matches tokens of consoles, which stand in paths.
	secretInPath = regexp.MustCompile(`(/os-console-auth-tokens/)[^/]+`)
	secretName   = regexp.MustCompile(`(?i)pass|secret|token|auth|key|signature|credential`)
	secretInURL  = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]*@`)
	secretInText = regexp.MustCompile(`(?i)((?:password|passwd|adminPass|secret|token)["']?\s*[:=]\s*["']?)[^\s"',}&]+`)
)

// secretless masks passwords in a text.
func secretless(text string) string {
	return secretInText.ReplaceAllString(secretInURL.ReplaceAllString(text, "${1}"+secretMask+"@"), "${1}"+secretMask)
}

func sentryPath(r *http.Request) string {
	return secretInPath.ReplaceAllString(paste.ScriptName(r)+r.URL.EscapedPath(), "${1}"+secretMask)
}

func sentryURL(r *http.Request) string {
	scheme := cmp.Or(r.URL.Scheme, "http")
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + sentryPath(r)
}

// sentryQuery masks the values of parameters that may be secrets.
func sentryQuery(raw string) string {
	parts := strings.Split(raw, "&")
	for i, part := range parts {
		if name, _, ok := strings.Cut(part, "="); ok && secretName.MatchString(name) {
			parts[i] = name + "=" + secretMask
		}
	}
	return strings.Join(parts, "&")
}

// sentryStack returns the stack of a panic, from a deferred function of Sentry.
func sentryStack() *sentryStacktrace {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(3, pc)])
	var list []sentryFrame
	for {
		f, more := frames.Next()
		module, function := f.Function, f.Function
		if dot := strings.LastIndexByte(f.Function, '/') + 1; strings.Contains(f.Function[dot:], ".") {
			at := dot + strings.IndexByte(f.Function[dot:], '.')
			module, function = f.Function[:at], f.Function[at+1:]
		}
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			list = append(list, sentryFrame{function, module, path.Base(f.File), f.Line, strings.Contains(module, "nova-go/nova")})
		}
		if !more {
			break
		}
	}
	slices.Reverse(list)
	return &sentryStacktrace{list}
}

// sentry builds the filter from a paste section and the environment.
func (d deps) sentry(_, local paste.Conf) (func(http.Handler) http.Handler, error) {
	logger := log.Named(d.Log, "raven.base.Client")
	o := SentryOptions{DSN: os.Getenv("SENTRY_DSN"), ServerName: os.Getenv("SENTRY_NAME"), Environment: os.Getenv("SENTRY_ENVIRONMENT"),
		Release: os.Getenv("SENTRY_RELEASE"), Log: logger}
	p := filter.Options{Local: local} // raven reads the options of its section only
	for option, into := range map[string]*string{"dsn": &o.DSN, "name": &o.ServerName, "environment": &o.Environment, "release": &o.Release,
		"site": &o.Site} {
		if local[option] != "" {
			p.String(option, into)
		}
	}
	filter.WarnUnknown(local, logger, "dsn", "name", "environment", "release", "site", "level")
	if o.DSN == "" {
		logger.Info().Msg("no event is sent: neither the option dsn nor SENTRY_DSN is set")
	}
	return Sentry(o)
}

// sentryApp is sentry for a section that needs a filter_app_factory.
func (d deps) sentryApp(next http.Handler, global, local paste.Conf) (http.Handler, error) {
	wrap, err := d.sentry(global, local)
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}

// marshal returns the JSON of an event.
func (e *sentryEvent) marshal() []byte {
	text, _ := json.Marshal(e)
	return text
}

// parseDSN splits a DSN. The scheme may have a prefix that names a transport of raven, such as
// "sync+https". The query has options of the transport.
func parseDSN(dsn string) (store *url.URL, key, secret string, options url.Values, err error) {
	u, err := url.Parse(strings.TrimSpace(dsn))
	if err != nil {
		return nil, "", "", nil, fmt.Errorf("dsn: is no URL") // the error of url.Parse would show the key
	}
	if _, scheme, ok := strings.Cut(u.Scheme, "+"); ok {
		u.Scheme = scheme
	}
	project := path.Base(u.Path)
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "", "", nil, fmt.Errorf("dsn: the scheme %q is neither http nor https", u.Scheme)
	case u.Host == "":
		return nil, "", "", nil, fmt.Errorf("dsn: has no host")
	case u.User.Username() == "":
		return nil, "", "", nil, fmt.Errorf("dsn: has no key before the host")
	case project == "." || project == "/":
		return nil, "", "", nil, fmt.Errorf("dsn: has no project after the host")
	}
	secret, _ = u.User.Password()
	base := strings.TrimSuffix(path.Dir(u.Path), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: base + "/api/" + project + "/store/"}, u.User.Username(), secret, u.Query(), nil
}
