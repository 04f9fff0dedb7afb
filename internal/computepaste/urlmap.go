package computepaste

import (
	"mime"
	"net/http"
	"strings"

	"github.com/nova-go/nova/paste"
)

// urlMap is Nova's own URL map. It differs from Paste's in two points: a place that ends in
// "/+" matches only paths below it, and if the path contains no version, the version is taken
// from the media type ("Accept: application/json;version=2.1").
type urlMap struct{ *paste.URLMap }

// urlMapFactory returns the factory of nova.api.openstack.urlmap:urlmap_factory.
func urlMapFactory() paste.Factory {
	return paste.DescribedComposite{
		Build: func(l *paste.Loader, global, local paste.Conf) (http.Handler, error) {
			m, err := paste.NewURLMap(l, global, local)
			if err != nil {
				return nil, err
			}
			return urlMap{m}, nil
		},
		Parts: paste.URLMapParts,
	}
}

// find returns the first application whose place covers the path, and this place without "/+".
func (m urlMap) find(r *http.Request, path string) (http.Handler, string, bool) {
	host, port := paste.HostPort(r)
	mount := m.Find(host, port, func(c paste.Mount) bool {
		if below, ok := strings.CutSuffix(c.Path, "+"); ok && strings.HasSuffix(below, "/") {
			return strings.HasPrefix(path, below) && len(path) > len(below)
		}
		return c.Covers(path)
	})
	if mount == nil {
		return nil, "", false
	}
	return mount.App, strings.TrimSuffix(mount.Path, "/+"), true
}

// ServeHTTP implements http.Handler.
func (m urlMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := paste.CollapseSlashes(r.URL.Path)
	app, place, ok := m.find(r, path)
	if ok && place != "" {
		app.ServeHTTP(w, paste.Shift(r, place))
		return
	}
	for _, version := range mediaVersions(r) {
		if app, place, ok := m.find(r, "/v"+version); ok && place != "" {
			app.ServeHTTP(w, paste.WithScriptName(r, paste.ScriptName(r)+place))
			return
		}
	}
	if !ok {
		m.ServeNotFound(w, r)
		return
	}
	app.ServeHTTP(w, r)
}

// mediaVersions returns the "version" parameters of Content-Type, and of those media types in
// Accept that Nova serves.
func mediaVersions(r *http.Request) []string {
	var versions []string
	add := func(media string, every bool) {
		if !strings.Contains(media, "version") {
			return
		}
		kind, params, err := mime.ParseMediaType(media)
		if err == nil && params["version"] != "" && (every || kind == "application/json" || kind == "application/vnd.openstack.compute+json") {
			versions = append(versions, params["version"])
		}
	}
	add(r.Header.Get("Content-Type"), true)
	for media := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		add(media, false)
	}
	return versions
}
