package cell

import (
	"database/sql"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// column is a column of the table instances with its destination for Scan.
type column struct {
	name string
	dest func(*objects.Instance) any
}

var instanceColumns = []column{
	{"id", func(i *objects.Instance) any { return &i.ID }},
	{"uuid", func(i *objects.Instance) any { return &i.UUID }},
	{"created_at", func(i *objects.Instance) any { return db.Time{P: &i.CreatedAt} }},
	{"updated_at", func(i *objects.Instance) any { return db.Time{P: &i.UpdatedAt} }},
	{"deleted_at", func(i *objects.Instance) any { return db.Time{P: &i.DeletedAt} }},
	{"deleted", func(i *objects.Instance) any { return nullBool{&i.Deleted} }},
	{"user_id", func(i *objects.Instance) any { return nullText{&i.UserID} }},
	{"project_id", func(i *objects.Instance) any { return nullText{&i.ProjectID} }},
	{"image_ref", func(i *objects.Instance) any { return nullText{&i.ImageRef} }},
	{"kernel_id", func(i *objects.Instance) any { return &i.KernelID }},
	{"ramdisk_id", func(i *objects.Instance) any { return &i.RamdiskID }},
	{"launch_index", func(i *objects.Instance) any { return &i.LaunchIndex }},
	{"key_name", func(i *objects.Instance) any { return &i.KeyName }},
	{"key_data", func(i *objects.Instance) any { return &i.KeyData }},
	{"power_state", func(i *objects.Instance) any { return &i.PowerState }},
	{"vm_state", func(i *objects.Instance) any { return &i.VMState }},
	{"task_state", func(i *objects.Instance) any { return &i.TaskState }},
	{"hostname", func(i *objects.Instance) any { return &i.Hostname }},
	{"host", func(i *objects.Instance) any { return &i.Host }},
	{"node", func(i *objects.Instance) any { return &i.Node }},
	{"user_data", func(i *objects.Instance) any { return &i.UserData }},
	{"reservation_id", func(i *objects.Instance) any { return &i.ReservationID }},
	{"launched_at", func(i *objects.Instance) any { return db.Time{P: &i.LaunchedAt} }},
	{"terminated_at", func(i *objects.Instance) any { return db.Time{P: &i.TerminatedAt} }},
	{"display_name", func(i *objects.Instance) any { return &i.DisplayName }},
	{"display_description", func(i *objects.Instance) any { return &i.DisplayDescription }},
	{"availability_zone", func(i *objects.Instance) any { return &i.AvailabilityZone }},
	{"root_device_name", func(i *objects.Instance) any { return &i.RootDeviceName }},
	{"default_ephemeral_device", func(i *objects.Instance) any { return &i.DefaultEphemeralDevice }},
	{"default_swap_device", func(i *objects.Instance) any { return &i.DefaultSwapDevice }},
	{"access_ip_v4", func(i *objects.Instance) any { return &i.AccessIPv4 }},
	{"access_ip_v6", func(i *objects.Instance) any { return &i.AccessIPv6 }},
	{"config_drive", func(i *objects.Instance) any { return &i.ConfigDrive }},
	{"progress", func(i *objects.Instance) any { return &i.Progress }},
	{"auto_disk_config", func(i *objects.Instance) any { return nullBool{&i.AutoDiskConfig} }},
	{"locked", func(i *objects.Instance) any { return nullBool{&i.Locked} }},
	{"locked_by", func(i *objects.Instance) any { return &i.LockedBy }},
	{"os_type", func(i *objects.Instance) any { return &i.OSType }},
	{"architecture", func(i *objects.Instance) any { return &i.Architecture }},
	{"launched_on", func(i *objects.Instance) any { return &i.LaunchedOn }},
	{"instance_type_id", func(i *objects.Instance) any { return &i.InstanceTypeID }},
	{"memory_mb", func(i *objects.Instance) any { return &i.MemoryMB }},
	{"vcpus", func(i *objects.Instance) any { return &i.VCPUs }},
	{"root_gb", func(i *objects.Instance) any { return &i.RootGB }},
	{"hidden", func(i *objects.Instance) any { return nullBool{&i.Hidden} }},
}

// recordColumns are the columns that no view shows but the versioned object has.
var recordColumns = []column{
	{"ephemeral_gb", func(i *objects.Instance) any { return &i.EphemeralGB }},
	{"compute_id", func(i *objects.Instance) any { return &i.ComputeID }},
	{"ephemeral_key_uuid", func(i *objects.Instance) any { return &i.EphemeralKeyUUID }},
	{"vm_mode", func(i *objects.Instance) any { return &i.VMMode }},
	{"cell_name", func(i *objects.Instance) any { return &i.CellName }},
	{"shutdown_terminate", func(i *objects.Instance) any { return nullBool{&i.ShutdownTerminate} }},
	{"disable_terminate", func(i *objects.Instance) any { return nullBool{&i.DisableTerminate} }},
	{"cleaned", func(i *objects.Instance) any { return nullBool{&i.Cleaned} }},
}

// otherColumns are columns for filters that lists do not read.
var otherColumns = []string{"internal_id", "vm_mode", "ephemeral_gb", "shutdown_terminate", "disable_terminate", "cell_name", "cleaned",
	"ephemeral_key_uuid", "compute_id"}

func columnNamed(name string) (column, bool) {
	for _, c := range instanceColumns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// nullBool scans a nullable column; NULL is false.
type nullBool struct{ p *bool }

func (t nullBool) Scan(v any) error {
	var n sql.NullInt64
	if b, ok := v.(bool); ok {
		*t.p = b
		return nil
	}
	err := n.Scan(v)
	*t.p = n.Int64 != 0
	return err
}

// nullText scans a nullable column; NULL is "".
type nullText struct{ p *string }

func (t nullText) Scan(v any) error {
	var s sql.NullString
	err := s.Scan(v)
	*t.p = s.String
	return err
}

// isBoolean tells whether the type of the column in the database is boolean.
func (c column) isBoolean() bool {
	if c.dest == nil {
		return false
	}
	_, is := c.value(&objects.Instance{}).(bool)
	return is
}

// key returns the value of a column for sorting and matching: a string, an int64, or nil for
// NULL.
func (c column) key(i *objects.Instance) any {
	switch v := c.value(i).(type) {
	case time.Time:
		return v.Format(timeLayout)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	default:
		return v
	}
}

const timeLayout = "2006-01-02 15:04:05.000000"

// compareKeys compares two keys of one column; NULL is less than other values.
func compareKeys(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	if x, ok := a.(int64); ok {
		y, _ := b.(int64)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(a.(string), b.(string))
}
