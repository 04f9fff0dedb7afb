// Package faults forwards TCP connections and injects faults of networks and servers into them.
package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Mode is what a link does with its connections.
type Mode string

// The modes of a link.
const (
	Pass     Mode = "pass"      // it forwards bytes in both directions
	Cut      Mode = "cut"       // it resets connections and refuses new ones
	Reset    Mode = "reset"     // it resets connections once and passes new ones
	Hang     Mode = "hang"      // it accepts connections and forwards nothing, until the mode changes
	Delay    Mode = "delay"     // it forwards after a pause
	Drip     Mode = "drip"      // it forwards single bytes with a pause after each
	Split    Mode = "split"     // it forwards what clients send, and nothing that servers send
	HalfOpen Mode = "half-open" // it loses the existing connections without telling the ends, and passes new ones
)

// Modes returns all modes.
func Modes() []Mode { return []Mode{Pass, Cut, Reset, Hang, Delay, Drip, Split, HalfOpen} }

// Fault is the state of a link.
type Fault struct {
	Mode  Mode
	Pause time.Duration // of Delay and Drip; 0: 200 ms and 50 ms
	To    string        // host:port of the server; "": unchanged
}

// Link forwards the connections of one address.
type Link struct {
	ctx     context.Context
	address string

	mu       sync.Mutex
	fault    Fault
	changed  chan struct{} // closed and replaced with each change of fault
	listener net.Listener  // nil while the link is cut
	pairs    map[*pair]struct{}
	running  sync.WaitGroup
}

// pair is the connections with a client and a server.
type pair struct {
	client, server *net.TCPConn
	lost           chan struct{} // closed when the link has lost the connections
}

// Listen forwards the connections of an address, host:port, to a server until ctx ends. The port
// may be 0.
func Listen(ctx context.Context, address, to string) (*Link, error) {
	l := &Link{ctx: ctx, address: address, fault: Fault{Mode: Pass, To: to}, changed: make(chan struct{}), pairs: map[*pair]struct{}{}}
	if err := l.open(); err != nil {
		return nil, err
	}
	l.address = l.listener.Addr().String()
	context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.shut()
		l.reset()
	})
	return l, nil
}

// Address returns host:port of the link.
func (l *Link) Address() string { return l.address }

// Wait returns when all connections have ended after the end of the context.
func (l *Link) Wait() { l.running.Wait() }

// open listens; l.mu is locked, or nobody else has l yet.
func (l *Link) open() error {
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		return err
	}
	l.listener = listener
	l.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.serve(conn.(*net.TCPConn)) })
		}
	})
	return nil
}

// shut stops listening; l.mu is locked.
func (l *Link) shut() {
	if l.listener != nil {
		_ = l.listener.Close()
		l.listener = nil
	}
}

// reset ends all connections with RST; l.mu is locked.
func (l *Link) reset() {
	for p := range l.pairs {
		p.reset()
	}
}

// reset ends both connections with RST.
func (p *pair) reset() {
	for _, c := range []*net.TCPConn{p.client, p.server} {
		if c != nil {
			_ = c.SetLinger(0)
			_ = c.Close()
		}
	}
}

// Set changes the state of the link.
func (l *Link) Set(f Fault) error {
	if !slices.Contains(Modes(), f.Mode) {
		return fmt.Errorf("there is no mode %q: one of %v", f.Mode, Modes())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	if f.To == "" {
		f.To = l.fault.To
	}
	if f.Mode == Cut {
		l.shut()
	} else if l.listener == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	switch f.Mode {
	case Cut:
		l.reset()
	case Reset:
		l.reset()
		f.Mode = Pass
	case HalfOpen:
		for p := range l.pairs {
			select {
			case <-p.lost:
			default:
				close(p.lost)
			}
		}
		f.Mode = Pass
	}
	l.fault = f
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// state returns the fault, and a channel that is closed when it changes.
func (l *Link) state() (Fault, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault, l.changed
}

// serve forwards one connection.
func (l *Link) serve(client *net.TCPConn) {
	p := &pair{client: client, lost: make(chan struct{})}
	l.mu.Lock()
	l.pairs[p] = struct{}{}
	to, ended := l.fault.To, l.ctx.Err() != nil
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.pairs, p)
		l.mu.Unlock()
		p.client.Close()
	}()
	if ended || !l.pass(p, true) {
		p.reset()
		return
	}
	server, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(l.ctx, "tcp", to)
	if err != nil {
		p.reset()
		return
	}
	defer server.Close()
	l.mu.Lock()
	p.server = server.(*net.TCPConn)
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.copy(p, p.server, p.client, true) })
	both.Go(func() { l.copy(p, p.client, p.server, false) })
	both.Wait()
}

// copy forwards one direction. After the end of src it ends dst.
func (l *Link) copy(p *pair, dst, src *net.TCPConn, toServer bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := src.Read(buffer)
		if !l.pass(p, toServer) {
			if toServer { // the client has given the lost connection up, or the link ends
				p.reset()
			}
			return
		}
		if n > 0 && !l.write(dst, buffer[:n]) {
			p.reset()
			return
		}
		var op *net.OpError
		switch {
		case err == nil:
		case errors.As(err, &op):
			p.reset()
			return
		default:
			_ = dst.CloseWrite()
			return
		}
	}
}

// pass waits until the link forwards bytes of a direction. It returns false if it never will. What
// the client of a lost connection sends is discarded until it closes the connection.
func (l *Link) pass(p *pair, toServer bool) bool {
	for {
		select {
		case <-p.lost:
			if toServer {
				buffer := make([]byte, 4<<10)
				for {
					if _, err := p.client.Read(buffer); err != nil {
						return false
					}
				}
			}
			return false
		default:
		}
		f, changed := l.state()
		if f.Mode != Hang && (f.Mode != Split || toServer) {
			return l.ctx.Err() == nil
		}
		select {
		case <-changed:
		case <-p.lost:
		case <-l.ctx.Done():
			return false
		}
	}
}

// write writes bytes with the pauses of the mode. It returns false if the connection is lost.
func (l *Link) write(dst *net.TCPConn, data []byte) bool {
	for len(data) > 0 {
		f, _ := l.state()
		n, pause := len(data), time.Duration(0)
		switch f.Mode {
		case Delay:
			pause = max(f.Pause, 0)
			if pause == 0 {
				pause = 200 * time.Millisecond
			}
		case Drip:
			n, pause = 1, f.Pause
			if pause == 0 {
				pause = 50 * time.Millisecond
			}
		}
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-l.ctx.Done():
				return false
			}
		}
		if _, err := dst.Write(data[:n]); err != nil {
			return false
		}
		data = data[n:]
	}
	return true
}
