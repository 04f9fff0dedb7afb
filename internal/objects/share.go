package objects

import "time"

// Share is an attached share of Manila: a row of share_mapping.
type Share struct {
	ID             int64
	UUID           string
	InstanceUUID   string
	ShareID        string
	Status         string // attaching, detaching, active, inactive, error
	Tag            string // with which the guest mounts the share
	ExportLocation string
	Protocol       string // NFS, CEPHFS
	CreatedAt      *time.Time
	UpdatedAt      *time.Time
}

// ShareNotFound returns the error for a share that does not exist or is not attached to the server.
func ShareNotFound(id string) error {
	return ErrShareNotFound.Errorf(KindNotFound, "Share %s could not be found.", id)
}
