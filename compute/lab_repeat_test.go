//go:build lab

package compute_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/uptrace/bun"
)

// left is a state in which a server is left by an API process that ends in the middle of
// an operation, or by a host that never answers.
type left struct {
	by         string // the operation, of repeats; "" is one that clients do not name
	vm, task   string
	hostless   bool
	unlaunched bool
}

var leftStates = []left{
	{by: "delete", vm: "active", task: "deleting"}, {by: "delete", vm: "error", task: "deleting"}, {by: "delete", vm: "soft-delete", task: "deleting"},
	{by: "delete", vm: "shelved_offloaded", task: "deleting", hostless: true}, {by: "delete", vm: "building", task: "deleting", hostless: true, unlaunched: true},
	{by: "delete", vm: "building", task: "deleting", unlaunched: true}, {by: "delete", vm: "error", task: "deleting", hostless: true, unlaunched: true},
	{by: "delete", vm: "resized", task: "deleting"}, {by: "delete", vm: "active", task: "soft-deleting"}, {by: "delete", vm: "stopped", task: "soft-deleting"},
	{by: "stop", vm: "active", task: "powering-off"}, {by: "start", vm: "stopped", task: "powering-on"},
	{by: "soft reboot", vm: "active", task: "rebooting"}, {vm: "active", task: "reboot_pending"}, {vm: "active", task: "reboot_started"},
	{by: "hard reboot", vm: "active", task: "rebooting_hard"}, {vm: "active", task: "reboot_pending_hard"}, {vm: "active", task: "reboot_started_hard"},
	{by: "pause", vm: "active", task: "pausing"}, {by: "unpause", vm: "paused", task: "unpausing"},
	{by: "suspend", vm: "active", task: "suspending"}, {by: "resume", vm: "suspended", task: "resuming"},
	{by: "shelve", vm: "active", task: "shelving"}, {vm: "active", task: "shelving_image_pending_upload"}, {vm: "active", task: "shelving_image_uploading"},
	{by: "shelve offload", vm: "shelved", task: "shelving_offloading"}, {by: "unshelve", vm: "shelved", task: "unshelving"},
	{by: "unshelve", vm: "shelved_offloaded", task: "unshelving", hostless: true}, {vm: "shelved_offloaded", task: "spawning"},
	{by: "resize", vm: "active", task: "resize_prep"}, {by: "migrate", vm: "stopped", task: "resize_prep"}, {vm: "active", task: "resize_migrating"},
	{vm: "active", task: "resize_migrated"}, {vm: "active", task: "resize_finish"}, {by: "revert resize", vm: "resized", task: "resize_reverting"},
	{by: "confirm resize", vm: "resized", task: "resize_confirming"}, {by: "live migrate", vm: "active", task: "migrating"},
	{by: "rebuild", vm: "active", task: "rebuilding"}, {by: "evacuate", vm: "error", task: "rebuilding"}, {vm: "active", task: "rebuild_block_device_mapping"}, {vm: "active", task: "rebuild_spawning"},
	{by: "rescue", vm: "active", task: "rescuing"}, {by: "unrescue", vm: "rescued", task: "unrescuing"},
	{by: "create image", vm: "active", task: "image_snapshot_pending"}, {vm: "active", task: "image_snapshot"}, {vm: "active", task: "image_pending_upload"}, {vm: "active", task: "image_uploading"},
	{by: "create backup", vm: "active", task: "image_backup"}, {by: "change password", vm: "active", task: "updating_password"}, {by: "restore", vm: "soft-delete", task: "restoring"},
	{vm: "building", task: "scheduling", hostless: true, unlaunched: true}, {vm: "building", task: "block_device_mapping", unlaunched: true},
	{vm: "building", task: "networking", unlaunched: true}, {vm: "building", task: "spawning", unlaunched: true},
}

// everywhere are the operations that are done in each of the states, others only where a
// repeat is meant, unless LAB_REPEAT is "all".
var everywhere = []string{"delete", "force delete", "stop", "start", "hard reboot", "shelve", "resize", "rebuild", "reset state"}

var repeats = []chapter{
	{name: "delete", do: "DELETE /servers/{server}"},
	{name: "force delete", do: "action", body: `{"forceDelete": null}`},
	{name: "restore", do: "action", body: `{"restore": null}`},
	{name: "stop", do: "action", body: `{"os-stop": null}`},
	{name: "start", do: "action", body: `{"os-start": null}`},
	{name: "soft reboot", do: "action", body: `{"reboot": {"type": "SOFT"}}`},
	{name: "hard reboot", do: "action", body: `{"reboot": {"type": "HARD"}}`},
	{name: "pause", do: "action", body: `{"pause": null}`},
	{name: "unpause", do: "action", body: `{"unpause": null}`},
	{name: "suspend", do: "action", body: `{"suspend": null}`},
	{name: "resume", do: "action", body: `{"resume": null}`},
	{name: "shelve", do: "action", body: `{"shelve": null}`},
	{name: "shelve offload", do: "action", body: `{"shelveOffload": null}`},
	{name: "unshelve", do: "action", body: `{"unshelve": null}`},
	{name: "resize", do: "action", body: `{"resize": {"flavorRef": "{flavor_alt}"}}`},
	{name: "migrate", do: "action", body: `{"migrate": null}`},
	{name: "confirm resize", do: "action", body: `{"confirmResize": null}`},
	{name: "revert resize", do: "action", body: `{"revertResize": null}`},
	{name: "live migrate", do: "action", body: `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`},
	{name: "evacuate", do: "action", body: `{"evacuate": {}}`},
	{name: "rebuild", do: "action", body: `{"rebuild": {"imageRef": "{image}"}}`},
	{name: "rescue", do: "action", body: `{"rescue": {}}`},
	{name: "unrescue", do: "action", body: `{"unrescue": null}`},
	{name: "create image", do: "action", body: `{"createImage": {"name": "lab-repeat-image"}}`},
	{name: "create backup", do: "action", body: `{"createBackup": {"name": "lab-repeat-backup", "backup_type": "daily", "rotation": 1}}`},
	{name: "change password", do: "action", body: `{"changePassword": {"adminPass": "secret"}}`},
	{name: "crash dump", do: "action", body: `{"trigger_crash_dump": null}`},
	{name: "reset state", do: "action", body: `{"os-resetState": {"state": "active"}}`},
	{name: "lock", do: "action", body: `{"lock": {"locked_reason": "why"}}`},
	{name: "unlock", do: "action", body: `{"unlock": null}`},
	{name: "inject network info", do: "action", body: `{"injectNetworkInfo": null}`},
	{name: "add security group", do: "action", body: `{"addSecurityGroup": {"name": "no-such-group"}}`},
	{name: "set metadata", do: "POST /servers/{server}/metadata", body: `{"metadata": {"c": "d"}}`},
	{name: "set tags", do: "PUT /servers/{server}/tags", body: `{"tags": ["x"]}`},
	{name: "update", do: "PUT /servers/{server}", body: `{"server": {"description": "text"}}`},
	{name: "attach interface", do: "POST /servers/{server}/os-interface", body: `{"interfaceAttachment": {"net_id": "{net}"}}`},
	{name: "detach interface", do: "DELETE /servers/{server}/os-interface/{port}"},
	{name: "attach volume", do: "POST /servers/{server}/os-volume_attachments", body: `{"volumeAttachment": {"volumeId": "{spare}"}}`},
	{name: "detach volume", do: "DELETE /servers/{server}/os-volume_attachments/{volume}"},
	{name: "abort migration", do: "DELETE /servers/{server}/migrations/1"},
	{name: "show", do: "GET /servers/{server}"},
}

// The hosts of the servers: nothing runs there. One has a service that says it is alive,
// one whose service is long silent, one none.
const (
	hostUp   = "compute-8001"
	hostDown = "compute-8002"
	hostGone = "compute-8003"
)

// TestLabRepeat leaves servers in the task states of operations that were cut off, and has
// the real service and ours do the same to them. Answers, messages and rows are alike.
func TestLabRepeat(t *testing.T) {
	if os.Getenv("LAB_REPEAT") == "" {
		t.Skip(`LAB_REPEAT is not set: "1" compares what is meant to be repeated (20 minutes), "all" every operation`)
	}
	real, ours := labSides(t)
	messages := listen(t, "compute."+hostUp, "compute."+hostDown, "compute."+hostGone)
	rows := openRows(t)
	pair := [2]*stage{newStage(t, real, real, rows), newStage(t, ours, real, rows)}
	labHosts(t, rows)
	compared := 0
	for _, host := range []string{hostUp, hostDown, hostGone} {
		for _, l := range leftStates {
			if host != hostUp && (l.hostless || l.by == "") {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s %s %s", host, cmp.Or(l.by, "-"), l.vm, l.task), func(t *testing.T) {
				for _, c := range repeats {
					if !wanted(c.name, l, host) {
						continue
					}
					compared++
					var outcome [2][]string
					for try := range 2 { // what another service writes may come late
						outcome = did(t, pair, messages, l, host, c)
						if slices.Equal(outcome[0], outcome[1]) {
							break
						}
						if try == 1 {
							t.Errorf("%s\n%s", c.name, difference(outcome[0], outcome[1]))
						}
					}
				}
			})
		}
	}
	t.Logf("%d repeats compared", compared)
}

func wanted(operation string, l left, host string) bool {
	switch {
	case host != hostUp: // of these the API deletes servers itself
		return operation == l.by || operation == "delete" || operation == "force delete"
	case os.Getenv("LAB_REPEAT") == "all":
		return true
	}
	return operation == l.by || slices.Contains(everywhere, operation)
}

// did is what an operation does on both sides to a server that was left in a state.
func did(t *testing.T, pair [2]*stage, messages *listener, l left, host string, c chapter) (outcome [2][]string) {
	t.Helper()
	var answers [2]reply
	var failed [2]error
	var group sync.WaitGroup
	for n, s := range pair {
		group.Go(func() {
			if failed[n] = s.set(t.Context(), l, host); failed[n] == nil {
				answers[n], failed[n] = s.ask(t.Context(), c)
			}
		})
	}
	group.Wait()
	heard := messages.since(t)
	for n, s := range pair {
		if failed[n] != nil {
			t.Fatalf("%s: %v", c.name, failed[n])
		}
		body := string(answers[n].body)
		if c.name == "show" {
			body = ""
		}
		outcome[n] = append(outcome[n], fmt.Sprintf("answer %d %s", answers[n].status, plainValue("", sql.NullString{String: body, Valid: true})))
		for _, m := range heard {
			if m["_context_request_id"] == answers[n].requestID {
				for _, line := range told(m) {
					outcome[n] = append(outcome[n], plainValue("", sql.NullString{String: line, Valid: true}))
				}
			}
		}
		outcome[n] = append(outcome[n], s.rows.of(t, s.side.variables["server"], "")...)
	}
	return outcome
}

// stage is a side with a server whose rows can be set back to what they were.
type stage struct {
	side  *side
	rows  *rowReader
	name  string // of the copies of its rows
	clean bool
}

// newStage makes a server, through the real service for both, and copies its rows.
func newStage(t *testing.T, s, real *side, rows *rowReader) *stage {
	t.Helper()
	at := *s
	at.url = real.url
	at.build(chapter{name: "create", do: "POST /servers", save: "server=server.id",
		body: `{"server": {"name": "lab-repeat", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}}`})
	for _, name := range []string{"volume", "spare"} {
		s.variables[name] = labVolume(t, s.token)
	}
	if r := at.send(chapter{do: "POST /servers/{server}/os-volume_attachments", body: `{"volumeAttachment": {"volumeId": "{volume}"}}`}); r.status != http.StatusOK {
		t.Fatalf("attach: %d %s", r.status, r.body)
	}
	var ports struct {
		InterfaceAttachments []struct {
			PortID string `json:"port_id"`
		}
	}
	if err := json.Unmarshal(at.send(chapter{do: "GET /servers/{server}/os-interface"}).body, &ports); err != nil || len(ports.InterfaceAttachments) != 1 {
		t.Fatalf("the server has the ports %v: %v", ports, err)
	}
	s.variables["port"] = ports.InterfaceAttachments[0].PortID
	rows.settled(t, s.variables["server"], "")
	st := &stage{side: s, rows: rows, name: "lab_repeat_" + s.variables["server"][:8]}
	for _, one := range tables {
		st.exec(t, one.database, "CREATE TABLE "+st.copy(one.table)+" AS SELECT * FROM "+one.table+" WHERE "+one.where, s.variables["server"])
	}
	t.Cleanup(func() {
		if err := st.restore(context.Background()); err != nil {
			t.Error(err)
		}
		for _, one := range tables {
			st.exec(t, one.database, "DROP TABLE "+st.copy(one.table))
		}
		at.t = t
		if err := labDelete(&at); err != nil {
			t.Error(err)
		}
	})
	return st
}

func (s *stage) copy(table string) string { return s.name + "_" + table }

func (s *stage) exec(t *testing.T, database, query string, args ...any) {
	t.Helper()
	if err := s.rows.exec(context.Background(), database, query, args...); err != nil {
		t.Fatal(err)
	}
}

// restore sets the rows of the server back to the copies.
func (s *stage) restore(ctx context.Context) error {
	for _, one := range slices.Backward(tables) {
		if err := s.rows.exec(ctx, one.database, "DELETE FROM "+one.table+" WHERE "+one.where, s.side.variables["server"]); err != nil {
			return err
		}
	}
	for _, one := range tables {
		if err := s.rows.exec(ctx, one.database, "INSERT INTO "+one.table+" SELECT * FROM "+s.copy(one.table)); err != nil {
			return err
		}
	}
	return nil
}

// set leaves the server in a state on a host.
func (s *stage) set(ctx context.Context, l left, host string) error {
	if !s.clean {
		if err := s.restore(ctx); err != nil {
			return err
		}
		s.clean = true
	}
	at := sql.NullString{String: host, Valid: !l.hostless}
	query := "UPDATE instances SET vm_state = ?, task_state = ?, host = ?, node = ?, launched_at = IF(?, NULL, created_at), deleted_at = IF(?, created_at, NULL) WHERE uuid = ?"
	if err := s.rows.exec(ctx, "cell", query, l.vm, l.task, at, at, l.unlaunched, l.vm == "soft-delete", s.side.variables["server"]); err != nil {
		return err
	}
	return s.rows.exec(ctx, "cell", "UPDATE services SET last_seen_up = UTC_TIMESTAMP() WHERE host = ?", hostUp)
}

// ask sends an operation; the rows count as changed if it is not refused.
func (s *stage) ask(ctx context.Context, c chapter) (reply, error) {
	do := c.do
	if do == "action" {
		do = "POST /servers/{server}/action"
	}
	method, path, _ := strings.Cut(s.side.fill(do), " ")
	q, err := http.NewRequestWithContext(ctx, method, s.side.url+path, strings.NewReader(s.side.fill(c.body)))
	if err != nil {
		return reply{}, err
	}
	q.Header = http.Header{"X-Auth-Token": {s.side.token}, "Content-Type": {"application/json"}, "Openstack-Api-Version": {"compute 2.96"}}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return reply{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	s.clean = s.clean && r.StatusCode >= 400 && r.StatusCode < 500
	return reply{r.StatusCode, r.Header.Get("X-Openstack-Request-Id"), body}, err
}

func (r *rowReader) exec(ctx context.Context, database, query string, args ...any) error {
	d := r.cell
	if database == "api" {
		d = r.api
	}
	err := d.InTx(ctx, func(tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}

// labHosts makes the rows of the services of hosts that do not exist.
func labHosts(t *testing.T, rows *rowReader) {
	t.Helper()
	ctx := context.Background()
	t.Cleanup(func() {
		if err := rows.exec(ctx, "cell", "DELETE FROM services WHERE host IN (?, ?)", hostUp, hostDown); err != nil {
			t.Error(err)
		}
	})
	for _, host := range []string{hostUp, hostDown} {
		err := rows.exec(ctx, "cell", "INSERT INTO services (created_at, host, `binary`, topic, report_count, disabled, deleted, forced_down, version, uuid, last_seen_up)"+
			" SELECT created_at, ?, `binary`, topic, 1, 0, 0, 0, version, UUID(), created_at FROM services WHERE host = 'compute-1' AND `binary` = 'nova-compute' AND deleted = 0", host)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// labVolume makes a volume of 1 GiB, which is deleted with the test.
func labVolume(t *testing.T, token string) string {
	t.Helper()
	url := labEndpoint(t, token, "block-storage") + "/volumes"
	var v struct{ Volume struct{ ID, Status string } }
	do := func(ctx context.Context, method, url, body string) error {
		q, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		q.Header = http.Header{"X-Auth-Token": {token}, "Content-Type": {"application/json"}, "Openstack-Api-Version": {"volume 3.67"}}
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if r.StatusCode >= 300 || method == http.MethodDelete {
			return nil
		}
		return json.NewDecoder(r.Body).Decode(&v)
	}
	if err := do(t.Context(), http.MethodPost, url, `{"volume": {"size": 1, "name": "lab-repeat"}}`); err != nil || v.Volume.ID == "" {
		t.Fatalf("no volume: %v", err)
	}
	id := v.Volume.ID
	t.Cleanup(func() { _ = do(context.Background(), http.MethodDelete, url+"/"+id, "") })
	for end := time.Now().Add(time.Minute); v.Volume.Status != "available"; time.Sleep(300 * time.Millisecond) {
		if err := do(t.Context(), http.MethodGet, url+"/"+id, ""); err != nil || time.Now().After(end) {
			t.Fatalf("volume %s is %s: %v", id, v.Volume.Status, err)
		}
	}
	return id
}

// told is a message as lines, without what differs from server to server.
func told(m map[string]any) []string {
	return shape("", map[string]any{"to": m["to"], "method": m["method"], "version": m["version"], "namespace": m["namespace"],
		"answered": m["_msg_id"] != nil, "args": m["args"]})
}

// since is all messages that were sent since it was last asked: those that come before
// one of its own.
func (l *listener) since(t *testing.T) []map[string]any {
	t.Helper()
	mark := fmt.Sprint("mark-", time.Now().UnixNano())
	inner, err := json.Marshal(map[string]string{"_context_request_id": mark})
	if err != nil {
		t.Fatal(err)
	}
	outer, err := json.Marshal(map[string]string{"oslo.version": "2.0", "oslo.message": string(inner)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.channel.PublishWithContext(t.Context(), "nova", "compute."+hostUp, false, false, amqp.Publishing{ContentType: "application/json", Body: outer}); err != nil {
		t.Fatal(err)
	}
	var heard []map[string]any
	for {
		select {
		case m := <-l.messages:
			if m["_context_request_id"] == mark {
				return heard
			}
			heard = append(heard, m)
		case <-time.After(30 * time.Second):
			t.Fatal("the broker does not deliver")
		}
	}
}
