package cell

import (
	"context"
	"database/sql"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// ActionQuery selects actions of a server. The zero value selects all.
type ActionQuery struct {
	RequestID                   string
	ChangesSince, ChangesBefore *time.Time
	Marker                      string // the request id of the last action of the previous page
	Limit                       int    // 0: no limit
}

const actionColumns = "id, action, instance_uuid, request_id, user_id, project_id, start_time, message, created_at, updated_at"

// Actions returns the actions of a server, the newest first.
func Actions(ctx context.Context, c *db.Cell, server string, q ActionQuery) ([]*objects.Action, error) {
	w := conditions{}
	w.and("instance_uuid = ? AND deleted = 0", server)
	if q.RequestID != "" {
		w.and("request_id = ?", q.RequestID)
	}
	if q.ChangesSince != nil {
		w.and("updated_at >= ?", *q.ChangesSince)
	}
	if q.ChangesBefore != nil {
		w.and("updated_at <= ?", *q.ChangesBefore)
	}
	if q.Marker != "" {
		before, err := Actions(ctx, c, server, ActionQuery{RequestID: q.Marker})
		if err != nil {
			return nil, err
		}
		if len(before) == 0 {
			// Nova's message has None instead of the marker here.
			return nil, objects.ErrMarkerNotFound.Errorf(objects.KindInvalid, "Marker None could not be found.")
		}
		m := before[0]
		w.and("(created_at < ? OR created_at = ? AND id < ?)", *m.CreatedAt, *m.CreatedAt, m.ID)
	}
	text := "SELECT " + actionColumns + " FROM instance_actions WHERE " + w.text() + " ORDER BY created_at DESC, id DESC"
	if q.Limit > 0 {
		text += " LIMIT ?"
		w.args = append(w.args, q.Limit)
	}
	var list []*objects.Action
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		a := &objects.Action{}
		list = append(list, a)
		return r.Scan(&a.ID, &a.Action, &a.InstanceUUID, &a.RequestID, &a.UserID, &a.ProjectID, db.Time{P: &a.StartTime}, &a.Message,
			db.Time{P: &a.CreatedAt}, db.Time{P: &a.UpdatedAt})
	}, text, w.args...)
	return list, err
}

// Events returns the events of an action, the newest first.
func Events(ctx context.Context, c *db.Cell, action int64) ([]*objects.ActionEvent, error) {
	var list []*objects.ActionEvent
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		e := &objects.ActionEvent{}
		list = append(list, e)
		return r.Scan(&e.Event, db.Time{P: &e.StartTime}, db.Time{P: &e.FinishTime}, &e.Result, &e.Traceback, &e.Host, &e.Details)
	}, "SELECT event, start_time, finish_time, result, traceback, host, details FROM instance_actions_events WHERE action_id = ? AND "+
		"deleted = 0 ORDER BY created_at DESC, id DESC", action)
	return list, err
}
