package webob_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/webob"
)

func TestPage(t *testing.T) {
	html := "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>"
	for _, c := range []struct{ method, accept, kind, body string }{
		{"GET", "text/*", "text/html; charset=UTF-8", html},
		{"GET", "", "text/plain; charset=UTF-8", "404 Not Found\n\nThe resource could not be found.\n\n   "},
		{"GET", "*/*", "text/html; charset=UTF-8", html},
		{"GET", "application/json;q=0.5, text/html;q=0.5", "text/html; charset=UTF-8", html},
		{"GET", "application/json;q=0.5, text/html;q=0.1", "application/json", `{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`},
		{"GET", "text/plain", "text/plain; charset=UTF-8", "404 Not Found\n\nThe resource could not be found.\n\n   "},
		{"HEAD", "application/json", "text/html; charset=UTF-8", ""},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		if c.accept != "" {
			r.Header.Set("Accept", c.accept)
		}
		w := httptest.NewRecorder()
		webob.Page{Status: 404}.Write(w, r)
		if w.Code != 404 || w.Header().Get("Content-Type") != c.kind || w.Body.String() != c.body {
			t.Errorf("%s, Accept %q: %d %q %q", c.method, c.accept, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
	body, _ := webob.Page{Status: 400, Explanation: `<it's "x">`, Detail: "a&b"}.Render("text/html")
	if want := "  &lt;it&#x27;s &quot;x&quot;&gt;<br /><br />\na&amp;b\n\n\n </body>"; !strings.Contains(string(body), want) {
		t.Errorf("escaped: %s", body)
	}
}
