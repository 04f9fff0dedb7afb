package uwsgiini

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// listen adds a socket: an address, which for https is followed by certificate, key, ciphers
// and client CA.
func (c *Config) listen(s setting, protocol string) error {
	parts := strings.Split(s.value, ",")
	l := Listener{Protocol: protocol, Router: slices.Contains([]string{"http", "httprouter", "https", "https2"}, s.key)}
	var err error
	l.name = strings.TrimSpace(parts[0])
	if l.Address, err = s.address(l.name); err != nil {
		return err
	}
	if strings.Contains(l.name, "*") {
		l.name = l.Address // uWSGI replaces the name by the address of the interface
	}
	if !strings.Contains(parts[0], ":") && strings.Trim(parts[0], "0123456789") == "" {
		c.warn(s, "%s is the path of a unix socket, as for uWSGI; :%[1]s is a port", parts[0])
	}
	if protocol == "https" {
		if len(parts) < 3 {
			return s.errorf("%q is not ADDRESS,CERTIFICATE,KEY", s.value)
		}
		l.CertFile, l.KeyFile = parts[1], parts[2]
		if len(parts) > 4 {
			// Without the exclamation mark uWSGI requests a client certificate, but does not
			// require one.
			if ca, mandatory := strings.CutPrefix(parts[4], "!"); mandatory {
				l.ClientCAFile = ca
			}
		}
	}
	c.add(l)
	return nil
}

// add adds a listener. uWSGI opens a socket once that is named twice in the same words. An address that is named in two
// spellings, or by a router and a socket, is opened twice, which fails for all but the path of a unix socket: there the one
// that is opened last has it, and routers are opened first.
func (c *Config) add(l Listener) {
	path := unixPath(l.Address)
	i := slices.IndexFunc(c.Listeners, func(other Listener) bool {
		return path != "" && unixPath(other.Address) == path || !l.Router && !other.Router && other.name == l.name
	})
	switch {
	case i < 0:
		c.Listeners = append(c.Listeners, l)
	case path != "" && (l.Router == c.Listeners[i].Router && l.name != c.Listeners[i].name || c.Listeners[i].Router):
		c.Listeners[i] = l
	}
}

// unixPath returns the path of a unix socket that is a file, and "" for other addresses.
func unixPath(address string) string {
	path, isPath := strings.CutPrefix(address, "unix:")
	if !isPath || strings.HasPrefix(path, "@") {
		return ""
	}
	return filepath.Clean(path)
}

// address converts an address to the form of serve.Options. uWSGI's addresses without host are those of IPv4.
func (s setting) address(a string) (string, error) {
	if a == "" || strings.HasPrefix(a, "=") {
		return "", s.errorf("%q is not an address", s.value)
	}
	colon := strings.LastIndexByte(a, ':')
	if colon < 0 {
		return "unix:" + strings.Replace(a, `\0`, "@", 1), nil
	}
	host, port := a[:colon], a[colon+1:]
	prefix, _, some := strings.Cut(host, "*")
	switch {
	case host == "" || host == "*":
		host = "0.0.0.0"
	case some:
		addresses, err := net.InterfaceAddrs()
		if err != nil {
			return "", s.errorf("%v", err)
		}
		i := slices.IndexFunc(addresses, func(of net.Addr) bool { return strings.HasPrefix(of.String(), prefix) })
		if i < 0 {
			return "", s.errorf("no interface has an address %s", host)
		}
		host, _, _ = strings.Cut(addresses[i].String(), "/")
	}
	return host + ":" + port, nil
}

// warn adds a warning about a setting.
func (c *Config) warn(s setting, format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s: %s", s.where, s.key, fmt.Sprintf(format, args...)))
}
