//go:build unix

package costfuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// shape generates up to n bytes of one kind.
type shape struct {
	name string
	make func(n int) string
}

// repeat returns copies of s with at most n bytes.
func repeat(s string, n int) string { return strings.Repeat(s, max(0, n/len(s))) }

// numbered joins different pieces to at most n bytes; format has one verb for an integer.
func numbered(format, between string, n int) string {
	var b strings.Builder
	for i := 0; ; i++ {
		s := fmt.Sprintf(format, i)
		if b.Len()+len(between)+len(s) > n {
			return b.String()
		}
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(s)
	}
}

// nested surrounds a middle with up to depth levels.
func nested(before, middle, after string, n, depth int) string {
	k := min(depth, (n-len(middle))/(len(before)+len(after)))
	return strings.Repeat(before, max(0, k)) + middle + strings.Repeat(after, max(0, k))
}

// stringShapes are contents of strings that are expensive for patterns, formats and expressions of
// filters. None of them needs escaping in JSON.
var stringShapes = slices.Concat(repeats("a", "a!", " ", " a", "9", "-", "0", ".", "a.", ":", "1:", "=", "QUFB", "urn:uuid:", "{", "}",
	"é", "€", "😀", "a,", "a=b,", "/", "../", "%", "%25", "+", ";", "&", "aA0-_. ", "1e9", "_1", "٣"), []shape{
	{"commas of different words", func(n int) string { return numbered("%x", ",", n) }},
	{"long end that does not match", func(n int) string { return strings.Repeat("a", max(0, n-1)) + "!" }},
	{"line feeds", func(n int) string { return repeat(`\n`, n) }},
	{"zeros escaped", func(n int) string { return repeat(`\u0000`, n) }},
	{"letters escaped", func(n int) string { return repeat(`\u0061`, n) }},
	{"lone surrogates", func(n int) string { return repeat(`\ud800`, n) }},
	{"date with a long fraction", func(n int) string { return "2020-01-01T00:00:00." + repeat("9", n-20) }},
	{"exponent", func(n int) string { return "1e" + repeat("9", n-2) }},
	{"address", func(n int) string { return repeat("1:", n-2) + "::" }},
	{"quantifiers", func(n int) string { return repeat("(a+)+", n) }},
	{"large repetition", func(n int) string { return repeat("a{1000}", n) }},
	{"nested repetition", func(n int) string { return repeat("((a{30}){30})", n) }},
	{"optional then required", func(n int) string { return repeat("a?", n/2) + repeat("a", n/2) }},
	{"nested groups", func(n int) string { return nested("(", "a", ")", n, 190) }},
	{"named groups", func(n int) string { return numbered("(?P<a%d>b)", "", n) }},
	{"alternatives", func(n int) string { return numbered("%x", "|", n) }},
	{"classes", func(n int) string { return repeat("[a-z]", n) }},
	{"unicode classes", func(n int) string { return repeat(`[^\\W]`, n) }},
	{"open braces", func(n int) string { return repeat("{1", n) }},
	{"look-behind", func(n int) string { return repeat("(?<=a)", n) }},
	{"verbose comments", func(n int) string { return "(?x)" + repeat("#", n-4) }},
})

func repeats(units ...string) []shape {
	var list []shape
	for _, u := range units {
		list = append(list, shape{"repeated " + u, func(n int) string { return repeat(u, n) }})
	}
	return list
}

// jsonShapes are kinds of JSON values.
var jsonShapes = []shape{
	{"400 in the exponent", func(int) string { return "1e400" }},
	{"long integer", func(int) string { return "1" + repeat("0", 4299) }},
	{"long fraction", func(n int) string { return "0." + repeat("3", n-2) }},
	{"long exponent", func(n int) string { return "1e" + repeat("9", n-2) }},
	{"deep lists", func(n int) string { return nested("[", "1", "]", n, 980) }},
	{"deep objects", func(n int) string { return nested(`{"a":`, "1", "}", n, 980) }},
	{"deep lists side by side", func(n int) string {
		return "[" + repeat(nested("[", "", "]", 400, 200)+",", n-3) + "1]"
	}},
	{"list of ones", func(n int) string { return "[" + repeat("1,", n-4) + "1]" }},
	{"list of integers", func(n int) string { return "[" + numbered("%d", ",", n-2) + "]" }},
	{"list of floats", func(n int) string { return "[" + numbered("%de300", ",", n-2) + "]" }},
	{"list of long integers", func(n int) string { return "[" + numbered("%d"+repeat("7", 4200), ",", n-2) + "]" }},
	{"list of texts", func(n int) string { return "[" + numbered(`"%x"`, ",", n-2) + "]" }},
	{"list of empty lists", func(n int) string { return "[" + repeat("[],", n-4) + "1]" }},
	{"list of empty objects", func(n int) string { return "[" + repeat("{},", n-4) + "1]" }},
	{"list of objects", func(n int) string { return "[" + numbered(`{"uuid":%d}`, ",", n-2) + "]" }},
	{"members", func(n int) string { return "{" + numbered(`"%x":1`, ",", n-2) + "}" }},
	{"members with texts", func(n int) string { return "{" + numbered(`"%x":"a"`, ",", n-2) + "}" }},
	{"equal members", func(n int) string { return "{" + repeat(`"a":1,`, n-8) + `"a":1}` }},
	{"members with hooks", func(n int) string { return "{" + numbered(`"os:x:%d":"a"`, ",", n-2) + "}" }},
	{"long keys", func(n int) string { return "{" + numbered(`"%d`+repeat("a", 300)+`":"a"`, ",", n-2) + "}" }},
	{"one long key", func(n int) string { return `{"` + repeat("k", n-8) + `":1}` }},
}

// valueShapes are the values, and the texts as JSON strings.
var valueShapes = func() []shape {
	list := slices.Clone(jsonShapes)
	for _, s := range stringShapes {
		list = append(list, shape{"text, " + s.name, func(n int) string { return `"` + s.make(n-2) + `"` }})
	}
	return list
}()

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
