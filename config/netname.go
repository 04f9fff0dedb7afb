package config

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parseHost accepts an IPv4 or IPv6 address or a host name; with underscore it also accepts
// domain names that contain underscores. It returns the name without a final dot.
func parseHost(s string, underscore bool) (string, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return s, nil
	}
	bad := fmt.Errorf("%q is not a valid host address", s)
	if s == "" || len(s) > 253 {
		return "", bad
	}
	name := strings.TrimSuffix(s, ".")
	labels := strings.Split(name, ".")
	if !strings.ContainsFunc(labels[len(labels)-1], func(r rune) bool { return r == '-' || isAlpha(r) }) {
		return "", bad // only digits: probably a mistyped address
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return "", bad
		}
		for _, r := range l {
			if !isAlpha(r) && (r < '0' || r > '9') && r != '-' && (!underscore || r != '_') {
				return "", bad
			}
		}
	}
	return name, nil
}

func isAlpha(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// The character classes of RFC 3986.
const (
	unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	subDelims  = "!$&'()*+,;="
)

var ipv4Like = regexp.MustCompile(`^([0-9]{1,3}\.){3}[0-9]{1,3}$`)

// checkURI accepts what oslo.config's URI type accepts: an RFC 3986 URI with a scheme and a
// host. Path, query and fragment may contain any character, because Python's library escapes
// them before the check.
func checkURI(s string, schemes []string) error {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !validScheme(scheme) {
		return fmt.Errorf("%q is not a URI: no scheme", s)
	}
	rest, isAuth := strings.CutPrefix(rest, "//")
	if !isAuth {
		return fmt.Errorf("%q is not a URI: no host", s)
	}
	if len(schemes) > 0 && !slices.Contains(schemes, scheme) {
		return fmt.Errorf("%q is not a URI with one of the schemes %s", s, strings.Join(schemes, ", "))
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	authority := rest
	if i := strings.IndexAny(rest, `/\`); i >= 0 {
		authority = rest[:i]
	}
	if err := checkAuthority(authority); err != nil {
		return fmt.Errorf("%q is not a URI: %w", s, err)
	}
	return nil
}

func validScheme(s string) bool {
	return s != "" && isAlpha(rune(s[0])) &&
		strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-") == ""
}

func checkAuthority(a string) error {
	host := a
	if i := strings.LastIndexByte(a, '@'); i >= 0 {
		if i == 0 || !pctChars(a[:i], unreserved+subDelims+":") {
			return errors.New("bad user information")
		}
		host = a[i+1:]
	}
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return errors.New("bad host")
		}
		ip := strings.Replace(host[1:end], "%25", "%", 1)
		if _, err := netip.ParseAddr(ip); err != nil && host[1] != 'v' || !validPort(host[end+1:]) {
			return errors.New("bad host")
		}
		return nil
	}
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		if !validPort(host[i:]) {
			return errors.New("bad port")
		}
		name = host[:i]
	}
	if a == "" || !pctChars(name, unreserved+subDelims) {
		return errors.New("no host")
	}
	if ipv4Like.MatchString(name) {
		for b := range strings.SplitSeq(name, ".") {
			if n, err := strconv.Atoi(b); err != nil || n > 255 {
				return errors.New("bad IPv4 address")
			}
		}
	}
	return nil
}

// validPort accepts ":port" and the empty string; the port may be missing after the colon.
func validPort(s string) bool {
	s = strings.TrimPrefix(s, ":")
	return len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}

// pctChars reports whether s consists of the given characters and %XX.
func pctChars(s, allowed string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		} else if strings.IndexByte(allowed, s[i]) < 0 {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
