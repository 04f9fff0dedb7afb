package objects

import "context"

// ResourceRequest is the resource request of a port in either of Neutron's formats: one group, or with the extension
// port-resource-request-groups several groups.
type ResourceRequest struct {
	ResourceGroup
	Groups []ResourceGroup `json:"request_groups"`
	// SameSubtree are the ids of the groups whose providers must be in one subtree.
	SameSubtree []string `json:"same_subtree"`
}

// ResourceGroup contains the resources and traits that one resource provider must have.
type ResourceGroup struct {
	ID        string           `json:"id"` // "" in the format with one group
	Resources map[string]int64 `json:"resources"`
	Required  []string         `json:"required"` // traits
}

// OldForResourceGroups returns ExtendedResourceRequestOldCompute, the error if a nova-compute is too old for ports with
// request groups.
func OldForResourceGroups() error {
	return ErrExtendedResourceRequestOldCompute.Errorf(KindInvalid,
		"The port-resource-request-groups neutron API extension is not supported by old nova compute service. Upgrade your compute services "+
			"to Xena (24.0.0) or later.")
}

// OldForRemoteManaged returns ForbiddenWithRemoteManagedPorts, the error if a nova-compute is too old for remote-managed
// ports.
func OldForRemoteManaged() error {
	return ErrForbiddenWithRemoteManagedPorts.Errorf(KindInvalid, "Remote-managed ports are not supported until an upgrade is fully finished.")
}

// PortDevices contains the inputs for the PCI and accelerator devices of a new server's ports.
type PortDevices struct {
	// Requests are the PCI requests of the server, to which those of ports are added.
	Requests *PCIRequests
	// NUMAPolicy is the NUMA affinity policy of flavor and image, for ports without a policy of their own; "" is none.
	NUMAPolicy string
	// OfProfile returns the request groups of a Cyborg device profile for a port. Errors: DeviceProfileError.
	OfProfile func(ctx context.Context, profile, port string) ([]*RequestGroup, error)
}

// Empty reports whether the port requests no resources. Neutron represents that as null or {}.
func (r *ResourceRequest) Empty() bool {
	return r == nil || r.Resources == nil && r.Groups == nil
}

// AddPort adds the resource request of a port. grouped says whether Neutron has the extension
// port-resource-request-groups. An empty request adds nothing.
func (p *NetworkPlacement) AddPort(port string, request *ResourceRequest, grouped bool) {
	switch {
	case request.Empty():
	case grouped || request.Resources == nil: // Neutron may have gained the extension after its extensions were read
		for _, g := range request.Groups {
			p.addGroup(g.ID, g)
		}
		p.addSubtree(request.SameSubtree)
	default:
		p.addGroup(port, request.ResourceGroup)
	}
}

// addSubtree adds groups whose providers must be in one subtree. As in Nova, Level is set as soon as a port requests
// groups, even if SameSubtree is empty.
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
