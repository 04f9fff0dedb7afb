package api

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// perRequest are fields of a request spec that are only about one request.
var perRequest = []string{"retry", "requested_destination", "requested_resources", "ignore_hosts"}

// WholeRequestSpec reads a server's request spec as a versioned object, as Nova
// gives it to the scheduler, or RequestSpecNotFound.
func WholeRequestSpec(ctx context.Context, d *db.DB, uuid string) (*objects.Versioned, error) {
	var id int64
	var text []byte
	err := d.One(ctx, []any{&id, &text}, "SELECT id, spec FROM request_specs WHERE instance_uuid = ?", uuid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, objects.ErrRequestSpecNotFound.Errorf(objects.KindNotFound, "RequestSpec not found for instance %s", uuid)
	}
	if err != nil {
		return nil, err
	}
	s, err := objects.ParseVersioned(text)
	if err != nil {
		return nil, err
	}
	s.Version = "1.15"
	s.Data["id"], s.Data["instance_uuid"] = id, uuid
	for _, field := range []string{"requested_destination", "requested_resources", "network_metadata", "request_level_params", "requested_networks"} {
		delete(s.Data, field)
	}
	for _, field := range []string{"retry", "ignore_hosts"} {
		s.Data[field] = nil
	}
	if err := currentGroup(ctx, d, s); err != nil {
		return nil, err
	}
	s.Changes = nil
	return s, nil
}

// currentGroup puts the server group as it is now in the place of what the spec
// was stored with: that is but its name.
func currentGroup(ctx context.Context, d *db.DB, s *objects.Versioned) error {
	stored := s.Object("instance_group")
	if stored == nil {
		return nil
	}
	group, err := GroupRecord(ctx, d, stored.Text("uuid"))
	if err != nil {
		return err
	}
	s.Data["instance_group"] = nil
	if group != nil {
		s.Data["instance_group"] = group
		return nil
	}
	if hints, ok := s.Data["scheduler_hints"].(map[string]any); ok {
		delete(hints, "group")
	}
	return nil
}

// SaveRequestSpec writes a request spec without what is only about this request.
// fields are those that were set; they count as changed in what is stored.
func SaveRequestSpec(ctx context.Context, d *db.DB, s *objects.Versioned, fields ...string) error {
	stored := s.Copy()
	if group := stored.Object("instance_group"); group != nil {
		group.Set("members", nil)
		group.Set("hosts", nil)
	}
	for _, field := range perRequest {
		if stored.Has(field) {
			stored.Data[field] = nil
		}
	}
	for _, field := range []string{"network_metadata", "requested_networks", "request_level_params"} {
		delete(stored.Data, field)
	}
	stored.Changes = fields
	text, err := stored.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, d, "UPDATE request_specs SET spec = ?, updated_at = ? WHERE instance_uuid = ?", string(text), db.Now(), s.Text("instance_uuid"))
	return err
}
