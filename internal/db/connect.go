package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"time"
)

// connectWithin is how long a connection may take to be made where the URL has no
// connect_timeout: PyMySQL's default.
const connectWithin = 10 * time.Second

// prompt makes connections in bounded time, the greeting of the server and the
// authentication included: a server that accepts and never answers is one that is
// away. Who waits for the connection may have no deadline of its own.
type prompt struct {
	driver.Connector
	within        time.Duration
	network, addr string
}

// Connect implements driver.Connector.
func (p prompt) Connect(ctx context.Context) (driver.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	conn, err := p.Connector.Connect(bounded)
	if err == nil || bounded.Err() == nil || ctx.Err() != nil {
		return conn, err
	}
	return nil, &net.OpError{Op: "connect", Net: p.network, Addr: place(p.addr), Err: errLate}
}

var errLate = errors.New("the server does not answer in time")

// place is a net.Addr of an address that is a name.
type place string

func (place) Network() string  { return "" }
func (p place) String() string { return string(p) }
