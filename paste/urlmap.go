package paste

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// URLMap dispatches requests to applications by host and path, the most specific mount first,
// as Paste's urlmap does. It moves the matched part of the path to SCRIPT_NAME. A URLMap must
// not change while it serves: call Add before.
type URLMap struct {
	mounts []Mount
	// NotFound answers requests that match no mount; nil means Paste's own 404.
	NotFound http.Handler
}

// Mount is an application with its host and path.
type Mount struct {
	// Domain is "host" or "host:port", or "" for all hosts.
	Domain string
	// Path is "" for all paths, or begins with a slash and does not end in one.
	Path string
	App  http.Handler
}

// URLMapFactory returns the factory of Paste#urlmap. Each local option except not_found_app is
// a place, "/path" or "domain x port y /path", whose value names the application.
func URLMapFactory() DescribedComposite {
	return DescribedComposite{
		Build: func(l *Loader, global, local Conf) (http.Handler, error) {
			return NewURLMap(l, global, local)
		},
		Parts: URLMapParts,
	}
}

// notFoundOption names the application for requests that match no mount; it may also be a
// global.
const notFoundOption = "not_found_app"

// NewURLMap builds the URL map from the places in local.
func NewURLMap(l *Loader, global, local Conf) (*URLMap, error) {
	m := &URLMap{}
	if name := notFoundApp(global, local); name != "" {
		h, err := l.App(name, global)
		if err != nil {
			return nil, err
		}
		m.NotFound = h
	}
	for _, key := range sortedKeys(local) {
		if key == notFoundOption {
			continue
		}
		domain, path, err := ParsePlace(key)
		if err != nil {
			return nil, err
		}
		h, err := l.App(local[key], global)
		if err != nil {
			return nil, err
		}
		m.Add(domain, path, h)
	}
	return m, nil
}

// URLMapParts is the Parts of a DescribedComposite whose options are those of a urlmap.
func URLMapParts(l *Loader, global, local Conf) ([]*Node, error) {
	var parts []*Node
	add := func(at, name string) error {
		n, err := l.DescribeApp(name, global)
		if err != nil {
			return err
		}
		n.At = at
		parts = append(parts, n)
		return nil
	}
	if name := notFoundApp(global, local); name != "" {
		if err := add(notFoundOption, name); err != nil {
			return nil, err
		}
	}
	for _, key := range sortedKeys(local) {
		if key == notFoundOption {
			continue
		}
		if _, _, err := ParsePlace(key); err != nil {
			return nil, err
		}
		if err := add(key, local[key]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func notFoundApp(global, local Conf) string {
	if name, ok := local[notFoundOption]; ok {
		return name
	}
	return global[notFoundOption]
}

// ParsePlace reads an option name of a urlmap: the words "domain NAME", "port NUMBER" and a
// path, in any order, or a URL. The returned path has the form of Mount.Path.
func ParsePlace(key string) (domain, path string, err error) {
	var port string
	words := splitFields(key)
	for i := 0; i < len(words); i++ {
		into := &path
		switch words[i] {
		case "domain", "port":
			into = &domain
			if words[i] == "port" {
				into = &port
			}
			if i++; i == len(words) {
				return "", "", fmt.Errorf("urlmap place %q: nothing follows %q", key, words[i-1])
			}
		}
		if *into != "" {
			return "", "", fmt.Errorf("urlmap place %q: %q and %q given for the same thing", key, *into, words[i])
		}
		*into = words[i]
	}
	switch {
	case port != "" && domain == "":
		return "", "", fmt.Errorf("urlmap place %q: a port needs a domain", key)
	case port != "":
		domain += ":" + port
	}
	switch {
	case domain != "":
		if path != "" {
			path = "/" + path
		}
		// The domain may contain a path, as in "domain x/y".
		if d, rest, ok := strings.Cut(domain, "/"); ok {
			domain, path = d, "/"+rest+path
		}
	case strings.HasPrefix(path, "http://"), strings.HasPrefix(path, "https://"):
		_, path, _ = strings.Cut(path, "://")
		var rest string
		var ok bool
		domain, rest, ok = strings.Cut(path, "/")
		if path = ""; ok {
			path = "/" + rest
		}
	case path != "" && path[0] != '/':
		return "", "", fmt.Errorf("urlmap place %q: a path begins with a slash or http://", key)
	}
	return domain, strings.TrimRight(CollapseSlashes(path), "/"), nil
}

// Add mounts h at a host and path, and replaces an earlier mount there. path has the form of
// Mount.Path.
func (m *URLMap) Add(domain, path string, h http.Handler) {
	for i := range m.mounts {
		if m.mounts[i].Domain == domain && m.mounts[i].Path == path {
			m.mounts[i].App = h
			return
		}
	}
	m.mounts = append(m.mounts, Mount{domain, path, h})
	slices.SortStableFunc(m.mounts, func(a, b Mount) int {
		return cmp.Or(
			cmp.Compare(sortDomain(a.Domain), sortDomain(b.Domain)),
			cmp.Compare(len(b.Path), len(a.Path)),
			cmp.Compare(a.Path, b.Path),
		)
	})
}

// sortDomain is the sort key that puts mounts for all hosts last.
func sortDomain(d string) string {
	if d == "" {
		return "\u00ff"
	}
	return d
}

// Mounts lists the mounts in the order in which they are tried.
func (m *URLMap) Mounts() []Mount { return slices.Clone(m.mounts) }

// Find returns the first mount for a host that match accepts, or nil. host and port have the
// form of HostPort's results.
func (m *URLMap) Find(host, port string, match func(Mount) bool) *Mount {
	for i, c := range m.mounts {
		if c.Domain != "" && c.Domain != host && c.Domain != host+":"+port {
			continue
		}
		if match(c) {
			return &m.mounts[i]
		}
	}
	return nil
}

// ServeHTTP calls the application of the mount that matches r.
func (m *URLMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port := HostPort(r)
	path := CollapseSlashes(r.URL.Path)
	found := m.Find(host, port, func(c Mount) bool { return c.Covers(path) })
	if found == nil {
		m.ServeNotFound(w, r)
		return
	}
	found.App.ServeHTTP(w, Shift(r, found.Path))
}

// Covers reports whether path, with its slashes collapsed, is at or below the mount.
func (c Mount) Covers(path string) bool {
	rest, ok := strings.CutPrefix(path, c.Path)
	return ok && (rest == "" || rest[0] == '/')
}

// ServeNotFound answers with m.NotFound, or with Paste's 404 if that is nil.
func (m *URLMap) ServeNotFound(w http.ResponseWriter, r *http.Request) {
	if m.NotFound != nil {
		m.NotFound.ServeHTTP(w, r)
		return
	}
	writeNotFound(w, r, m.mounts)
}

// HostPort returns the host of a request in lower case, and its port or the default port of the
// scheme. An IPv6 address keeps its brackets.
func HostPort(r *http.Request) (host, port string) {
	host = strings.ToLower(r.Host)
	from := max(strings.LastIndexByte(host, ']'), 0)
	if i := strings.IndexByte(host[from:], ':'); i >= 0 {
		return host[:from+i], host[from+i+1:]
	}
	if r.TLS != nil || r.URL.Scheme == "https" {
		return host, "443"
	}
	return host, "80"
}
