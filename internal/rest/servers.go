package rest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
)

// serversTransport sends requests for the first of several servers to any of them. The choice is random, as Nova's
// among [glance] api_servers. If a server cannot be reached, the next one gets the request.
type serversTransport struct {
	http.RoundTripper
	servers []*url.URL
}

// newServersTransport returns t if there is only one server. Its error names the unusable server.
func newServersTransport(t http.RoundTripper, servers []string) (http.RoundTripper, error) {
	if len(servers) < 2 {
		return t, nil
	}
	s := &serversTransport{RoundTripper: t}
	for _, server := range servers {
		u, err := url.Parse(server)
		if err == nil && u.Host == "" {
			err = fmt.Errorf("%q has no host", server)
		}
		if err != nil {
			return nil, err
		}
		s.servers = append(s.servers, u)
	}
	return s, nil
}

// RoundTrip implements http.RoundTripper.
func (t *serversTransport) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	for n, at := range rand.Perm(len(t.servers)) {
		to := t.to(r, t.servers[at])
		if n > 0 && r.GetBody != nil {
			if to.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
		answer, err = t.RoundTripper.RoundTrip(to)
		if err == nil || !notReached(err) || r.Body != nil && r.GetBody == nil {
			break
		}
	}
	return answer, err
}

// to returns the request for another server.
func (t *serversTransport) to(r *http.Request, server *url.URL) *http.Request {
	first := t.servers[0]
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = server.Scheme, server.Host, ""
	replace := func(path string) string {
		return strings.TrimRight(server.Path, "/") + strings.TrimPrefix(path, strings.TrimRight(first.Path, "/"))
	}
	if r.URL.Path = replace(r.URL.Path); r.URL.RawPath != "" {
		r.URL.RawPath = replace(r.URL.RawPath)
	}
	return r
}

// CloseIdleConnections closes the idle connections of the wrapped transport; http.Client calls it.
func (t *serversTransport) CloseIdleConnections() { closeIdle(t.RoundTripper) }
