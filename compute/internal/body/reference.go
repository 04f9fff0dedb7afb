package body

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/nova-go/nova/compute/internal/schema"
)

func (r *Reference) unmarshalDocument(doc any) error {
	id, ok := referenceID(schema.Text(doc))
	if !ok {
		return &schema.Exception{Name: "ValueError"}
	}
	*r = Reference(id)
	return nil
}

// referenceID returns the last segment of the path that Python's urlsplit finds, as Nova's
// get_id_from_href does; false where urlsplit raises ValueError.
func referenceID(href string) (string, bool) {
	s := strings.TrimLeftFunc(href, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(s)
	if scheme, rest, ok := strings.Cut(s, ":"); ok && isScheme(scheme) {
		s = rest
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		if !isAuthority(rest[:end]) {
			return "", false
		}
		s = rest[end:]
	}
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	return s[strings.LastIndexByte(s, '/')+1:], true
}

// isScheme reports whether Python accepts s as the scheme of a URL.
func isScheme(s string) bool {
	for n := range len(s) {
		c := s[n] | 0x20
		letter := c >= 'a' && c <= 'z' && s[n] < 0x80
		if !letter && (n == 0 || !strings.ContainsRune("0123456789+-.", rune(s[n]))) {
			return false
		}
	}
	return s != ""
}

// disguised are the characters whose compatibility decomposition contains one of /?#@: and that
// Python therefore rejects in the authority of a URL.
const disguised = "\u2047\u2048\u2049\u2100\u2101\u2105\u2106\u2a74\ufe13\ufe16\ufe55\ufe56\ufe5f\ufe6b\uff03\uff0f\uff1a\uff1f\uff20"

// futureAddress matches the IPvFuture addresses of RFC 3986.
var futureAddress = regexp.MustCompile(`^v[a-fA-F0-9]+\..+$`)

// isAuthority reports whether Python accepts the authority of a URL: brackets have to contain an
// IPv6 or IPvFuture address.
func isAuthority(s string) bool {
	opened, closed := strings.Contains(s, "["), strings.Contains(s, "]")
	if opened != closed {
		return false
	}
	if opened {
		_, host, _ := strings.Cut(s, "[")
		host, _, _ = strings.Cut(host, "]")
		if !isBracketed(host) {
			return false
		}
	}
	return !strings.ContainsAny(s, disguised)
}

// isBracketed reports whether Python accepts a host between brackets.
func isBracketed(host string) bool {
	if strings.HasPrefix(host, "v") {
		return futureAddress.MatchString(host)
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is6() && strings.Count(host, "%") <= 1
}
