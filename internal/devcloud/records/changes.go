package records

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
)

// Observer receives the changes of the states of servers.
type Observer interface {
	// Wanted reports whether anybody is interested. If not, the states are not read.
	Wanted() bool
	// Changed is called after a change was committed. It must not block.
	Changed(Change)
	// Wiped is called after all servers were deleted at once.
	Wiped()
}

// Change is a server after a change.
type Change struct {
	Server, Project, User string
	VM, Task              string // "" is none
	Power                 int64
	Deleted               bool
}

// stateColumns are the columns whose changes an Observer receives.
var stateColumns = []string{"vm_state", "task_state", "power_state"}

// changed passes a change of a server of a cell to the observer; within a transaction at its end.
func (r *Records) changed(ctx context.Context, c *db.Cell, server string, set Row) {
	if r.Observer == nil || !r.Observer.Wanted() {
		return
	}
	for _, column := range stateColumns {
		if _, sets := set[column]; !sets {
			continue
		}
		if r.tx != nil {
			*r.pending = append(*r.pending, server)
		} else {
			r.tell(ctx, c, server)
		}
		return
	}
}

// tell reads a server and passes it to the observer. A failure to read it is no failure of the change.
func (r *Records) tell(ctx context.Context, c *db.Cell, server string) {
	change := Change{Server: server}
	var vm, task sql.NullString
	var power, deleted sql.NullInt64
	if c.DB.One(ctx, []any{&change.Project, &change.User, &vm, &task, &power, &deleted},
		"SELECT project_id, user_id, vm_state, task_state, power_state, deleted FROM instances WHERE uuid = ?", server) != nil {
		return
	}
	change.VM, change.Task, change.Power, change.Deleted = vm.String, task.String, power.Int64, deleted.Int64 != 0
	r.Observer.Changed(change)
}
