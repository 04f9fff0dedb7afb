package rpc

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/release"
)

// Pool has the clients of the transport URLs: that of the configuration, those of cells, and that
// of notifications.
type Pool struct {
	*connections
	release release.Release
}

// connections has one connection for each transport URL.
type connections struct {
	o   Options
	url string // the default transport URL

	mu         sync.Mutex
	transports map[string]transport
	closed     bool
}

// NewPool checks the options and the default URL. It does not connect; a client connects with its
// first message.
func NewPool(o Options) (*Pool, error) {
	if o.Transport.ControlExchange == "" {
		o.Transport.ControlExchange = "nova"
	}
	if o.Transport.RPCResponseTimeout <= 0 {
		o.Transport.RPCResponseTimeout = 60
	}
	if o.Memory == nil {
		o.Memory = NewMemory()
	}
	p := &Pool{&connections{o: o, url: o.Transport.TransportURL, transports: map[string]transport{}}, release.Newest()}
	if p.url == "" {
		p.url = "rabbit://"
	}
	if _, err := p.Client(""); err != nil {
		return nil, err
	}
	return p, nil
}

// For returns a pool with the same connections, whose messages the services of a release read.
// The pool of NewPool sends those of the newest release.
func (p *Pool) For(r release.Release) *Pool { return &Pool{p.connections, r} }

// Client returns the client of a cell's transport URL. "" and "none://" (the URL of cell0) stand
// for the default URL. All clients of a URL share one connection.
func (p *Pool) Client(url string) (*Client, error) {
	t, err := p.transport(p.URL(url))
	if err != nil {
		return nil, err
	}
	return &Client{t: t, metrics: p.o.Metrics, exchange: p.o.Transport.ControlExchange, release: p.release,
		timeout: seconds(float64(p.o.Transport.RPCResponseTimeout))}, nil
}

// URL returns the transport URL that Client uses for a cell's.
func (p *connections) URL(url string) string {
	if url == "" || strings.HasPrefix(url, "none") {
		return p.url
	}
	return url
}

// transport returns the transport of a URL, and opens it if needed.
func (p *connections) transport(url string) (transport, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if t := p.transports[url]; t != nil {
		return t, nil
	}
	t, err := p.open(url)
	if err == nil {
		p.transports[url] = t
	}
	return t, err
}

func (p *connections) open(text string) (transport, error) {
	u, err := ParseURL(text)
	if err != nil {
		return nil, err
	}
	switch strings.TrimPrefix(u.Driver, "kombu+") {
	case "fake":
		return p.o.Memory, nil
	case "rabbit", "kombu", "amqp", "amqps":
	default:
		return nil, fmt.Errorf("transport_url: there is no driver %q: rabbit or fake", u.Driver)
	}
	rabbit, err := overrideFromQuery(p.o.Rabbit, u.Query)
	if err != nil {
		return nil, err
	}
	rabbit = withDefaults(rabbit)
	if u.Driver == "amqps" {
		rabbit.SSL = true
	}
	if err := checkRabbitOptions(rabbit); err != nil {
		return nil, err
	}
	return newBroker(u, rabbit, p.o.Log)
}

// withDefaults sets options that must not be zero to their defaults, for tests whose options do
// not come from a file.
func withDefaults(r config.OsloMessagingRabbit) config.OsloMessagingRabbit {
	if r.RPCConnPoolSize <= 0 {
		r.RPCConnPoolSize = max(30, r.ConnPoolMinSize)
	}
	r.RabbitRetryInterval = max(r.RabbitRetryInterval, 1)
	r.RabbitIntervalMax = max(r.RabbitIntervalMax, r.RabbitRetryInterval)
	if r.RabbitLoginMethod == "" {
		r.RabbitLoginMethod = "AMQPLAIN"
	}
	return r
}

// Close closes all connections, those of For included: pending calls end with ErrClosed, reply queues are deleted,
// connections are closed.
func (p *connections) Close() error {
	p.mu.Lock()
	transports := p.transports
	p.transports, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, t := range transports {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}
