//go:build lab

package compute_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest"
)

// notifying has Nova send both notifications of a server's shutdown, as its nova-compute does.
const notifying = `
import sys
from nova import config, context, objects, rpc
import nova.conf
from nova.compute import utils
from nova.objects import fields
conf, uuid = sys.argv[1:]
config.parse_args(['nova-compute', '--config-file', conf])
CONF = nova.conf.CONF
CONF.set_override('driver', ['messagingv2'], 'oslo_messaging_notifications')
CONF.set_override('topics', ['lab_events'], 'oslo_messaging_notifications')
CONF.set_override('versioned_notifications_topics', ['lab_events_versioned'], 'notifications')
CONF.set_override('notification_format', 'both', 'notifications')
rpc.init(CONF)
objects.register_all()
ctx = context.get_admin_context()
mapping = objects.InstanceMapping.get_by_instance_uuid(ctx, uuid)
with context.target_cell(ctx, mapping.cell_mapping) as cell:
    server = objects.Instance.get_by_uuid(cell, uuid, expected_attrs=['flavor', 'metadata', 'system_metadata', 'info_cache'])
    utils.notify_about_instance_usage(rpc.get_notifier('compute', 'host1'), cell, server, 'power_off.end')
    utils.notify_about_instance_action(cell, server, 'host1', action=fields.NotificationAction.POWER_OFF, phase=fields.NotificationPhase.END)
    utils.notify_about_instance_usage(rpc.get_notifier('compute', 'host1'), cell, server, 'resize.prep.start')
`

// TestLabEvents reads the events of a server that is created and deleted, and those of notifications that Nova's own code
// sends over RabbitMQ. Other consumers of notifications, such as Ceilometer, receive all of them nevertheless.
func TestLabEvents(t *testing.T) {
	python, conf := os.Getenv("LAB_PYTHON"), os.Getenv("LAB_NOVA_CONF")
	real, _ := labSides(t)
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{conf}})
	if err != nil {
		t.Fatal(err)
	}
	// The queues of the usual topics may belong to other services of the lab.
	c.OsloMessagingNotifications.Topics, c.Notifications.VersionedNotificationsTopics = []string{"lab_events"}, []string{"lab_events_versioned"}
	ctx, stop := context.WithCancel(context.Background())
	var handler http.Handler
	app, err := compute.New(ctx, compute.Options{Config: c, Events: func(h http.Handler) { handler = h }})
	if err != nil {
		t.Fatal(err)
	}
	server, streams := httptest.NewServer(app), httptest.NewServer(handler)
	t.Cleanup(func() { stop(); streams.Close(); server.Close() })
	ours := &side{t, server.URL + "/v2.1", real.token, real.variables}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, streams.URL+"/servers/events?all_tenants=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", ours.token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		t.Fatal(r.Status)
	}
	stream := novatest.ReadEvents(t, r.Body)
	ours.build(chapter{do: "POST /servers", body: `{"server": {"name": "lab-events", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}}`,
		save: "server=server.id"})
	uuid := ours.variables["server"]
	about := func(event, state string) func(novatest.Event) bool {
		return func(e novatest.Event) bool {
			return e.Server.Server == uuid && e.Server.Type == event && strings.Contains(e.Data, state)
		}
	}
	stream.Until(about("instance.update", `"task_state":"scheduling"`))
	conn, err := amqp.Dial(os.Getenv("LAB_AMQP"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	queues := []string{"lab_events.info", "lab_events_versioned.info"}
	cmd := exec.CommandContext(t.Context(), python, "-W", "ignore", "-c", notifying, conf, uuid)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all := stream.Until(about("instance.resize_prep.start", `"state":"active"`))
	once := 0
	for _, e := range all {
		if about("instance.power_off.end", `"state":"active","task_state":null`)(e) {
			once++
		}
	}
	if once != 1 {
		t.Errorf("%d events of the shutdown: %q", once, states(all))
	}
	for n, name := range queues {
		q, err := ch.QueueDeclarePassive(name, false, false, false, false, nil)
		if err != nil || q.Messages < 2-n {
			t.Errorf("%s: %v, %d messages", name, err, q.Messages)
			continue
		}
		if _, err := ch.QueueDelete(name, false, false, false); err != nil {
			t.Error(err)
		}
	}
	ours.send(chapter{do: "DELETE /servers/{server}"})
	stream.Until(about("instance.update", `"task_state":"deleting"`))
	ours.settle("gone")
	t.Log(fmt.Sprint(states(all)))
}
