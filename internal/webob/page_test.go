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

// What webob makes of an Accept header: 6,000 random ones have agreed, these are the kinds.
func TestAccept(t *testing.T) {
	for accept, want := range map[string]string{
		"application/json; charset=utf-8":           "text/plain",
		"application/json;a=\"b,c\", text/html":     "text/html",
		"*/*;level=1":                               "text/html",
		"application/*;q=0.5, text/html;q=0.4":      "application/json",
		"text/html;q=0, */*":                        "application/json",
		"text/html;q=0.3, text/html;q=0.9, */*;q=1": "application/json", // the first of the same range counts
		"application/json;q=1.0;q=0":                "application/json", // what follows the weight is an extension
		"APPLICATION/JSON;Q=1":                      "application/json",
		"*/json":                                    "text/plain",
		// An invalid header accepts everything.
		"application/json;q=1.5":          "text/html",
		"application/json;q=0.1234":       "text/html",
		"application/json;charset":        "text/html",
		"application/json;a=\"b":          "text/html",
		"json":                            "text/html",
		", application/json":              "text/html",
		",application/json,,":             "text/html",
		"application/json , ,text/x;q=0.": "application/json",
	} {
		if _, kind := (webob.Page{Status: 404}).Render(accept); strings.TrimSuffix(kind, "; charset=UTF-8") != want {
			t.Errorf("Accept %q: %s, want %s", accept, kind, want)
		}
	}
}
