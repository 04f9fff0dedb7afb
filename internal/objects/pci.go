package objects

import "time"

// PCIRequests are the PCI devices that a server asks for.
type PCIRequests struct {
	InstanceUUID string // "" until the server has one
	Requests     []PCIRequest
}

// PCIRequest is a number of PCI devices of a kind.
type PCIRequest struct {
	Count       int64
	Spec        []map[string]any // any of these devices
	Alias       *string          // [pci] alias; nil: for a port
	NUMAPolicy  *string
	RequestID   *string
	RequesterID *string // port
	// Stored tells that it was read from the server's row: what it lacks is null, not
	// left out.
	Stored bool
}

// PCIDevice is a PCI device of a host that a server has.
type PCIDevice struct {
	ID, ComputeNodeID                  int64
	UUID                               *string
	Address, ProductID, VendorID, Type string
	DevID                              *string
	Label, Status                      string
	ExtraInfo                          map[string]any
	InstanceUUID                       string
	RequestID                          *string
	NUMANode                           *int64
	ParentAddress                      *string
	CreatedAt, UpdatedAt               *time.Time
}
