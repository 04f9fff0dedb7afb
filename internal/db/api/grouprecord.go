package api

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// GroupRecord reads a server group with its members as a versioned object, or nil.
func GroupRecord(ctx context.Context, d *db.DB, uuid string) (*objects.Versioned, error) {
	var group *objects.Versioned
	var members []string
	err := d.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var user, project, name, policy, rules, member *string
		var created, updated *time.Time
		if err := r.Scan(&id, &user, &project, &name, &policy, &rules, &member, db.Time{P: &created}, db.Time{P: &updated}); err != nil {
			return err
		}
		if member != nil {
			members = append(members, *member)
		}
		if group != nil {
			return nil
		}
		policies, of := []*string{}, map[string]string{}
		if policy != nil {
			policies = append(policies, policy)
		}
		if rules != nil && *rules != "" {
			if err := json.Unmarshal([]byte(*rules), &of); err != nil {
				return err
			}
		}
		group = objects.NewVersioned("InstanceGroup", "1.11", map[string]any{"id": id, "uuid": uuid, "user_id": user, "project_id": project, "name": name,
			"policy": policy, "policies": policies, "_rules": of, "created_at": created, "updated_at": updated, "deleted_at": nil, "deleted": false})
		return nil
	}, `SELECT g.id, g.user_id, g.project_id, g.name, p.policy, p.rules, m.instance_uuid, g.created_at, g.updated_at FROM instance_groups g
		LEFT JOIN instance_group_policy p ON p.group_id = g.id LEFT JOIN instance_group_member m ON m.group_id = g.id WHERE g.uuid = ? ORDER BY m.id`, uuid)
	if group != nil {
		if members == nil {
			members = []string{}
		}
		group.Data["members"] = members
	}
	return group, err
}
