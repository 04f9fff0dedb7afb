package versioned

import (
	"slices"

	"github.com/google/uuid"
	"github.com/nova-go/nova/internal/objects"
)

// Destination returns the requested destination of a migration; nil for nil.
func Destination(d *objects.Destination) *Object {
	if d == nil {
		return nil
	}
	data := map[string]any{}
	if d.Host != "" {
		data["host"] = d.Host
	}
	if d.HasNode {
		data["node"] = nil
		if d.Node != "" {
			data["node"] = d.Node
		}
	}
	if d.CrossCell != nil {
		data["allow_cross_cell_move"] = *d.CrossCell
	}
	return Made("Destination", data)
}

// RequestGroup returns the resources and traits that one resource provider must have.
func RequestGroup(g *objects.RequestGroup) *Object {
	resources := map[string]any{}
	for class, n := range g.Resources {
		resources[class] = n
	}
	return Made("RequestGroup", map[string]any{"use_same_provider": true, "resources": resources,
		"required_traits": orEmpty(g.RequiredTraits),
		"requester_id":    g.RequesterID, "provider_uuids": []string{}, "forbidden_traits": orEmpty(g.ForbiddenTraits), "aggregates": []any{},
		"forbidden_aggregates": []string{}, "in_tree": nil})
}

// levelParams returns the requirements over all request groups.
func levelParams(p *objects.RequestLevelParams) *Object {
	if p.Empty {
		return Loaded("RequestLevelParams", map[string]any{})
	}
	return Made("RequestLevelParams", map[string]any{"root_required": []string{}, "root_forbidden": []string{},
		"same_subtree": orEmpty(p.SameSubtree)})
}

// RequestSpec returns a request spec in the form of RPC messages.
func RequestSpec(s *objects.RequestSpec) *Object {
	v := requestSpec(s)
	if s.ID != 0 {
		v.Data["id"] = s.ID
	}
	if s.Destination != nil {
		v.Data["requested_destination"] = Destination(s.Destination)
	}
	if s.Resources != nil {
		v.Data["requested_resources"] = each(s.Resources, RequestGroup)
	}
	if s.LevelParams != nil {
		v.Data["request_level_params"] = levelParams(s.LevelParams)
	}
	if n := s.NetworkMetadata; n != nil {
		v.Data["network_metadata"] = Made("NetworkMetadata", map[string]any{"physnets": orEmpty(n.PhysicalNetworks), "tunneled": n.Tunneled})
	}
	if s.Networks != nil {
		v.Data["requested_networks"] = NetworkRequests(s.Networks)
	}
	v.Changes = changesOf(s, v)
	return v
}

// changesOf returns the names of the fields of a request spec that count as changed.
func changesOf(s *objects.RequestSpec, v *Object) []string {
	if f := v.Object("flavor"); f == nil || len(f.Changes) == 0 || slices.Contains(s.Changes, "flavor") {
		return s.Changes
	}
	return append(slices.Clone(s.Changes), "flavor")
}

// StoredRequestSpec returns a request spec in the form of request_specs.spec: without the fields of a single request.
func StoredRequestSpec(s *objects.RequestSpec) *Object {
	v := requestSpec(s)
	if group := v.Object("instance_group"); group != nil {
		group.Set("members", nil)
		group.Set("hosts", nil)
	}
	if s.ID != 0 {
		v.Data["id"] = s.ID
	}
	v.Data["ignore_hosts"] = nil
	if s.Made {
		v.Data["requested_destination"] = nil
	}
	if len(s.Resources) > 0 {
		v.Data["requested_resources"] = nil
	}
	v.Changes = changesOf(s, v)
	if s.Made {
		v = Made(v.Name, v.Data)
	}
	return v
}

// requestSpec returns the fields that both forms have.
func requestSpec(s *objects.RequestSpec) *Object {
	hosts := func(list []string) any {
		if list == nil {
			return nil
		}
		return list
	}
	// In a loaded spec, only fields that were set after loading contain changes.
	loaded := func(field string, v *Object) any {
		if v == nil {
			return nil
		}
		if !s.Made && !slices.Contains(s.Changes, field) {
			v.Clean()
		}
		return v
	}
	hints := s.Hints
	if hints == nil {
		hints = map[string]any{}
	}
	groups := madeList("SecurityGroupList", each(s.SecurityGroups, func(g string) *Object {
		if uuid.Validate(g) == nil {
			return Made("SecurityGroup", map[string]any{"uuid": g})
		}
		return Made("SecurityGroup", map[string]any{"name": g})
	}))
	limits := Made("SchedulerLimits", map[string]any{"numa_topology": nil, "vcpu": s.Limits.VCPU, "disk_gb": s.Limits.DiskGB,
		"memory_mb": s.Limits.MemoryMB})
	data := map[string]any{"instance_uuid": s.InstanceUUID, "project_id": s.ProjectID, "user_id": s.UserID,
		"image":             loaded("image", ImageMeta(s.Image)),
		"numa_topology":     loaded("numa_topology", NUMATopology(s.NUMATopology)),
		"pci_requests":      loaded("pci_requests", PCIRequests(s.PCIRequests)),
		"availability_zone": s.AvailabilityZone, "flavor": orNull(ReadFlavor(s.Flavor)), "num_instances": s.NumInstances,
		"ignore_hosts": hosts(s.IgnoreHosts),
		"force_hosts":  hosts(s.ForceHosts), "force_nodes": hosts(s.ForceNodes), "retry": nil,
		"instance_group":  loaded("instance_group", ServerGroup(s.Group)),
		"scheduler_hints": hints, "limits": loaded("limits", limits), "security_groups": loaded("security_groups", groups)}
	if s.Made {
		data["requested_destination"] = nil
	}
	if s.VolumeBacked != nil {
		data["is_bfv"] = *s.VolumeBacked
	}
	if s.Made || s.Resources != nil {
		data["requested_resources"] = []any{}
	}
	return Loaded("RequestSpec", data)
}

// ParseRequestSpec parses request_specs.spec, without the fields of a single request. group is the UUID of the server
// group in the spec, or "".
func ParseRequestSpec(text []byte) (s *objects.RequestSpec, group string, err error) {
	v, err := Parse(text)
	if err != nil || v == nil {
		return nil, "", err
	}
	s = &objects.RequestSpec{InstanceUUID: v.Text("instance_uuid"), ProjectID: v.Text("project_id"), UserID: v.Text("user_id"),
		Image:            parseImageMeta(v.Object("image")),
		AvailabilityZone: v.text("availability_zone"), ForceHosts: v.texts("force_hosts"), ForceNodes: v.texts("force_nodes")}
	s.NumInstances, _ = v.Int("num_instances")
	for field := range v.Data {
		if o := v.Object(field); len(o.changed()) > 0 && field != "instance_group" {
			s.Change(field)
		}
	}
	if s.NUMATopology, err = parseNUMATopology(v.Object("numa_topology")); err != nil {
		return nil, "", err
	}
	if s.PCIRequests, err = parsePCIRequests(v.Object("pci_requests")); err != nil {
		return nil, "", err
	}
	if s.Flavor, err = v.Object("flavor").Flavor(); err != nil {
		return nil, "", err
	}
	s.Hints, _ = v.Data["scheduler_hints"].(map[string]any)
	for _, g := range v.Object("security_groups").Objects("objects") {
		id := g.Text("uuid")
		if id == "" {
			id = g.Text("name")
		}
		s.SecurityGroups = append(s.SecurityGroups, id)
	}
	if v.Has("is_bfv") {
		s.VolumeBacked = new(v.Bool("is_bfv"))
	}
	if l := v.Object("limits"); l != nil {
		err = l.Decode(&struct {
			VCPU     **int64 `json:"vcpu"`
			DiskGB   **int64 `json:"disk_gb"`
			MemoryMB **int64 `json:"memory_mb"`
		}{&s.Limits.VCPU, &s.Limits.DiskGB, &s.Limits.MemoryMB})
	}
	return s, v.Object("instance_group").Text("uuid"), err
}
