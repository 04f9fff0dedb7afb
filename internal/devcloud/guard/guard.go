// Package guard keeps the web pages of others away from the embedded cloud, which has
// no password that they do not know.
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

// Guard keeps web pages of others away from what has no password: a browser sends
// requests to loopback for any page that asks it to.
type Guard struct {
	// names are those that the cloud is reached by, beside those of loopback.
	names []string
	// control is the interface of /dev, whose bodies are JSON or YAML.
	control bool
}

// New is for a cloud at a URL. control is for the interface of /dev.
func New(address string, control bool) Guard {
	g := Guard{control: control}
	if u, err := url.Parse(address); err == nil && !loopback(strings.ToLower(u.Hostname())) && u.Hostname() != "" {
		g.names = append(g.names, strings.ToLower(u.Hostname()))
	}
	return g
}

// Wrap answers what may not go to next.
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

// Refusal is the status with which a request is refused, and why; 0 lets it pass.
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
	// Only browsers send one of these headers. Without them curl's default type of
	// -d is good enough.
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

// formTypes are what pages may send anywhere without asking first; "" is none at
// all.
var formTypes = []string{"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}

func document(kind string) bool {
	return slices.Contains([]string{"application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}, kind)
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// knows tells whether a Host header names this cloud, with whatever port: it may be
// forwarded. A page can give a name of its own the address of loopback, but cannot
// send the requests of its visitors under another name.
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

// sameOrigin tells whether an Origin header is about the address that the request
// was sent to.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}
