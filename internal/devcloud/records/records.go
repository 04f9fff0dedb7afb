// Package records writes the rows that nova-conductor and nova-compute write into Nova's
// databases.
package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/versioned"
)

// Records has the databases of the cloud: the API database, cell0 for servers that could not be
// scheduled, and cell1 for the others.
type Records struct {
	API          *db.DB
	Cell0, Cell1 *db.Cell

	// Observer receives changes of servers; nil: nobody does.
	Observer Observer

	tx      *bun.Tx   // the transaction of Together in cell1
	pending *[]string // the servers that were changed in it

	release release.Release // of the rows in services
}

// Together runs f in one transaction in cell1. f must use its argument, and must not wait for
// other goroutines.
func (r *Records) Together(ctx context.Context, f func(*Records) error) error {
	if r.tx != nil {
		return f(r)
	}
	var changed []string
	err := r.Cell1.DB.InTx(ctx, func(tx bun.Tx) error {
		changed = nil // an earlier attempt may have failed
		inside := *r
		inside.tx, inside.pending = &tx, &changed
		return f(&inside)
	})
	if err == nil {
		for _, server := range changed {
			r.tell(ctx, r.Cell1, server)
		}
	}
	return err
}

// cell returns the database or the transaction for statements in cell1.
func (r *Records) cell() bun.IDB {
	if r.tx != nil {
		return r.tx
	}
	return r.Cell1.DB
}

// Row has values by column.
type Row map[string]any

// Open opens the cells in the mappings of the API database. o are the options of the connections.
func Open(ctx context.Context, api *db.DB, of release.Release, o db.Options) (*Records, error) {
	r := &Records{API: api, release: of}
	cells := &db.Cells{API: api, Pool: o}
	all, err := cells.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		switch {
		case c.IsCell0():
			r.Cell0 = c
		case r.Cell1 == nil:
			r.Cell1 = c
		}
	}
	return r, nil
}

// Close closes the connections to the cells.
func (r *Records) Close() error {
	err := r.Cell0.DB.Close()
	if other := r.Cell1.DB.Close(); err == nil {
		err = other
	}
	return err
}

func insert(ctx context.Context, d *db.DB, q bun.IDB, table string, row Row) (int64, error) {
	columns := slices.Sorted(maps.Keys(row))
	args := make([]any, 0, 2*len(columns))
	for _, c := range columns {
		args = append(args, bun.Ident(c))
	}
	for _, c := range columns {
		args = append(args, columnValue(row[c]))
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	var id int64
	err := alone(q, func() (err error) {
		id, err = d.Insert(ctx, q, "INSERT INTO "+table+" ("+marks+") VALUES ("+marks+")", args...)
		return err
	})
	return id, err
}

// insertAll inserts rows with the same columns.
func insertAll(ctx context.Context, q bun.IDB, table string, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	columns := slices.Sorted(maps.Keys(rows[0]))
	var args []any
	for _, c := range columns {
		args = append(args, bun.Ident(c))
	}
	for _, row := range rows {
		for _, c := range columns {
			args = append(args, columnValue(row[c]))
		}
	}
	marks := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	_, err := exec(ctx, q, "INSERT INTO "+table+" "+marks+" VALUES "+strings.TrimSuffix(strings.Repeat(marks+", ", len(rows)), ", "), args...)
	return err
}

// alone runs a write that excludes other writes of this process, unless q is a transaction.
func alone(q bun.IDB, write func() error) error {
	if d, ok := q.(*db.DB); ok {
		return d.Writing(write)
	}
	return write()
}

// exec runs a statement that writes.
func exec(ctx context.Context, q bun.IDB, query string, args ...any) (int64, error) {
	var n int64
	err := alone(q, func() (err error) {
		n, err = db.Exec(ctx, q, query, args...)
		return err
	})
	return n, err
}

// columnValue converts a value of a versioned object to a value for a column.
func columnValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	case *versioned.Object:
		if v == nil {
			return nil
		}
		return Column(v)
	}
	return v
}

// Column returns the JSON of a value in the form of the Python services.
func Column(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	python, err := pyjson.Reform(nil, text)
	if err != nil {
		return string(text)
	}
	return string(python)
}

func update(ctx context.Context, q bun.IDB, table string, set Row, where string, args ...any) (int64, error) {
	var parts []string
	var values []any
	for _, c := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, "? = ?")
		values = append(values, bun.Ident(c), columnValue(set[c]))
	}
	parts = append(parts, "updated_at = ?")
	values = append(values, db.Now(ctx))
	return exec(ctx, q, "UPDATE "+table+" SET "+strings.Join(parts, ", ")+" WHERE "+where, append(values, args...)...)
}

// Update changes the row of a server. It returns false if the server does not exist.
func (r *Records) Update(ctx context.Context, server string, set Row) (bool, error) {
	n, err := update(ctx, r.cell(), "instances", set, "uuid = ? AND deleted = 0", server)
	if n > 0 {
		r.changed(ctx, r.Cell1, server, set)
	}
	return n > 0, err
}

// UpdateWhile changes the row of a server with one of the task states; "" stands for none. It
// returns false if there is no such server.
func (r *Records) UpdateWhile(ctx context.Context, server string, tasks []string, set Row) (bool, error) {
	n, err := update(ctx, r.cell(), "instances", set, "uuid = ? AND deleted = 0 AND COALESCE(task_state, '') IN (?)", server, db.In(tasks))
	if n > 0 {
		r.changed(ctx, r.Cell1, server, set)
	}
	return n > 0, err
}

// UpdateExtra changes the row of a server in instance_extra.
func (r *Records) UpdateExtra(ctx context.Context, server string, set Row) error {
	_, err := update(ctx, r.cell(), "instance_extra", set, "instance_uuid = ?", server)
	return err
}

// SetNetwork writes the info cache of a server.
func (r *Records) SetNetwork(ctx context.Context, server string, vifs any) error {
	_, err := update(ctx, r.cell(), "instance_info_caches", Row{"network_info": Column(vifs)}, "instance_uuid = ?", server)
	return err
}

// State has the columns of a server that the hosts use.
type State struct {
	ID                           int64
	UUID, ProjectID, UserID      string
	VM, Task, Host, Node, Image  string
	Power                        int64
	Name, Zone, RootDevice       string
	System                       map[string]string // system metadata
	Metadata                     map[string]string
	Flavor, OldFlavor, NewFlavor *objects.Flavor
}

// Find returns a server of cell1, or nil.
func (r *Records) Find(ctx context.Context, server string) (*State, error) {
	s := &State{System: map[string]string{}, Metadata: map[string]string{}}
	var vm, task, host, node, image, name, zone, root, flavor sql.NullString
	var power sql.NullInt64
	err := db.One(ctx, r.cell(), []any{&s.ID, &s.UUID, &s.ProjectID, &s.UserID, &vm, &task, &host, &node, &image, &power, &name, &zone,
		&root, &flavor},
		`SELECT i.id, i.uuid, i.project_id, i.user_id, i.vm_state, i.task_state, i.host, i.node, i.image_ref, i.power_state, i.display_name,
			i.availability_zone, i.root_device_name, e.flavor
		FROM instances i LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid WHERE i.uuid = ? AND i.deleted = 0`, server)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.VM, s.Task, s.Host, s.Node, s.Image, s.Power = vm.String, task.String, host.String, node.String, image.String, power.Int64
	s.Name, s.Zone, s.RootDevice = name.String, zone.String, root.String
	if flavor.String != "" {
		if s.Flavor, s.OldFlavor, s.NewFlavor, err = versioned.ParseInstanceFlavors([]byte(flavor.String)); err != nil {
			return nil, err
		}
	}
	for table, to := range map[string]map[string]string{"instance_system_metadata": s.System, "instance_metadata": s.Metadata} {
		err = db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
			var key string
			var value sql.NullString
			err := rows.Scan(&key, &value)
			to[key] = value.String
			return err
		}, "SELECT ?, value FROM "+table+" WHERE instance_uuid = ? AND deleted = 0", bun.Ident("key"), server)
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// SetSystem changes the system metadata of a server. The value "" removes a key.
func (r *Records) SetSystem(ctx context.Context, server string, set map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if _, err := exec(ctx, r.cell(), "UPDATE instance_system_metadata SET deleted = id, deleted_at = ? WHERE instance_uuid = ? AND ? = ? "+
			"AND deleted = 0",
			db.Now(ctx), server, bun.Ident("key"), key); err != nil {
			return err
		}
		if set[key] == "" {
			continue
		}
		if _, err := insert(ctx, r.Cell1.DB, r.cell(), "instance_system_metadata",
			Row{"created_at": db.Now(ctx), "instance_uuid": server, "key": key, "value": set[key], "deleted": 0}); err != nil {
			return err
		}
	}
	return nil
}

// SetFlavors writes the flavor of a server, and during a resize the old and the new flavor.
func (r *Records) SetFlavors(ctx context.Context, server string, cur, old, next *objects.Flavor) error {
	return r.UpdateExtra(ctx, server, Row{"flavor": Column(flavors(cur, old, next))})
}

func flavors(cur, old, next *objects.Flavor) any {
	return struct {
		Cur *versioned.Object `json:"cur"`
		Old *versioned.Object `json:"old"`
		New *versioned.Object `json:"new"`
	}{versioned.Flavor(cur), versioned.Flavor(old), versioned.Flavor(next)}
}

// Event is an event of an action that has begun.
type Event struct{ id, action int64 }

// Begin inserts an event on a host into the action of a request. Without such an action it does
// nothing.
func (r *Records) Begin(ctx context.Context, server, request, event, host string) (Event, error) {
	var e Event
	err := db.One(ctx, r.cell(), []any{&e.action},
		"SELECT id FROM instance_actions WHERE instance_uuid = ? AND request_id = ? ORDER BY id DESC LIMIT 1", server, request)
	if errors.Is(err, sql.ErrNoRows) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	now := db.Now(ctx)
	e.id, err = insert(ctx, r.Cell1.DB, r.cell(), "instance_actions_events",
		Row{"created_at": now, "event": event, "action_id": e.action, "start_time": now, "host": host, "deleted": 0})
	return e, err
}

// Finish writes the result of an event. details describe a failure.
func (r *Records) Finish(ctx context.Context, e Event, failed bool, details string) error {
	if e.id == 0 {
		return nil
	}
	set, action := Row{"finish_time": db.Now(ctx), "result": "Success"}, Row{}
	if failed {
		set["result"], set["traceback"], set["details"] = "Error", traceback(details), details
		action["message"] = "Error"
	}
	return r.Together(ctx, func(r *Records) error {
		if _, err := update(ctx, r.cell(), "instance_actions", action, "id = ?", e.action); err != nil {
			return err
		}
		_, err := update(ctx, r.cell(), "instance_actions_events", set, "id = ?", e.id)
		return err
	})
}

// traceback returns a traceback that ends with a message.
func traceback(message string) string {
	return "Traceback (most recent call last):\n  " + message + "\n"
}

// Fault inserts a fault of a server into its cell.
func (r *Records) Fault(ctx context.Context, c *db.Cell, server, host, message string) error {
	if len(message) > 255 {
		message = message[:255]
	}
	row := Row{"created_at": db.Now(ctx), "instance_uuid": server, "code": 500, "message": message,
		"details": traceback(message), "deleted": 0}
	if host != "" {
		row["host"] = host
	}
	_, err := insert(ctx, c.DB, c.DB, "instance_faults", row)
	return err
}

// serverTables are the tables whose rows are deleted with a server.
var serverTables = []string{"security_group_instance_association", "instance_info_caches", "instance_metadata", "instance_faults",
	"instance_extra",
	"instance_system_metadata", "block_device_mapping", "migrations", "virtual_interfaces"}

// Destroy deletes a server as Nova does: its rows are marked as deleted.
func (r *Records) Destroy(ctx context.Context, server string) error {
	now := db.Now(ctx)
	err := r.Cell1.DB.InTx(ctx, func(tx bun.Tx) error {
		if _, err := db.Exec(ctx, tx, "UPDATE instances SET vm_state = 'deleted', task_state = NULL, power_state = 0, terminated_at = ?, "+
			"deleted_at = ?, deleted = id, updated_at = ? WHERE uuid = ? AND deleted = 0", now, now, now, server); err != nil {
			return err
		}
		for _, table := range serverTables {
			if _, err := db.Exec(ctx, tx, "UPDATE "+table+" SET deleted_at = ?, deleted = id WHERE instance_uuid = ? AND deleted = 0", now,
				server); err != nil {
				return err
			}
		}
		if _, err := db.Exec(ctx, tx, "UPDATE instance_id_mappings SET deleted_at = ?, deleted = id WHERE uuid = ? AND deleted = 0", now,
			server); err != nil {
			return err
		}
		for table, column := range map[string]string{"tags": "resource_id", "console_auth_tokens": "instance_uuid"} {
			if _, err := db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE "+column+" = ?", server); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.changed(ctx, r.Cell1, server, Row{"vm_state": "deleted"})
	}
	return err
}

// parseTime parses a time of a versioned object; the current one for a value that is none.
func parseTime(ctx context.Context, v any) time.Time {
	switch v := v.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t.UTC()
		}
	case time.Time:
		return v
	}
	return db.Now(ctx)
}
