package notify

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Attached contains the block devices and the shares of a server, if notifications contain them.
type Attached struct {
	Devices []*objects.BlockDevice
	Shares  []*objects.Share
}

// Devices reports whether notifications about servers contain the block devices.
func (n *Notifier) Devices() bool { return n.Versioned() && n.devices }

// Shares reports whether notifications about servers contain the shares.
func (n *Notifier) Shares() bool { return n.Versioned() && n.shares }

// Instance sends the versioned notification of an event of a server, such as "lock" or "delete.start". The server must be
// a record with its flavor, metadata, system metadata and info cache.
func (n *Notifier) Instance(ctx context.Context, caller *reqctx.Caller, event string, i *objects.Instance, with Attached) error {
	if !n.Versioned() {
		return nil
	}
	p, err := instancePayload(caller, i)
	if err != nil {
		return err
	}
	p.Data["fault"] = nil
	n.attach(p, with)
	n.announce(ctx, caller, "instance."+event, p)
	return nil
}

// attach adds the block devices and the shares to a payload, if the configuration says so.
func (n *Notifier) attach(p *versioned.Object, with Attached) {
	if n.devices {
		p.Data["block_devices"] = devicePayloads(with.Devices)
	}
	if n.shares {
		all := []*versioned.Object{}
		for _, s := range with.Shares {
			all = append(all, versioned.Loaded("SharePayload", map[string]any{"share_mapping_uuid": s.UUID, "share_id": s.ShareID,
				"status": s.Status, "tag": s.Tag}))
		}
		p.Data["shares"] = all
	}
}

// devicePayloads returns the payloads of the volumes among a server's block devices.
func devicePayloads(devices []*objects.BlockDevice) []*versioned.Object {
	all := []*versioned.Object{}
	for _, d := range devices {
		if objects.OrZero(d.VolumeID) == "" {
			continue
		}
		all = append(all, versioned.Loaded("BlockDevicePayload", map[string]any{"delete_on_termination": d.DeleteOnTermination,
			"device_name": d.DeviceName,
			"boot_index":  d.BootIndex, "volume_id": d.VolumeID, "tag": d.Tag}))
	}
	return all
}

// Usage sends the unversioned notification of an event of a server, such as "delete.start"; its type is
// "compute.instance." and the event.
func (n *Notifier) Usage(ctx context.Context, caller *reqctx.Caller, event string, i *objects.Instance, imageURL string) {
	if !n.Legacy() {
		return
	}
	payload := legacyInstance(i, imageURL)
	payload["state"] = i.VMState
	n.tell(ctx, caller, "compute", n.host, "compute.instance."+event, payload)
}

func instancePayload(caller *reqctx.Caller, i *objects.Instance) (*versioned.Object, error) {
	addresses, err := addressPayloads(i)
	if err != nil {
		return nil, err
	}
	var request, flavor, power any
	if caller.ProjectID != "" && caller.UserID != "" {
		request = caller.RequestID
	}
	if i.Flavor != nil {
		flavor = flavorPayload(i.Flavor)
	}
	if i.PowerState != nil {
		power = objects.PowerStateName(*i.PowerState)
	}
	disk := "MANUAL"
	if i.AutoDiskConfig {
		disk = "AUTO"
	}
	var reason any
	if r, ok := i.SystemMetadata["locked_reason"]; ok {
		reason = r
	}
	return versioned.Loaded("InstanceActionPayload", map[string]any{"uuid": i.UUID, "user_id": i.UserID, "tenant_id": i.ProjectID,
		"reservation_id": i.ReservationID,
		"display_name":   i.DisplayName, "display_description": i.DisplayDescription, "host_name": i.Hostname, "host": i.Host, "node": i.Node,
		"os_type":      i.OSType,
		"architecture": i.Architecture, "availability_zone": i.AvailabilityZone, "image_uuid": i.ImageRef, "key_name": i.KeyName,
		"kernel_id":  i.KernelID,
		"ramdisk_id": i.RamdiskID, "created_at": i.CreatedAt, "launched_at": i.LaunchedAt, "terminated_at": i.TerminatedAt,
		"deleted_at": i.DeletedAt,
		"updated_at": i.UpdatedAt, "state": i.VMState, "power_state": power, "task_state": i.TaskState, "progress": i.Progress,
		"metadata": mapOrEmpty(i.Metadata),
		"locked":   i.Locked, "auto_disk_config": disk, "flavor": flavor, "ip_addresses": addresses, "block_devices": nil, "shares": nil,
		"request_id":            request,
		"action_initiator_user": orNil(caller.UserID), "action_initiator_project": orNil(caller.ProjectID), "locked_reason": reason}), nil
}

// addressPayloads returns the payloads of the fixed addresses of a server.
func addressPayloads(i *objects.Instance) ([]*versioned.Object, error) {
	vifs, err := objects.ParseNetworkInfo([]byte(i.NetworkInfo()))
	if err != nil {
		return nil, err
	}
	all := []*versioned.Object{}
	for _, v := range vifs {
		meta := v.Meta
		if len(meta) == 0 {
			meta = json.RawMessage("{}")
		}
		for _, subnet := range v.Network.Subnets {
			for _, ip := range subnet.IPs {
				all = append(all, versioned.Loaded("IpPayload", map[string]any{"label": v.Network.Label, "mac": v.Address, "meta": meta,
					"port_uuid": v.ID,
					"version":   ip.Version, "address": ip.Address, "device_name": v.DevName}))
			}
		}
	}
	return all, nil
}
