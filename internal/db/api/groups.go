package api

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

// Groups reads and writes the tables instance_groups, instance_group_policy and
// instance_group_member.
type Groups struct{ db *db.DB }

// NewGroups returns the access to the server groups of d.
func NewGroups(d *db.DB) *Groups { return &Groups{d} }

// List returns limit server groups of a project, or with all of every project, from the one at
// offset on, by row, without their members.
func (g *Groups) List(ctx context.Context, project string, all bool, offset, limit int) ([]*objects.ServerGroup, error) {
	const page = " ORDER BY id LIMIT ? OFFSET ?"
	if all {
		return g.read(ctx, page, limit, offset)
	}
	return g.read(ctx, " WHERE project_id = ?"+page, project, limit, offset)
}

// read selects rows of instance_groups, and joins their policies.
func (g *Groups) read(ctx context.Context, tail string, args ...any) ([]*objects.ServerGroup, error) {
	var list []*objects.ServerGroup
	err := g.db.Each(ctx, func(r *sql.Rows) error {
		o := &objects.ServerGroup{}
		var project, user sql.NullString
		var rules sql.RawBytes
		if err := r.Scan(&o.ID, &o.UUID, &o.Name, &project, &user, &o.Policy, &rules, db.Time{P: &o.CreatedAt},
			db.Time{P: &o.UpdatedAt}); err != nil {
			return err
		}
		o.ProjectID, o.UserID = project.String, user.String
		if n := len(list); n > 0 && list[n-1].ID == o.ID {
			return nil // a second policy of the group; old releases could insert several
		}
		list = append(list, o)
		if len(rules) == 0 {
			return nil
		}
		if err := json.Unmarshal(rules, &o.Rules); err != nil {
			return fmt.Errorf("instance_group_policy.rules of %s: %w", o.UUID, err)
		}
		return nil
	}, "SELECT g.id, g.uuid, g.name, g.project_id, g.user_id, p.policy, p.rules, g.created_at, g.updated_at FROM (SELECT id, uuid, name, "+
		"project_id, user_id, created_at, updated_at FROM instance_groups"+tail+") g LEFT JOIN instance_group_policy p ON p.group_id = g.id "+
		"ORDER BY g.id, p.id", args...)
	return list, err
}

// FillMembers reads the members of groups in the order in which they were added.
func (g *Groups) FillMembers(ctx context.Context, groups []*objects.ServerGroup) error {
	if len(groups) == 0 {
		return nil
	}
	byID := make(map[int64]*objects.ServerGroup, len(groups))
	ids := make([]int64, len(groups))
	for n, o := range groups {
		byID[o.ID], ids[n] = o, o.ID
	}
	return g.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var member sql.NullString
		err := r.Scan(&id, &member)
		byID[id].Members = append(byID[id].Members, member.String)
		return err
	}, "SELECT group_id, instance_uuid FROM instance_group_member WHERE group_id IN (?) ORDER BY id", db.In(ids))
}

// Get returns a server group with its members. Without all it must belong to the project.
func (g *Groups) Get(ctx context.Context, id, project string, all bool) (*objects.ServerGroup, error) {
	where, args := " WHERE uuid = ?", []any{id}
	if !all {
		where, args = where+" AND project_id = ?", append(args, project)
	}
	list, err := g.read(ctx, where, args...)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, objects.ServerGroupNotFound(id)
	}
	return list[0], g.FillMembers(ctx, list)
}

// Create inserts a server group and its policy, and sets its id and UUID.
func (g *Groups) Create(ctx context.Context, o *objects.ServerGroup) error {
	o.UUID = uuid.NewString()
	rules := o.Rules
	if rules == nil {
		rules = map[string]string{}
	}
	return g.db.InTx(ctx, func(tx bun.Tx) (err error) {
		now := db.Now(ctx)
		o.ID, err = g.db.Insert(ctx, tx, "INSERT INTO instance_groups (created_at, user_id, project_id, uuid, name) VALUES (?, ?, ?, ?, ?)",
			now, o.UserID, o.ProjectID, o.UUID, o.Name)
		if err != nil {
			return err
		}
		_, err = g.db.Insert(ctx, tx, "INSERT INTO instance_group_policy (created_at, policy, group_id, rules) VALUES (?, ?, ?, ?)", now,
			o.Policy, o.ID, string(pyjson.Append(nil, rules)))
		return err
	})
}

// Delete deletes a server group with its policy and members.
func (g *Groups) Delete(ctx context.Context, o *objects.ServerGroup) error {
	return g.db.InTx(ctx, func(tx bun.Tx) error {
		for _, table := range []string{"instance_group_policy", "instance_group_member"} {
			if _, err := db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE group_id = ?", o.ID); err != nil {
				return err
			}
		}
		n, err := db.Exec(ctx, tx, "DELETE FROM instance_groups WHERE id = ?", o.ID)
		if err == nil && n == 0 {
			return objects.ServerGroupNotFound(o.UUID)
		}
		return err
	})
}
