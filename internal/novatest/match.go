package novatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Match compares JSON and returns the first difference, or "". The string "*" in want matches any value, and within
// strings any text. If part is true, objects may have additional members.
func Match(got []byte, want string, part bool) string {
	var g, w any
	if err := decode(got, &g); err != nil {
		return "no JSON: " + err.Error()
	}
	if err := decode([]byte(want), &w); err != nil {
		return "the expectation is no JSON: " + err.Error()
	}
	return matchValue("", g, w, part)
}

func decode(text []byte, to *any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

func matchValue(at string, got, want any, part bool) string {
	if want == "*" {
		return ""
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return difference(at, got, want)
		}
		for _, key := range slices.Sorted(maps.Keys(w)) {
			v, ok := g[key]
			if !ok {
				return fmt.Sprintf("%s/%s is missing", at, key)
			}
			if p := matchValue(at+"/"+key, v, w[key], part); p != "" {
				return p
			}
		}
		for key := range g {
			if _, ok := w[key]; !ok && !part {
				return fmt.Sprintf("%s/%s is there", at, key)
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return difference(at, got, want)
		}
		for n := range w {
			if p := matchValue(fmt.Sprintf("%s/%d", at, n), g[n], w[n], part); p != "" {
				return p
			}
		}
		return ""
	case string:
		if g, ok := got.(string); ok && Glob(w, g) {
			return ""
		}
	default:
		if got == want {
			return ""
		}
	}
	return difference(at, got, want)
}

func difference(at string, got, want any) string {
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	return fmt.Sprintf("%s is %s, want %s", at, g, w)
}

// Glob reports whether text matches a pattern in which "*" matches any text.
func Glob(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		var next string
		next, rest, star = strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(text, next)
		}
		at := strings.Index(text, next)
		if at < 0 {
			return false
		}
		text = text[at+len(next):]
	}
}
