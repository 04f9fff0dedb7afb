package objects

import "time"

// PCIRequests are the PCI devices that a server requests.
type PCIRequests struct {
	InstanceUUID string // "" before the server's UUID is known
	Requests     []PCIRequest
}

// PCIRequest requests a number of PCI devices of one kind.
type PCIRequest struct {
	Count       int64
	Spec        []map[string]any // alternatives: a device that matches one of them
	Alias       *string          // [pci] alias; nil for a request of a port
	NUMAPolicy  *string
	RequestID   *string
	RequesterID *string // id of the port
	// Stored is true for a request that was read from the server's row. In RPC messages, fields that it does not have are null; for
	// other requests they are absent.
	Stored bool
}

// PCIDevice is a PCI device of a host that is allocated to a server.
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
