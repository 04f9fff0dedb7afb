package network

import (
	"maps"
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// agents are the agents that bind the ports of each host. Only their state and description can be changed, which has no effect.
func (s *Service) agents() []resource.Doc {
	var list []resource.Doc
	for n, host := range []string{"compute-1", "compute-2"} {
		now := strings.TrimSuffix(strings.Replace(s.o.Store.Now(), "T", " ", 1), "Z")
		d := resource.Doc{"id": "2d279b75-0000-4000-8000-00000000000" + string(rune('1'+n)), "agent_type": "Open vSwitch agent",
			"binary": "neutron-openvswitch-agent", "topic": "N/A", "host": host, "admin_state_up": true, "created_at": now, "started_at": now,
			"heartbeat_timestamp": now, "description": nil, "resources_synced": nil, "availability_zone": nil, "alive": true,
			"configurations": map[string]any{"tunnel_types": []any{"vxlan"}, "bridge_mappings": map[string]any{"public": "br-ex"}}}
		maps.Copy(d, s.o.Store.Get(agentChanges, resource.Text(d, "id")))
		list = append(list, d)
	}
	return list
}

func (s *Service) registerAgents() {
	s.mux.Handle("GET /v2.0/agents", func(r *resource.Request) (any, error) {
		var seen []resource.Doc
		if r.Caller.Admin {
			seen = s.agents()
		}
		page, _ := resource.Query{}.Select(seen, r.URL.Query())
		return map[string]any{"agents": page}, nil
	})
	s.mux.Handle("GET /v2.0/agents/{id}", func(r *resource.Request) (any, error) {
		d, err := s.agent(r)
		return map[string]any{"agent": d}, err
	})
	s.mux.Handle("PUT /v2.0/agents/{id}", func(r *resource.Request) (any, error) {
		d, err := s.agent(r)
		if err != nil {
			return nil, err
		}
		body, err := r.Body("agent")
		if err != nil {
			return nil, err
		}
		changes := resource.Doc{}
		for _, field := range []string{"admin_state_up", "description"} {
			d[field] = resource.Or(body, field, d[field])
			changes[field] = d[field]
		}
		return map[string]any{"agent": d}, s.o.Store.Put(agentChanges, r.PathValue("id"), changes)
	})
}

// agent returns the agent in the path of a request, which only administrators read.
func (s *Service) agent(r *resource.Request) (resource.Doc, error) {
	for _, d := range s.agents() {
		if d["id"] != r.PathValue("id") {
			continue
		}
		if !r.Caller.Admin {
			return nil, hidden()
		}
		return d, nil
	}
	return nil, resource.Errorf(http.StatusNotFound, "AgentNotFound", "Agent %s could not be found.", r.PathValue("id"))
}
