package api

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/versioned"
)

// WholeRequestSpec returns a server's request spec as Nova passes it to the scheduler, with the
// current server group. If there is none, the error is RequestSpecNotFound.
func WholeRequestSpec(ctx context.Context, d *db.DB, server string) (*objects.RequestSpec, error) {
	var id int64
	var text []byte
	err := d.One(ctx, []any{&id, &text}, "SELECT id, spec FROM request_specs WHERE instance_uuid = ?", server)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, objects.ErrRequestSpecNotFound.Errorf(objects.KindNotFound, "RequestSpec not found for instance %s", server)
	}
	if err != nil {
		return nil, err
	}
	s, group, err := versioned.ParseRequestSpec(text)
	if err != nil {
		return nil, err
	}
	s.ID, s.InstanceUUID = id, server
	if group == "" {
		return s, nil
	}
	s.Group, err = NewGroups(d).Get(ctx, group, "", true)
	if errors.Is(err, objects.ErrInstanceGroupNotFound) {
		delete(s.Hints, "group")
		err = nil
	}
	return s, err
}

// SaveRequestSpec writes a request spec without the fields that concern only the current request,
// in the version that the services of a release read.
// fields are the names of the fields that were set; the stored object lists them in its
// nova_object.changes.
func SaveRequestSpec(ctx context.Context, d *db.DB, r release.Release, s *objects.RequestSpec, fields ...string) error {
	stored := *s
	stored.Changes = slices.Clone(s.Changes)
	stored.Change(fields...)
	text, err := versioned.StoredRequestSpec(&stored).For(r).MarshalJSON()
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, d, "UPDATE request_specs SET spec = ?, updated_at = ? WHERE instance_uuid = ?", string(text), db.Now(ctx),
		s.InstanceUUID)
	return err
}
