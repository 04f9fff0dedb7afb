package api

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// WholeRequestSpec reads a server's request spec as Nova gives it to the scheduler,
// with the server group as it is now, or RequestSpecNotFound.
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

// SaveRequestSpec writes a request spec without what is only about this request.
// fields are those that were set; they count as changed in what is stored.
func SaveRequestSpec(ctx context.Context, d *db.DB, s *objects.RequestSpec, fields ...string) error {
	stored := *s
	stored.Changes = slices.Clone(s.Changes)
	stored.Change(fields...)
	text, err := versioned.StoredRequestSpec(&stored).MarshalJSON()
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, d, "UPDATE request_specs SET spec = ?, updated_at = ? WHERE instance_uuid = ?", string(text), db.Now(),
		s.InstanceUUID)
	return err
}
