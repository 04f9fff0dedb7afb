package paste

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// writeNotFound writes the 404 of Paste's urlmap: an HTML page if the client accepts HTML or
// anything, otherwise plain text. A comment in the page lists the mounts.
func writeNotFound(w http.ResponseWriter, r *http.Request, mounts []Mount) {
	path := r.URL.Path
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if !strings.Contains(accept, "html") && !strings.Contains(accept, "*/*") {
		w.Header().Set("Content-Type", "text/plain; charset=utf8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "404 Not Found\r\nThe resource could not be found.\r\n"+path+"\r\n\r\n")
		return
	}
	var names []string
	for _, m := range mounts {
		domain := "None"
		if m.Domain != "" {
			domain = pyQuote(m.Domain)
		}
		names = append(names, "("+domain+", "+pyQuote(m.Path)+")")
	}
	comment := fmt.Sprintf("defined apps: %s\nSCRIPT_NAME: %s\nPATH_INFO: %s\nHTTP_HOST: %s",
		strings.Join(names, ",\n  "), pyQuote(escape(ScriptName(r))), pyQuote(escape(path)), pyQuote(escape(r.Host)))
	comment = commentEnd.ReplaceAllString(escape(comment), "-&gt;")
	w.Header().Set("Content-Type", "text/html; charset=utf8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = fmt.Fprintf(w, notFoundPage, escape(path), comment)
}

var commentEnd = regexp.MustCompile(`-\s*>`)

const notFoundPage = "<html>\r\n  <head><title>Not Found</title></head>\r\n  <body>\r\n    <h1>Not Found</h1>\r\n" +
	"    <p>The resource could not be found.\r\n<br/>%s\r\n<!-- %s --></p>\r\n" +
	"    <hr noshade>\r\n    <div align=\"right\">WSGI Server</div>\r\n  </body>\r\n</html>\r\n"

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")

// escape is Python's html.escape, whose escapes of quotes differ from those of
// html.EscapeString.
func escape(s string) string { return escaper.Replace(s) }

// pyQuote formats s as Python's repr does for simple strings.
func pyQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
}
