package objects

// NetworkRequest is an interface that a new server requests.
type NetworkRequest struct {
	NetworkID, Address, PortID, Tag      *string
	PCIRequestID, DeviceProfile, ARQUUID *string
}

// NetworkRequests are the interfaces that a new server requests. Auto and None represent the values "auto" and "none" of
// networks.
type NetworkRequests struct {
	List       []*NetworkRequest
	Auto, None bool
}
