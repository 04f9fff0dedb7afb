package create

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/objects"
)

// FromAPI completes a device of the second form that the API was given, where uuid names
// what it is made of. hasImage tells that the request names an image, too; unknown are
// members that no device has. What is to be no device of the server is hardly checked.
// Errors: InvalidBDMFormat.
func (d *Device) FromAPI(uuid string, hasImage bool, unknown ...string) error {
	if !d.NoDevice {
		if err := d.identify(uuid, hasImage); err != nil {
			return err
		}
	}
	switch {
	case len(unknown) > 0:
		return unknownFields(unknown)
	case d.Source == "" && !d.NoDevice:
		return invalidFormat("Some required fields are missing")
	}
	return d.complete()
}

// identify notes what a device is made of, and checks whether it can be.
func (d *Device) identify(uuid string, hasImage bool) error {
	if d.Source == "blank" && uuid != "" {
		return invalidFormat("Invalid device UUID.")
	}
	if d.Source != "blank" && uuid == "" {
		return invalidFormat("Missing device UUID.")
	}
	switch d.Source {
	case "image":
		d.ImageID = &uuid
	case "volume":
		d.VolumeID = &uuid
	case "snapshot":
		d.SnapshotID = &uuid
	}
	typed := objects.OrZero(d.VolumeType) != ""
	switch {
	case d.Source == "image" && d.local() && (!hasImage || !d.root()):
		return invalidFormat("Mapping image to local is not supported.")
	case d.local() && typed:
		return invalidFormat("Specifying a volume_type with destination_type=local is not supported.")
	case d.Source == "volume" && typed:
		return invalidFormat("Specifying volume type to existing volume is not supported.")
	}
	return nil
}

// types are what a device can be to its server.
var types = []string{"cdrom", "disk", "floppy", "fs", "lun"}

// complete checks a device of either form, and gives its name the path.
func (d *Device) complete() error {
	if d.Type != nil && !slices.Contains(types, *d.Type) {
		return invalidFormat("Invalid device_type.") // nothing could read it again
	}
	if d.Name != nil && !d.NoDevice {
		switch {
		case *d.Name == "" || utf8.RuneCountInString(*d.Name) > 255:
			return invalidFormat("Device name empty or too long.")
		case strings.Contains(*d.Name, " "):
			return invalidFormat("Device name contains spaces.")
		}
	}
	if d.Size != nil && *d.Size < 0 && !d.NoDevice {
		return invalidFormat("Invalid volume_size.")
	}
	if d.Name != nil {
		d.Name = new(withDev(*d.Name))
	}
	return nil
}

// unknownFields is the error for members that no device has.
func unknownFields(names []string) error {
	return invalidFormat("Following fields are invalid: " + strings.Join(names, " "))
}

// deviceFields are the members that a device of the second form may have.
var deviceFields = strings.Fields(`source_type destination_type guest_format device_type disk_bus boot_index device_name
	 delete_on_termination
	snapshot_id volume_id volume_size image_id no_device connection_info tag volume_type encrypted encryption_secret_uuid encryption_format
	encryption_options id instance_uuid attachment_id uuid created_at updated_at deleted_at deleted`)

// parseDevice reads a device of the second form, as images have it.
func parseDevice(m map[string]any) (*Device, error) {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(deviceFields, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, unknownFields(unknown)
	}
	d, err := parseLegacyDevice(m)
	if err != nil {
		return nil, err
	}
	d.GuestFormat, d.Type, d.Bus, d.ImageID = text(m["guest_format"]), text(m["device_type"]), text(m["disk_bus"]), text(m["image_id"])
	d.Tag, d.VolumeType = text(m["tag"]), text(m["volume_type"])
	d.Source, _ = m["source_type"].(string)
	d.Destination, _ = m["destination_type"].(string)
	if d.BootIndex, err = number(m["boot_index"]); err != nil {
		return nil, invalidFormat("Boot index is invalid.")
	}
	return d, d.complete()
}

// parseLegacyDevice reads a device of the first form, as images have it: it is not
// complete.
func parseLegacyDevice(m map[string]any) (*Device, error) {
	d := &Device{Name: text(m["device_name"]), VolumeID: text(m["volume_id"]), SnapshotID: text(m["snapshot_id"]),
		ConnectionInfo: text(m["connection_info"]),
		NoDevice:       given(m["no_device"]), DeleteOnTermination: truth(m["delete_on_termination"])}
	d.Virtual, _ = m["virtual_name"].(string)
	if d.NoDevice {
		d.DeleteOnTermination = given(m["delete_on_termination"])
	}
	var err error
	if d.Size, err = number(m["volume_size"]); err != nil {
		return nil, invalidFormat("Invalid volume_size.")
	}
	if m["volume_size"] == "" {
		d.Size = nil
	}
	return d, nil
}

// text is a member that is a string; nil is none.
func text(v any) *string {
	if s, ok := v.(string); ok {
		return &s
	}
	return nil
}

// given tells whether a member is there and not empty, whatever it says: "false" is given.
func given(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	n := fmt.Sprint(v)
	return n != "0" && n != "0.0"
}

// truth is a member that may be a truth value or a word for one.
func truth(v any) bool { return objects.Truthy(fmt.Sprint(v)) }

func number(v any) (*int64, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case float64:
		return new(int64(v)), nil
	case int64:
		return &v, nil
	case json.Number:
		n, err := v.Int64()
		return &n, err
	case string:
		if v == "" {
			return new(int64(0)), nil
		}
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return &n, err
	}
	return nil, fmt.Errorf("no number: %v", v)
}
