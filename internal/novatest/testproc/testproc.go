// Package testproc has what tests of processes and listeners need. It imports nothing of
// Nova: tests that import novatest link the whole program, which takes two seconds.
package testproc

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"
)

// Output collects the output of a process and its successors, or of an application, while a test reads it.
type Output struct {
	mu      sync.Mutex
	b       bytes.Buffer
	awaited map[string]chan struct{} // closed when the output contains the text
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.b.Write(p)
	for text := range o.awaited {
		o.look(text)
	}
	return n, err
}

// look closes the channel of a text if the output contains it; the caller holds o.mu.
func (o *Output) look(text string) {
	if bytes.Contains(o.b.Bytes(), []byte(text)) {
		close(o.awaited[text])
		delete(o.awaited, text)
	}
}

// Says returns a channel that is closed when a text has been written since the start or the last Reset.
func (o *Output) Says(text string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	said := o.awaited[text]
	if said == nil {
		if o.awaited == nil {
			o.awaited = map[string]chan struct{}{}
		}
		said = make(chan struct{})
		o.awaited[text] = said
		o.look(text)
	}
	return said
}

// Reset discards the output.
func (o *Output) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.Reset()
}

// String returns the output since the start or the last Reset.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Eventually polls until holds returns true, for at most half a minute. It is for conditions without an event, such as the
// state of another process.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for range 3000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("not within half a minute: " + what)
}

// Address returns a loopback address with a free port.
func Address(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Listen returns a listener on loopback that talks with each connection and then closes it, until the test ends.
func Listen(t testing.TB, talk func(net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				talk(c)
			}()
		}
	}()
	return l
}
