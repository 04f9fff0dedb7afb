package rpc_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// recorded are messages that Nova 34's own services sent.
type recorded struct {
	Key     string         `json:"key"`
	Message map[string]any `json:"message"`
}

func load(t *testing.T) map[string]recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]recorded
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// inner is the message in an envelope.
func inner(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var e map[string]string
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if len(e) != 2 || e["oslo.version"] != "2.0" {
		t.Errorf("envelope: %v", e)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(e["oslo.message"]), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// same compares with what was recorded, but for what is random.
func same(t *testing.T, got, want map[string]any, but ...string) {
	t.Helper()
	g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(g, w) {
		t.Errorf("keys: got %v\nwant %v", g, w)
	}
	for k := range want {
		if slices.Contains(but, k) {
			if reflect.TypeOf(got[k]) != reflect.TypeOf(want[k]) {
				t.Errorf("%s: got %T, want %T", k, got[k], want[k])
				continue
			}
			if s, ok := want[k].(string); ok && k != "_reply_q" && len(got[k].(string)) != len(s) {
				t.Errorf("%s: got %v, want something like %v", k, got[k], s)
			}
		} else if !reflect.DeepEqual(got[k], want[k]) {
			t.Errorf("%s: got %#v, want %#v", k, got[k], want[k])
		}
	}
}

func newPool(t *testing.T, m *rpc.Memory) *rpc.Pool {
	t.Helper()
	o := rpc.Options{Memory: m}
	o.Transport.TransportURL = "fake://"
	o.Notifications.Driver = []string{"messagingv2"}
	p, err := rpc.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func client(t *testing.T, m *rpc.Memory) *rpc.Client {
	t.Helper()
	c, err := newPool(t, m).Client("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// asker is who asked in the recorded call.
func asker(t *testing.T, want map[string]any) *reqctx.Caller {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000000", want["_context_timestamp"].(string))
	if err != nil {
		t.Fatal(err)
	}
	c := &reqctx.Caller{
		RequestID: want["_context_request_id"].(string), Timestamp: at, RemoteAddress: "127.0.0.1",
		UserID: want["_context_user_id"].(string), UserName: "admin", ProjectID: want["_context_project_id"].(string), ProjectName: "admin",
		UserDomainID: "default", ProjectDomainID: "default", Roles: []string{"admin", "member", "manager", "reader"},
		IsAdmin: true, IsAdminProject: true, AuthToken: "gAAAAAB-token",
	}
	catalog, err := json.Marshal(want["_context_service_catalog"])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(catalog, &c.ServiceCatalog); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCallIsWrittenAsNovaWritesIt(t *testing.T) {
	want := load(t)["call"]
	m := rpc.NewMemory()
	rec := m.Record()
	m.Handle("compute", "compute-seed", func(context.Context, *rpc.Request) (any, error) { return "text", nil })
	_, err := client(t, m).Call(t.Context(), asker(t, want.Message), rpc.Target{Topic: "compute", Server: "compute-seed", Version: "6.0"},
		"get_console_output", map[string]any{"instance": nil, "tail_length": want.Message["args"].(map[string]any)["tail_length"]}, rpc.CallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, inner(t, rec.Messages()[0].Body), want.Message, "_msg_id", "_reply_q", "_unique_id")
}

func TestServiceAsksAsNovaDoes(t *testing.T) {
	want := load(t)["admin"]
	m := rpc.NewMemory()
	rec := m.Record()
	m.Handle("conductor", "c", func(context.Context, *rpc.Request) (any, error) { return nil, nil })
	_, err := client(t, m).Call(t.Context(), nil, rpc.Target{Topic: "conductor", Version: "3.0"},
		"object_class_action_versions", map[string]any{"objname": "ComputeNodeList"}, rpc.CallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, inner(t, rec.Messages()[0].Body), want.Message, "_msg_id", "_reply_q", "_unique_id", "_context_request_id", "_context_timestamp")
}

func TestCastHasNoReplyFields(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	t1 := rpc.Target{Topic: "compute", Server: "h", Version: "6.0", Namespace: "ns"}
	if err := client(t, m).Cast(t.Context(), nil, t1, "f", map[string]any{"a": "<&>"}); err != nil {
		t.Fatal(err)
	}
	got := inner(t, rec.Messages()[0].Body)
	for _, k := range []string{"_msg_id", "_reply_q", "_timeout"} {
		if _, ok := got[k]; ok {
			t.Errorf("%s in a cast", k)
		}
	}
	if got["namespace"] != "ns" || got["_unique_id"] == "" || got["args"].(map[string]any)["a"] != "<&>" {
		t.Errorf("got %v", got)
	}
}

func TestMonitoredCallSaysItsTimeout(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	m.Handle("compute", "h", func(context.Context, *rpc.Request) (any, error) { return nil, nil })
	o := rpc.CallOptions{Timeout: time.Minute, MonitorTimeout: 30 * time.Second}
	if _, err := client(t, m).Call(t.Context(), nil, rpc.Target{Topic: "compute"}, "f", nil, o); err != nil {
		t.Fatal(err)
	}
	if got := inner(t, rec.Messages()[0].Body)["_timeout"]; got != 30.0 {
		t.Errorf("_timeout: %v", got)
	}
}

func TestNotificationIsWrittenAsOsloDoes(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	n, err := newPool(t, m).Notifier()
	if err != nil {
		t.Fatal(err)
	}
	who := asker(t, load(t)["call"].Message)
	n.Notify(t.Context(), who, rpc.Event{Publisher: "compute.h", Type: "compute.instance.update", Payload: map[string]any{"a": 1}})
	all := rec.Messages()
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	got := inner(t, all[0].Body)
	if all[0].Target.Topic != "notifications.info" || all[0].Target.Exchange != "nova" || all[0].Event != "compute.instance.update" {
		t.Errorf("got %+v", all[0])
	}
	for k, want := range map[string]any{
		"publisher_id": "compute.h", "priority": "INFO", "payload": map[string]any{"a": 1.0},
		"_context_auth_token": nil, "_context_remote_address": nil, "_context_user_id": who.UserID, "_context_service_catalog": []any{},
		"_context_request_id": who.RequestID, "_context_read_deleted": "no",
	} {
		if !reflect.DeepEqual(got[k], want) {
			t.Errorf("%s: got %v, want %v", k, got[k], want)
		}
	}
	if _, err := time.Parse("2006-01-02 15:04:05.999999", got["timestamp"].(string)); err != nil {
		t.Error(err)
	}
	if len(got["message_id"].(string)) != 36 {
		t.Errorf("message_id: %v", got["message_id"])
	}
	if _, ok := got["method"]; ok {
		t.Error("a notification has no method")
	}
}
