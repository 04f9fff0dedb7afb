package compute_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/rpc"
)

// states describes events as "type state task", without repetitions.
func states(all []novatest.Event) []string {
	var list []string
	for _, e := range all {
		text := e.Server.Type
		for _, s := range []*string{e.Server.State, e.Server.Task} {
			if s == nil {
				text += " -"
			} else {
				text += " " + *s
			}
		}
		list = append(list, text)
	}
	return slices.Compact(list)
}

func is(event, state, task string) func(novatest.Event) bool {
	return func(e novatest.Event) bool {
		return states([]novatest.Event{e})[0] == fmt.Sprint(event, " ", state, " ", task)
	}
}

// TestEventsOfWrites wants the API's own writes as events, without notifications.
func TestEventsOfWrites(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Events())
	vm := s.Server(novatest.VM{Name: "web"})
	other := s.Server(novatest.VM{Name: "other"})
	all, one := s.As("demo").Events(""), s.As("demo").Events("?server="+vm.UUID)
	s.As("demo").Do("POST /servers/"+other.UUID+"/action", `{"os-stop": null}`).Expect(202)
	s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"os-stop": null}`).Expect(202)
	first, second := all.Next(), all.Next()
	if first.Server.Server != other.UUID || second.Server.Server != vm.UUID {
		t.Errorf("events of %s and %s", first.Server.Server, second.Server.Server)
	}
	if e := one.Next(); e.Data != second.Data || e.ID != second.ID || e.ID != e.Server.ID {
		t.Errorf("the listener for one server gets %v", e)
	}
	if !is("instance.update", "active", "powering-off")(second) || second.Server.Project != novatest.NameID("project", "demo") ||
		second.Server.Power != "running" || second.Name != "message" {
		t.Errorf("event %s", second.Data)
	}
	r := s.As("demo").MV("2.37").Do("POST /servers", fmt.Sprintf(`{"server": {"name": "new", "flavorRef": "1", "imageRef": %q, "networks": "none"}}`,
		novatest.Image)).Expect(202)
	var made struct{ Server struct{ ID string } }
	if err := json.Unmarshal(r.Body, &made); err != nil {
		t.Fatal(err)
	}
	if e := all.Next(); e.Server.Server != made.Server.ID || !is("instance.update", "building", "scheduling")(e) {
		t.Errorf("after the creation: %s", e.Data)
	}
	s.As("demo").Do("DELETE /servers/" + made.Server.ID).Expect(204)
	if e := all.Next(); e.Server.Server != made.Server.ID || !is("instance.delete.end", "deleted", "-")(e) {
		t.Errorf("after the deletion: %s", e.Data)
	}
}

// TestEventsOfLife wants the sequence of states of a server with hosts.
func TestEventsOfLife(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Events(), novatest.WithCompute())
	stream := s.As("demo").Events("")
	r := s.As("demo").MV("2.37").Do("POST /servers", fmt.Sprintf(`{"server": {"name": "new", "flavorRef": "1", "imageRef": %q, "networks": "none"}}`,
		novatest.Image)).Expect(202)
	var made struct{ Server struct{ ID string } }
	if err := json.Unmarshal(r.Body, &made); err != nil {
		t.Fatal(err)
	}
	got := states(stream.Until(is("instance.update", "active", "-")))
	if want := []string{"instance.update building scheduling", "instance.update building -", "instance.update building spawning",
		"instance.update active -"}; !isSubsequence(want, got) && !isSubsequence(slices.Delete(slices.Clone(want), 1, 2), got) {
		t.Errorf("building: %q", got)
	}
	s.As("demo").Do("DELETE /servers/" + made.Server.ID).Expect(204)
	got = states(stream.Until(func(e novatest.Event) bool { return e.Server.Type == "instance.delete.end" }))
	if got[0] != "instance.update active deleting" || len(got) > 3 {
		t.Errorf("deleting: %q", got)
	}
	s.As("").At("").Do("POST /dev/reset").Expect(204)
	if e := stream.Until(func(e novatest.Event) bool { return e.Name == "reset" }); len(e) != 1 {
		t.Errorf("reset: %v", e)
	}
}

func isSubsequence(want, in []string) bool {
	for _, s := range in {
		if len(want) > 0 && s == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// notified publishes a notification as a service does.
func notified(s *novatest.Stack, topic, event, payload string) {
	s.Broker.Publish(topic+".info", rpc.Notification{ID: event + payload + topic, Event: event, Publisher: "x", Priority: "INFO",
		Timestamp: "2026-11-30 18:00:00.123456", Payload: json.RawMessage(payload)})
}

// TestEventsOfNotifications wants one event of each change, whatever notifications tell of it.
func TestEventsOfNotifications(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Events())
	testproc.Eventually(t, "notifications are received", func() bool { return s.Broker.Listened("versioned_notifications.info") })
	stream, admin := s.As("demo").Events(""), s.As("admin").Events("?all_tenants=1")
	demo := novatest.NameID("project", "demo")
	versioned := func(server, project, state, task string) string {
		return fmt.Sprintf(`{"nova_object.name": "InstanceActionPayload", "nova_object.data": {"uuid": %q, "tenant_id": %q, "user_id": "u",
			"state": %q, "task_state": %s, "power_state": "running"}}`, server, project, state, task)
	}
	legacy := func(server, project, state, task string) string {
		return fmt.Sprintf(`{"instance_id": %q, "tenant_id": %q, "user_id": "u", "state": %q, "state_description": %q}`, server, project, state, task)
	}
	const topic = "versioned_notifications"
	notified(s, topic, "instance.exists", versioned("s0", demo, "active", "null"))
	notified(s, topic, "aggregate.create.end", `{"nova_object.data": {"uuid": "s0"}}`)
	notified(s, topic, "instance.power_off.end", `[]`)
	notified(s, "other", "instance.power_off.end", versioned("s0", demo, "stopped", "null"))
	notified(s, topic, "instance.resize_prep.start", versioned("s1", demo, "active", `"resize_prep"`))
	notified(s, "notifications", "compute.instance.resize.prep.start", legacy("s1", demo, "active", "resize_prep")) // the same
	notified(s, topic, "instance.resize_prep.start", versioned("s1", demo, "active", `"resize_prep"`))              // by a second broker
	notified(s, "notifications", "compute.instance.pause.end", legacy("s2", "another", "paused", ""))
	notified(s, "notifications", "compute.instance.delete.end", legacy("s2", demo, "deleted", ""))
	want := []string{"s1 instance.resize_prep.start active resize_prep", "s2 instance.delete.end deleted -"}
	for _, w := range want {
		if e := stream.Next(); e.Server.Server+" "+states([]novatest.Event{e})[0] != w || e.Server.Timestamp != "2026-11-30T18:00:00.123456Z" {
			t.Errorf("got %s, want %s", e.Data, w)
		}
	}
	for _, w := range []string{want[0], "s2 instance.pause.end paused -", want[1]} {
		if e := admin.Next(); e.Server.Server+" "+states([]novatest.Event{e})[0] != w {
			t.Errorf("all_tenants: got %s, want %s", e.Data, w)
		}
	}
	s.Broker.Missed()
	if e := stream.Next(); e.Name != "reset" {
		t.Errorf("after a lost connection: %v", e)
	}
}

// TestEventsAreSentOnce has the API write and notify, and hosts notify of the same.
func TestEventsAreSentOnce(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"unversioned", "versioned", "both"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, novatest.Events(), novatest.Conf("[oslo_messaging_notifications]\ndriver = messagingv2\n"+
				"[notifications]\nnotify_on_state_change = vm_and_task_state\nnotification_format = "+format))
			testproc.Eventually(t, "notifications are received", func() bool { return s.Broker.Listened("versioned_notifications.info") })
			vm := s.Server(novatest.VM{Name: "web"})
			stream := s.As("demo").Events("")
			s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"os-stop": null}`).Expect(202)
			s.As("demo").Do("PUT /servers/"+vm.UUID, `{"server": {"name": "mark"}}`).Expect(200)
			all := stream.Until(func(e novatest.Event) bool {
				return len(states([]novatest.Event{e})) > 0 && strings.Contains(e.Data, "powering-off")
			})
			if len(all) != 1 {
				t.Errorf("events: %q", states(all))
			}
			if e := stream.Next(); e.Server.Type != "instance.update" { // the change of the name, with the same states
				t.Errorf("event %s", e.Data)
			}
		})
	}
}

// TestEventsAreResumed reads on after the connection was lost.
func TestEventsAreResumed(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Events())
	testproc.Eventually(t, "notifications are received", func() bool { return s.Broker.Listened("versioned_notifications.info") })
	send := func(server string) {
		notified(s, "versioned_notifications", "instance.pause.end", fmt.Sprintf(`{"nova_object.data": {"uuid": %q, "tenant_id": %q,
			"state": "paused", "task_state": null}}`, server, novatest.NameID("project", "demo")))
	}
	demo := s.As("demo")
	stream := demo.Events("")
	began := stream.ID
	send("a")
	last := stream.Next().ID
	stream.Close()
	send("b")
	for _, c := range []struct{ after, want string }{{last, "b"}, {began, "a b"}} {
		again := demo.Header("Last-Event-ID", c.after).Events("")
		var got []string
		for range strings.Fields(c.want) {
			got = append(got, again.Next().Server.Server)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("after %s: %q", c.after, got)
		}
		again.Close()
	}
	if e := demo.Header("Last-Event-ID", "00000000-1").Events("").Next(); e.Name != "reset" || e.ID == "" {
		t.Errorf("with the id of another process: %v", e)
	}
	for n := range 5000 {
		send(fmt.Sprint("many-", n))
	}
	again := demo.Header("Last-Event-ID", last).Events("")
	if e := again.Next(); e.Name != "reset" {
		t.Errorf("with an old id: %v", e)
	}
	send("new")
	if e := again.Next(); e.Server.Server != "new" {
		t.Errorf("after the reset: %v", e)
	}
}

// TestEventsAreRefused checks tokens, policies, parameters and the limit.
func TestEventsAreRefused(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Events(), novatest.Conf("[wsgi]\nevents_listeners = 2"))
	root := func(role string) *novatest.Client { return s.As(role).At("") }
	root("none").Do("GET /servers/events").Expect(401)
	root("none").Header("X-Auth-Token", "invalid").Do("GET /servers/events").Expect(401)
	root("demo").Do("GET /servers/events?all_tenants=1").Expect(403).Has(`{"forbidden": {"code": 403}}`)
	root("demo").Do("GET /servers/events?server=x").Expect(400)
	root("demo").Do("GET /servers/events?name=x").Expect(400).Has(`{"badRequest": {"code": 400}}`)
	root("demo").Do("GET /servers/events?all_tenants=maybe").Expect(400)
	root("demo").Do("POST /servers/events", `{}`).Expect(405)
	s.As("demo").Do("GET /servers/events").Expect(404) // a server that does not exist, as in Nova
	one := s.As("demo").Events("?all_tenants=0")
	s.As("reader").Events("")
	r := root("demo").Do("GET /servers/events").Expect(503)
	if r.Header.Get("Retry-After") != "10" {
		t.Errorf("Retry-After: %v", r.Header)
	}
	one.Close()
	testproc.Eventually(t, "there is a place", func() bool { return listeners(t, s) == 1 })
	s.As("demo").Events("")
	if n := listeners(t, s); n != 2 {
		t.Errorf("%v listeners", n)
	}
}

// listeners returns the metric of listeners.
func listeners(t *testing.T, s *novatest.Stack) float64 {
	t.Helper()
	families, err := s.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "nova_events_listeners" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("there is no metric of listeners")
	return 0
}

// TestEventsEnd ends the events of an application that ends.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Events())
	stream := s.As("demo").Events("")
	s.Terminate()
	stream.Ends()
}
