package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// Run listens on all addresses and serves h until ctx is done; then it stops
// listening, lets the requests in flight end for at most DrainTimeout, and
// returns nil. An address that cannot be had is an error at once, and a
// listener that breaks ends the others.
func Run(ctx context.Context, h http.Handler, o Options) error {
	o = o.withDefaults()
	sources, err := open(h, &o)
	if err != nil {
		return err
	}
	failed := make(chan error, len(sources))
	var serving sync.WaitGroup
	for _, s := range sources {
		serving.Go(func() {
			if err := s.serve(); err != nil {
				failed <- err
			}
		})
	}
	select {
	case <-ctx.Done():
		o.Log.Info().Msg("stopping: waiting for the requests in flight")
	case err = <-failed:
		o.Log.Error().Err(err).Msg("stopping: a listener failed")
	}
	drain(sources, &o)
	serving.Wait()
	return err
}

func drain(sources []source, o *Options) {
	ctx, cancel := context.WithTimeout(context.Background(), o.DrainTimeout)
	defer cancel()
	var draining sync.WaitGroup
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

// open listens on all addresses, or on none.
func open(h http.Handler, o *Options) (_ []source, err error) {
	h = forwardedScheme(h)
	var sources []source
	var listeners []net.Listener
	defer func() {
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
		}
	}()
	listen := func(protocol, address string) (net.Listener, error) {
		l, err := Listen(address, o.SocketMode)
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
		o.Log.Info().Msgf("serving %s on %s", protocol, l.Addr())
		return l, nil
	}
	for _, address := range o.HTTP {
		l, err := listen("http", address)
		if err != nil {
			return nil, err
		}
		sources = append(sources, newHTTPSource(l, h, o, nil))
	}
	for _, t := range o.HTTPS {
		config, err := t.config()
		if err != nil {
			return nil, err
		}
		l, err := listen("https", t.Addr)
		if err != nil {
			return nil, err
		}
		sources = append(sources, newHTTPSource(l, h, o, config))
	}
	for _, address := range o.UWSGI {
		l, err := listen("uwsgi", address)
		if err != nil {
			return nil, err
		}
		sources = append(sources, newUWSGISource(l, h, o))
	}
	if len(sources) == 0 {
		return nil, errors.New("no address to serve on")
	}
	return sources, nil
}

// ServeHTTP serves h on l until ctx is done, with the limits of o but not its addresses.
func ServeHTTP(ctx context.Context, l net.Listener, h http.Handler, o Options) error {
	o = o.withDefaults()
	return serveOne(ctx, newHTTPSource(l, h, &o, nil), &o)
}

// ServeUWSGI is ServeHTTP for the uwsgi protocol.
func ServeUWSGI(ctx context.Context, l net.Listener, h http.Handler, o Options) error {
	o = o.withDefaults()
	return serveOne(ctx, newUWSGISource(l, h, &o), &o)
}

func serveOne(ctx context.Context, s source, o *Options) error {
	done := make(chan error, 1)
	go func() { done <- s.serve() }()
	select {
	case <-ctx.Done():
		drain([]source{s}, o)
		return <-done
	case err := <-done:
		drain([]source{s}, o)
		if err == nil {
			return nil
		}
		return fmt.Errorf("serving ended: %w", err)
	}
}
