package objects

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Image is an image of Glance, with the attributes that Nova uses.
type Image struct {
	ID      string
	Name    string
	Status  string
	Owner   string
	MinRAM  int64 // MiB
	MinDisk int64 // GiB
	Size    int64 // bytes
	// Raw contains the attributes of the image in the form of RPC messages between Nova's services: the attributes of Glance's
	// schema, is_public instead of visibility, and all others below "properties".
	Raw map[string]any
}

// imageBase are the attributes of Glance's schema; all others are custom properties. Attributes with the value false are
// not in Image.Raw.
var imageBase = map[string]bool{
	"id": true, "name": true, "status": true, "checksum": true, "owner": true, "size": true, "container_format": true, "disk_format": true,
	"created_at": true, "updated_at": true, "min_ram": true, "min_disk": true, "os_hidden": true, "os_hash_algo": true,
	"os_hash_value": true, "stores": true,
	"visibility": false, "protected": false, "virtual_size": false, "tags": false, "direct_url": false, "locations": false, "self": false,
	"file": false, "schema": false,
}

// ParseImage parses an image of Glance's API, version 2.
func ParseImage(text []byte) (*Image, error) {
	var given map[string]any
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	properties := map[string]any{}
	raw := map[string]any{"properties": properties, "deleted": false, "deleted_at": nil, "disk_format": nil, "container_format": nil,
		"name": nil, "checksum": nil}
	for name, value := range given {
		if handedOn, base := imageBase[name]; !base {
			if text, isText := value.(string); isText && (name == "block_device_mapping" || name == "mappings") {
				if err := json.Unmarshal([]byte(text), &value); err != nil {
					return nil, fmt.Errorf("image property %s: %w", name, err)
				}
			}
			properties[name] = value
		} else if handedOn {
			raw[name] = value
		}
	}
	raw["is_public"] = given["visibility"] == "public"
	if raw["size"] == nil {
		raw["size"] = float64(0)
	}
	for _, at := range []string{"created_at", "updated_at"} {
		if t, ok := raw[at].(string); ok {
			raw[at] = strings.TrimSuffix(t, "Z") + ".000000"
		}
	}
	i := &Image{Raw: raw}
	i.ID, _ = raw["id"].(string)
	i.Name, _ = raw["name"].(string)
	i.Status, _ = raw["status"].(string)
	i.Owner, _ = raw["owner"].(string)
	i.MinRAM, i.MinDisk, i.Size = integerOrZero(raw["min_ram"]), integerOrZero(raw["min_disk"]), integerOrZero(raw["size"])
	return i, nil
}

// integerOrZero returns a number of JSON as an integer, or 0 for other values.
func integerOrZero(v any) int64 {
	switch n := v.(type) {
	case float64:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// Properties returns the image's custom properties.
func (i *Image) Properties() map[string]any {
	p, _ := i.Raw["properties"].(map[string]any)
	return p
}

// Property returns a custom property as a string, or "".
func (i *Image) Property(name string) string {
	switch v := i.Properties()[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// SystemMetadata returns the system metadata that a server built from the image has: the image's properties, and the
// flavor's root disk as the minimum disk size.
func (i *Image) SystemMetadata(f *Flavor) map[string]string {
	m := map[string]string{}
	properties := i.Properties()
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		switch name {
		case "mappings", "block_device_mapping", "img_mappings", "img_block_device_mapping":
			continue
		}
		m["image_"+name] = truncate(pyText(properties[name]))
	}
	for _, name := range []string{"min_ram", "min_disk", "disk_format", "container_format"} {
		value := i.Raw[name]
		if name == "min_disk" && f != nil {
			disk := f.RootGB
			if i.Raw["disk_format"] != "vhd" {
				disk = max(disk, i.MinDisk)
			}
			value = float64(disk)
		}
		if value != nil {
			m["image_"+name] = pyText(value)
		}
	}
	return m
}

// pyText returns str() of Python for a value from JSON.
func pyText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		if v == float64(int64(v)) {
			return fmt.Sprint(int64(v))
		}
	}
	return fmt.Sprint(v)
}

// truncate shortens a text to the 255 bytes of a column, without splitting a character.
func truncate(s string) string {
	const most = 255
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut]
}
