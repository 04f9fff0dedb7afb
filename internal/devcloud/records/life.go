package records

import (
	"context"
	"database/sql"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// Action is an action of a server with its events, in the order in which they began.
type Action struct {
	Action    string        `json:"action"`
	RequestID string        `json:"request_id"`
	Start     string        `json:"start"`
	Message   string        `json:"message,omitempty"` // "Error" if it has failed
	Events    []ActionEvent `json:"events"`

	id int64
}

// ActionEvent is a step of an action.
type ActionEvent struct {
	Event   string `json:"event"`
	Host    string `json:"host,omitempty"`
	Start   string `json:"start"`
	Finish  string `json:"finish,omitempty"`
	Result  string `json:"result,omitempty"` // "Success", "Error"
	Details string `json:"details,omitempty"`
}

// Actions returns the actions of a server, also of a deleted one, the newest first.
func (r *Records) Actions(ctx context.Context, server string) ([]*Action, error) {
	all := []*Action{}
	for _, c := range []*db.Cell{r.Cell1, r.Cell0} {
		byID := map[int64]*Action{}
		err := c.DB.Each(ctx, func(rows *sql.Rows) error {
			a := &Action{Events: []ActionEvent{}}
			var name, request, message sql.NullString
			var start sql.NullTime
			err := rows.Scan(&a.id, &name, &request, &start, &message)
			a.Action, a.RequestID, a.Start, a.Message = name.String, request.String, moment(start), message.String
			byID[a.id] = a
			all = append(all, a)
			return err
		}, "SELECT id, action, request_id, start_time, message FROM instance_actions WHERE instance_uuid = ? ORDER BY id DESC", server)
		if err != nil {
			return nil, err
		}
		err = c.DB.Each(ctx, func(rows *sql.Rows) error {
			var e ActionEvent
			var action int64
			var event, host, result, details sql.NullString
			var start, finish sql.NullTime
			err := rows.Scan(&action, &event, &host, &start, &finish, &result, &details)
			e.Event, e.Host, e.Result, e.Details = event.String, host.String, result.String, details.String
			e.Start, e.Finish = moment(start), moment(finish)
			if a := byID[action]; a != nil {
				a.Events = append(a.Events, e)
			}
			return err
		}, `SELECT e.action_id, e.event, e.host, e.start_time, e.finish_time, e.result, e.details FROM instance_actions_events e
			JOIN instance_actions a ON a.id = e.action_id WHERE a.instance_uuid = ? ORDER BY e.id`, server)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func moment(t sql.NullTime) string {
	if !t.Valid {
		return ""
	}
	return t.Time.UTC().Format(time.RFC3339)
}
