//go:build lab

package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rpc"
)

// labURL is the lab's broker, as amqp://user:password@host:port/.
func labURL(t *testing.T) string {
	t.Helper()
	u := os.Getenv("LAB_AMQP")
	if u == "" {
		t.Skip("LAB_AMQP names no broker")
	}
	return u
}

func labPool(t *testing.T, broker string) (*rpc.Client, *rpc.Pool) {
	t.Helper()
	o := rpc.Options{}
	o.Transport.TransportURL = strings.Replace(broker, "amqp://", "rabbit://", 1)
	o.Rabbit.HeartbeatTimeoutThreshold = 60
	o.Rabbit.RabbitTransientQueuesTTL = 1800
	o.Notifications.Driver = []string{"messagingv2"}
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

var ping = rpc.Target{Topic: "conductor", Namespace: "baseapi", Version: "1.0"}

func TestLabServicesAnswer(t *testing.T) {
	c, p := labPool(t, labURL(t))
	defer p.Close()
	got, err := c.Call(t.Context(), nil, ping, "ping", map[string]any{"arg": "hello <ä>"}, rpc.CallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var pong struct{ Service, Arg string }
	if err := json.Unmarshal(got, &pong); err != nil || pong.Service != "conductor" || pong.Arg != "hello <ä>" {
		t.Errorf("got %s, %v", got, err)
	}
	up, err := c.Call(t.Context(), nil, rpc.Target{Topic: "compute", Server: "compute-1", Version: "6.0"}, "get_host_uptime", nil, rpc.CallOptions{MonitorTimeout: 10 * time.Second})
	if err != nil {
		t.Errorf("uptime: %v", err)
	}
	t.Logf("uptime: %s", up)
}

func TestLabRemoteErrors(t *testing.T) {
	c, p := labPool(t, labURL(t))
	defer p.Close()
	_, err := c.Call(t.Context(), nil, rpc.Target{Topic: "conductor", Version: "3.0"}, "object_class_action_versions", map[string]any{
		"objname": "Service", "objmethod": "get_by_id", "object_versions": map[string]string{"Service": "1.22"},
		"args": []any{987654321}, "kwargs": map[string]any{},
	}, rpc.CallOptions{})
	var e *rpc.RemoteError
	if !rpc.IsRemote(err, objects.ErrServiceNotFound) || !errors.As(err, &e) || e.Message != "Service 987654321 could not be found." {
		t.Errorf("got %v", err)
	}
	_, err = c.Call(t.Context(), nil, ping, "no_such_method", nil, rpc.CallOptions{})
	if !errors.As(err, &e) || e.Known() {
		t.Errorf("got %#v", err)
	}
	t.Logf("%v", err)
	start := time.Now()
	_, err = c.Call(t.Context(), nil, rpc.Target{Topic: "compute", Server: "no-such-host"}, "f", nil, rpc.CallOptions{Timeout: 300 * time.Millisecond})
	var late *rpc.TimeoutError
	if !errors.As(err, &late) || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

// count looks at the broker from beside.
func withChannel(t *testing.T, do func(*amqp.Connection, *amqp.Channel)) {
	t.Helper()
	conn, err := amqp.Dial(labURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	do(conn, ch)
}

func TestLabLeaksNothing(t *testing.T) {
	broker := labURL(t)
	replies := make(map[string]bool)
	var mu sync.Mutex
	before := runtime.NumGoroutine()
	withChannel(t, func(_ *amqp.Connection, ch *amqp.Channel) {
		// What is sent to conductors shows us the reply queue's name.
		q, err := ch.QueueDeclare("", false, true, true, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ch.QueueBind(q.Name, "conductor", "nova", false, nil); err != nil {
			t.Fatal(err)
		}
		seen, err := ch.Consume(q.Name, "", true, true, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for d := range seen {
				var e map[string]string
				var m map[string]any
				if json.Unmarshal(d.Body, &e) == nil && json.Unmarshal([]byte(e["oslo.message"]), &m) == nil && m["method"] == "ping" {
					mu.Lock()
					replies[m["_reply_q"].(string)] = true
					mu.Unlock()
				}
			}
		}()
		c, p := labPool(t, broker)
		var wg sync.WaitGroup
		start, busy := time.Now(), 0
		for i := range 10 {
			wg.Go(func() {
				for n := range 100 {
					want := fmt.Sprintf("%d.%d", i, n)
					got, err := c.Call(t.Context(), nil, ping, "ping", map[string]any{"arg": want}, rpc.CallOptions{})
					if err != nil || !strings.Contains(string(got), `"`+want+`"`) {
						t.Errorf("%s: got %s, %v", want, got, err)
					}
				}
			})
		}
		wg.Wait()
		busy = runtime.NumGoroutine()
		t.Logf("1000 calls in %v, %d goroutines at the end, %d before", time.Since(start), busy, before)
		if busy > before+15 {
			t.Errorf("%d goroutines at the end, %d before", busy, before)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	settled(t, before)
	mu.Lock()
	defer mu.Unlock()
	if len(replies) != 1 {
		t.Errorf("reply queues: %v", replies)
	}
	withChannel(t, func(_ *amqp.Connection, ch *amqp.Channel) {
		for name := range replies {
			_, err := ch.QueueDeclarePassive(name, false, false, false, false, nil)
			var gone *amqp.Error
			if !errors.As(err, &gone) || gone.Code != amqp.NotFound {
				t.Errorf("%s is still there: %v", name, err)
			}
		}
	})
}

// door stands before the broker, and can be shut.
type door struct {
	to   string
	addr string

	mu    sync.Mutex
	l     net.Listener
	conns []net.Conn
}

func newDoor(t *testing.T, to string) *door {
	d := &door{to: to}
	d.open(t)
	t.Cleanup(d.shut)
	return d
}

func (d *door) open(t *testing.T) {
	t.Helper()
	addr := d.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.l, d.addr = l, l.Addr().String()
	d.mu.Unlock()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", d.to)
			if err != nil {
				_ = in.Close()
				continue
			}
			d.mu.Lock()
			d.conns = append(d.conns, in, out)
			d.mu.Unlock()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
		}
	}()
}

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.l.Close()
	for _, c := range d.conns {
		_ = c.Close()
	}
	d.conns = nil
}

func TestLabBrokerGoesAwayAndComesBack(t *testing.T) {
	u, err := url.Parse(labURL(t))
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(t, u.Host)
	u.Host = d.addr
	c, p := labPool(t, u.String())
	defer p.Close()
	call := func(timeout time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), timeout) // without a deadline it waits for the broker
		defer cancel()
		_, err := c.Call(ctx, nil, ping, "ping", map[string]any{"arg": "x"}, rpc.CallOptions{Timeout: timeout})
		return err
	}
	if err := call(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 5 { // load all the while
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := call(10 * time.Second); err != nil {
					t.Errorf("under load: %v", err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	d.shut()
	start := time.Now()
	var lost *rpc.DeliveryError
	if err := call(300 * time.Millisecond); !errors.As(err, &lost) && !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
	time.Sleep(2 * time.Second)
	d.open(t)
	start = time.Now()
	if err := call(10 * time.Second); err != nil {
		t.Errorf("after it came back: %v", err)
	}
	t.Logf("back after %v", time.Since(start))
	close(stop)
	wg.Wait()
}

func TestLabSecondBrokerTakesOver(t *testing.T) {
	u, err := url.Parse(labURL(t))
	if err != nil {
		t.Fatal(err)
	}
	closed := mute(t)
	_ = closed.Close()
	d := newDoor(t, u.Host)
	cred := u.User.String() + "@"
	c, p := labPool(t, "rabbit://"+cred+closed.Addr().String()+","+cred+u.Host+","+cred+d.addr+u.Path)
	defer p.Close()
	for range 3 {
		if _, err := c.Call(t.Context(), nil, ping, "ping", map[string]any{"arg": 1}, rpc.CallOptions{Timeout: 5 * time.Second}); err != nil {
			t.Fatal(err)
		}
		d.shut()
	}
}

func TestLabRefusalIsToldAtOnce(t *testing.T) {
	u, err := url.Parse(labURL(t))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("lab", "wrong")
	c, p := labPool(t, u.String())
	defer p.Close()
	start := time.Now()
	_, err = c.Call(t.Context(), nil, ping, "ping", nil, rpc.CallOptions{})
	var d *rpc.DeliveryError
	if !errors.As(err, &d) || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
	t.Logf("%v after %v", err, time.Since(start))
}

func TestLabNotificationsWaitForTheirReader(t *testing.T) {
	_, p := labPool(t, labURL(t))
	defer p.Close()
	topic := fmt.Sprintf("rpctest%d", time.Now().UnixNano())
	n, err := p.Notifier(topic)
	if err != nil {
		t.Fatal(err)
	}
	n.Notify(t.Context(), nil, rpc.Event{Publisher: "p", Type: "e", Priority: "ERROR", Payload: map[string]any{}})
	withChannel(t, func(_ *amqp.Connection, ch *amqp.Channel) {
		defer func() { _, _ = ch.QueueDelete(topic+".error", false, false, false) }()
		d, ok, err := ch.Get(topic+".error", true)
		if err != nil || !ok {
			t.Fatalf("%v, %v", ok, err)
		}
		if d.ContentType != "application/json" || d.ContentEncoding != "utf-8" || d.DeliveryMode != amqp.Persistent || d.Expiration != "" {
			t.Errorf("got %+v", d)
		}
		if m := inner(t, d.Body); m["event_type"] != "e" {
			t.Errorf("got %v", m)
		}
	})
}

func TestLabCallWaitsForAServerToCome(t *testing.T) {
	c, p := labPool(t, labURL(t))
	defer p.Close()
	topic := fmt.Sprintf("rpctest%d", time.Now().UnixNano())
	withChannel(t, func(_ *amqp.Connection, ch *amqp.Channel) {
		time.AfterFunc(500*time.Millisecond, func() {
			q, err := ch.QueueDeclare(topic, false, true, true, false, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if err := ch.QueueBind(q.Name, topic, "nova", false, nil); err != nil {
				t.Error(err)
			}
			seen, err := ch.Consume(q.Name, "", true, true, false, false, nil)
			if err != nil {
				t.Error(err)
				return
			}
			d := <-seen
			m := inner(t, d.Body)
			text, _ := json.Marshal(map[string]any{"_msg_id": m["_msg_id"], "result": d.Expiration, "failure": nil, "ending": true, "_unique_id": "x"})
			body, _ := json.Marshal(map[string]string{"oslo.version": "2.0", "oslo.message": string(text)})
			for _, frame := range []string{`{"_msg_id":"` + m["_msg_id"].(string) + `","result":null,"failure":null,"ending":false}`, string(body)} {
				time.Sleep(300 * time.Millisecond)
				if err := ch.Publish("", m["_reply_q"].(string), false, false, amqp.Publishing{Body: []byte(frame)}); err != nil {
					t.Error(err)
				}
			}
		})
		got, err := c.Call(t.Context(), nil, rpc.Target{Topic: topic}, "f", nil, rpc.CallOptions{Timeout: 5 * time.Second, MonitorTimeout: 450 * time.Millisecond})
		if err != nil || string(got) != `"5000"` {
			t.Errorf("got %s, %v", got, err)
		}
	})
}

// The queues of servers end with their broker. A cast waits for them on one that has come
// back; where nothing has happened, it is for nobody, as Nova's.
func TestLabCastWaitsForServersToComeBack(t *testing.T) {
	u, err := url.Parse(labURL(t))
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(t, u.Host)
	u.Host = d.addr
	c, p := labPool(t, u.String())
	defer p.Close()
	topic := fmt.Sprintf("rpctest%d", time.Now().UnixNano())
	if err := c.Cast(t.Context(), nil, rpc.Target{Topic: topic}, "early", nil); err != nil {
		t.Fatal(err)
	}
	d.shut()
	ended := make(chan error, 1)
	go func() { ended <- c.Cast(t.Context(), nil, rpc.Target{Topic: topic}, "late", nil) }()
	d.open(t)
	select {
	case err := <-ended:
		t.Fatalf("the cast is lost: %v", err)
	case <-time.After(4 * time.Second):
	}
	withChannel(t, func(_ *amqp.Connection, ch *amqp.Channel) {
		q, err := ch.QueueDeclare(topic, false, true, true, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ch.QueueBind(q.Name, topic, "nova", false, nil); err != nil {
			t.Fatal(err)
		}
		seen, err := ch.Consume(q.Name, "", true, true, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case d := <-seen:
			if m := inner(t, d.Body); m["method"] != "late" {
				t.Errorf("got %v", m)
			}
		case <-time.After(10 * time.Second):
			t.Error("the cast does not come")
		}
	})
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestLabFanoutToNobody(t *testing.T) {
	c, p := labPool(t, labURL(t))
	defer p.Close()
	topic := fmt.Sprintf("rpctest%d", time.Now().UnixNano())
	withChannel(t, func(_ *amqp.Connection, ch *amqp.Channel) {
		for range 2 {
			if err := c.Cast(t.Context(), nil, rpc.Target{Topic: topic, Fanout: true}, "f", nil); err != nil {
				t.Error(err)
			}
			// Its last reader takes the exchange with it: the next cast makes it anew.
			if err := ch.ExchangeDelete(topic+"_fanout", false, false); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestLabExchangeDeclaredOtherwise(t *testing.T) {
	o := rpc.Options{}
	o.Transport.TransportURL = strings.Replace(labURL(t), "amqp://", "rabbit://", 1)
	o.Rabbit.AMQPDurableQueues = true // the lab's nova exchange is not durable
	p, err := rpc.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := p.Client("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(t.Context(), nil, ping, "ping", map[string]any{"arg": 1}, rpc.CallOptions{Timeout: 5 * time.Second}); err != nil {
		t.Error(err)
	}
}
