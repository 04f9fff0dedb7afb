//go:build lab

package compute_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
)

// labToken is a token of the user that OS_* name.
func labToken(t testing.TB) string {
	t.Helper()
	return labTokenOf(t, os.Getenv("OS_USERNAME"), os.Getenv("OS_PROJECT_NAME"))
}

// labIdentity is the URL of Keystone.
func labIdentity() string { return os.Getenv("OS_AUTH_URL") }

// labTokenOf is a token of a user in a project. All users of the lab have the same password.
func labTokenOf(t testing.TB, user, project string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": map[string]any{"name": user,
			"password": os.Getenv("OS_PASSWORD"), "domain": map[string]string{"name": os.Getenv("OS_USER_DOMAIN_NAME")}}}},
		"scope": map[string]any{"project": map[string]any{"name": project, "domain": map[string]string{"name": os.Getenv("OS_PROJECT_DOMAIN_NAME")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, labIdentity()+"/auth/tokens", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusCreated {
		t.Fatalf("no token: %s", r.Status)
	}
	return r.Header.Get("X-Subject-Token")
}

func labGet(t testing.TB, token, url string, out any) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(out); err != nil {
		t.Fatalf("GET %s: %s: %v", url, r.Status, err)
	}
}

// labEndpoint is the public address of a service, from the catalog.
func labEndpoint(t testing.TB, token, service string) string {
	t.Helper()
	var v struct {
		Catalog []struct {
			Type      string
			Endpoints []struct{ Interface, URL string }
		}
	}
	labGet(t, token, labIdentity()+"/auth/catalog", &v)
	for _, s := range v.Catalog {
		for _, e := range s.Endpoints {
			if s.Type == service && e.Interface == "public" {
				url := strings.TrimSuffix(e.URL, "/")
				return strings.TrimSuffix(strings.TrimSuffix(url, "/v2.0"), "/v2")
			}
		}
	}
	t.Fatalf("the catalog has no %s", service)
	return ""
}

// labDelete removes a side's server, if it is still there.
func labDelete(s *side) error {
	q, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, s.url+"/servers/"+s.variables["server"], nil)
	if err != nil {
		return err
	}
	q.Header.Set("X-Auth-Token", s.token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	return r.Body.Close()
}

// listener hears what is sent to Nova's services.
type listener struct {
	channel  *amqp.Channel
	messages chan map[string]any
	heard    []map[string]any
}

func listen(t *testing.T, more ...string) *listener {
	t.Helper()
	conn, err := amqp.Dial(os.Getenv("LAB_AMQP"))
	if err != nil {
		t.Skipf("LAB_AMQP: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range append(more, "conductor", "scheduler", "compute.compute-1", "compute.compute-2", "compute-alt.compute-1", "compute-alt.compute-2") {
		if err := ch.QueueBind(q.Name, key, "nova", false, nil); err != nil {
			t.Fatal(err)
		}
	}
	deliveries, err := ch.Consume(q.Name, "", true, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{channel: ch, messages: make(chan map[string]any, 1000)}
	go func() {
		for d := range deliveries {
			var outer map[string]string
			var m map[string]any
			if json.Unmarshal(d.Body, &outer) == nil && json.Unmarshal([]byte(outer["oslo.message"]), &m) == nil {
				m["to"] = hosts.ReplaceAllString(d.RoutingKey, "HOST")
				l.messages <- m
			}
		}
	}()
	return l
}

// first is the first message of a request: the one that the API sent.
func (l *listener) first(t *testing.T, request string) string {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		for _, m := range l.heard {
			if m["_context_request_id"] == request {
				l.heard = nil
				return strings.Join(told(m), "\n")
			}
		}
		select {
		case m := <-l.messages:
			l.heard = append(l.heard, m)
		case <-deadline:
			t.Fatalf("request %s sent nothing", request)
		}
	}
}

// volatile are members whose values differ from server to server.
var volatile = regexp.MustCompile(`(^|\.)(id|uuid|instance_uuid|created_at|updated_at|launched_at|start_time|reservation_id|admin_password|new_pass|ec2_ids|network_info|host|node|launched_on|compute_id|source_compute|source_node|dest_compute|dest_node|dest_host|dest_compute_id|cell|port_id|image_id|attachment_id|force_hosts\[\d+\]|force_nodes\[\d+\]|ignore_hosts\[\d+\]|migration_id|last_seen_up|report_count|rescue_password|shelved_at|resource_id|shelved_host|shelved_image_id|volume_id|share_id|accel_uuids\[\d+\]|instance_type_id|flavorid|instance_name|OS-EXT-SRV-ATTR:instance_name|addr|adminPass|device_profile_id|function|ephemeral_key_uuid|generation|hostId|deleted_at|terminated_at)$`)

// shape is a message as lines: what its members are, and their values where those
// are the same for every server.
func shape(path string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if changes, ok := v["nova_object.changes"].([]any); ok {
			slices.SortFunc(changes, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		lines := []string{path + " {}"}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, shape(path+"."+strings.TrimPrefix(name, "nova_object."), v[name])...)
		}
		return lines
	case []any:
		lines := []string{fmt.Sprintf("%s [%d]", path, len(v))}
		for n, one := range v {
			lines = append(lines, shape(fmt.Sprintf("%s[%d]", path, n), one)...)
		}
		return lines
	}
	if volatile.MatchString(path) && v != nil {
		return []string{fmt.Sprintf("%s a %T", path, v)}
	}
	return []string{fmt.Sprintf("%s = %v", path, v)}
}

// rowReader reads what the databases say of a server.
type rowReader struct {
	cell, api *db.DB
	more      []table // further tables
}

func openRows(t testing.TB) *rowReader {
	t.Helper()
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{os.Getenv("LAB_NOVA_CONF")}})
	if err != nil {
		t.Fatal(err)
	}
	r := &rowReader{}
	for to, url := range map[**db.DB]string{&r.cell: c.Database.Connection, &r.api: c.APIDatabase.Connection} {
		if *to, err = db.Open(url, db.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// table is a table with rows about servers.
type table struct{ database, table, where string }

var tables = []table{
	{"cell", "instances", "uuid = ?"}, {"cell", "instance_extra", "instance_uuid = ?"}, {"cell", "instance_info_caches", "instance_uuid = ?"},
	{"cell", "instance_metadata", "instance_uuid = ?"}, {"cell", "instance_system_metadata", "instance_uuid = ?"}, {"cell", "block_device_mapping", "instance_uuid = ?"},
	{"cell", "instance_actions", "instance_uuid = ?"}, {"cell", "instance_actions_events", "action_id IN (SELECT id FROM instance_actions WHERE instance_uuid = ?)"},
	{"cell", "tags", "resource_id = ?"}, {"cell", "migrations", "instance_uuid = ?"}, {"cell", "virtual_interfaces", "instance_uuid = ?"},
	{"cell", "instance_faults", "instance_uuid = ?"},
	{"api", "request_specs", "instance_uuid = ?"}, {"api", "build_requests", "instance_uuid = ?"}, {"api", "instance_mappings", "instance_uuid = ?"},
}

var (
	hosts   = regexp.MustCompile(`compute-[0-9]+`)
	ids     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	moments = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC)?`)
	macs    = regexp.MustCompile(`fa(:[0-9a-f]{2}){5}`)
	address = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+`)
	cleaned = regexp.MustCompile(` cleaned=\d+ `)
	taps    = regexp.MustCompile(`tap[0-9a-f]{8}-[0-9a-f]{2}`)
	booking = regexp.MustCompile(`r-[0-9a-z]{8}`)
)

// settled is of once nobody writes any more: the hosts save after the status has
// changed, a live migration is completed a while later, and a failed operation ends with its event.
func (r *rowReader) settled(t *testing.T, server, but string) []string {
	t.Helper()
	last := r.of(t, server, but)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		time.Sleep(700 * time.Millisecond)
		now := r.of(t, server, but)
		underWay := slices.ContainsFunc(now, func(row string) bool {
			return strings.HasPrefix(row, "migrations ") && (strings.Contains(row, " status=running ") || strings.Contains(row, " status=preparing ")) ||
				strings.HasPrefix(row, "instance_actions_events ") && strings.Contains(row, " finish_time=NULL ")
		})
		if slices.Equal(last, now) && !underWay {
			return now
		}
		last = now
	}
	return last
}

// of is a line for each value of each row about a server in all tables but one,
// without ids and times.
func (r *rowReader) of(t *testing.T, server, but string) []string {
	t.Helper()
	var lines []string
	for _, one := range slices.Concat(tables, r.more) {
		if one.table == but {
			continue
		}
		d := r.cell
		if one.database == "api" {
			d = r.api
		}
		err := d.Each(context.Background(), func(rows *sql.Rows) error {
			names, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]sql.NullString, len(names))
			dest := make([]any, len(names))
			for n := range values {
				dest[n] = &values[n]
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			row := one.table
			for n, name := range names {
				row += " " + name + "=" + plainValue(name, values[n])
			}
			// A periodic task of nova-compute marks deleted servers as cleaned, at any time.
			if !strings.Contains(row, " key=clean_attempts ") {
				lines = append(lines, cleaned.ReplaceAllString(row, " cleaned=N "))
			}
			return nil
		}, "SELECT * FROM "+one.table+" WHERE "+one.where, server)
		if err != nil {
			t.Fatalf("%s: %v", one.table, err)
		}
	}
	slices.Sort(lines)
	return lines
}

// plainValue is a value without what differs from server to server.
func plainValue(column string, v sql.NullString) string {
	switch {
	case !v.Valid:
		return "NULL"
	case column == "id" || strings.HasSuffix(column, "instance_type_id") || column == "action_id" || column == "compute_id" || column == "dest_compute_id", column == "deleted" && v.String != "0":
		return "N"
	case column == "request_id":
		return "REQUEST"
	}
	text := v.String
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		var parsed any
		if json.Unmarshal([]byte(text), &parsed) == nil {
			text = strings.Join(shape("", parsed), "; ")
		}
	}
	for _, r := range []struct {
		find *regexp.Regexp
		with string
	}{{taps, "TAP"}, {spelled, "ID"}, {sideNames, "SIDE"}, {ids, "UUID"}, {moments, "TIME"}, {macs, "MAC"}, {address, "ADDRESS"}, {hosts, "HOST"}, {booking, "RESERVATION"}} {
		text = r.find.ReplaceAllString(text, r.with)
	}
	return text
}
