package middleware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/webob"
)

// HealthcheckOptions configure Healthcheck.
type HealthcheckOptions struct {
	// Config is [healthcheck], with the overrides of the paste section.
	Config config.Healthcheck
	Log    zerolog.Logger
	// Ready returns nil while requests can be served, within a bounded time. It may be nil.
	Ready func(context.Context) error
}

// healthResult is the result of a backend.
type healthResult struct {
	available       bool
	reason, details string
}

type health struct {
	config.Healthcheck
	ranges []netip.Prefix
	checks []func(port int) healthResult
	ready  func(context.Context) error
	log    zerolog.Logger
}

// Healthcheck is oslo.middleware's application: it answers 200 (204 to HEAD) if all backends
// report success, otherwise 503, with their reasons as text, HTML or JSON. Requests from
// outside of allowed_source_ranges get 404. It has the backends disable_by_file,
// disable_by_files_ports and enable_by_files. In addition it answers 503 while Ready returns an
// error. A detailed answer contains fewer details of the process than Python's.
func Healthcheck(o HealthcheckOptions) (http.Handler, error) {
	h := &health{Healthcheck: o.Config, ready: o.Ready, log: log.Named(o.Log, "oslo_middleware.healthcheck")}
	for _, text := range o.Config.AllowedSourceRanges {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("[healthcheck] allowed_source_ranges: %w", err)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		h.ranges = append(h.ranges, p)
	}
	if slices.Contains(o.Config.Backends, "disable_by_file") && slices.Contains(o.Config.Backends, "enable_by_files") {
		return nil, errors.New("[healthcheck] backends: `enable_by_files` plugin and `disable_by_file` plugin should not be enabled at the " +
			"same time")
	}
	files := map[int]string{}
	for _, pair := range o.Config.DisableByFilePaths {
		port, path, _ := strings.Cut(pair, ":")
		n, err := strconv.Atoi(port)
		if err != nil {
			return nil, fmt.Errorf("[healthcheck] disable_by_file_paths: %q does not begin with a port", pair)
		}
		files[n] = path
	}
	for _, name := range o.Config.Backends {
		switch name {
		case "disable_by_file":
			h.checks = append(h.checks, h.disableByFile)
		case "disable_by_files_ports":
			h.checks = append(h.checks, func(port int) healthResult { return h.disableByPort(files, port) })
		case "enable_by_files":
			h.checks = append(h.checks, h.enableByFiles)
		default:
			h.log.Warn().Msgf("[healthcheck] backends: there is no %q; it is left out", name)
		}
	}
	return h, nil
}

// HealthcheckAt is oslo.middleware's earlier filter: check answers one path ("" means
// /healthcheck), the application all others.
func HealthcheckAt(path string, check http.Handler) func(http.Handler) http.Handler {
	if path == "" {
		path = "/healthcheck"
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				check.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (h *health) disableByFile(int) healthResult {
	switch path := h.DisableByFilePath; {
	case path == "":
		h.log.Warn().Msg("DisableByFile healthcheck middleware enabled without disable_by_file_path set")
		return healthResult{true, "OK", "No 'disable_by_file_path' configuration value specified"}
	case fileExists(path):
		return healthResult{false, "DISABLED BY FILE", "Path '" + path + "' was found"}
	default:
		return healthResult{true, "OK", "Path '" + path + "' was not found"}
	}
}

func (h *health) disableByPort(files map[int]string, port int) healthResult {
	path := files[port]
	if path == "" {
		h.log.Warn().Msgf("DisableByFilesPorts healthcheck middleware enabled without disable_by_file_paths set for port %d", port)
	} else if fileExists(path) {
		return healthResult{reason: "DISABLED BY FILE"}
	}
	return healthResult{available: true, reason: "OK"}
}

func (h *health) enableByFiles(int) healthResult {
	for _, path := range h.EnableByFilePaths {
		if !fileExists(path) {
			h.log.Warn().Msgf("EnableByFiles healthcheck middleware: Path %s is not present", path)
			return healthResult{false, "FILE PATH MISSING", "File path " + path + " is missing"}
		}
	}
	return healthResult{true, "OK", "Specified file paths are available"}
}

// ServeHTTP implements http.Handler.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.answers(r) {
		notFoundPage.Write(w, r)
		return
	}
	var results []healthResult
	status := http.StatusOK
	for _, check := range h.checks {
		result := check(localPort(r))
		if results = append(results, result); !result.available {
			status = http.StatusServiceUnavailable
		}
	}
	if h.ready != nil && h.ready(r.Context()) != nil {
		results = append(results, healthResult{reason: "DATABASE UNAVAILABLE", details: "A database does not answer"})
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	if r.Method == http.MethodHead {
		if status == http.StatusOK {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		filter.WriteBody(w, r, status, nil)
		return
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	text, page, data := webob.Weight(accept, "text", "plain"), webob.Weight(accept, "text", "html"),
		webob.Weight(accept, "application", "json")
	body, contentType := h.text(results), "text/plain; charset=UTF-8"
	switch {
	case page > text && page >= data:
		body, contentType = h.html(results), "text/html; charset=UTF-8"
	case data > text && data > page:
		body, contentType = h.json(results), "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	filter.WriteBody(w, r, status, []byte(body))
}

func (h *health) answers(r *http.Request) bool {
	if h.ranges != nil {
		addr, err := netip.ParseAddr(filter.RemoteAddr(r))
		if err != nil || !slices.ContainsFunc(h.ranges, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) }) {
			return false
		}
	}
	if h.IgnoreProxiedRequests {
		for _, name := range []string{"X-Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Prefix"} {
			if r.Header.Get(name) != "" {
				return false
			}
		}
	}
	return true
}

// localPort returns the port on which the request was received; 0 if unknown.
func localPort(r *http.Request) int {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

func (h *health) text(results []healthResult) string {
	var reasons []string
	for _, r := range results {
		reasons = append(reasons, r.reason)
	}
	return strings.Join(reasons, "\n")
}

func (h *health) json(results []healthResult) string {
	reasons := []any{}
	for _, r := range results {
		if h.Detailed {
			reasons = append(reasons, map[string]any{"reason": r.reason, "details": r.details, "class": "HealthcheckResult"})
		} else {
			reasons = append(reasons, r.reason)
		}
	}
	out := map[string]any{"detailed": h.Detailed, "reasons": reasons}
	if h.Detailed {
		out["now"] = time.Now().UTC().Format("2006-01-02 15:04:05.000000")
		out["platform"] = runtime.GOOS + "-" + runtime.GOARCH
		out["go_version"] = runtime.Version()
	}
	b, _ := json.MarshalIndent(out, "", "    ")
	return string(b)
}

func (h *health) html(results []healthResult) string {
	var b strings.Builder
	b.WriteString("<HTML>\n<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>\n<BODY>\n\n")
	fmt.Fprintf(&b, "<H2>Result of %d checks:</H2>\n<TABLE bgcolor=\"#ffffff\" border=\"1\">\n<TBODY>\n<TR>\n\n<TH>\nReason\n</TH>\n",
		len(results))
	if h.Detailed {
		b.WriteString("<TH>\nDetails\n</TH>\n")
	}
	b.WriteString("</TR>\n")
	for _, r := range results {
		fmt.Fprintf(&b, "<TR>\n\n    <TD>%s</TD>\n", html.EscapeString(r.reason))
		if h.Detailed {
			fmt.Fprintf(&b, "    <TD>%s</TD>\n", html.EscapeString(r.details))
		}
		b.WriteString("\n</TR>")
	}
	b.WriteString("\n</TBODY>\n</TABLE>\n<HR></HR>\n\n</BODY>\n</HTML>")
	return b.String()
}
