package objects

import "context"

// ResourceRequest is what a port asks of Placement, in either of the forms that
// Neutron has: one group, or with its extension port-resource-request-groups, several.
type ResourceRequest struct {
	ResourceGroup
	Groups []ResourceGroup `json:"request_groups"`
	// SameSubtree are the ids of groups that one tree of providers must satisfy.
	SameSubtree []string `json:"same_subtree"`
}

// ResourceGroup is what one provider of resources must have.
type ResourceGroup struct {
	ID        string           `json:"id"` // "" where the port is the only one to ask
	Resources map[string]int64 `json:"resources"`
	Required  []string         `json:"required"` // traits
}

// OldForResourceGroups is the error of what a nova-compute is too old for:
// ExtendedResourceRequestOldCompute.
func OldForResourceGroups() error {
	return ErrExtendedResourceRequestOldCompute.Errorf(KindInvalid,
		"The port-resource-request-groups neutron API extension is not supported by old nova compute service. Upgrade your compute services "+
			"to Xena (24.0.0) or later.")
}

// OldForRemoteManaged is the error of a remote-managed port where there are
// nova-computes that do not know them: ForbiddenWithRemoteManagedPorts.
func OldForRemoteManaged() error {
	return ErrForbiddenWithRemoteManagedPorts.Errorf(KindInvalid, "Remote-managed ports are not supported until an upgrade is fully finished.")
}

// PortDevices says what the devices behind the ports of a new server come from.
type PortDevices struct {
	// Requests are those of the server, to which those of ports are added.
	Requests *PCIRequests
	// NUMAPolicy is that of flavor and image, for devices of ports that have none of
	// their own; "" is none.
	NUMAPolicy string
	// OfProfile are the RequestGroups of a device profile of Cyborg for a port, or
	// DeviceProfileError.
	OfProfile func(ctx context.Context, profile, port string) ([]*RequestGroup, error)
}

// Empty tells that nothing is said at all; Neutron writes that as null, or {}.
func (r *ResourceRequest) Empty() bool {
	return r == nil || r.Resources == nil && r.Groups == nil
}

// AddPort adds what a port asks of placement. grouped tells whether Neutron has the
// extension by which it asks for groups.
// An empty request is none.
func (p *NetworkPlacement) AddPort(port string, request *ResourceRequest, grouped bool) {
	switch {
	case request.Empty():
	case grouped || request.Resources == nil: // it may have the extension since it was asked last
		for _, g := range request.Groups {
			p.addGroup(g.ID, g)
		}
		p.addSubtree(request.SameSubtree)
	default:
		p.addGroup(port, request.ResourceGroup)
	}
}

// addSubtree adds groups that one tree must satisfy to what is asked of placement as a
// whole. As in Nova, that is spelled out as soon as a port asks for groups at all.
func (p *NetworkPlacement) addSubtree(groups []string) {
	if p.Level == nil {
		p.Level = &RequestLevelParams{}
	}
	if len(groups) > 0 {
		p.Level.SameSubtree = append(p.Level.SameSubtree, groups)
	}
}

func (p *NetworkPlacement) addGroup(requester string, g ResourceGroup) {
	p.Resources = append(p.Resources, &RequestGroup{RequesterID: requester, Resources: g.Resources, RequiredTraits: g.Required})
}
