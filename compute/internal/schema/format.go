package schema

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// formats are the checks of "format" that apply to strings only; nameRules has the formats of
// names, which also reject other types.
var formats = map[string]func(string) bool{
	"regex":     func(s string) bool { return s != "" && validPyRegex(s) },
	"date-time": isDateTime,
	"base64":    isBase64,
	"uuid":      IsUUID,
	"ipv4": func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is4()
	},
	"ipv6": func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is6() && a.Zone() == ""
	},
}

// IsUUID is oslo's is_uuid_like: 32 hexadecimal digits of either case, with hyphens,
// surrounding braces, "urn:" and "uuid:" ignored.
func IsUUID(s string) bool {
	if len(s) == 36 && strings.Count(s, "-") == 4 {
		n := 0
		for i := range len(s) {
			if s[i] != '-' && hexValue(s[i]) >= 0 {
				n++
			}
		}
		if n == 32 {
			return true
		}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "urn:", ""), "uuid:", "")
	s = strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if hexValue(s[i]) < 0 {
			return false
		}
	}
	return true
}

// isBase64 is Python's lenient b64decode of ASCII: it ignores characters outside of the
// alphabet, requires complete groups, and stops at the padding.
func isBase64(s string) bool {
	if strings.ContainsFunc(s, func(c rune) bool { return c >= 0x80 }) {
		return false
	}
	quad, pads := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '=':
			pads++
			if quad >= 2 && quad+pads >= 4 {
				return true
			}
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			pads = 0
			quad = (quad + 1) % 4
		}
	}
	return quad == 0
}

// base64Exception returns the name of the exception with which Nova's check of base64 fails for
// text that is not ASCII; "" for other text.
func base64Exception(s string) string {
	switch {
	case !utf8.ValidString(s): // lone surrogates
		return "UnicodeEncodeError"
	case strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }):
		return "UnicodeDecodeError"
	}
	return ""
}

// iso8601 is the grammar of date strings of Nova's time library.
var iso8601 = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]{4})((-([0-9]{1,2})|([0-9]{2}))((-([0-9]{1,2})|([0-9]{2}))` +
		`([ T]([0-9]{2})(:?([0-9]{2}))?(:?([0-9]{1,2})([.,]([0-9]+))?)?(Z|[-+]([0-9]{2}):?([0-9]{2})?)?)?)?)?\n?$`)
})

func isDateTime(s string) bool {
	_, ok := Time(s)
	return ok
}

// Time parses a time in UTC as Nova's parse_isotime does: a date or the beginning of one
// ("2016", "2016-01"), with or without a time of day and a zone. The default zone is UTC.
func Time(s string) (time.Time, bool) {
	m := iso8601().FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, false
	}
	if m[5] != "" && m[8] == "" && m[9] == "" { // YYYYMM is ambiguous and an error
		return time.Time{}, false
	}
	at := func(def int, groups ...int) int {
		for _, g := range groups {
			if n, err := strconv.Atoi(m[g]); err == nil {
				return n
			}
		}
		return def
	}
	year, month, day := at(0, 1), at(1, 4, 5), at(1, 8, 9)
	if year < 1 || month < 1 || month > 12 || day < 1 ||
		day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return time.Time{}, false
	}
	hour, minute, second := at(0, 11), at(0, 13), at(0, 15)
	zone := at(0, 19)*60 + at(0, 20)
	if hour > 23 || minute > 59 || second > 59 || roundsUp(m[17]) || zone >= 24*60 {
		return time.Time{}, false
	}
	if strings.HasPrefix(m[18], "-") {
		zone = -zone
	}
	micros, _ := strconv.Atoi((m[17] + "000000")[:6])
	return time.Date(year, time.Month(month), day, hour, minute-zone, second, micros*1000, time.UTC), true
}

// roundsUp reports whether Python's decimals, which have 28 digits, round a fraction of a
// second to 1, which is an error.
func roundsUp(fraction string) bool {
	return len(fraction) > 28 && strings.Trim(fraction[:28], "9") == "" && fraction[28] >= '5'
}
