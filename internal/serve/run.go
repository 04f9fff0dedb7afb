package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"

	"github.com/rs/zerolog"
)

// Server is a set of open listeners and their handler.
type Server struct {
	options      Options
	sources      []source
	listeners    []namedListener
	certificates []*certificate
	meter        meter
}

// namedListener is a listener with its protocol and address.
type namedListener struct {
	Inherited
	wrapped *listener
}

// Sockets are the open listeners of the options, and their certificates.
type Sockets struct {
	options Options
	bound   []boundSocket
	notes   []error // what is not as the options say, and no reason to fail
}

type boundSocket struct {
	Inherited
	certificate *certificate // of an HTTPS address
}

// Bind listens on all addresses of the options, or on none, and reads the certificates. A process
// that changes its user does so after Bind: ports below 1024, the directories of sockets and the
// keys of certificates may be for the former one only. The error names the address that cannot be
// opened.
func Bind(o Options) (_ *Sockets, err error) {
	b := &Sockets{options: o.withDefaults()}
	inherited := o.Inherited
	defer func() {
		for _, l := range inherited {
			_ = l.Listener.Close() // not in the options, or Bind has failed
		}
		if err != nil {
			b.Close()
		}
	}()
	listen := func(protocol, address string) (Inherited, error) {
		for i, l := range inherited {
			if l.Protocol == protocol && l.Address == address {
				inherited = append(append([]Inherited{}, inherited[:i]...), inherited[i+1:]...)
				return l, nil
			}
		}
		l, err := Listen(address, b.options.SocketMode)
		if err == nil {
			if err = o.own(address); err != nil {
				_ = l.Close()
			}
		}
		if err == nil && b.options.Backlog > 0 {
			if err := setBacklog(l, b.options.Backlog); err != nil {
				b.notes = append(b.notes, fmt.Errorf("cannot set the backlog of %s to %d: %w", address, b.options.Backlog, err))
			}
		}
		return Inherited{Protocol: protocol, Address: address, Listener: l}, err
	}
	add := func(protocol, address string, t TLS) error {
		var cert *certificate
		if protocol == "https" {
			if cert, err = newCertificate(t); err != nil {
				return err
			}
		}
		l, err := listen(protocol, address)
		if err == nil {
			b.bound = append(b.bound, boundSocket{l, cert})
		}
		return err
	}
	for _, a := range o.addresses() {
		if err := add(a.protocol, a.TLS.Addr, a.TLS); err != nil {
			return nil, err
		}
	}
	for _, l := range o.Inherited {
		if l.Address != "" {
			continue
		}
		if err := add(l.Protocol, "", o.Certificate); err != nil {
			return nil, err
		}
	}
	if len(b.bound) == 0 {
		return nil, errors.New("no address to serve on")
	}
	return b, nil
}

// Close closes the listeners.
func (b *Sockets) Close() {
	for _, l := range b.bound {
		_ = l.Listener.Close()
	}
}

// Server returns a server of the listeners. Connections wait in their queues until Serve.
func (b *Sockets) Server(h http.Handler, log zerolog.Logger) *Server {
	s := &Server{options: b.options}
	s.options.Log = log
	h = s.meter.count(ForwardedScheme(withHeader(h, b.options.Header)))
	for _, note := range b.notes {
		log.Warn().Msg(note.Error())
	}
	for _, l := range b.bound {
		if l.certificate != nil {
			s.certificates = append(s.certificates, l.certificate)
		}
		s.add(l.Inherited, h, l.certificate)
	}
	return s
}

// Socket is an open listener.
type Socket struct {
	Protocol, Address string
	Queue, MaxQueue   int // connections that wait to be accepted; 0 where the system does not say
}

// Sockets returns the listeners.
func (s *Server) Sockets() []Socket {
	var all []Socket
	for _, l := range s.listeners {
		socket := Socket{Protocol: l.Protocol, Address: cmp.Or(l.Address, l.Listener.Addr().String())}
		socket.Queue, socket.MaxQueue = queueOf(l.Listener)
		all = append(all, socket)
	}
	return all
}

// Open is Bind and Server in one.
func Open(h http.Handler, o Options) (*Server, error) {
	b, err := Bind(o)
	if err != nil {
		return nil, err
	}
	return b.Server(h, o.Log), nil
}

// address is one of the options' addresses; only an HTTPS address has a certificate.
type address struct {
	protocol string
	TLS
}

func (o *Options) addresses() []address {
	var all []address
	for _, p := range []struct {
		protocol  string
		addresses []string
	}{{"http", o.HTTP}, {"uwsgi", o.UWSGI}, {"fcgi", o.FCGI}, {"scgi", o.SCGI}} {
		for _, a := range p.addresses {
			all = append(all, address{p.protocol, TLS{Addr: a}})
		}
	}
	for _, t := range o.HTTPS {
		all = append(all, address{"https", t})
	}
	return all
}

func (s *Server) add(l Inherited, h http.Handler, cert *certificate) {
	o := &s.options
	var added source
	var wrapped *listener
	switch l.Protocol {
	case "uwsgi", "fcgi", "scgi":
		c := map[string]func(net.Listener, http.Handler, *Options) *cgiSource{
			"uwsgi": newUWSGISource, "fcgi": newFastCGISource, "scgi": newSCGISource,
		}[l.Protocol](l.Listener, h, o)
		added, wrapped = c, c.listener
	default:
		c := newHTTPSource(l.Listener, h, o, nil)
		if cert != nil {
			c.server.TLSConfig = cert.config()
		}
		added, wrapped = c, c.listener
	}
	// systemd keeps its sockets open.
	wrapped.shared.Store(l.Address == "")
	wrapped.parent = l.parent
	s.sources = append(s.sources, added)
	s.listeners = append(s.listeners, namedListener{l, wrapped})
	o.Log.Info().Msgf("serving %s on %s", l.Protocol, l.Listener.Addr())
}

// Serve serves until ctx ends. It then stops listening, waits at most DrainTimeout for the
// requests in progress, and returns nil. If there is a parent, Serve begins after the parent
// has released its sockets. An error of one listener ends all listeners. Serve must be called
// only once.
func (s *Server) Serve(ctx context.Context) (err error) {
	failed := make(chan error, len(s.sources))
	var serving sync.WaitGroup
	go s.meter.release(ctx)
	s.awaitOwnership(ctx)
	for _, source := range s.sources {
		serving.Go(func() {
			if err := source.serve(); err != nil {
				failed <- err
			}
		})
	}
	select {
	case <-ctx.Done():
		s.options.Log.Info().Msg("stopping: waiting for the requests in flight")
	case err = <-failed:
		s.options.Log.Error().Err(err).Msg("stopping: a listener failed")
	}
	drain(s.sources, &s.options)
	serving.Wait()
	return err
}

// awaitOwnership waits until the replaced process has released the sockets, or ctx ends.
func (s *Server) awaitOwnership(ctx context.Context) {
	for _, l := range s.listeners {
		if l.parent == nil {
			continue
		}
		select {
		case <-l.parent.Owned():
		case <-ctx.Done():
		}
	}
}

// ReloadCertificates reads all certificates; new connections use them. A certificate that
// cannot be read stays in use.
func (s *Server) ReloadCertificates() error {
	var errs []error
	for _, c := range s.certificates {
		errs = append(errs, c.reload())
	}
	return errors.Join(errs...)
}

func drain(sources []source, o *Options) {
	ctx, cancel := context.WithTimeout(context.Background(), o.DrainTimeout)
	defer cancel()
	var draining sync.WaitGroup
	for _, s := range sources {
		s.withdraw()
	}
	for _, s := range sources {
		draining.Go(func() {
			if err := s.shutdown(ctx); err != nil {
				o.Log.Warn().Err(err).Stringer("after", o.DrainTimeout).Msg("cutting off the requests still in flight")
				s.close()
			}
		})
	}
	draining.Wait()
}

// withHeader adds header to every answer.
func withHeader(h http.Handler, header http.Header) http.Handler {
	if len(header) == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), header.Clone())
		h.ServeHTTP(w, r)
	})
}
