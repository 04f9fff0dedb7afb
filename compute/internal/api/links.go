package api

import (
	"math"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/paste"
)

// ApplicationURL is the address the API was reached at, without a trailing
// slash: scheme, host and SCRIPT_NAME ("http://nova:8774/v2.1"). Listeners that
// know the scheme from elsewhere than TLS set URL.Scheme.
func ApplicationURL(r *http.Request) string {
	scheme := r.URL.Scheme
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	host := r.Host
	if h, port, ok := strings.Cut(host, ":"); ok && (scheme == "http" && port == "80" || scheme == "https" && port == "443") {
		host = h
	}
	return scheme + "://" + host + webob.QuotePath(paste.ScriptName(r))
}

// maxAddress bounds the address that links begin with. Clients choose the host, and
// often the scheme and the prefix; a list of servers has the address in it thousands
// of times. Under uWSGI all of a request's headers have 4,096 bytes by default.
const maxAddress = 4096

func addressTooLong(r *http.Request) bool {
	return len(r.URL.Scheme)+len(r.Host)+len(paste.ScriptName(r)) > maxAddress
}

// Links makes the links of resources. One is made per request: what its links
// have in common is worked out once.
type Links struct {
	self, bookmark, image string
	project               string
}

var version = regexp.MustCompile(`^v([0-9]+|[0-9]+\.[0-9]+)$`)

// Links prepares the links of a request. A version that is not the last part of
// the address is an error, as in Nova.
func (r *Request) Links() *Links {
	app := ApplicationURL(r.Request)
	l := &Links{self: WithPrefix(app, r.api.LinkPrefix)}
	base := app
	if i := strings.LastIndexByte(app, '/'); i > 0 && version.MatchString(app[i+1:]) {
		base = app[:i]
	}
	l.bookmark = WithPrefix(base, r.api.LinkPrefix)
	l.image = r.api.ImageLinks
	// Nova looks for the project anywhere in the URL, the query included.
	if p := r.Caller.ProjectID; p != "" && strings.Contains(fullURL(r.Request, app), p) {
		l.project = "/" + p
	}
	return l
}

func fullURL(r *http.Request, app string) string {
	p, _ := r.Context().Value(projectKey{}).(string)
	return app + "/" + p + r.URL.Path + "?" + r.URL.RawQuery
}

// Address is the URL of the request as the caller wrote it, the query included.
func (r *Request) Address() string {
	at := ApplicationURL(r.Request)
	if p, ok := r.Request.Context().Value(projectKey{}).(string); ok {
		at += "/" + p
	}
	at += webob.QuotePath(r.URL.Path)
	if r.URL.RawQuery != "" {
		at += "?" + r.URL.RawQuery
	}
	return at
}

// Prefix is the address of the API as links show it.
func (r *Request) Prefix() string {
	return WithPrefix(ApplicationURL(r.Request), r.api.LinkPrefix)
}

// WithPrefix replaces scheme and host by those of the prefix and puts its path
// in front.
func WithPrefix(address, prefix string) string {
	if prefix == "" {
		return address
	}
	a, err := url.Parse(address)
	if err != nil {
		return address
	}
	p, err := url.Parse(prefix)
	if err != nil {
		return address
	}
	a.Scheme, a.Host, a.Path, a.RawPath = p.Scheme, p.Host, p.Path+a.Path, ""
	return strings.TrimRight(a.String(), "/")
}

// Self and Bookmark are the two links of a resource; Bookmark has no version.
func (l *Links) Self(collection, id string) string {
	return strings.TrimRight(l.self, "/") + l.project + "/" + collection + "/" + id
}

// Bookmark is the link to a resource without the version of the API.
func (l *Links) Bookmark(collection, id string) string {
	return strings.TrimRight(l.bookmark, "/") + l.project + "/" + collection + "/" + id
}

// Write writes the member "links" of a resource.
func (l *Links) Write(o *Object, collection, id string) {
	o.List("links", 2, func(i int, a *Array) {
		a.Obj(func(o *Object) {
			if i == 0 {
				o.Str("rel", "self")
				o.Str("href", l.Self(collection, id))
			} else {
				o.Str("rel", "bookmark")
				o.Str("href", l.Bookmark(collection, id))
			}
		})
	})
}

// WriteImage writes "links" of an image: ours, and its own at the image service,
// whose address is glance.
func (l *Links) WriteImage(o *Object, glance, id string) {
	o.List("links", 3, func(i int, a *Array) {
		a.Obj(func(o *Object) {
			switch i {
			case 0:
				o.Str("rel", "self")
				o.Str("href", l.Self("images", id))
			case 1:
				o.Str("rel", "bookmark")
				o.Str("href", l.Bookmark("images", id))
			default:
				o.Str("rel", "alternate")
				o.Str("type", "application/vnd.openstack.image")
				o.Str("href", WithPrefix(glance, l.image)+"/images/"+id)
			}
		})
	})
}

// WriteBookmark writes "links" with the bookmark alone, as references do.
func (l *Links) WriteBookmark(o *Object, collection, id string) {
	o.List("links", 1, func(_ int, a *Array) {
		a.Obj(func(o *Object) {
			o.Str("rel", "bookmark")
			o.Str("href", l.Bookmark(collection, id))
		})
	})
}

// Next writes the member "<collection>_links" with the link to the next page,
// where the page is full: n items, the last of them named last.
func (r *Request) Next(l *Links, o *Object, collection, path string, n int, last string) {
	r.NextUnder(collection+"_links", l, o, path, n, last)
}

// NextUnder is Next for a member of another name.
func (r *Request) NextUnder(member string, l *Links, o *Object, path string, n int, last string) {
	limit := r.api.MaxLimit
	if s, ok := r.query.Get("limit"); ok {
		if asked, err := Integer(s, "limit", 0); err == nil {
			limit = int(min(asked, int64(limit)))
		}
	}
	if limit == 0 || limit != n {
		return
	}
	o.List(member, 1, func(_ int, a *Array) {
		a.Obj(func(o *Object) {
			o.Str("rel", "next")
			o.Str("href", strings.TrimRight(l.self, "/")+l.project+"/"+path+"?"+r.nextQuery(last))
		})
	})
}

// nextQuery is the query with the marker moved on, its keys in order; of a key
// that is given several times the last value stays, as in a Python dict.
func (r *Request) nextQuery(marker string) string {
	values := map[string]string{}
	for k, v := range r.query {
		values[k] = slices.Max(v)
	}
	keys := make([]string, 0, len(values)+1)
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if _, ok := values["marker"]; !ok {
		keys = append(keys, "marker")
	}
	values["marker"] = marker
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(k))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(values[k]))
	}
	return b.String()
}

// Page reads limit, marker and their kin. limit is at most MaxLimit; marker is
// "" when none is given.
func (r *Request) Page() (limit int, marker string, err error) {
	limit = r.api.MaxLimit
	for _, name := range []string{"limit", "page_size", "offset"} {
		s, ok := r.query.Get(name)
		if !ok {
			continue
		}
		n, err := Integer(s, name, 0)
		if err != nil {
			return 0, "", err
		}
		if name == "limit" {
			limit = int(min(n, int64(limit)))
		}
	}
	marker, _ = r.query.Get("marker")
	return limit, marker, nil
}

// EmptyMarker tells that a marker without a value is given. Some lists look for it,
// and do not find it; others take it for none.
func (r *Request) EmptyMarker() bool {
	marker, given := r.query.Get("marker")
	return given && marker == ""
}

// Integer reads a whole number of at least least, as Nova's validate_integer does. What
// does not fit into 64 bits is the largest number that does.
func Integer(s, name string, least int64) (int64, error) {
	n, ok := schema.ParseInteger(s)
	switch {
	case !ok:
		return 0, BadRequest("Invalid input received: %s must be an integer", name)
	case n.Cmp(big.NewInt(least)) < 0:
		return 0, tooSmall(name, least)
	case !n.IsInt64():
		return math.MaxInt64, nil
	}
	return n.Int64(), nil
}

func tooSmall(name string, least int64) error {
	return BadRequest("Invalid input received: %s must be >= %d", name, least)
}

// Slice is the part of a list that offset and limit ask for, of lists that are
// not paged by a marker. Negative numbers are refused.
func Slice[T any](r *Request, list []T) ([]T, error) {
	limit, offset := r.api.MaxLimit, 0
	for name, to := range map[string]*int{"limit": &limit, "offset": &offset} {
		s, given := r.query.Get(name)
		if !given {
			continue
		}
		n, err := Integer(s, name, 0)
		if err != nil {
			return nil, err
		}
		*to = int(min(n, 1<<31))
	}
	if limit == 0 || limit > r.api.MaxLimit {
		limit = r.api.MaxLimit
	}
	offset = min(offset, len(list))
	return list[offset:min(offset+limit, len(list))], nil
}
