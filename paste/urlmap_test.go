package paste_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/paste"
)

// urlmap loads a file whose applications answer with their name, SCRIPT_NAME,
// path and escaped path.
func urlmap(t *testing.T, places string) http.Handler {
	t.Helper()
	file := filepath.Join(t.TempDir(), "paste.ini")
	text := "[composite:main]\nuse = egg:Paste#urlmap\n" + places
	for _, name := range []string{"a", "b", "c", "d"} {
		text += "[app:" + name + "]\npaste.app_factory = test:app\nname = " + name + "\n"
	}
	text += "[composite:nested]\nuse = egg:paste#urlmap\n/in = a\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := paste.Load(file, "", paste.Registry{
		"Paste#urlmap": paste.URLMapFactory(),
		"test:app": paste.App(func(_, local paste.Conf) (http.Handler, error) {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "%s %q %q %q", local["name"], paste.ScriptName(r), r.URL.Path, r.URL.EscapedPath())
			}), nil
		}),
	}, paste.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestURLMap(t *testing.T) {
	h := urlmap(t, `
/: a
/v2 = b
/v2.1/ = c
domain api.example.org /v2 = d
domain api.example.org port 8774 /only = b
/deep = nested
`)
	for _, c := range []struct{ url, want string }{
		{"http://x/", `a "" "/" "/"`},
		{"http://x/other/path", `a "" "/other/path" "/other/path"`},
		{"http://x/v2", `b "/v2" "" ""`},
		{"http://x/v2/", `b "/v2" "/" "/"`},
		{"http://x/v2x", `a "" "/v2x" "/v2x"`},
		{"http://x/v2.1/servers", `c "/v2.1" "/servers" "/servers"`},
		{"http://x//v2.1//servers///1", `c "/v2.1" "/servers/1" "/servers/1"`},
		{"http://x/v2.1/a%2Fb%20c", `c "/v2.1" "/a/b c" "/a/b%20c"`},
		{"http://x/v2%2E1/a%2Fb", `c "/v2.1" "/a/b" "/a/b"`},
		{"http://API.example.org/v2/x", `d "/v2" "/x" "/x"`},
		{"http://api.example.org:8774/v2/x", `d "/v2" "/x" "/x"`},
		{"http://api.example.org:8774/only/x", `b "/only" "/x" "/x"`},
		{"http://api.example.org/only/x", `a "" "/only/x" "/only/x"`},
		{"http://x/deep/in/side", `a "/deep/in" "/side" "/side"`},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", c.url, nil))
		if got := w.Body.String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.url, got, c.want)
		}
	}
}

// The expected texts are Paste's.
func TestURLMapNotFound(t *testing.T) {
	h := urlmap(t, "/a = a\ndomain foo.com /b = b\n")
	page := "<html>\r\n  <head><title>Not Found</title></head>\r\n  <body>\r\n    <h1>Not Found</h1>\r\n    <p>" +
		"The resource could not be found.\r\n<br/>/x&lt;y&#x27;&amp;é\r\n" +
		"<!-- defined apps: (&#x27;foo.com&#x27;, &#x27;/b&#x27;),\n  (None, &#x27;/a&#x27;)\n" +
		"SCRIPT_NAME: &#x27;/p&#x27;\nPATH_INFO: &#x27;/x&amp;lt;y&amp;#x27;&amp;amp;é&#x27;\nHTTP_HOST: &#x27;h:1&#x27; --></p>\r\n" +
		"    <hr noshade>\r\n    <div align=\"right\">WSGI Server</div>\r\n  </body>\r\n</html>\r\n"
	plain := "404 Not Found\r\nThe resource could not be found.\r\n/x<y'&é\r\n\r\n"
	for _, c := range []struct{ accept, kind, want string }{
		{"", "text/plain; charset=utf8", plain},
		{"application/json", "text/plain; charset=utf8", plain},
		{"*/*", "text/html; charset=utf8", page},
		{"text/html", "text/html; charset=utf8", page},
	} {
		r := httptest.NewRequest("GET", "http://h:1/", nil)
		r.URL.Path = "/x<y'&é"
		if c.accept != "" {
			r.Header.Set("Accept", c.accept)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, paste.WithScriptName(r, "/p"))
		if w.Code != 404 || w.Header().Get("Content-Type") != c.kind || w.Body.String() != c.want {
			t.Errorf("Accept %q: got %d %q\n%s\nwant\n%s", c.accept, w.Code, w.Header().Get("Content-Type"), w.Body, c.want)
		}
	}
}

func TestOptionsStar(t *testing.T) {
	h := urlmap(t, "/ = a\n")
	r := httptest.NewRequest("OPTIONS", "/", nil)
	r.URL.Path = "*"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ key, domain, path string }{
		{"/", "", ""},
		{"/v2.1/+", "", "/v2.1/+"},
		{"//a//b//", "", "/a/b"},
		{"http://x/y", "x", "/y"},
		{"https://x:1", "x:1", ""},
		{"domain x", "x", ""},
		{"/y port 80 domain x", "x:80", "/y"},
	} {
		d, p, err := paste.ParsePlace(c.key)
		if err != nil || d != c.domain || p != c.path {
			t.Errorf("%q: got %q %q %v", c.key, d, p, err)
		}
	}
	for _, key := range []string{"x", "domain", "domain x port", "port 1 /", "domain x domain y", "/a /b", "port 1 port 2 domain x"} {
		if d, p, err := paste.ParsePlace(key); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%q: got %q %q %v", key, d, p, err)
		}
	}
}
