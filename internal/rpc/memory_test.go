package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

func TestCallReachesItsServer(t *testing.T) {
	m := rpc.NewMemory()
	for _, host := range []string{"h1", "h2"} {
		m.Handle("compute", host, func(_ context.Context, r *rpc.Request) (any, error) {
			var n int
			if err := r.Arg("n", &n); err != nil {
				return nil, err
			}
			return fmt.Sprintf("%s %s %d %s", host, r.Method, n, r.Caller.UserID), nil
		})
	}
	got, err := client(t, m).Call(t.Context(), &reqctx.Caller{UserID: "u"}, rpc.Target{Topic: "compute", Server: "h2"}, "f", map[string]any{"n": 7}, rpc.CallOptions{})
	if err != nil || string(got) != `"h2 f 7 u"` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestTopicGoesRoundItsServers(t *testing.T) {
	m := rpc.NewMemory()
	for _, host := range []string{"a", "b"} {
		m.Handle("conductor", host, func(context.Context, *rpc.Request) (any, error) { return host, nil })
	}
	c, seen := client(t, m), map[string]int{}
	for range 4 {
		got, err := c.Call(t.Context(), nil, rpc.Target{Topic: "conductor"}, "f", nil, rpc.CallOptions{})
		if err != nil {
			t.Fatal(err)
		}
		seen[string(got)]++
	}
	if seen[`"a"`] != 2 || seen[`"b"`] != 2 {
		t.Errorf("got %v", seen)
	}
}

func TestFanoutReachesAll(t *testing.T) {
	m := rpc.NewMemory()
	var n atomic.Int32
	for _, host := range []string{"a", "b", "c"} {
		m.Handle("scheduler", host, func(context.Context, *rpc.Request) (any, error) { n.Add(1); return nil, nil })
	}
	c := client(t, m)
	if err := c.Cast(t.Context(), nil, rpc.Target{Topic: "scheduler", Fanout: true}, "update_aggregates", nil); err != nil {
		t.Fatal(err)
	}
	m.Wait()
	if n.Load() != 3 {
		t.Errorf("%d servers have it", n.Load())
	}
	if _, err := c.Call(t.Context(), nil, rpc.Target{Topic: "scheduler", Fanout: true}, "f", nil, rpc.CallOptions{}); err == nil {
		t.Error("a fanout was called")
	}
}

func TestRemoteErrorIsTyped(t *testing.T) {
	m := rpc.NewMemory()
	m.Handle("compute", "h", func(_ context.Context, r *rpc.Request) (any, error) {
		if r.Method == "other" {
			return nil, errors.New("boom")
		}
		return nil, &rpc.RemoteError{Class: "InstanceNotFound", Module: "nova.exception", Message: "Instance x could not be found."}
	})
	c := client(t, m)
	_, err := c.Call(t.Context(), nil, rpc.Target{Topic: "compute"}, "f", nil, rpc.CallOptions{})
	var e *rpc.RemoteError
	if !rpc.IsRemote(err, objects.ErrInstanceNotFound) || !errors.As(err, &e) || e.Message != "Instance x could not be found." {
		t.Errorf("got %v", err)
	}
	_, err = c.Call(t.Context(), nil, rpc.Target{Topic: "compute"}, "other", nil, rpc.CallOptions{})
	if !rpc.IsRemote(err, objects.ErrException) {
		t.Errorf("got %v", err)
	}
}

func TestCallsTimeOut(t *testing.T) {
	m := rpc.NewMemory()
	m.Handle("compute", "slow", func(ctx context.Context, _ *rpc.Request) (any, error) { <-ctx.Done(); return nil, nil })
	c := client(t, m)
	for _, server := range []string{"slow", "nobody"} {
		_, err := c.Call(t.Context(), nil, rpc.Target{Topic: "compute", Server: server}, "f", nil, rpc.CallOptions{Timeout: 20 * time.Millisecond})
		var e *rpc.TimeoutError
		if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) || e.Method != "f" {
			t.Errorf("%s: got %v", server, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := c.Call(ctx, nil, rpc.Target{Topic: "compute", Server: "slow"}, "f", nil, rpc.CallOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCannotTravelFails(t *testing.T) {
	m := rpc.NewMemory()
	m.Handle("compute", "h", func(context.Context, *rpc.Request) (any, error) { return make(chan int), nil })
	c := client(t, m)
	if err := c.Cast(t.Context(), nil, rpc.Target{Topic: "compute"}, "f", map[string]any{"x": func() {}}); err == nil {
		t.Error("a function was cast")
	}
	if _, err := c.Call(t.Context(), nil, rpc.Target{Topic: "compute"}, "f", nil, rpc.CallOptions{}); err == nil {
		t.Error("a channel was answered")
	}
}

func TestManyAtOnce(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	var casts atomic.Int32
	echo := func(_ context.Context, r *rpc.Request) (any, error) {
		if r.Kind == rpc.KindCast {
			casts.Add(1)
		}
		return r.Args["n"], nil
	}
	m.Handle("compute", "h", echo)
	c := client(t, m)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 20 {
				got, err := c.Call(t.Context(), nil, rpc.Target{Topic: "compute"}, "f", map[string]any{"n": i}, rpc.CallOptions{})
				if err != nil || string(got) != fmt.Sprint(i) {
					t.Errorf("%d: got %s, %v", i, got, err)
				}
				if err := c.Cast(t.Context(), nil, rpc.Target{Topic: "compute", Server: "h"}, "g", nil); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() { m.Handle("compute", fmt.Sprint("other", i), echo)() })
	}
	wg.Wait()
	m.Wait()
	if n := len(rec.Messages()); n != 2000 || casts.Load() != 1000 {
		t.Errorf("%d messages, %d casts", n, casts.Load())
	}
}

func TestRecorderWaits(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	c := client(t, m)
	time.AfterFunc(5*time.Millisecond, func() {
		if err := c.Cast(context.Background(), nil, rpc.Target{Topic: "compute", Server: "h", Version: "6.0"}, "reboot_instance", nil); err != nil {
			t.Error(err)
		}
	})
	got, err := rec.Wait(t.Context(), func(m rpc.Message) bool { return m.Method == "reboot_instance" })
	if err != nil || got.Kind != rpc.KindCast || got.Target.Server != "h" || got.Target.Version != "6.0" {
		t.Errorf("got %+v, %v", got, err)
	}
	rec.Stop()
	if err := c.Cast(t.Context(), nil, rpc.Target{Topic: "compute"}, "f", nil); err != nil {
		t.Fatal(err)
	}
	if n := len(rec.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestPoolSharesConnections(t *testing.T) {
	p := newPool(t, nil)
	a, _ := p.Client("")
	b, _ := p.Client("fake://")
	cell0, err := p.Client("none:///")
	if err != nil || *a != *b || *a != *cell0 {
		t.Errorf("%p %p %p %v", a, b, cell0, err)
	}
	for _, url := range []string{"kafka://h", "rabbit://h:x/", "rabbit://h/?no_such=1", "rabbit://h/?ssl=maybe", "rabbit://h/?kombu_compression=bz2",
		"rabbit://h/?rabbit_login_method=RABBIT-CR-DEMO", "rabbit://h/?ssl=1&ssl_ca_file=/nonexistent", "rabbit://h/?rabbit_quorum_queue=1&rabbit_ha_queues=1"} {
		if _, err := p.Client(url); err == nil {
			t.Errorf("%s: no error", url)
		}
	}
}
