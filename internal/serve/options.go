package serve

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// Options say where and how to serve. At least one address is needed. An
// address is "host:port", "[::]:port", ":port" or "unix:/path".
type Options struct {
	HTTP  []string
	HTTPS []TLS
	UWSGI []string
	FCGI  []string
	SCGI  []string

	// Inherited are listeners that are open already. One without an address is
	// served as well; one with an address stands in for that of the same
	// protocol above, and is closed if there is none.
	Inherited []Inherited
	// Certificate is for inherited listeners of HTTPS without an address; its
	// Addr is not used.
	Certificate TLS

	// SocketMode is the mode of unix sockets; 0 is 0660.
	SocketMode fs.FileMode
	// Backlog is how many connections may wait to be accepted; 0 is the
	// system's maximum.
	Backlog int
	// Header is added to every answer.
	Header http.Header

	// DrainTimeout is how long requests in flight may go on after the stop; 0 is 60 s.
	DrainTimeout time.Duration
	// IdleGrace is how long after the stop kept connections may still begin a
	// request, which is answered with "Connection: close"; 0 is 2 s.
	IdleGrace time.Duration
	// ReadHeaderTimeout is for all headers of a request; 0 is 30 s.
	ReadHeaderTimeout time.Duration
	// IdleTimeout is for the next request on a connection; 0 is 75 s.
	IdleTimeout time.Duration
	// WriteTimeout is for a client to take the next 64 KiB of an answer; 0 is 60 s.
	WriteTimeout time.Duration
	// BodyGrace is how long a handler may wait for a request's body in all,
	// over and above the time that MinBodyRate allows; 0 is 30 s.
	BodyGrace time.Duration
	// MinBodyRate is in bytes a second. Whoever sends a body more slowly, once
	// BodyGrace is used up, is cut off; 0 is 1024.
	MinBodyRate int
	// MaxHeaderBytes is for HTTP, FastCGI and SCGI; 0 is 128 KiB. The uwsgi protocol has a limit
	// of 64 KiB of its own.
	MaxHeaderBytes int

	// MaxConnections is for all listeners together. Beyond it the connection
	// whose client has kept us waiting longest is closed; 0 is 16384, or half of
	// the files that the process may open if that is less.
	MaxConnections int

	Log zerolog.Logger

	crowd *crowd
}

// Check refuses addresses that nobody could listen on, before anything is opened.
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
		var files syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur/2 < 16384 {
			o.MaxConnections = max(int(files.Cur/2), 1)
		}
	}
	o.crowd = &crowd{limit: o.MaxConnections, conns: map[*conn]bool{}}
	return o
}
