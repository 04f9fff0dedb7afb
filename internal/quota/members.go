package quota

import (
	"context"
	"slices"
)

// CheckMembers returns an *OverError if delta further servers of the caller in a server group,
// which has members, exceed the limit. Unified limits apply to all members of the group.
func (q *Quotas) CheckMembers(ctx context.Context, caller Owner, group int64, members []string, delta int64) error {
	switch {
	case q.noop:
		return nil
	case q.unified != nil:
		all, err := q.store.Members(ctx, group)
		if err != nil {
			return err
		}
		return q.unified.local(ctx, ServerGroupMembers, all, delta)
	}
	n, err := q.membersOf(ctx, members, caller.User)
	if err != nil {
		return err
	}
	return q.CheckLimits(ctx, caller, Deltas{ServerGroupMembers: n + delta})
}

// membersOf counts the servers of a user among members. It counts instance mappings if all
// mappings have a user, and otherwise rows of the cells and build requests. Servers in
// unreachable cells do not count.
func (q *Quotas) membersOf(ctx context.Context, members []string, user string) (int64, error) {
	if len(members) == 0 {
		return 0, nil
	}
	if !q.migrated.Load() {
		done, err := q.store.Migrated(ctx, "")
		if err != nil {
			return 0, err
		}
		q.migrated.Store(done) // migrated mappings stay migrated
		if !done {
			q.log.Warn().Msg("Falling back to legacy quota counting method for server group members")
			alive, err := q.usage.Alive(ctx, members, user)
			if err != nil {
				return 0, err
			}
			building, err := q.store.Building(ctx, members, user)
			all := slices.Concat(alive, building)
			slices.Sort(all)
			return int64(len(slices.Compact(all))), err
		}
	}
	return q.store.MappedMembers(ctx, members, user)
}
