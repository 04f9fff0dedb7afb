package objects

import "time"

// Share is a share of Manila that a server mounts: a row of a cell's share_mapping.
type Share struct {
	ID             int64
	UUID           string
	InstanceUUID   string
	ShareID        string
	Status         string // attaching, detaching, active, inactive, error
	Tag            string // what the guest mounts it by
	ExportLocation string
	Protocol       string // NFS, CEPHFS
	CreatedAt      *time.Time
	UpdatedAt      *time.Time
}

// ShareNotFound is the error for a share that does not exist, or that a server does
// not have.
func ShareNotFound(id string) error {
	return ErrShareNotFound.Errorf(KindNotFound, "Share %s could not be found.", id)
}
