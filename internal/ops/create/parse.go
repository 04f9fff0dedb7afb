package create

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
)

// FromAPI completes a device of block_device_mapping_v2 in a request. uuid is its source. hasImage says whether the
// request also has an image; unknown are members that devices do not have. A device with no_device, which only removes a
// device of the image, is hardly checked, as in Nova. Errors: InvalidBDMFormat.
func (d *Device) FromAPI(uuid string, hasImage bool, unknown ...string) error {
	if !d.NoDevice {
		if err := d.identify(uuid, hasImage); err != nil {
			return err
		}
	}
	switch {
	case len(unknown) > 0:
		return errUnknownFields(unknown)
	case d.Source == "" && !d.NoDevice:
		return errInvalidFormat("Some required fields are missing")
	}
	return d.complete()
}

// identify sets the source of a device, and checks the combination of source and destination.
func (d *Device) identify(uuid string, hasImage bool) error {
	if d.Source == "blank" && uuid != "" {
		return errInvalidFormat("Invalid device UUID.")
	}
	if d.Source != "blank" && uuid == "" {
		return errInvalidFormat("Missing device UUID.")
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
		return errInvalidFormat("Mapping image to local is not supported.")
	case d.local() && typed:
		return errInvalidFormat("Specifying a volume_type with destination_type=local is not supported.")
	case d.Source == "volume" && typed:
		return errInvalidFormat("Specifying volume type to existing volume is not supported.")
	}
	return nil
}

// complete checks a device of either form, and adds /dev/ to its name.
func (d *Device) complete() error {
	if d.Name != nil && !d.NoDevice {
		switch {
		case *d.Name == "" || utf8.RuneCountInString(*d.Name) > 255:
			return errInvalidFormat("Device name empty or too long.")
		case strings.Contains(*d.Name, " "):
			return errInvalidFormat("Device name contains spaces.")
		}
	}
	if d.Size != nil && *d.Size < 0 && !d.NoDevice {
		return errInvalidFormat("Invalid volume_size.")
	}
	if d.Name != nil {
		d.Name = new(withDev(*d.Name))
	}
	return nil
}

// errUnknownFields returns the error for members that devices do not have.
func errUnknownFields(names []string) error {
	return errInvalidFormat("Following fields are invalid: " + strings.Join(names, " "))
}

// deviceFields are the members that a device of the bdm_v2 form may have in an image.
var deviceFields = strings.Fields(`source_type destination_type guest_format device_type disk_bus boot_index device_name
	 delete_on_termination
	snapshot_id volume_id volume_size image_id no_device connection_info tag volume_type encrypted encryption_secret_uuid encryption_format
	encryption_options id instance_uuid attachment_id uuid created_at updated_at deleted_at deleted`)

// parseDevice reads a device of the bdm_v2 form from the properties of an image.
func parseDevice(m map[string]any) (*Device, error) {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(deviceFields, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, errUnknownFields(unknown)
	}
	d, err := parseLegacyDevice(m)
	if err != nil {
		return nil, err
	}
	d.GuestFormat, d.Type, d.Bus = stringOrNil(m["guest_format"]), stringOrNil(m["device_type"]), stringOrNil(m["disk_bus"])
	d.ImageID = stringOrNil(m["image_id"])
	d.Tag, d.VolumeType = stringOrNil(m["tag"]), stringOrNil(m["volume_type"])
	d.Source, _ = m["source_type"].(string)
	d.Destination, _ = m["destination_type"].(string)
	if d.BootIndex, err = integerOrNil(m["boot_index"]); err != nil {
		return nil, errInvalidFormat("Boot index is invalid.")
	}
	return d, d.complete()
}

// parseLegacyDevice reads the fields that both forms of devices have from the properties of an image. The caller calls
// complete.
func parseLegacyDevice(m map[string]any) (*Device, error) {
	d := &Device{Name: stringOrNil(m["device_name"]), VolumeID: stringOrNil(m["volume_id"]), SnapshotID: stringOrNil(m["snapshot_id"]),
		ConnectionInfo: stringOrNil(m["connection_info"]),
		NoDevice:       isGiven(m["no_device"]), DeleteOnTermination: isTruthy(m["delete_on_termination"])}
	d.Virtual, _ = m["virtual_name"].(string)
	if d.NoDevice {
		d.DeleteOnTermination = isGiven(m["delete_on_termination"])
	}
	var err error
	if d.Size, err = integerOrNil(m["volume_size"]); err != nil {
		return nil, errInvalidFormat("Invalid volume_size.")
	}
	if m["volume_size"] == "" {
		d.Size = nil
	}
	return d, nil
}

// stringOrNil returns a member that is a string, otherwise nil.
func stringOrNil(v any) *string {
	if s, ok := v.(string); ok {
		return &s
	}
	return nil
}

// isGiven reports whether Python treats a value as true: "false" is true.
func isGiven(v any) bool {
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

// isTruthy reports whether a value is true or a string that means true.
func isTruthy(v any) bool { return pytext.Truthy(fmt.Sprint(v)) }

// integerOrNil returns a member that is a number or a string with one; it returns nil for null.
func integerOrNil(v any) (*int64, error) {
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
		n, err := pytext.Int64(v)
		return &n, err
	}
	return nil, fmt.Errorf("not a number: %v", v)
}
