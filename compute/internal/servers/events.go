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

// eventAnswer is an event of the body with the members that the answer adds.
type eventAnswer map[string]any

// AppendJSON implements api.Encoder.
func (e eventAnswer) AppendJSON(b []byte) []byte {
	return api.Doc(func(o *api.Object) {
		for _, key := range api.Keys(e) {
			if text, ok := e[key].(string); ok {
				o.Str(key, text)
			} else {
				o.Any(key, e[key])
			}
		}
	}).AppendJSON(b)
}

// externalEvents processes events of other services. The answer contains each event with its
// own status; the status of the answer is 200 if all are 200, otherwise 207.
func (a *API) externalEvents(r *api.Request) (any, error) {
	given, err := api.Body[[]externalEvent](r, "events")
	if err != nil {
		return nil, err
	}
	answer, err := api.Body[[]eventAnswer](r, "events")
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
	return &api.Reply{Status: status, Body: api.Doc(func(o *api.Object) {
		o.List("events", len(answer), func(n int, a *api.Array) { a.Any(answer[n]) })
	})}, nil
}
