package rpc_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

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
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
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
			time.AfterFunc(50*time.Millisecond, cancel)
			if err := c.Cast(ctx, nil, rpc.Target{Topic: "compute"}, "f", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			ended := make(chan error, 1)
			go func() {
				_, err := c.Call(context.Background(), nil, rpc.Target{Topic: "compute"}, "f", nil, rpc.CallOptions{})
				ended <- err
			}()
			time.Sleep(20 * time.Millisecond)
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
