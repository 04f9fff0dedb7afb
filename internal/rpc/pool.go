package rpc

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nova-go/nova/config"
)

// Pool has one client for each transport URL: that of the configuration, those of cells, and that
// of notifications.
type Pool struct {
	o   Options
	url string // the default transport URL

	mu      sync.Mutex
	clients map[string]*Client
	closed  bool
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
	p := &Pool{o: o, url: o.Transport.TransportURL, clients: map[string]*Client{}}
	if p.url == "" {
		p.url = "rabbit://"
	}
	if _, err := p.Client(""); err != nil {
		return nil, err
	}
	return p, nil
}

// Client returns the client of a cell's transport URL. "" and "none://" (the URL of cell0) stand
// for the default URL. All callers of a URL share one client, and so one connection.
func (p *Pool) Client(url string) (*Client, error) {
	if url == "" || strings.HasPrefix(url, "none") {
		url = p.url
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if c := p.clients[url]; c != nil {
		return c, nil
	}
	t, err := p.transport(url)
	if err != nil {
		return nil, err
	}
	c := &Client{t: t, metrics: p.o.Metrics, exchange: p.o.Transport.ControlExchange,
		timeout: seconds(float64(p.o.Transport.RPCResponseTimeout))}
	p.clients[url] = c
	return c, nil
}

func (p *Pool) transport(text string) (transport, error) {
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

// Close closes all clients: pending calls end with ErrClosed, reply queues are deleted,
// connections are closed.
func (p *Pool) Close() error {
	p.mu.Lock()
	clients := p.clients
	p.clients, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, c := range clients {
		errs = append(errs, c.t.close())
	}
	return errors.Join(errs...)
}
