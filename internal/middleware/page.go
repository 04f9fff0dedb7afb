package middleware

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
)

// page is an answer in the form of webob's exceptions: HTML, JSON or plain text
// as the client's Accept header has it.
type page struct {
	status      int
	explanation string
	detail      string
}

var (
	unauthorizedPage = page{status: http.StatusUnauthorized, explanation: "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required."}
	serverErrorPage  = page{status: http.StatusInternalServerError, explanation: "The server has either erred or is incapable of performing the requested operation."}
	unavailablePage  = page{status: http.StatusServiceUnavailable, explanation: "The server is currently unavailable. Please try again at a later time."}
)

// render gives the body and its Content-Type.
func (p page) render(r *http.Request) (body []byte, contentType string) {
	title := http.StatusText(p.status)
	status := strconv.Itoa(p.status) + " " + title
	switch preferred(r.Header.Values("Accept")) {
	case "text/html":
		return fmt.Appendf(nil, "<html>\n <head>\n  <title>%s</title>\n </head>\n <body>\n  <h1>%s</h1>\n  %s<br /><br />\n%s\n\n\n </body>\n</html>",
			status, status, html.EscapeString(p.explanation), html.EscapeString(p.detail)), "text/html; charset=UTF-8"
	case "application/json":
		return fmt.Appendf(nil, `{"message": %s, "code": %s, "title": %s}`,
			pyQuote(p.explanation+"<br /><br />\n"+p.detail+"\n\n"), pyQuote(status), pyQuote(title)), "application/json"
	}
	return fmt.Appendf(nil, "%s\n\n%s\n\n %s  ", status, p.explanation, p.detail), "text/plain; charset=UTF-8"
}

// write sends the page. What the header holds besides the content's own fields
// goes with it.
func (p page) write(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // webob does not even look at Accept then
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		writeBody(w, r, p.status, nil)
		return
	}
	body, contentType := p.render(r)
	w.Header().Set("Content-Type", contentType)
	writeBody(w, r, p.status, body)
}

func writeBody(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// pyQuote is Python's json.dumps of a text that is ASCII, as all of ours are.
func pyQuote(s string) string {
	b := new(strings.Builder)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}

// preferred picks text/html or application/json by Accept's weights, HTML where
// they are equal, "" when neither is acceptable or there is no such header.
func preferred(accept []string) string {
	header := strings.Join(accept, ",")
	page, data := quality(header, "text", "html"), quality(header, "application", "json")
	switch {
	case page > 0 && page >= data:
		return "text/html"
	case data > 0:
		return "application/json"
	}
	return ""
}

// quality is the weight that the most specific matching range gives a type.
func quality(header, major, minor string) float64 {
	best, weight := 0, 0.0
	for part := range strings.SplitSeq(header, ",") {
		fields := strings.Split(part, ";")
		t, s, _ := strings.Cut(strings.ToLower(strings.TrimSpace(fields[0])), "/")
		rank := 0
		switch {
		case t == major && s == minor:
			rank = 3
		case t == major && s == "*":
			rank = 2
		case t == "*" && s == "*":
			rank = 1
		}
		if rank <= best {
			continue
		}
		best, weight = rank, 1
		for _, f := range fields[1:] {
			if k, v, ok := strings.Cut(strings.TrimSpace(f), "="); ok && strings.EqualFold(k, "q") {
				if q, err := strconv.ParseFloat(v, 64); err == nil {
					weight = q
				}
			}
		}
	}
	return weight
}
