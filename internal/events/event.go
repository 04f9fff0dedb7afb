// Package events collects the changes of servers that a process sees, and passes them to listeners: the notifications of
// Nova's services on the message bus, and what the API writes itself.
package events

import (
	"encoding/json"
	"time"
)

// Event is a change of a server.
type Event struct {
	// Type is the event type of Nova's versioned notifications: "instance.power_off.end".
	Type string
	// Server and Project are ids. User is the id of the server's user, or "" if it is not known.
	Server, Project, User string
	Time                  time.Time
	// State and Task are the VM state and the task state; "" is none.
	State, Task string
	// Power is Nova's name of the power state: "running"; "" if it is not known.
	Power string
}

// document is the JSON of an event.
type document struct {
	ID      string  `json:"id"`
	Type    string  `json:"event_type"`
	Time    string  `json:"timestamp"`
	Server  string  `json:"server"`
	Project string  `json:"project_id"`
	State   *string `json:"state"`
	Task    *string `json:"task_state"`
	Power   string  `json:"power_state,omitempty"`
}

// frame returns the event with an id in the format of Server-Sent Events.
func (e *Event) frame(id string) []byte {
	d := document{ID: id, Type: e.Type, Time: e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), Server: e.Server, Project: e.Project,
		Power: e.Power}
	if e.State != "" {
		d.State = &e.State
	}
	if e.Task != "" {
		d.Task = &e.Task
	}
	text, err := json.Marshal(d)
	if err != nil { // impossible: all members are strings
		text = []byte("{}")
	}
	f := make([]byte, 0, len("id: \ndata: \n\n")+len(id)+len(text))
	f = append(append(f, "id: "...), id...)
	f = append(append(f, "\ndata: "...), text...)
	return append(f, '\n', '\n')
}

// ResetFrame returns the event that tells a client to read the list of servers, because events before the one with the
// given id may be missing.
func ResetFrame(id string) []byte {
	return []byte("event: reset\nid: " + id + "\ndata: {\"id\":\"" + id + "\"}\n\n")
}
