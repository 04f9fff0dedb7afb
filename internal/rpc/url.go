package rpc

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// URL is a transport_url: driver://[user:password@]host:port[,...]/vhost?options.
type URL struct {
	Driver string // "rabbit", "kombu" (an alias of it), "amqp" or "fake"; "none" in the cell mapping of cell0
	Hosts  []Host
	VHost  string            // as the broker names it; "" stands for "/"
	Query  map[string]string // options of [oslo_messaging_rabbit] that this URL overrides
}

// Host is one broker of a URL.
type Host struct {
	Name     string // without the brackets of an IPv6 address
	Port     int    // 0 if the URL has none
	User     string
	Password string
}

// Addr returns host:port, with RabbitMQ's default port if the URL has none.
func (h Host) Addr() string {
	port := h.Port
	if port == 0 {
		port = 5672 // oslo.messaging uses this default with TLS, too
	}
	return net.JoinHostPort(h.Name, strconv.Itoa(port))
}

// ParseURL parses a URL as oslo_messaging.TransportURL.parse does: hosts are separated by commas,
// each with its own percent-encoded credentials. Errors do not repeat the URL, because it
// contains passwords.
func ParseURL(text string) (*URL, error) {
	driver, rest, ok := strings.Cut(text, ":")
	if !ok || driver == "" || strings.ContainsAny(driver, "/@ ") {
		return nil, fmt.Errorf("transport_url: no scheme specified")
	}
	u := &URL{Driver: strings.ToLower(driver)}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if err := u.parseQuery(query); err != nil {
		return nil, err
	}
	netloc, ok := strings.CutPrefix(rest, "//")
	path := rest
	if ok {
		if slash := strings.IndexByte(netloc, '/'); slash >= 0 {
			netloc, path = netloc[:slash], netloc[slash:]
		} else {
			path = ""
		}
	} else {
		netloc = ""
	}
	if vhost, ok := strings.CutPrefix(path, "/"); ok {
		u.VHost = pytext.Unquote(vhost)
	}
	n := 0
	for part := range strings.SplitSeq(netloc, ",") {
		if part == "" {
			continue
		}
		n++
		h, err := parseHost(part)
		if err != nil {
			return nil, fmt.Errorf("transport_url: host %d: %w", n, err)
		}
		u.Hosts = append(u.Hosts, h)
	}
	return u, nil
}

func (u *URL) parseQuery(query string) error {
	if query == "" {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("transport_url: options: %w", err)
	}
	u.Query = map[string]string{}
	for key, v := range values {
		u.Query[key] = strings.Join(v, ",")
	}
	return nil
}

func parseHost(part string) (Host, error) {
	var h Host
	if at := strings.LastIndexByte(part, '@'); at >= 0 {
		user, password, _ := strings.Cut(part[:at], ":")
		h.User, h.Password = pytext.Unquote(user), pytext.Unquote(password)
		part = part[at+1:]
	}
	port := ""
	if name, after, ok := strings.Cut(part, "]"); ok && strings.HasPrefix(name, "[") {
		h.Name = name[1:]
		port = strings.TrimPrefix(after, ":")
	} else if strings.Count(part, ":") > 1 {
		h.Name = part // an IPv6 address without brackets, which has no port
	} else {
		h.Name, port, _ = strings.Cut(part, ":")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return h, fmt.Errorf("%q is no port", port)
		}
		h.Port = int(n)
	}
	return h, nil
}

// String returns the URL without passwords.
func (u *URL) String() string {
	var b strings.Builder
	b.WriteString(u.Driver + "://")
	for i, h := range u.Hosts {
		if i > 0 {
			b.WriteByte(',')
		}
		if h.User != "" {
			b.WriteString(url.QueryEscape(h.User) + ":***@")
		}
		if strings.Contains(h.Name, ":") {
			b.WriteString("[" + h.Name + "]")
		} else {
			b.WriteString(h.Name)
		}
		if h.Port != 0 {
			b.WriteString(":" + strconv.Itoa(h.Port))
		}
	}
	b.WriteString("/" + url.PathEscape(u.VHost))
	return b.String()
}
