package cinder

import (
	"encoding/json"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// Volume is a volume. Times are in Cinder's format.
type Volume struct {
	ID               string             `json:"id"`
	Status           string             `json:"status"`
	Size             int64              `json:"size"` // GiB
	AvailabilityZone *string            `json:"availability_zone"`
	CreatedAt        *string            `json:"created_at"`
	Name             *string            `json:"name"`
	Description      *string            `json:"description"`
	VolumeType       *string            `json:"volume_type"` // the name of the type
	SnapshotID       *string            `json:"snapshot_id"`
	Multiattach      bool               `json:"multiattach"`
	Bootable         Truth              `json:"bootable"`
	Encrypted        bool               `json:"encrypted"`
	Attachments      []VolumeAttachment `json:"attachments"`
	Metadata         map[string]string  `json:"metadata"`
	ImageMetadata    map[string]string  `json:"volume_image_metadata"` // nil: not created from an image
	SharedTargets    *bool              `json:"shared_targets"`        // since 3.48
	ServiceUUID      *string            `json:"service_uuid"`          // since 3.48
	MigrationStatus  objects.Text       `json:"migration_status"`      // visible to administrators
}

// Attached reports whether Nova's attach_status is "attached".
func (v *Volume) Attached() bool { return len(v.Attachments) > 0 }

// VolumeAttachment is an attachment in the view of its volume.
type VolumeAttachment struct {
	ServerID     string  `json:"server_id"`
	AttachmentID string  `json:"attachment_id"`
	Device       *string `json:"device"`
}

// Truth is a boolean that Cinder may send as a string: "true".
type Truth bool

// UnmarshalJSON reads either form.
func (t *Truth) UnmarshalJSON(text []byte) error {
	var v any
	err := json.Unmarshal(text, &v)
	switch v := v.(type) {
	case bool:
		*t = Truth(v)
	case string:
		*t = Truth(strings.EqualFold(v, "true"))
	}
	return err
}

// Snapshot is a snapshot of a volume.
type Snapshot struct {
	ID          string  `json:"id"`
	Status      string  `json:"status"`
	Size        int64   `json:"size"` // size of the volume in GiB
	CreatedAt   *string `json:"created_at"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
	VolumeID    string  `json:"volume_id"`
}

// Attachment is an attachment of Cinder's attachments API (3.27 and later).
type Attachment struct {
	ID         string `json:"id"`
	VolumeID   string `json:"volume_id"`
	Instance   string `json:"instance"` // UUID of the server
	Status     string `json:"status"`
	AttachMode string `json:"attach_mode"`
	// ConnectionInfo describes the connection from the host to the volume: driver_volume_type
	// and the driver's data. It is empty until a host has sent its connector.
	ConnectionInfo map[string]any `json:"connection_info"`
}

func volumeNotFound(id string) error {
	return objects.ErrVolumeNotFound.Errorf(objects.KindNotFound, "Volume %s could not be found.", id)
}

func snapshotNotFound(id string) error {
	return objects.ErrSnapshotNotFound.Errorf(objects.KindNotFound, "Snapshot %s could not be found.", id)
}

func attachmentNotFound(id string) error {
	return objects.ErrVolumeAttachmentNotFound.Errorf(objects.KindNotFound, "Volume attachment %s could not be found.", id)
}
