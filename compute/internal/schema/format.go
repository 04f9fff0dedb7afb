package schema

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/pytext"
)

// formats are the checks of "format" that apply to strings only; nameRules has the formats of
// names, which also reject other types.
var formats = map[string]func(string) bool{
	"regex":     func(s string) bool { return s != "" && validPyRegex(s) },
	"date-time": isDateTime,
	"base64":    pytext.IsBase64,
	"uuid":      pytext.IsUUID,
	"ipv4": func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is4()
	},
	"ipv6": func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is6() && a.Zone() == ""
	},
	"cidr": func(s string) bool { // of answers
		_, err := netip.ParsePrefix(s)
		return err == nil
	},
	"uri": func(s string) bool { // of answers
		u, err := url.Parse(s)
		return err == nil && u.Scheme != "" && u.Host != ""
	},
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

func isDateTime(s string) bool {
	_, ok := pytext.Time(s)
	return ok
}
