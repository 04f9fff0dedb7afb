package objects

import "time"

// Build is a server that is built, with the rows of the API database that represent it until the conductor has created it
// in a cell.
type Build struct {
	UUID, ProjectID, UserID string
	Instance                *Instance
	Devices                 []*BlockDevice
	Tags                    []string
	Spec                    *RequestSpec

	ID        int64 // of the build request, after it is written
	CreatedAt time.Time
}

// ExternalEvent is an external event in the form that hosts receive it, for example "network-vif-plugged" with the port's
// id as its tag.
type ExternalEvent struct {
	InstanceUUID, Name, Status string
	Tag                        *string
}
