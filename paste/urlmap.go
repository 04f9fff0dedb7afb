package paste

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// URLMap sends requests to applications by host and path, the most specific
// first, as Paste's urlmap does. The part of the path that decided moves to
// SCRIPT_NAME. A URLMap is complete once NewURLMap has built it or Add has
// been called for the last time; after that it may serve.
type URLMap struct {
	mounts []Mount
	// NotFound answers what no mount matches; nil is Paste's own 404.
	NotFound http.Handler
}

// Mount is an application at its place.
type Mount struct {
	// Domain is "host" or "host:port", or "" for all hosts.
	Domain string
	// Path is "" for everything, or begins with a slash and does not end in one.
	Path string
	App  http.Handler
}

// URLMapFactory is the factory of Paste#urlmap. Each local option but
// not_found_app is a place, "/path" or "domain x port y /path", and names the
// application there.
func URLMapFactory() DescribedComposite {
	return DescribedComposite{
		Build: func(l *Loader, global, local Conf) (http.Handler, error) {
			return NewURLMap(l, global, local)
		},
		Parts: URLMapParts,
	}
}

// notFoundOption names the application for what matches nothing; it may also
// be a global.
const notFoundOption = "not_found_app"

// NewURLMap builds the URL map that local describes.
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

// URLMapParts is the Parts of a DescribedComposite that reads its options as a
// urlmap does.
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

// ParsePlace reads a urlmap's option name: words "domain NAME", "port NUMBER"
// and a path, in any order, or a URL. The path comes out as Mount.Path wants it.
func ParsePlace(key string) (domain, path string, err error) {
	var port string
	words := fields(key)
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
		// The domain may smuggle in a path, as "domain x/y" does.
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

// Add puts h at a place, replacing what is there. Path is as in Mount.
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

// sortDomain puts the mounts for all hosts last.
func sortDomain(d string) string {
	if d == "" {
		return "\u00ff"
	}
	return d
}

// Mounts lists the applications in the order they are tried.
func (m *URLMap) Mounts() []Mount { return slices.Clone(m.mounts) }

// Find gives the first mount for a host ("host" and "port" as HostPort gives
// them) that match accepts; nil if there is none.
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

// ServeHTTP sends r on.
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

// Covers says whether path, with its slashes collapsed, is at or below the mount.
func (c Mount) Covers(path string) bool {
	rest, ok := strings.CutPrefix(path, c.Path)
	return ok && (rest == "" || rest[0] == '/')
}

// ServeNotFound answers with m.NotFound or else Paste's 404.
func (m *URLMap) ServeNotFound(w http.ResponseWriter, r *http.Request) {
	if m.NotFound != nil {
		m.NotFound.ServeHTTP(w, r)
		return
	}
	writeNotFound(w, r, m.mounts)
}

// HostPort gives the host a request is for, in lower case, and its port or the
// scheme's default. An IPv6 address keeps its brackets.
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
