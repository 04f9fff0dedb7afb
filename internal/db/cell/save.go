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
	"github.com/nova-go/nova/internal/pytext"
)

// Expect is a condition on the row when it is written: one of these task states ("" stands for
// none) and one of these VM states. nil means no condition.
type Expect struct {
	Task, VM []string
}

// Save writes the differences between was and now: columns of the row, and keys of metadata and
// system metadata if both have them loaded. updated_at changes in any case, as in Nova, which
// counts every field that was set as changed.
//
// Errors: InstanceNotFound; UnexpectedTaskStateError (UnexpectedDeletingTaskStateError if the
// server is being deleted), UnexpectedVMStateError and InstanceUpdateConflict if the row does not
// meet the condition.
func Save(ctx context.Context, c *db.Cell, was, now *objects.Instance, e Expect) error {
	at := db.Now(ctx)
	set, args := changedColumns(was, now)
	set, args = append(set, "updated_at = ?"), append(args, at)
	where, more := expected(was.UUID, e)
	query, args := "UPDATE instances SET "+strings.Join(set, ", ")+" WHERE "+where, append(args, more...)
	update := func(q bun.IDB) error {
		n, err := db.Exec(ctx, q, query, args...)
		if err == nil && n == 0 {
			// MySQL reports no matched row for an update that changes nothing.
			err = conflictError(ctx, q, was.UUID, e)
		}
		return err
	}
	metadata, system := changedPairs(was.Metadata, now.Metadata), changedPairs(was.SystemMetadata, now.SystemMetadata)
	var err error
	if metadata == nil && system == nil {
		err = update(c.DB)
	} else {
		err = c.DB.InTx(ctx, func(tx bun.Tx) error {
			if err := update(tx); err != nil {
				return err
			}
			if err := savePairs(ctx, tx, instanceMetadata, was.UUID, metadata); err != nil {
				return err
			}
			return savePairs(ctx, tx, systemMetadata, was.UUID, system)
		})
	}
	if err == nil {
		now.UpdatedAt = &at
	}
	return err
}

func changedColumns(was, now *objects.Instance) (set []string, args []any) {
	for _, col := range slices.Concat(instanceColumns, recordColumns) {
		if col.name == "updated_at" {
			continue
		}
		if old, next := col.value(was), col.value(now); old != next {
			set, args = append(set, "? = ?"), append(args, bun.Ident(col.name), next)
		}
	}
	return set, args
}

func expected(uuid string, e Expect) (string, []any) {
	w := conditions{}
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

// conflictError returns why no row met the condition, or nil if a row meets it.
func conflictError(ctx context.Context, q bun.IDB, uuid string, e Expect) error {
	var task, vm sql.NullString
	err := db.One(ctx, q, []any{&task, &vm}, "SELECT task_state, vm_state FROM instances WHERE uuid = ? AND deleted = 0", uuid)
	if errors.Is(err, sql.ErrNoRows) {
		return objects.InstanceNotFound(uuid)
	}
	if err != nil {
		return err
	}
	is := func(what string, class objects.Class, actual string, states []string) error {
		return class.Errorf(objects.KindConflict, "Conflict updating instance %s. Expected: {'%s': %s}. Actual: {'%s': %s}", uuid, what,
			reprList(states), what, reprText(actual))
	}
	switch {
	case e.Task != nil && !slices.Contains(e.Task, task.String):
		if task.String == "deleting" {
			return is("task_state", objects.ErrUnexpectedDeletingTaskStateError, task.String, e.Task)
		}
		return is("task_state", objects.ErrUnexpectedTaskStateError, task.String, e.Task)
	case e.VM != nil && !slices.Contains(e.VM, vm.String):
		return is("vm_state", objects.ErrUnexpectedVMStateError, vm.String, e.VM)
	}
	return nil
}

func reprText(s string) string {
	if s == "" {
		return "None"
	}
	return pytext.Repr(s)
}

func reprList(states []string) string {
	out := make([]string, len(states))
	for n, s := range states {
		out[n] = reprText(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// value returns the value of the instance's field for the column: nil, a string, an int64, a bool
// or a time.
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
	case nullBool:
		if c.name == "cleaned" || c.name == "deleted" { // integer columns
			return map[bool]int64{true: 1}[*p.p]
		}
		return *p.p
	case nullText:
		return *p.p
	default:
		panic(fmt.Sprintf("cell: column %s is scanned to %T", c.name, p))
	}
	return nil
}
