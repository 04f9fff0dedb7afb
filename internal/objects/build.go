package objects

import "time"

// Build is a server that is to be built: what the API database says of it until its
// cell does.
type Build struct {
	UUID, ProjectID, UserID string
	Instance                *Instance
	Devices                 []*BlockDevice
	Tags                    []string
	Spec                    *RequestSpec

	ID        int64 // of the build request, once it is written
	CreatedAt time.Time
}

// ExternalEvent is something that happened to a server outside of Nova, as its host is
// told: "network-vif-plugged" with the port as its tag.
type ExternalEvent struct {
	InstanceUUID, Name, Status string
	Tag                        *string
}
