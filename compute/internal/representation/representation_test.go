package representation_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/nova-go/nova/compute/internal/representation"
)

var long = strings.Repeat(`{"server": {"name": "web"}}, `, 500)

// answers is a handler that sends text as the dispatcher does.
func answers(status int, text string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Add(name, value)
		}
		w.Header().Set("Content-Type", "application/json")
		if status != http.StatusNoContent {
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}

// get sends a request over HTTP and returns the answer as it is on the wire.
func get(t *testing.T, o representation.Options, h http.Handler, method string, headers ...string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(representation.Filter(o)(h))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func decode(t *testing.T, coding, text string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(text)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestCodings(t *testing.T) {
	t.Parallel()
	both := []string{"zstd", "gzip"}
	for _, c := range []struct {
		name    string
		codings []string
		accept  string
		want    string
	}{
		{"nothing is configured", nil, "gzip, zstd", ""},
		{"nothing is accepted", both, "", ""},
		{"the preferred one of the configuration", both, "gzip, deflate, zstd", "zstd"},
		{"the preferred one of the client", both, "gzip;q=1.0, zstd;q=0.5", "gzip"},
		{"only the other", both, "gzip, deflate, br", "gzip"},
		{"one that is off", []string{"gzip"}, "zstd", ""},
		{"refused", both, "gzip;q=0, zstd;q=0", ""},
		{"any", both, "*", "zstd"},
		{"any but one", both, "*, zstd;q=0", "gzip"},
		{"none", both, "*;q=0", ""},
		{"plain is preferred", both, "identity, gzip;q=0.5", ""},
		{"the old name", both, "x-gzip", "gzip"},
		{"capitals", both, "GZIP", "gzip"},
		{"malformed", both, "gzip;q=x, ;;,", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			if c.accept != "" {
				headers = append(headers, "Accept-Encoding: "+c.accept)
			}
			r, text := get(t, representation.Options{Codings: c.codings}, answers(200, long, "Vary: X-Other"), "GET", headers...)
			if got := r.Header.Get("Content-Encoding"); got != c.want {
				t.Fatalf("Content-Encoding %q, want %q", got, c.want)
			}
			if r.ContentLength != int64(len(text)) || c.want != "" && len(text) > len(long)/10 {
				t.Errorf("length %d of %d bytes", r.ContentLength, len(text))
			}
			if decode(t, c.want, text) != long {
				t.Error("the body is another")
			}
			vary := strings.Join(r.Header.Values("Vary"), ", ")
			if want := map[bool]string{true: "X-Other, Accept-Encoding", false: "X-Other"}[c.codings != nil]; vary != want {
				t.Errorf("Vary %q, want %q", vary, want)
			}
		})
	}
}

// TestPlainAnswers has what is not to be changed, whatever the client accepts.
func TestPlainAnswers(t *testing.T) {
	t.Parallel()
	stream := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, long)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}
	})
	for name, c := range map[string]struct {
		h      http.Handler
		method string
		status int
		want   string
	}{
		"small":             {answers(200, `{"a": 1}`), "POST", 200, `{"a": 1}`},
		"no content":        {answers(204, ""), "DELETE", 204, ""},
		"empty":             {answers(202, ""), "POST", 202, ""},
		"nothing written":   {http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "GET", 200, ""},
		"stream":            {stream, "GET", 200, long + long + long},
		"no length":         {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) }), "GET", 200, long},
		"HEAD":              {answers(200, long), "HEAD", 200, ""},
		"another coding":    {answers(200, long, "Content-Encoding: br"), "GET", 200, long},
		"not to be changed": {answers(200, long, "Cache-Control: no-transform"), "GET", 200, long},
		"another tag":       {answers(200, long, `Etag: "1"`), "GET", 200, long},
	} {
		t.Run(name, func(t *testing.T) {
			r, text := get(t, representation.Options{Codings: []string{"gzip"}, EntityTags: true}, c.h, c.method, "Accept-Encoding: gzip",
				"If-None-Match: W/\"x\"")
			plain, _ := get(t, representation.Options{}, c.h, c.method)
			if r.StatusCode != c.status || text != c.want {
				t.Errorf("%d with %d bytes", r.StatusCode, len(text))
			}
			for _, h := range []http.Header{r.Header, plain.Header} {
				h.Del("Date")
			}
			if got, want := fmt.Sprint(r.Header), fmt.Sprint(plain.Header); got != want {
				t.Errorf("headers\n%s, without the filter\n%s", got, want)
			}
		})
	}
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"", "gzip", "zstd"} {
		o := representation.Options{Codings: []string{"zstd", "gzip"}}
		ask := func(condition, text string) (*http.Response, string) {
			return get(t, o, answers(200, text), "GET", "If-None-Match: "+condition, "Accept-Encoding: "+coding)
		}
		first, _ := ask(`""`, long)
		tag := first.Header.Get("Etag")
		if first.StatusCode != 200 || !strings.HasPrefix(tag, `W/"`) || first.Header.Get("Cache-Control") != "private, no-cache" {
			t.Fatalf("%d %v", first.StatusCode, first.Header)
		}
		for _, condition := range []string{tag, strings.TrimPrefix(tag, "W/"), `"a", ` + tag, "*"} {
			again, text := ask(condition, long)
			if again.StatusCode != 304 || text != "" || again.Header.Get("Etag") != tag || again.Header.Get("Content-Encoding") != "" ||
				!strings.Contains(strings.Join(again.Header.Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("%s: %d %v", condition, again.StatusCode, again.Header)
			}
		}
		other, text := ask(tag, long+" ")
		if other.StatusCode != 200 || other.Header.Get("Etag") == tag || decode(t, other.Header.Get("Content-Encoding"), text) != long+" " {
			t.Errorf("after a change: %d %v", other.StatusCode, other.Header)
		}
	}
	for _, c := range []struct {
		o      representation.Options
		method string
		status int
		header string
		tagged bool
	}{
		{representation.Options{}, "GET", 200, "X: y", false},
		{representation.Options{EntityTags: true}, "GET", 200, "X: y", true},
		{representation.Options{EntityTags: true}, "GET", 404, "X: y", false},
		{representation.Options{EntityTags: true}, "POST", 200, "X: y", false},
		{representation.Options{}, "PUT", 200, "If-None-Match: *", false},
		{representation.Options{}, "GET", 300, "If-None-Match: *", false},
	} {
		r, text := get(t, c.o, answers(c.status, "{}"), c.method, c.header)
		if r.StatusCode != c.status || text != "{}" || (r.Header.Get("Etag") != "") != c.tagged {
			t.Errorf("%+v: %d %v", c, r.StatusCode, r.Header)
		}
	}
}

// BenchmarkCodings encodes an answer of 1000 servers.
func BenchmarkCodings(b *testing.B) {
	var list bytes.Buffer
	for n := range 1000 {
		fmt.Fprintf(&list, `{"id": "70a599e0-31e7-49b7-%04x-%012x", "name": "web-%d", "status": "ACTIVE", "tenant_id": "%032x", "user_id": "%032x", `+
			`"metadata": {}, "hostId": "%056x", "image": {"id": "70a599e0-31e7-49b7-b260-868f441e862b", "links": [{"rel": "bookmark", "href": `+
			`"http://127.0.0.1:8774/images/70a599e0-31e7-49b7-b260-868f441e862b"}]}, "flavor": {"vcpus": 1, "ram": 512, "disk": 1, "ephemeral": 0, `+
			`"swap": 0, "original_name": "m1.tiny", "extra_specs": {}}, "created": "2026-11-30T12:%02d:%02dZ", "updated": "2026-11-30T12:%02d:%02dZ", `+
			`"addresses": {"private": [{"version": 4, "addr": "192.168.%d.%d", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:%02x:%02x:1a"}]}, `+
			`"accessIPv4": "", "accessIPv6": "", "OS-DCF:diskConfig": "AUTO", "OS-EXT-AZ:availability_zone": "nova", "config_drive": "", "key_name": null, `+
			`"OS-SRV-USG:launched_at": "2026-11-30T12:00:00.000000", "OS-SRV-USG:terminated_at": null, "OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": `+
			`"active", "OS-EXT-STS:power_state": 1, "os-extended-volumes:volumes_attached": [], "locked": false, "description": null, "tags": []}, `,
			n, n*7919, n, n%13, n%7, n%11, n%60, n*7%60, n%60, n*11%60, n/250, n%250, n%256, n*31%256)
	}
	text := list.String()
	for _, coding := range []string{"identity", "gzip", "zstd"} {
		b.Run(coding, func(b *testing.B) {
			h := representation.Filter(representation.Options{Codings: []string{"zstd", "gzip"}})(answers(200, text))
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept-Encoding", coding)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				b.ReportMetric(float64(w.Body.Len()), "sent-bytes")
			}
		})
	}
}
