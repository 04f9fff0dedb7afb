package serve

import (
	"io/fs"
	"time"

	"github.com/rs/zerolog"
)

// Options say where and how to serve. At least one address is needed. An
// address is "host:port", "[::]:port", ":port" or "unix:/path".
type Options struct {
	HTTP  []string
	HTTPS []TLS
	UWSGI []string

	// SocketMode is the mode of unix sockets; 0 is 0660.
	SocketMode fs.FileMode

	// DrainTimeout is how long requests in flight may go on after the stop; 0 is 60 s.
	DrainTimeout time.Duration
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
	// MaxHeaderBytes is for HTTP; 0 is 128 KiB. The uwsgi protocol has a limit
	// of 64 KiB of its own.
	MaxHeaderBytes int

	Log zerolog.Logger
}

// TLS is an address with its certificate.
type TLS struct {
	Addr     string
	CertFile string // PEM, the chain included
	KeyFile  string // PEM
	// ClientCAFile, if given, makes clients show a certificate signed by one of these.
	ClientCAFile string
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&o.DrainTimeout, 60 * time.Second},
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
	return o
}
