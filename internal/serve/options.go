package serve

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Options configure listeners and limits. At least one address is required. An address is
// "host:port", "[::]:port", ":port" or "unix:/path". 0.0.0.0 is IPv4 alone; [::] is both IPv6 and IPv4 unless the system
// says otherwise (net.ipv6.bindv6only); no host is both.
type Options struct {
	HTTP  []string
	HTTPS []TLS
	UWSGI []string
	FCGI  []string
	SCGI  []string

	// Inherited are listeners that are already open. One without an address is served in
	// addition. One with an address replaces that of the same protocol above, and is closed if
	// there is none.
	Inherited []Inherited
	// Certificate is used for inherited HTTPS listeners without an address; its Addr is
	// ignored.
	Certificate TLS

	// SocketMode is the mode of unix sockets; 0 is 0660.
	SocketMode fs.FileMode
	// SocketOwners are the owners of unix sockets, by the address. The others belong to the user of the process.
	SocketOwners map[string]Owner
	// Backlog is the maximum number of connections that wait to be accepted; 0 is the system's
	// maximum.
	Backlog int
	// Header is added to every answer.
	Header http.Header

	// DrainTimeout bounds the requests in progress after the stop; 0 is 60 s.
	DrainTimeout time.Duration
	// IdleGrace is the time after the stop in which persistent connections may still begin a
	// request, which is answered with "Connection: close"; 0 is 2 s.
	IdleGrace time.Duration
	// ReadHeaderTimeout bounds the time for all headers of a request; 0 is 30 s.
	ReadHeaderTimeout time.Duration
	// IdleTimeout bounds the time between two requests on a connection; 0 is 75 s.
	IdleTimeout time.Duration
	// WriteTimeout bounds the time in which a client must receive 64 KiB of an answer; 0 is 60
	// s.
	WriteTimeout time.Duration
	// BodyGrace is the total time that a handler may wait for a request's body, in addition to
	// the time that MinBodyRate allows; 0 is 30 s.
	BodyGrace time.Duration
	// MinBodyRate is the minimum rate of a body in bytes per second, below which a request is
	// interrupted after BodyGrace; 0 is 1024.
	MinBodyRate int
	// MaxHeaderBytes bounds the headers of HTTP, FastCGI and SCGI requests; 0 is 128 KiB. The
	// uwsgi protocol has its own limit of 64 KiB.
	MaxHeaderBytes int

	// MaxConnections bounds the connections of all listeners together. Beyond it, the
	// connection that has waited longest for its client is closed; 0 is 16384, or half of the
	// process's limit of open files if that is less.
	MaxConnections int

	Log zerolog.Logger

	conns *connSet
}

// Owner is a user and a group; -1 leaves them as they are.
type Owner struct{ UID, GID int }

// Check returns an error for invalid addresses, before any is opened.
func (o *Options) Check() error {
	for _, a := range o.addresses() {
		if strings.HasPrefix(a.Addr, "unix:") {
			continue
		}
		if _, _, err := net.SplitHostPort(a.Addr); err != nil {
			return fmt.Errorf("cannot listen on %s: %w", a.Addr, err)
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&o.DrainTimeout, 60 * time.Second},
		{&o.IdleGrace, 2 * time.Second},
		{&o.ReadHeaderTimeout, 30 * time.Second},
		{&o.IdleTimeout, 75 * time.Second},
		{&o.WriteTimeout, 60 * time.Second},
		{&o.BodyGrace, 30 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.or
		}
	}
	if o.SocketMode == 0 {
		o.SocketMode = 0o660
	}
	if o.MinBodyRate == 0 {
		o.MinBodyRate = 1024
	}
	if o.MaxHeaderBytes == 0 {
		o.MaxHeaderBytes = 128 << 10
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 16384
		if files, limited := openFilesLimit(); limited && files/2 < 16384 {
			o.MaxConnections = max(int(files/2), 1)
		}
	}
	o.conns = &connSet{limit: o.MaxConnections, conns: map[*conn]bool{}}
	return o
}
