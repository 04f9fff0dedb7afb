package api

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/nova-go/nova/compute/internal/schema"
)

const (
	jsonType   = "application/json"
	vendorType = "application/vnd.openstack.compute+json"
	atomType   = "application/atom+xml" // what Nova calls a version document for who asks for it
)

func mediaTypeKnown(header string) bool {
	kind, _, _ := strings.Cut(header, ";")
	switch strings.TrimSpace(kind) {
	case "", "text/plain", jsonType, vendorType:
		return true
	}
	return false
}

// contentType is the type of the answer, as Nova's URL map finds it: JSON, or another of
// its names where Accept prefers that and the path does not end in ".json".
func contentType(r *http.Request) string {
	accept := r.Header.Get("Accept")
	if accept == "" || strings.HasSuffix(r.URL.Path, ".json") {
		return jsonType
	}
	types := []string{jsonType, vendorType}
	if r.URL.Path == "/" {
		types = append(types, atomType)
	}
	return preferred(types, maskedTypes(accept))
}

// mask is a media range of an Accept header with its weight.
type mask struct {
	text    string
	quality float64
}

func (m mask) wildcards() int { return strings.Count(m.text, "*") }

func (m mask) matches(kind string) bool {
	major, _, _ := strings.Cut(kind, "/")
	switch {
	case m.wildcards() == 0:
		return m.text == kind
	case m.text == "*/*":
		return true
	}
	return len(m.text) >= 2 && m.text[:len(m.text)-2] == major
}

// preferred is the type that a mask gives the most weight, of equal ones that of the mask
// with the fewest wildcards.
func preferred(types []string, masks []mask) string {
	best, found := mask{"*/*", -1}, jsonType
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

// piece is a part of a media range between semicolons: a name, and its value.
var piece = regexp.MustCompile(`;\s*([^\s;=]+|"[^"\\]*(?:\\.[^"\\]*)*")\s*(?:=\s*([^;]+|"[^"\\]*(?:\\.[^"\\]*)*"))?\s*`)

// maskedTypes reads an Accept header as Nova's URL map does; ranges whose weight is no
// number are left out.
func maskedTypes(accept string) []mask {
	var masks []mask
	for _, element := range headerList(accept) {
		pieces := piece.FindAllStringSubmatch(";"+element, -1)
		if len(pieces) == 0 {
			continue
		}
		m, ok := mask{unquoted(pieces[0][1]), 1}, true
		for _, p := range pieces[1:] {
			if unquoted(p[1]) == "q" {
				m.quality, ok = schema.Float(unquoted(p[2]))
			}
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

// headerList splits a header at its commas, but for those in quotes, and takes the
// backslashes from quoted text.
func headerList(header string) []string {
	var list []string
	var part strings.Builder
	quoted, escaped := false, false
	for n := range len(header) {
		c := header[n]
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
			continue
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			list = append(list, strings.TrimSpace(part.String()))
			part.Reset()
			continue
		}
		part.WriteByte(c)
	}
	if part.Len() > 0 {
		list = append(list, strings.TrimSpace(part.String()))
	}
	return list
}
