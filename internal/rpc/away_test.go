package rpc_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/rpc"
)

// over makes a client for a broker at the address, and its pool.
func over(t *testing.T, addr string) (*rpc.Client, *rpc.Pool) {
	t.Helper()
	o := rpc.Options{}
	o.Transport.TransportURL = "rabbit://u:p@" + addr + "/"
	p, err := rpc.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Client("")
	if err != nil {
		t.Fatal(err)
	}
	return c, p
}

// mute is a port that takes connections and says nothing.
func mute(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func settled(t *testing.T, before int) {
	t.Helper()
	testproc.Eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
}

// waited is a context that tells when somebody waits for its end.
type waited struct {
	context.Context
	once sync.Once
	by   chan struct{}
}

func newWaited(ctx context.Context) *waited { return &waited{Context: ctx, by: make(chan struct{})} }

// Done implements [context.Context].
func (w *waited) Done() <-chan struct{} {
	w.once.Do(func() { close(w.by) })
	return w.Context.Done()
}

func TestCallersLeaveAtTheirDeadline(t *testing.T) {
	before := runtime.NumGoroutine()
	closed := mute(t)
	_ = closed.Close()
	silent := mute(t)
	for name, addr := range map[string]string{"refusing": closed.Addr().String(), "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			c, p := over(t, addr)
			start := time.Now()
			late, done := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer done()
			_, err := c.Call(late, nil, rpc.Target{Topic: "compute"}, "f", nil, rpc.CallOptions{Timeout: time.Millisecond})
			var d *rpc.DeliveryError
			if !errors.As(err, &d) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if err := c.Cast(ctx, nil, rpc.Target{Topic: "compute"}, "f", nil); !errors.As(err, &d) {
				t.Errorf("got %v", err)
			}
			ctx, cancel = context.WithCancel(t.Context())
			cast := newWaited(ctx)
			go func() {
				<-cast.by
				cancel()
			}()
			if err := c.Cast(cast, nil, rpc.Target{Topic: "compute"}, "f", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			ended, call := make(chan error, 1), newWaited(context.Background())
			go func() {
				_, err := c.Call(call, nil, rpc.Target{Topic: "compute"}, "f", nil, rpc.CallOptions{})
				ended <- err
			}()
			<-call.by
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, rpc.ErrClosed) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	settled(t, before)
}
