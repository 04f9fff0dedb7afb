package schema

import (
	"slices"
	"strings"
	"unicode"
)

// printable is the set of characters that Nova treats as printable, in the basic plane and the
// Unicode version of its Python. It is read from the pattern for descriptions, so that the
// ranges are stored once.
type printable [][2]rune

// newPrintable parses the character class of a pattern of the form ^[...]*$.
func newPrintable(class string) printable {
	class = strings.TrimSuffix(strings.TrimPrefix(class, "^["), "]*$")
	var p printable
	var last rune
	inRange, escaped := false, false
	for _, r := range class {
		switch {
		case r == '\\' && !escaped:
			escaped = true
			continue
		case r == '-' && !escaped:
			inRange = true
			continue
		case inRange:
			p[len(p)-1] = [2]rune{last, r}
		default:
			p = append(p, [2]rune{r, r})
		}
		last, inRange, escaped = r, false, false
	}
	return p
}

func (p printable) has(r rune) bool {
	_, ok := slices.BinarySearchFunc(p, r, func(span [2]rune, r rune) int {
		switch {
		case span[1] < r:
			return -1
		case span[0] > r:
			return 1
		}
		return 0
	})
	return ok
}

// nameRule is one of Nova's rules for names.
type nameRule struct {
	reason  string // follows "The name must be: "
	exclude rune   // a forbidden character, or 0
	spaces  bool   // leading and trailing blanks are allowed, if the name contains another character
	only    string // if not empty, all characters that are allowed
}

var nameRules = map[string]nameRule{
	"name": {reason: "printable characters. Can not start or end with whitespace."},
	"name_with_leading_trailing_spaces": {spaces: true,
		reason: "printable characters with at least one non space character"},
	"az_name": {exclude: ':',
		reason: "printable characters except :.Can not start or end with whitespace."},
	"az_name_with_leading_trailing_spaces": {exclude: ':', spaces: true,
		reason: "printable characters except :, with at least one non space character"},
	"keypair_name_20":  onlyCharacters("_- "), // before 2025.2
	"keypair_name_292": onlyCharacters("@._- "),
}

// onlyCharacters is the rule for names of letters, digits and some other characters.
func onlyCharacters(others string) nameRule {
	all := others + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return nameRule{reason: "Only expected characters: [" + all + "]", only: all}
}

// ok reports whether s is a valid name. The empty string is valid if blanks may not lead,
// because another keyword checks the length. A final line feed is ignored, as by Python's "$".
func (n nameRule) ok(p printable, s string) bool {
	if n.only != "" {
		return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(n.only, r) })
	}
	if s == "\n" {
		return false
	}
	s = matchable(strings.TrimSuffix(s, "\n"))
	solid, first, last := false, false, false
	for i, r := range s {
		if !p.has(r) || r == n.exclude && r != 0 {
			return false
		}
		last = unicode.Is(unicode.Zs, r)
		if i == 0 {
			first = last
		}
		solid = solid || !last
	}
	if n.spaces {
		return solid
	}
	return !first && !last
}
