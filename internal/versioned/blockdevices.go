package versioned

import (
	"errors"

	"github.com/nova-go/nova/internal/objects"
)

// BlockDevices returns the block device mappings of a server, as loaded from its rows.
func BlockDevices(list []*objects.BlockDevice) *Object {
	return List("BlockDeviceMappingList", each(list, blockDevice))
}

// blockDevice returns a block device mapping as loaded from its row.
func blockDevice(d *objects.BlockDevice) *Object {
	data := deviceData(d)
	data["id"], data["uuid"], data["instance_uuid"], data["attachment_id"] = d.ID, d.UUID, d.InstanceUUID, d.AttachmentID
	data["created_at"], data["updated_at"], data["deleted_at"], data["deleted"] = d.CreatedAt, d.UpdatedAt, nil, false
	return Loaded("BlockDeviceMapping", data)
}

// NewBlockDevices returns the block device mappings of a server that is built. server is "" in messages about several
// servers.
func NewBlockDevices(list []*objects.BlockDevice, server string) *Object {
	return madeList("BlockDeviceMappingList", each(list, func(d *objects.BlockDevice) *Object {
		data := deviceData(d)
		if d.Legacy {
			for name, value := range map[string]*string{"guest_format": d.GuestFormat, "device_type": d.DeviceType, "disk_bus": d.DiskBus} {
				if value == nil {
					delete(data, name)
				}
			}
		}
		if server != "" {
			data["instance_uuid"] = server
		}
		if d.AttachmentID != nil {
			data["attachment_id"] = d.AttachmentID
		}
		return Made("BlockDeviceMapping", data)
	}))
}

// deviceData returns the fields that all forms of a block device mapping have.
func deviceData(d *objects.BlockDevice) map[string]any {
	return map[string]any{"source_type": d.SourceType, "destination_type": d.DestinationType, "boot_index": d.BootIndex,
		"device_name": d.DeviceName, "delete_on_termination": d.DeleteOnTermination, "snapshot_id": d.SnapshotID, "volume_id": d.VolumeID,
		"volume_size": d.VolumeSize,
		"image_id":    d.ImageID, "no_device": d.NoDevice, "connection_info": d.ConnectionInfo, "tag": d.Tag, "volume_type": d.VolumeType,
		"encrypted":              d.Encrypted,
		"encryption_secret_uuid": d.EncryptionSecretUUID, "encryption_format": d.EncryptionFormat, "encryption_options": d.EncryptionOptions,
		"guest_format": d.GuestFormat, "device_type": d.DeviceType, "disk_bus": d.DiskBus}
}

// ParseBlockDevices parses the block device mappings of a build request.
func ParseBlockDevices(text []byte) ([]*objects.BlockDevice, error) {
	v, err := Parse(text)
	if err != nil {
		return nil, err
	}
	var list []*objects.BlockDevice
	for _, o := range v.Objects("objects") {
		d, err := o.blockDevice()
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// ParseBlockDevice parses a block device mapping.
func ParseBlockDevice(text []byte) (*objects.BlockDevice, error) {
	v, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, errors.New("the text is not a block device mapping")
	}
	return v.blockDevice()
}

func (v *Object) blockDevice() (*objects.BlockDevice, error) {
	d := &objects.BlockDevice{}
	return d, v.Decode(&struct {
		ID                   *int64   `json:"id"`
		UUID                 **string `json:"uuid"`
		InstanceUUID         *string  `json:"instance_uuid"`
		SourceType           **string `json:"source_type"`
		DestinationType      **string `json:"destination_type"`
		GuestFormat          **string `json:"guest_format"`
		DeviceType           **string `json:"device_type"`
		DiskBus              **string `json:"disk_bus"`
		BootIndex            **int64  `json:"boot_index"`
		DeviceName           **string `json:"device_name"`
		DeleteOnTermination  *bool    `json:"delete_on_termination"`
		NoDevice             *bool    `json:"no_device"`
		SnapshotID           **string `json:"snapshot_id"`
		VolumeID             **string `json:"volume_id"`
		ImageID              **string `json:"image_id"`
		VolumeSize           **int64  `json:"volume_size"`
		ConnectionInfo       **string `json:"connection_info"`
		Tag                  **string `json:"tag"`
		AttachmentID         **string `json:"attachment_id"`
		VolumeType           **string `json:"volume_type"`
		Encrypted            *bool    `json:"encrypted"`
		EncryptionSecretUUID **string `json:"encryption_secret_uuid"`
		EncryptionFormat     **string `json:"encryption_format"`
		EncryptionOptions    **string `json:"encryption_options"`
	}{&d.ID, &d.UUID, &d.InstanceUUID, &d.SourceType, &d.DestinationType, &d.GuestFormat, &d.DeviceType, &d.DiskBus, &d.BootIndex,
		&d.DeviceName, &d.DeleteOnTermination, &d.NoDevice, &d.SnapshotID, &d.VolumeID, &d.ImageID, &d.VolumeSize, &d.ConnectionInfo, &d.Tag,
		&d.AttachmentID,
		&d.VolumeType, &d.Encrypted, &d.EncryptionSecretUUID, &d.EncryptionFormat, &d.EncryptionOptions})
}
