package faults_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/lab/faults"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// echo returns the address of a server that answers each line with itself.
func echo(t *testing.T) string {
	t.Helper()
	return testproc.Listen(t, func(c net.Conn) { _, _ = io.Copy(c, c) }).Addr().String()
}

func link(t *testing.T, to string) *faults.Link {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l, err := faults.Listen(ctx, "127.0.0.1:0", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		l.Wait()
	})
	return l
}

// client is a connection to the link.
type client struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, l *faults.Link) *client {
	t.Helper()
	c, err := net.Dial("tcp", l.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &client{c, bufio.NewReader(c)}
}

// ask sends a line and returns the answer, or the error of the connection. Without an answer in the
// given time the error is a timeout.
func (c *client) ask(line string, within time.Duration) (string, error) {
	if line != "" {
		if _, err := c.Write([]byte(line + "\n")); err != nil {
			return "", err
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	answer, err := c.lines.ReadString('\n')
	return answer, err
}

const (
	soon = 100 * time.Millisecond // for answers that must not come
	long = 10 * time.Second       // for answers that must come
)

func set(t *testing.T, l *faults.Link, f faults.Fault) {
	t.Helper()
	if err := l.Set(f); err != nil {
		t.Fatal(err)
	}
}

func TestForwards(t *testing.T) {
	t.Parallel()
	c := dial(t, link(t, echo(t)))
	for _, line := range []string{"a", "b"} {
		if got, err := c.ask(line, long); err != nil || got != line+"\n" {
			t.Errorf("%q %v", got, err)
		}
	}
	// The end of one direction reaches the server, and its end the client.
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ask("", long); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// TestSilence: a link that hangs or splits answers late, when it passes again.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Hang, faults.Split} {
		l := link(t, echo(t))
		old := dial(t, l)
		if _, err := old.ask("a", long); err != nil {
			t.Fatal(err)
		}
		set(t, l, faults.Fault{Mode: mode})
		fresh := dial(t, l)
		for _, c := range []*client{old, fresh} {
			if got, err := c.ask("b", soon); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %q %v", mode, got, err)
			}
		}
		set(t, l, faults.Fault{Mode: faults.Pass})
		for _, c := range []*client{old, fresh} {
			if got, err := c.ask("", long); err != nil || got != "b\n" {
				t.Errorf("%s: %q %v", mode, got, err)
			}
		}
	}
}

func TestCutAndReset(t *testing.T) {
	t.Parallel()
	l := link(t, echo(t))
	for _, mode := range []faults.Mode{faults.Cut, faults.Reset} {
		c := dial(t, l)
		if _, err := c.ask("a", long); err != nil {
			t.Fatal(err)
		}
		set(t, l, faults.Fault{Mode: mode})
		if _, err := c.ask("", long); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: %v", mode, err)
		}
		_, err := net.Dial("tcp", l.Address())
		if refused := errors.Is(err, syscall.ECONNREFUSED); refused != (mode == faults.Cut) {
			t.Errorf("%s: %v", mode, err)
		}
		set(t, l, faults.Fault{Mode: faults.Pass})
	}
	if got, err := dial(t, l).ask("a", long); err != nil || got != "a\n" {
		t.Errorf("%q %v", got, err)
	}
}

// TestHalfOpen: neither end of a lost connection learns of it, and new connections work.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	l := link(t, echo(t))
	lost := dial(t, l)
	if _, err := lost.ask("a", long); err != nil {
		t.Fatal(err)
	}
	set(t, l, faults.Fault{Mode: faults.HalfOpen})
	if got, err := lost.ask("b", soon); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q %v", got, err)
	}
	if got, err := dial(t, l).ask("c", long); err != nil || got != "c\n" {
		t.Errorf("%q %v", got, err)
	}
}

// TestSlow: all bytes arrive, whatever the pauses.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Delay, faults.Drip} {
		l := link(t, echo(t))
		set(t, l, faults.Fault{Mode: mode, Pause: time.Millisecond})
		if got, err := dial(t, l).ask("slow", long); err != nil || got != "slow\n" {
			t.Errorf("%s: %q %v", mode, got, err)
		}
	}
}

func TestMovesToAnotherServer(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	l := link(t, gone.Addr().String())
	if c, err := net.Dial("tcp", l.Address()); err == nil { // it may be reset before this returns
		if _, err := (&client{c, bufio.NewReader(c)}).ask("a", long); err == nil {
			t.Error("a server that does not listen answers")
		}
		_ = c.Close()
	}
	set(t, l, faults.Fault{Mode: faults.Pass, To: echo(t)})
	if got, err := dial(t, l).ask("a", long); err != nil || got != "a\n" {
		t.Errorf("%q %v", got, err)
	}
	if err := l.Set(faults.Fault{Mode: "smoke"}); err == nil {
		t.Error("an unknown mode is accepted")
	}
}
