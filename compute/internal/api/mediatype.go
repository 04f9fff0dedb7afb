package api

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

const (
	jsonType   = "application/json"
	vendorType = "application/vnd.openstack.compute+json"
	atomType   = "application/atom+xml" // the type of version documents for clients that request it
)

func mediaTypeKnown(header string) bool {
	kind, _, _ := strings.Cut(header, ";")
	switch strings.TrimSpace(kind) {
	case "", "text/plain", jsonType, vendorType:
		return true
	}
	return false
}

// contentType returns the content type of the answer, as Nova's URL map determines it: JSON, or
// another name of JSON if Accept prefers that and the path does not end in ".json".
func contentType(r *http.Request) string {
	accept := r.Header.Get("Accept")
	if accept == "" || strings.HasSuffix(r.URL.Path, ".json") {
		return jsonType
	}
	types := []string{jsonType, vendorType}
	if r.URL.Path == "/" {
		types = append(types, atomType)
	}
	return preferredType(types, parseAccept(accept))
}

// mediaRange is a media range of an Accept header with its quality.
type mediaRange struct {
	text    string
	quality float64
}

func (m mediaRange) wildcards() int { return strings.Count(m.text, "*") }

func (m mediaRange) matches(kind string) bool {
	major, _, _ := strings.Cut(kind, "/")
	switch {
	case m.wildcards() == 0:
		return m.text == kind
	case m.text == "*/*":
		return true
	}
	return len(m.text) >= 2 && m.text[:len(m.text)-2] == major
}

// preferredType returns the type with the highest quality; of equal ones, that of the media range
// with the fewest wildcards.
func preferredType(types []string, masks []mediaRange) string {
	best, found := mediaRange{"*/*", -1}, jsonType
	for _, kind := range types {
		for _, m := range masks {
			if m.quality < best.quality || m.quality == best.quality && m.wildcards() >= best.wildcards() {
				continue
			}
			if m.matches(kind) {
				best, found = m, kind
			}
		}
	}
	return found
}

// rangeParameter matches one parameter of a media range: a name and its value.
var rangeParameter = regexp.MustCompile(strings.NewReplacer("BLANKS", blanks+"*", "BLANK", blanks[1:len(blanks)-1]).Replace(
	`;BLANKS([^BLANK;=]+|"[^"\\]*(?:\\.[^"\\]*)*")BLANKS(?:=BLANKS([^;]+|"[^"\\]*(?:\\.[^"\\]*)*"))?BLANKS`))

// blanks are the characters of Latin-1 that \s of Python's expressions matches.
const blanks = `[\t-\r\x1c-\x20\x85\xa0]`

// parseAccept parses an Accept header as Nova's URL map does; media ranges with an invalid
// quality are left out. It returns nil for headers at which Nova's code fails.
func parseAccept(accept string) []mediaRange {
	if accept != "" && !strings.ContainsFunc(accept, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`,;="\`, r) }) {
		return []mediaRange{{accept, 1}} // the usual header of clients needs no regular expression
	}
	var masks []mediaRange
	for _, element := range headerList(pytext.Latin1(accept)) {
		if len(element) > 1 && element[0] == '"' && element[len(element)-1] == '"' {
			element = unquoted(element[1 : len(element)-1])
		}
		if element == "" {
			continue
		}
		pieces := rangeParameter.FindAllStringSubmatch(";"+element, -1)
		if len(pieces) == 0 {
			return nil
		}
		m, ok, empty := mediaRange{unquoted(pieces[0][1]), 1}, true, false
		for _, p := range pieces[1:] {
			if unquoted(p[1]) == "q" {
				m.quality, ok = pytext.Float(unquoted(p[2]))
				empty = p[2] == ""
			}
		}
		if empty {
			return nil
		}
		if ok {
			masks = append(masks, m)
		}
	}
	return masks
}

func unquoted(s string) string {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// headerList splits a header at commas outside of quotes, and removes backslashes from quoted
// text.
func headerList(header string) []string {
	var list []string
	var part strings.Builder
	quoted, escaped := false, false
	for _, c := range header {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
			continue
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			list = append(list, pytext.Strip(part.String()))
			part.Reset()
			continue
		}
		part.WriteRune(c)
	}
	if part.Len() > 0 {
		list = append(list, pytext.Strip(part.String()))
	}
	return list
}
