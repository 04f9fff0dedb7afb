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
