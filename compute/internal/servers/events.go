package servers

import (
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/ops/lifecycle"
)

// externalEvents takes what neighbours tell of servers. The answer repeats the
// events with what became of each: 207 unless that is 200 for all.
func (a *API) externalEvents(r *api.Request) (any, error) {
	body, _ := r.Body().(map[string]any)
	given, _ := body["events"].([]any)
	events := make([]*lifecycle.Event, len(given))
	for n := range given {
		e, _ := given[n].(map[string]any)
		events[n] = &lifecycle.Event{Status: "completed"}
		events[n].Server, _ = e["server_uuid"].(string)
		events[n].Name, _ = e["name"].(string)
		if status, ok := e["status"].(string); ok {
			events[n].Status = status
		}
		if tag, ok := e["tag"].(string); ok {
			events[n].Tag = &tag
		}
	}
	if err := a.Ops.TakeEvents(r.Ctx(), r.Context, events); err != nil {
		return nil, err
	}
	status := http.StatusOK
	answer := make([]map[string]any, len(given))
	for n := range given {
		answer[n] = map[string]any{}
		if e, ok := given[n].(map[string]any); ok {
			answer[n] = e
		}
		answer[n]["code"], answer[n]["status"] = events[n].Code, "completed"
		if events[n].Code != http.StatusOK {
			answer[n]["status"] = "failed"
			status = http.StatusMultiStatus
		}
	}
	return &api.Reply{Status: status, Body: map[string]any{"events": answer}}, nil
}
