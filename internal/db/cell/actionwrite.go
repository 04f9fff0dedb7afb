package cell

import (
	"context"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// StartAction inserts an action of a server, and sets its row id and time.
func StartAction(ctx context.Context, c *db.Cell, a *objects.Action) error {
	now := db.Now(ctx)
	id, err := c.DB.Insert(ctx, c.DB, `INSERT INTO instance_actions (created_at, updated_at, action, instance_uuid, request_id, user_id,
		project_id, start_time, message, deleted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`, now, a.StartTime, a.Action, a.InstanceUUID, a.RequestID, a.UserID, a.ProjectID, a.StartTime,
		a.Message)
	a.ID, a.CreatedAt, a.UpdatedAt = id, &now, a.StartTime
	return err
}

// FinishAction writes when an action ended. Most actions of Nova have no end time.
func FinishAction(ctx context.Context, c *db.Cell, action int64, at time.Time) error {
	_, err := db.Exec(ctx, c.DB, "UPDATE instance_actions SET finish_time = ?, updated_at = ? WHERE id = ?", at, at, action)
	return err
}

// StartEvent inserts an event of an action that begins on a host, and returns its row id.
func StartEvent(ctx context.Context, c *db.Cell, action int64, event, host string) (int64, error) {
	now := db.Now(ctx)
	id, err := c.DB.Insert(ctx, c.DB, "INSERT INTO instance_actions_events (created_at, event, action_id, start_time, host, deleted) "+
		"VALUES (?, ?, ?, ?, ?, 0)", now, event, action, now, host)
	if err != nil {
		return 0, err
	}
	_, err = db.Exec(ctx, c.DB, "UPDATE instance_actions SET updated_at = ? WHERE id = ?", now, action)
	return id, err
}

// FinishEvent writes the result of an event; failed is its error, or nil.
func FinishEvent(ctx context.Context, c *db.Cell, action, event int64, failed error) error {
	now := db.Now(ctx)
	result, message := "Success", ""
	var details *string
	if failed != nil {
		text := failed.Error()
		result, message, details = "Error", ", message = 'Error'", &text
	}
	if _, err := db.Exec(ctx, c.DB, "UPDATE instance_actions_events SET updated_at = ?, finish_time = ?, result = ?, details = ? WHERE id "+
		"= ?", now, now, result, details, event); err != nil {
		return err
	}
	_, err := db.Exec(ctx, c.DB, "UPDATE instance_actions SET updated_at = ?"+message+" WHERE id = ?", now, action)
	return err
}
