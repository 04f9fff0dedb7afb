package api

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

// Build is a server that is to be built: what the API database says of it until
// its cell does.
type Build struct {
	UUID, ProjectID, UserID       string
	Instance, Devices, Tags, Spec *objects.Versioned

	ID, SpecID int64 // of the rows, once they are written
	CreatedAt  time.Time
}

// CreateBuild writes the request spec, the build request and the mapping (to no
// cell yet) of a server, or none of them.
func CreateBuild(ctx context.Context, d *db.DB, b *Build) error {
	b.CreatedAt = db.Now()
	texts := make([]string, 4)
	for n, v := range []*objects.Versioned{b.Spec, b.Instance, b.Devices, b.Tags} {
		var err error
		if texts[n], err = column(v); err != nil {
			return err
		}
	}
	return d.InTx(ctx, func(tx bun.Tx) error {
		var err error
		if b.SpecID, err = d.Insert(ctx, tx, "INSERT INTO request_specs (created_at, instance_uuid, spec) VALUES (?, ?, ?)", b.CreatedAt, b.UUID, texts[0]); err != nil {
			return err
		}
		if b.ID, err = d.Insert(ctx, tx, "INSERT INTO build_requests (created_at, instance_uuid, project_id, instance, block_device_mappings, tags) VALUES (?, ?, ?, ?, ?, ?)",
			b.CreatedAt, b.UUID, b.ProjectID, texts[1], texts[2], texts[3]); err != nil {
			return err
		}
		_, err = d.Insert(ctx, tx, "INSERT INTO instance_mappings (created_at, instance_uuid, cell_id, project_id, user_id, queued_for_delete) VALUES (?, ?, NULL, ?, ?, ?)",
			b.CreatedAt, b.UUID, b.ProjectID, b.UserID, false)
		return err
	})
}

// column is an object as Python's services write it into a column.
func column(v *objects.Versioned) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text, err = pyjson.Reform(make([]byte, 0, len(text)*5/4), text)
	return string(text), err
}

// DeleteBuild removes what CreateBuild wrote; what is gone already is none of its
// business.
func DeleteBuild(ctx context.Context, d *db.DB, uuid string) error {
	return d.InTx(ctx, func(tx bun.Tx) error {
		for _, table := range []string{"request_specs", "build_requests", "instance_mappings"} {
			if _, err := db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE instance_uuid = ?", uuid); err != nil {
				return err
			}
		}
		return nil
	})
}

// HostCell answers the UUID of the cell that a host is mapped to, or "".
func HostCell(ctx context.Context, d *db.DB, host string) (string, error) {
	var uuid string
	err := d.One(ctx, []any{&uuid}, "SELECT c.uuid FROM host_mappings h JOIN cell_mappings c ON c.id = h.cell_id WHERE h.host = ?", host)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return uuid, err
}

// BuildGroup reads the server group that a server is to join, as its request spec
// has it, or an InstanceGroupNotFound. Only those of the project are found, or of
// any for project "".
func BuildGroup(ctx context.Context, d *db.DB, uuid, project string) (*objects.Versioned, int64, error) {
	var id int64
	var user, owner, name, policy, rules sql.NullString
	var created, updated *time.Time
	where, args := "g.uuid = ?", []any{uuid}
	if project != "" {
		where, args = where+" AND g.project_id = ?", append(args, project)
	}
	err := d.One(ctx, []any{&id, &user, &owner, &name, &policy, &rules, db.Time{P: &created}, db.Time{P: &updated}},
		"SELECT g.id, g.user_id, g.project_id, g.name, p.policy, p.rules, g.created_at, g.updated_at FROM instance_groups g LEFT JOIN instance_group_policy p ON p.group_id = g.id WHERE "+where+" ORDER BY p.id LIMIT 1", args...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, objects.ErrInstanceGroupNotFound.Errorf(objects.KindNotFound, "Instance group %s could not be found.", uuid)
	}
	if err != nil {
		return nil, 0, err
	}
	members := []string{}
	err = d.Each(ctx, func(r *sql.Rows) error {
		var m string
		err := r.Scan(&m)
		members = append(members, m)
		return err
	}, "SELECT instance_uuid FROM instance_group_member WHERE group_id = ? ORDER BY id", id)
	data := map[string]any{"id": id, "uuid": uuid, "user_id": user.String, "project_id": owner.String, "name": name.String, "members": members,
		"policies": []string{policy.String}, "policy": policy.String, "created_at": created, "updated_at": updated, "deleted_at": nil, "deleted": false}
	parsed := map[string]any{}
	if rules.String != "" {
		if err := json.Unmarshal([]byte(rules.String), &parsed); err != nil {
			return nil, 0, err
		}
	}
	data["_rules"] = parsed
	return objects.NewVersioned("InstanceGroup", "1.11", data), id, err
}

// AddGroupMember makes a server a member of a group; RemoveGroupMember ends that.
func AddGroupMember(ctx context.Context, d *db.DB, group int64, server string) error {
	_, err := d.Insert(ctx, d, "INSERT INTO instance_group_member (created_at, instance_uuid, group_id) VALUES (?, ?, ?)", db.Now(), server, group)
	return err
}

// RemoveGroupMember takes a server out of a group.
func RemoveGroupMember(ctx context.Context, d *db.DB, group int64, server string) error {
	_, err := db.Exec(ctx, d, "DELETE FROM instance_group_member WHERE group_id = ? AND instance_uuid = ?", group, server)
	return err
}
