package api

import (
	"math"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/paste"
)

// ApplicationURL returns the URL with which the client reached the API, without a trailing
// slash: scheme, host and SCRIPT_NAME ("http://nova:8774/v2.1"). Listeners that get the scheme
// from a header set URL.Scheme.
func ApplicationURL(r *http.Request) string {
	scheme := r.URL.Scheme
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	host := r.Host
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.HasSuffix(host, "]") {
		port := host[colon+1:]
		if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
			host = host[:colon]
		}
	}
	return scheme + "://" + host + webob.QuotePath(paste.ScriptName(r))
}

// maxAddress bounds the address at the beginning of links, in bytes. Clients choose the host,
// and often the scheme and the prefix, and a list of servers contains the address thousands of
// times. uWSGI limits all headers of a request to 4,096 bytes by default.
const maxAddress = 4096

func addressTooLong(r *http.Request) bool {
	return len(r.URL.Scheme)+len(r.Host)+len(paste.ScriptName(r)) > maxAddress
}

// Links writes the links of resources. There is one per request, which computes the common
// parts of the links once.
type Links struct {
	self, bookmark string // what the collection follows, with a slash at the end
	image          string
}

var versionSegment = regexp.MustCompile(`^v([0-9]+|[0-9]+\.[0-9]+)$`)

// Links prepares the links of a request. As in Nova, it is an error if a version is not the
// last part of the address.
func (r *Request) Links() *Links {
	app := ApplicationURL(r.Request)
	base := app
	if i := strings.LastIndexByte(app, '/'); i > 0 && versionSegment.MatchString(app[i+1:]) {
		base = app[:i]
	}
	project := "/"
	// Nova searches for the project in the whole URL, including the query.
	if p := r.Caller.ProjectID; p != "" && strings.Contains(fullURL(r.Request, app), p) {
		project = "/" + p + "/"
	}
	l := &Links{
		self:     strings.TrimRight(WithPrefix(app, r.api.LinkPrefix), "/") + project,
		bookmark: strings.TrimRight(WithPrefix(base, r.api.LinkPrefix), "/") + project,
		image:    r.api.ImageLinks,
	}
	return l
}

func fullURL(r *http.Request, app string) string {
	p, _ := r.Context().Value(projectKey{}).(string)
	return app + "/" + p + r.URL.Path + "?" + r.URL.RawQuery
}

// Address returns the URL of the request as the client wrote it, including the query.
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

// Prefix returns the address of the API at the beginning of links.
func (r *Request) Prefix() string {
	return WithPrefix(ApplicationURL(r.Request), r.api.LinkPrefix)
}

// WithPrefix replaces scheme and host of address by those of prefix, and inserts the path of
// prefix before its path.
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

// Self returns the link to a resource with the version of the API.
func (l *Links) Self(collection, id string) string {
	return l.self + collection + "/" + id
}

// Bookmark returns the link to a resource without the version of the API.
func (l *Links) Bookmark(collection, id string) string {
	return l.bookmark + collection + "/" + id
}

// Write writes the member "links" of a resource.
func (l *Links) Write(o *Object, collection, id string) {
	o.List("links", 2, func(i int, a *Array) {
		a.Obj(func(o *Object) {
			if i == 0 {
				o.Str("rel", "self")
				o.Joined("href", l.self, collection, "/", id)
			} else {
				o.Str("rel", "bookmark")
				o.Joined("href", l.bookmark, collection, "/", id)
			}
		})
	})
}

// WriteImage writes the member "links" of an image: the links of this API, and the link of the
// image service, whose address is glance.
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

// WriteBookmark writes the member "links" with the bookmark only, as references to resources
// have it.
func (l *Links) WriteBookmark(o *Object, collection, id string) {
	o.List("links", 1, func(_ int, a *Array) {
		a.Obj(func(o *Object) {
			o.Str("rel", "bookmark")
			o.Joined("href", l.bookmark, collection, "/", id)
		})
	})
}

// Next writes the member "<collection>_links" with the link to the next page, if this page is
// full: it has n items, and last is the id of its last item.
func (r *Request) Next(l *Links, o *Object, collection, path string, n int, last string) {
	r.NextUnder(collection+"_links", l, o, path, n, last)
}

// NextUnder is Next with another name of the member.
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
			o.Str("href", l.self+path+"?"+r.nextQuery(last))
		})
	})
}

// nextQuery returns the query with the new marker, sorted by key. As in a Python dict, the last
// value of a repeated key is used.
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

// Page reads the parameters limit and marker. limit is at most MaxLimit; marker is "" if there
// is none.
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

// EmptyMarker reports whether the request has a marker without value. Some lists search for it
// and report that it does not exist; others ignore it.
func (r *Request) EmptyMarker() bool {
	marker, given := r.query.Get("marker")
	return given && marker == ""
}

// Integer reads an integer that is at least least, as Nova's validate_integer does. Larger
// numbers than an int64 become the maximum.
func Integer(s, name string, least int64) (int64, error) {
	n, err := pytext.Int(s)
	switch {
	case err != nil:
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

// Window reads the parameters offset and limit of lists without markers. limit is at least 1 and
// at most MaxLimit. Negative numbers are errors.
func (r *Request) Window() (offset, limit int, err error) {
	for _, p := range []struct {
		name string
		to   *int
	}{{"limit", &limit}, {"offset", &offset}} {
		s, given := r.query.Get(p.name)
		if !given {
			continue
		}
		n, err := Integer(s, p.name, 0)
		if err != nil {
			return 0, 0, err
		}
		*p.to = int(min(n, 1<<31))
	}
	if limit == 0 || limit > r.api.MaxLimit {
		limit = r.api.MaxLimit
	}
	return offset, limit, nil
}

// Slice returns the part of a list that the parameters of Window select.
func Slice[T any](r *Request, list []T) ([]T, error) {
	offset, limit, err := r.Window()
	if err != nil {
		return nil, err
	}
	offset = min(offset, len(list))
	return list[offset:min(offset+limit, len(list))], nil
}
