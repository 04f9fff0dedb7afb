package api

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/versioned"
)

// CreateBuild inserts the request spec, the build request and the instance mapping (without a
// cell) of a server in one transaction, in the versions that the services of a release read.
func CreateBuild(ctx context.Context, d *db.DB, r release.Release, b *objects.Build) error {
	b.CreatedAt = db.Now(ctx)
	texts := make([]string, 4)
	for n, v := range []*versioned.Object{versioned.StoredRequestSpec(b.Spec), versioned.NewInstance(b.Instance),
		versioned.NewBlockDevices(b.Devices, b.UUID),
		versioned.Tags(b.Tags, b.UUID)} {
		var err error
		if texts[n], err = objectColumn(v.For(r)); err != nil {
			return err
		}
	}
	return d.InTx(ctx, func(tx bun.Tx) error {
		var err error
		if b.Spec.ID, err = d.Insert(ctx, tx, "INSERT INTO request_specs (created_at, instance_uuid, spec) VALUES (?, ?, ?)", b.CreatedAt,
			b.UUID, texts[0]); err != nil {
			return err
		}
		if b.ID, err = d.Insert(ctx, tx, "INSERT INTO build_requests (created_at, instance_uuid, project_id, instance, block_device_mappings, "+
			"tags) VALUES (?, ?, ?, ?, ?, ?)",
			b.CreatedAt, b.UUID, b.ProjectID, texts[1], texts[2], texts[3]); err != nil {
			return err
		}
		_, err = d.Insert(ctx, tx, "INSERT INTO instance_mappings (created_at, instance_uuid, cell_id, project_id, user_id, "+
			"queued_for_delete) VALUES (?, ?, NULL, ?, ?, ?)",
			b.CreatedAt, b.UUID, b.ProjectID, b.UserID, false)
		return err
	})
}

// objectColumn encodes a versioned object as the Python services store it in a column.
func objectColumn(v *versioned.Object) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text, err = pyjson.Reform(make([]byte, 0, len(text)*5/4), text)
	return string(text), err
}

// DeleteBuild deletes the rows that CreateBuild has inserted. Missing rows are not an error.
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

// HostCell returns the UUID of the cell that a host is mapped to, or "".
func HostCell(ctx context.Context, d *db.DB, host string) (string, error) {
	var uuid string
	err := d.One(ctx, []any{&uuid}, "SELECT c.uuid FROM host_mappings h JOIN cell_mappings c ON c.id = h.cell_id WHERE h.host = ?", host)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return uuid, err
}

// AddGroupMember adds a server to a server group.
func AddGroupMember(ctx context.Context, d *db.DB, group int64, server string) error {
	_, err := d.Insert(ctx, d, "INSERT INTO instance_group_member (created_at, instance_uuid, group_id) VALUES (?, ?, ?)", db.Now(ctx), server,
		group)
	return err
}

// RemoveGroupMember removes a server from a server group.
func RemoveGroupMember(ctx context.Context, d *db.DB, group int64, server string) error {
	_, err := db.Exec(ctx, d, "DELETE FROM instance_group_member WHERE group_id = ? AND instance_uuid = ?", group, server)
	return err
}
