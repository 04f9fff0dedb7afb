// Package webob writes the answers of webob's exceptions in Nova: pages in HTML, JSON or plain
// text, depending on the client's Accept header. They equal webob's byte for byte, because
// clients and load balancers see them.
package webob

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/pyjson"
)

// Page is the answer of a webob exception.
type Page struct {
	Status int
	// Explanation is the text of the page; "" means that of the status.
	Explanation string
	Detail      string
}

// Explanation returns webob's text for a status, or "".
func Explanation(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusNotAcceptable:
		return "The server could not comply with the request since it is either malformed or otherwise incorrect."
	case http.StatusUnauthorized:
		return "This server could not verify that you are authorized to access the document you requested. " +
			"Either you supplied the wrong credentials (e.g., bad password), " +
			"or your browser does not understand how to supply the credentials required."
	case http.StatusForbidden:
		return "Access was denied to this resource."
	case http.StatusNotFound:
		return "The resource could not be found."
	case http.StatusGone:
		return "This resource is no longer available. No forwarding address is given."
	case http.StatusConflict:
		return "There was a conflict when trying to complete your request."
	case http.StatusInternalServerError:
		return "The server has either erred or is incapable of performing the requested operation."
	case http.StatusServiceUnavailable:
		return "The server is currently unavailable. Please try again at a later time."
	}
	return ""
}

// Render returns the page's body for an Accept header, and its Content-Type.
func (p Page) Render(accept string) (body []byte, contentType string) {
	title := http.StatusText(p.Status)
	status := strconv.Itoa(p.Status) + " " + title
	explanation := p.Explanation
	if explanation == "" {
		explanation = Explanation(p.Status)
	}
	switch preferredType(accept) {
	case "text/html":
		return []byte("<html>\n <head>\n  <title>" + status + "</title>\n </head>\n <body>\n  <h1>" + status + "</h1>\n  " +
			htmlEscaper.Replace(explanation) + "<br /><br />\n" + htmlEscaper.Replace(p.Detail) +
			"\n\n\n </body>\n</html>"), "text/html; charset=UTF-8"
	case "application/json":
		return pyjson.Append(nil, pyjson.Object{
			{Key: "message", Value: explanation + "<br /><br />\n" + p.Detail + "\n\n"},
			{Key: "code", Value: status},
			{Key: "title", Value: title},
		}), "application/json"
	}
	plain := strings.NewReplacer("\n", " ", "\r", "")
	return []byte(status + "\n\n" + plain.Replace(explanation) + "\n\n " + plain.Replace(p.Detail) + "  "), "text/plain; charset=UTF-8"
}

// Write sends the page. As in webob, the answer to HEAD has no body and length 0.
func (p Page) Write(w http.ResponseWriter, r *http.Request) {
	var body []byte
	kind := "text/html; charset=UTF-8"
	if r.Method != http.MethodHead {
		body, kind = p.Render(strings.Join(r.Header.Values("Accept"), ", "))
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if len(body) > 0 {
		_, _ = w.Write(body)
	}
}

// htmlEscaper escapes as markupsafe does, which differs from Go in quotes.
var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")

// preferredType returns HTML or JSON by their quality in Accept, HTML if they are equal, and "" if
// neither is acceptable. As in webob, a missing header is treated as an empty one and accepts
// neither.
func preferredType(accept string) string {
	page, data := Weight(accept, "text", "html"), Weight(accept, "application", "json")
	switch {
	case page > 0 && page >= data:
		return "text/html"
	case data > 0:
		return "application/json"
	}
	return ""
}
