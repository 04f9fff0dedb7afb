package cell

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Expect is what the row must still say when it is written: one of these task
// states ("" is none), one of these vm states. nil expects nothing.
type Expect struct {
	Task, VM []string
}

// Save writes the columns in which now differs from was, and now.UpdatedAt.
// Without a difference it writes nothing. Errors: InstanceNotFound;
// UnexpectedTaskStateError (UnexpectedDeletingTaskStateError where it is being
// deleted), UnexpectedVMStateError and InstanceUpdateConflict where the row is not
// as expected.
func Save(ctx context.Context, c *db.Cell, was, now *objects.Instance, e Expect) error {
	var set []string
	var args []any
	for _, col := range slices.Concat(instanceColumns, recordColumns) {
		if col.name == "updated_at" {
			continue
		}
		old, next := col.value(was), col.value(now)
		if old != next {
			set, args = append(set, "? = ?"), append(args, bun.Ident(col.name), next)
		}
	}
	if len(set) == 0 {
		return nil
	}
	at := db.Now()
	set, args = append(set, "updated_at = ?"), append(args, at)
	where, more := expected(was.UUID, e)
	n, err := db.Exec(ctx, c.DB, "UPDATE instances SET "+strings.Join(set, ", ")+" WHERE "+where, append(args, more...)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return conflict(ctx, c, was.UUID, e)
	}
	now.UpdatedAt = &at
	return nil
}

func expected(uuid string, e Expect) (string, []any) {
	w := where{}
	w.and("uuid = ? AND deleted = 0", uuid)
	for _, one := range []struct {
		column string
		states []string
	}{{"task_state", e.Task}, {"vm_state", e.VM}} {
		if one.states == nil {
			continue
		}
		named := slices.DeleteFunc(slices.Clone(one.states), func(s string) bool { return s == "" })
		switch {
		case len(named) == 0:
			w.and(one.column + " IS NULL")
		case len(named) == len(one.states):
			w.and(one.column+" IN (?)", db.In(named))
		default:
			w.and("("+one.column+" IS NULL OR "+one.column+" IN (?))", db.In(named))
		}
	}
	return w.text(), w.args
}

// conflict tells why an expected row was not there.
func conflict(ctx context.Context, c *db.Cell, uuid string, e Expect) error {
	var task, vm sql.NullString
	err := c.DB.One(ctx, []any{&task, &vm}, "SELECT task_state, vm_state FROM instances WHERE uuid = ? AND deleted = 0", uuid)
	if errors.Is(err, sql.ErrNoRows) {
		return objects.InstanceNotFound(uuid)
	}
	if err != nil {
		return err
	}
	is := func(what, class, actual string, states []string) error {
		return objects.Errorf(objects.KindConflict, class, "Conflict updating instance %s. Expected: {'%s': %s}. Actual: {'%s': %s}", uuid, what, pyList(states), what, pyText(actual))
	}
	switch {
	case e.Task != nil && !slices.Contains(e.Task, task.String):
		if task.String == "deleting" {
			return is("task_state", "UnexpectedDeletingTaskStateError", task.String, e.Task)
		}
		return is("task_state", "UnexpectedTaskStateError", task.String, e.Task)
	case e.VM != nil && !slices.Contains(e.VM, vm.String):
		return is("vm_state", "UnexpectedVMStateError", vm.String, e.VM)
	}
	return objects.Errorf(objects.KindConflict, "UnknownInstanceUpdateConflict", "Conflict updating instance %s, but we were unable to determine the cause", uuid)
}

func pyText(s string) string {
	if s == "" {
		return "None"
	}
	return "'" + s + "'"
}

func pyList(states []string) string {
	out := make([]string, len(states))
	for n, s := range states {
		out[n] = pyText(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// value is what the column of an instance is written as: nil, a string, an int64,
// a bool or a time.
func (c column) value(i *objects.Instance) any {
	switch p := c.dest(i).(type) {
	case *int64:
		return *p
	case *string:
		return *p
	case **int64:
		if *p != nil {
			return **p
		}
	case **string:
		if *p != nil {
			return **p
		}
	case db.Time:
		if t := *p.P; t != nil {
			return t.UTC().Truncate(time.Microsecond)
		}
	case truth:
		if c.name == "cleaned" || c.name == "deleted" { // integers, not booleans
			return map[bool]int64{true: 1}[*p.p]
		}
		return *p.p
	case text:
		return *p.p
	default:
		panic(fmt.Sprintf("cell: column %s is scanned to %T", c.name, p))
	}
	return nil
}

// StartAction writes that somebody asks for an action on a server. at is when.
func StartAction(ctx context.Context, c *db.Cell, a *objects.Action) error {
	now := db.Now()
	id, err := c.DB.Insert(ctx, c.DB, `INSERT INTO instance_actions (created_at, action, instance_uuid, request_id, user_id, project_id, start_time, message, deleted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`, now, a.Action, a.InstanceUUID, a.RequestID, a.UserID, a.ProjectID, a.StartTime, a.Message)
	a.ID, a.CreatedAt = id, &now
	return err
}
