package uwsgiini

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// listen adds a socket: an address, which for https is followed by certificate, key, ciphers
// and client CA.
func (c *Config) listen(s setting, protocol string) error {
	parts := strings.Split(s.value, ",")
	l := Listener{Protocol: protocol, Router: slices.Contains([]string{"http", "httprouter", "https", "https2"}, s.key)}
	var err error
	if l.Address, err = s.address(strings.TrimSpace(parts[0])); err != nil {
		return err
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
	// uWSGI opens an address once.
	if !slices.ContainsFunc(c.Listeners, func(other Listener) bool { return other.Address == l.Address }) {
		c.Listeners = append(c.Listeners, l)
	}
	return nil
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
