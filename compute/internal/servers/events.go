package servers

import (
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/ops/lifecycle"
)

// externalEvent is an event of another service about a server.
type externalEvent struct {
	Server string  `json:"server_uuid"`
	Name   string  `json:"name"`
	Status *string `json:"status"`
	Tag    *string `json:"tag"`
}

// externalEvents processes events of other services. The answer contains each event with its
// own status; the status of the answer is 200 if all are 200, otherwise 207.
func (a *API) externalEvents(r *api.Request) (any, error) {
	given, err := api.Body[[]externalEvent](r, "events")
	if err != nil {
		return nil, err
	}
	answer, err := api.Body[[]map[string]any](r, "events")
	if err != nil {
		return nil, err
	}
	events := make([]*lifecycle.Event, len(given))
	for n, e := range given {
		events[n] = &lifecycle.Event{Server: e.Server, Name: e.Name, Status: "completed", Tag: e.Tag}
		if e.Status != nil {
			events[n].Status = *e.Status
		}
	}
	if err := a.Ops.TakeEvents(r.Context(), r.Caller, events); err != nil {
		return nil, err
	}
	status := http.StatusOK
	for n := range answer {
		answer[n]["code"], answer[n]["status"] = events[n].Code, "completed"
		if events[n].Code != http.StatusOK {
			answer[n]["status"] = "failed"
			status = http.StatusMultiStatus
		}
	}
	return &api.Reply{Status: status, Body: map[string]any{"events": answer}}, nil
}
