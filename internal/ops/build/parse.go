package build

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// deviceFields are the members that a device of the second form may have.
var deviceFields = strings.Fields(`source_type destination_type guest_format device_type disk_bus boot_index device_name delete_on_termination
	snapshot_id volume_id volume_size image_id no_device connection_info tag volume_type encrypted encryption_secret_uuid encryption_format
	encryption_options id instance_uuid attachment_id uuid created_at updated_at deleted_at deleted`)

// legacyFields are the members of a device of the first form; others mean nothing.
var legacyFields = strings.Fields(`device_name delete_on_termination virtual_name snapshot_id volume_id volume_size no_device connection_info`)

// ParseLegacyDevice reads a device of the first form, as API and images have it.
func ParseLegacyDevice(m map[string]any) (*Device, error) {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(name string, _ any) bool { return !slices.Contains(legacyFields, name) })
	return parse(m)
}

// parseDevice reads a device of the second form, as images have it.
func parseDevice(m map[string]any) (*Device, error) {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(deviceFields, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, invalidFormat("Following fields are invalid: " + strings.Join(unknown, " "))
	}
	return parse(m)
}

func parse(m map[string]any) (*Device, error) {
	d := &Device{GuestFormat: text(m["guest_format"]), Type: text(m["device_type"]), Bus: text(m["disk_bus"]), Name: text(m["device_name"]),
		ImageID: text(m["image_id"]), VolumeID: text(m["volume_id"]), SnapshotID: text(m["snapshot_id"]), Tag: text(m["tag"]), VolumeType: text(m["volume_type"]),
		DeleteOnTermination: truth(m["delete_on_termination"]), NoDevice: given(m["no_device"])}
	for to, name := range map[*string]string{&d.Source: "source_type", &d.Destination: "destination_type", &d.Virtual: "virtual_name"} {
		*to, _ = m[name].(string)
	}
	if d.NoDevice {
		return d, nil
	}
	if d.Name != nil {
		switch {
		case *d.Name == "" || len(*d.Name) > 255:
			return nil, invalidFormat("Device name empty or too long.")
		case strings.Contains(*d.Name, " "):
			return nil, invalidFormat("Device name contains spaces.")
		}
		d.Name = new(withDev(*d.Name))
	}
	var err error
	if d.Size, err = number(m["volume_size"]); err != nil || d.Size != nil && *d.Size < 0 {
		return nil, invalidFormat("Invalid volume_size.")
	}
	if d.Size != nil && *d.Size == 0 && m["volume_size"] == "" {
		d.Size = nil
	}
	if d.BootIndex, err = number(m["boot_index"]); err != nil {
		return nil, invalidFormat("Boot index is invalid.")
	}
	return d, nil
}

// ParseAPIDevice reads a device of the second form from the API, where uuid names
// what it is made of. hasImage tells that the request names an image, too.
func ParseAPIDevice(m map[string]any, hasImage bool) (*Device, error) {
	m = maps.Clone(m)
	source, _ := m["source_type"].(string)
	id, _ := m["uuid"].(string)
	if !given(m["no_device"]) {
		destination, _ := m["destination_type"].(string)
		volumeType, _ := m["volume_type"].(string)
		switch {
		case source == "blank" && id != "":
			return nil, invalidFormat("Invalid device UUID.")
		case source != "blank" && id == "":
			return nil, invalidFormat("Missing device UUID.")
		case source != "blank":
			m[source+"_id"] = id
		}
		if source == "image" && destination == "local" {
			index, err := number(m["boot_index"])
			if err != nil || index == nil || *index != 0 || !hasImage {
				return nil, invalidFormat("Mapping image to local is not supported.")
			}
		}
		switch {
		case destination == "local" && volumeType != "":
			return nil, invalidFormat("Specifying a volume_type with destination_type=local is not supported.")
		case source == "volume" && volumeType != "":
			return nil, invalidFormat("Specifying volume type to existing volume is not supported.")
		}
	}
	delete(m, "uuid")
	return parseDevice(m)
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
