// Package guard refuses requests of foreign web pages to the embedded cloud, whose passwords are
// public.
package guard

import (
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Guard refuses requests of foreign web pages to handlers without a password: a browser sends
// requests to loopback addresses for any page.
type Guard struct {
	// names are the host names of the cloud besides those of loopback.
	names []string
	// control is set for the control API below /dev, whose bodies are JSON or YAML.
	control bool
}

// New returns the guard of a cloud at a URL. control is set for the control API below /dev.
func New(address string, control bool) Guard {
	g := Guard{control: control}
	if u, err := url.Parse(address); err == nil && !loopback(strings.ToLower(u.Hostname())) && u.Hostname() != "" {
		g.names = append(g.names, strings.ToLower(u.Hostname()))
	}
	return g
}

// Wrap answers refused requests and passes the others to next.
func (g Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status, why := g.Refusal(r); status != 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": why})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Refusal returns the status and the reason with which a request is refused, or 0.
func (g Guard) Refusal(r *http.Request) (int, string) {
	if !g.isOwnHost(r.Host) {
		return http.StatusMisdirectedRequest, fmt.Sprintf("the request is for the host %q: it has to be for one of %s", r.Host,
			strings.Join(append([]string{"localhost", "127.0.0.1", "[::1]"}, g.names...), ", "))
	}
	origin, site := r.Header.Values("Origin"), r.Header.Get("Sec-Fetch-Site")
	if slices.ContainsFunc(origin, func(o string) bool { return !sameOrigin(o, r.Host) }) {
		return http.StatusForbidden, fmt.Sprintf("the request comes from a page of %q: only pages of this address may send it",
			strings.Join(origin, ", "))
	}
	if safe(r.Method) {
		return 0, ""
	}
	if site != "" && site != "same-origin" && site != "none" {
		return http.StatusForbidden, fmt.Sprintf("the request comes from a page of another address (Sec-Fetch-Site: %s)", site)
	}
	// Only browsers send one of these headers. Other clients may use the default type of curl -d.
	if len(origin) == 0 && site == "" || r.ContentLength == 0 {
		return 0, ""
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if g.control && !document(kind) {
		return http.StatusUnsupportedMediaType,
			fmt.Sprintf("the body of a request from a page is application/json or application/yaml, not %q", r.Header.Get("Content-Type"))
	}
	if slices.Contains(formTypes, kind) {
		return http.StatusUnsupportedMediaType, fmt.Sprintf("a form of a page may not send %q", r.Header.Get("Content-Type"))
	}
	return 0, ""
}

// formTypes are the content types that a page can send to other origins without a preflight
// request; "" stands for no type.
var formTypes = []string{"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}

func document(kind string) bool {
	return slices.Contains([]string{"application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}, kind)
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// isOwnHost tells whether a Host header names this cloud, with any port, because the port may be
// forwarded. A page can resolve its own name to a loopback address, but requests from there have
// that name in the Host header.
func (g Guard) isOwnHost(host string) bool {
	name := hostname(host)
	return loopback(name) || slices.Contains(g.names, name)
}

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func hostname(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// sameOrigin tells whether an Origin header names the address that the request was sent to.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}
