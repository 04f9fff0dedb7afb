package rpc

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/objects"
)

// The failure was written by oslo.messaging itself.
func TestFailureOfOslo(t *testing.T) {
	body, err := os.ReadFile("testdata/failure.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := openReply(body)
	if err != nil {
		t.Fatal(err)
	}
	var a collectedReply
	if done, _ := a.take(r); !done || r.ID != "c0ffee" {
		t.Errorf("got %+v", r)
	}
	_, err = a.value()
	var e *RemoteError
	if !errors.As(err, &e) || !IsRemote(err, objects.ErrInstanceNotFound) || e.Message != "Instance abc could not be found." ||
		e.Module != "nova.exception" || len(e.Traceback) != 2 {
		t.Errorf("got %#v", err)
	}
	var kwargs struct {
		ID string `json:"instance_id"`
	}
	if err := json.Unmarshal(e.Kwargs, &kwargs); err != nil || kwargs.ID != "abc" {
		t.Errorf("kwargs %s: %v", e.Kwargs, err)
	}
}

func TestFramesOfAReply(t *testing.T) {
	for name, c := range map[string]struct {
		frames []string
		want   string
		alive  int
	}{
		"one":                 {[]string{`{"result":1,"failure":null,"ending":true}`}, "1", 0},
		"none":                {[]string{`{"result":null,"failure":null,"ending":true}`}, "null", 0},
		"signs of life":       {[]string{`{"result":null,"failure":null,"ending":false}`, `{"result":null,"failure":null,"ending":false}`, `{"result":[],"ending":true}`}, "[]", 2},
		"result, then ending": {[]string{`{"result":{"a":1},"failure":null,"ending":false}`, `{"result":null,"failure":null,"ending":true}`}, `{"a":1}`, 0},
	} {
		var a collectedReply
		alive, done := 0, false
		for _, f := range c.frames {
			r, err := openReply([]byte(f))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var life bool
			if done, life = a.take(r); life {
				alive++
			}
		}
		if got, err := a.value(); err != nil || string(got) != c.want || alive != c.alive || !done {
			t.Errorf("%s: got %s, %v, %d signs of life, done %v", name, got, err, alive, done)
		}
	}
}

func TestEnvelopeOfAnotherVersionIsRefused(t *testing.T) {
	if _, err := unwrapEnvelope([]byte(`{"oslo.version":"3.0","oslo.message":"{}"}`)); err == nil || !strings.Contains(err.Error(), "3.0") {
		t.Errorf("got %v", err)
	}
}

func FuzzReply(f *testing.F) {
	f.Add([]byte(`{"oslo.version":"2.0","oslo.message":"{\"result\":1,\"_msg_id\":\"x\",\"ending\":true}"}`))
	f.Add([]byte(`{"failure":"{\"class\":\"X\"}","ending":true}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		if r, err := openReply(body); err == nil {
			var a collectedReply
			a.take(r)
			_, _ = a.value()
		}
	})
}

func TestDeclarations(t *testing.T) {
	plain := config.OsloMessagingRabbit{RabbitTransientQueuesTTL: 1800}
	quorum := config.OsloMessagingRabbit{RabbitTransientQueuesTTL: 600, RabbitQuorumQueue: true, RabbitTransientQuorumQueue: true, RabbitQuorumDeliveryLimit: 3}
	topic, fan := Target{Exchange: "nova", Topic: "compute"}, Target{Topic: "compute", Fanout: true}
	for _, c := range []struct{ got, want any }{
		{exchangeFor(plain, topic, KindCall), exchange{name: "nova", kind: "topic"}},
		{exchangeFor(quorum, topic, KindCast), exchange{name: "nova", kind: "topic", durable: true}},
		{exchangeFor(plain, fan, KindFanout), exchange{name: "compute_fanout", kind: "fanout", autoDelete: true}},
		{exchangeFor(quorum, fan, KindFanout), exchange{name: "compute_fanout", kind: "fanout", autoDelete: true, durable: true}},
		{replyQueue(plain, "r"), queue{name: "r", args: amqp.Table{"x-expires": int32(1800000)}}},
		{replyQueue(quorum, "r"), queue{name: "r", durable: true, args: amqp.Table{"x-expires": int32(600000), "x-queue-type": "quorum", "x-delivery-limit": int32(3)}}},
		{topicQueue(plain, "notifications.info"), queue{name: "notifications.info", args: amqp.Table{}}},
		{topicQueue(quorum, "n"), queue{name: "n", durable: true, args: amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": int32(3)}}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("got %+v, want %+v", c.got, c.want)
		}
	}
}

func TestQueueManagerCountsFromAnewStart(t *testing.T) {
	dir := t.TempDir()
	for want := 1; want < 4; want++ {
		if n, err := countQueue(dir, "h", "nova-api"); err != nil || n != want {
			t.Errorf("got %d, %v, want %d", n, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "h_nova-api_qmanager"), []byte("1:17:99"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := countQueue(dir, "h", "nova-api"); err != nil || n != 1 {
		t.Errorf("after a restart: got %d, %v", n, err)
	}
}

func TestCompression(t *testing.T) {
	b, err := compress("gzip", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decompress(amqp.Table{"compression": gzipHeader}, b)
	if err != nil || string(got) != "text" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := decompress(amqp.Table{"compression": "application/zstd"}, b); err == nil {
		t.Error("zstd was read")
	}
}

func TestLogDriverMasks(t *testing.T) {
	got := string(maskPasswords([]byte(`{"payload":{"adminPass":"x","list":[{"auth_token":"y"}],"name":"z"}}`)))
	if want := `{"payload":{"adminPass":"***","list":[{"auth_token":"***"}],"name":"z"}}`; got != want {
		t.Errorf("got %s", got)
	}
}
