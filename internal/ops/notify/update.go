package notify

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Update describes a change of a server's row.
type Update struct {
	Server *objects.Instance // after the change: a record with flavor and tags
	Attached
	OldVMState, OldTaskState *string
	OldName                  string // "" if the name did not change
	ImageURL                 string
	PeriodBegan, Now         time.Time // Now is the time of the change; PeriodBegan is the start of its audit period
}

// Changes reports whether changes of servers are announced.
func (n *Notifier) Changes() bool {
	return n != nil && n.changes != "" && (n.Legacy() || n.Versioned())
}

// states returns the states of the payload. Where no state changed, or where a server had none before, the old state
// equals the new one, as in Nova.
func (n *Notifier) states(u Update) map[string]any {
	i := u.Server
	oldVM, oldTask := i.VMState, i.TaskState
	if differentStrings(u.OldVMState, i.VMState) || n.changes == "vm_and_task_state" && differentStrings(u.OldTaskState, i.TaskState) {
		if u.OldVMState != nil {
			oldVM = u.OldVMState
		}
		if u.OldTaskState != nil {
			oldTask = u.OldTaskState
		}
	}
	return map[string]any{"old_state": oldVM, "state": i.VMState, "old_task_state": oldTask, "new_task_state": i.TaskState}
}

func differentStrings(a, b *string) bool { return (a == nil) != (b == nil) || a != nil && *a != *b }

// Updated sends the notifications of a change of a server. The publisher is nova-compute, as in Nova, whichever service
// makes the change.
func (n *Notifier) Updated(ctx context.Context, caller *reqctx.Caller, u Update) error {
	states := n.states(u)
	if n.Legacy() {
		payload := legacyInstance(u.Server, u.ImageURL)
		if u.OldName != "" {
			payload["old_display_name"] = u.OldName
		}
		payload["audit_period_beginning"], payload["audit_period_ending"] = isoTime(&u.PeriodBegan), isoTime(&u.Now)
		maps.Copy(payload, states)
		n.tell(ctx, caller, "compute", n.host, "compute.instance.update", payload)
	}
	if !n.Versioned() {
		return nil
	}
	p, err := instancePayload(caller, u.Server)
	if err != nil {
		return err
	}
	n.attach(p, u.Attached)
	p = versioned.Loaded("InstanceUpdatePayload", p.Data)
	p.Data["state_update"] = versioned.Loaded("InstanceStateUpdatePayload", states)
	p.Data["audit_period"] = versioned.Loaded("AuditPeriodPayload",
		map[string]any{"audit_period_beginning": u.PeriodBegan, "audit_period_ending": u.Now})
	p.Data["old_display_name"] = orNil(u.OldName)
	tags := []string{}
	p.Data["tags"] = append(tags, u.Server.Tags...)
	n.announceAs(ctx, caller, "nova-compute:"+n.host, "instance.update", p)
	return nil
}

// legacyInstance returns the payload of the unversioned form.
func legacyInstance(i *objects.Instance, imageURL string) map[string]any {
	image := map[string]string{}
	for k, v := range i.SystemMetadata {
		if property, ok := strings.CutPrefix(k, "image_"); ok {
			image[property] = v
		}
	}
	d := map[string]any{"tenant_id": i.ProjectID, "user_id": i.UserID, "instance_id": i.UUID, "display_name": i.DisplayName,
		"reservation_id": i.ReservationID,
		"hostname":       i.Hostname, "instance_type_id": i.InstanceTypeID, "architecture": i.Architecture, "host": i.Host, "node": i.Node,
		"availability_zone": i.AvailabilityZone, "cell_name": objects.OrZero(i.CellName), "created_at": pythonTime(i.CreatedAt),
		"terminated_at": isoTime(i.TerminatedAt),
		"deleted_at":    isoTime(i.DeletedAt), "launched_at": isoTime(i.LaunchedAt), "image_ref_url": imageURL, "os_type": i.OSType,
		"kernel_id":  i.KernelID,
		"ramdisk_id": i.RamdiskID, "state_description": objects.OrZero(i.TaskState), "progress": "", "access_ip_v4": i.AccessIPv4,
		"access_ip_v6": i.AccessIPv6,
		"image_meta":   image, "metadata": mapOrEmpty(i.Metadata)}
	if i.Progress != nil && *i.Progress != 0 {
		d["progress"] = *i.Progress
	}
	if f := i.Flavor; f != nil {
		d["instance_type"], d["instance_flavor_id"], d["memory_mb"], d["vcpus"] = f.Name, f.FlavorID, f.MemoryMB, f.VCPUs
		d["disk_gb"], d["root_gb"], d["ephemeral_gb"] = f.RootGB+f.EphemeralGB, f.RootGB, f.EphemeralGB
	}
	return d
}

// isoTime and pythonTime return the two formats of times in unversioned payloads: ISO 8601 with microseconds, and str() of
// a Python datetime.
func isoTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000")
}

func pythonTime(t *time.Time) string {
	if t == nil {
		return "None"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + "+00:00"
}
