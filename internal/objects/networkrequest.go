package objects

// NetworkRequest is one interface that a new server is to have.
type NetworkRequest struct {
	NetworkID, Address, PortID, Tag      *string
	PCIRequestID, DeviceProfile, ARQUUID *string
}

// NetworkRequests are the interfaces that a new server is to have. Auto and None
// stand for the words that ask for the project's only network, or for none at all.
type NetworkRequests struct {
	List       []*NetworkRequest
	Auto, None bool
}

// Versioned is the list as it crosses the RPC; nil where nothing was asked for.
func (n *NetworkRequests) Versioned() any {
	if n == nil {
		return nil
	}
	if n.None {
		return networkRequestList(ChangedVersioned("NetworkRequest", "1.3", map[string]any{"network_id": "none"}))
	}
	if n.Auto {
		return networkRequestList(ChangedVersioned("NetworkRequest", "1.3", map[string]any{"network_id": "auto", "address": nil, "port_id": nil,
			"pci_request_id": nil, "arq_uuid": nil, "device_profile": nil}))
	}
	list := []*Versioned{}
	for _, r := range n.List {
		list = append(list, ChangedVersioned("NetworkRequest", "1.3", map[string]any{"network_id": r.NetworkID, "address": r.Address, "port_id": r.PortID,
			"tag": r.Tag, "pci_request_id": r.PCIRequestID, "arq_uuid": r.ARQUUID, "device_profile": r.DeviceProfile}))
	}
	return networkRequestList(list...)
}

func networkRequestList(list ...*Versioned) *Versioned {
	v := VersionedList("NetworkRequestList", "1.1", list)
	v.Changes = []string{"objects"}
	return v
}
