package objects

import "strconv"

// NetworkPlacement is what the interfaces of a server mean for where it can be:
// objects for its request spec.
type NetworkPlacement struct {
	Metadata  *Versioned   // NetworkMetadata
	Resources []*Versioned // RequestGroup, of the ports that ask for some
	Level     *Versioned   // RequestLevelParams, or nil
}

// CinderVolume is a volume, as Nova looks at it.
type CinderVolume struct {
	ID, Status, Zone string
	Size             int64 // GiB
	Bootable         bool
	Multiattach      bool
	ImageMetadata    map[string]string // of the image that it was made of
	// Raw is the volume as Nova's services hand it on.
	Raw map[string]any
}

// CinderSnapshot is a snapshot of a volume.
type CinderSnapshot struct {
	ID, VolumeID string
	Size         int64 // GiB
}

// Image is the image that a volume was made of, as far as the volume remembers it.
func (v *CinderVolume) Image() *Image {
	properties := map[string]any{}
	i := &Image{Status: "active", Size: v.Size << 30}
	i.Raw = map[string]any{"properties": properties, "size": i.Size, "status": i.Status}
	for name, value := range v.ImageMetadata {
		switch name {
		case "min_ram", "min_disk":
			n, _ := strconv.ParseInt(value, 10, 64)
			i.Raw[name] = n
		case "container_format", "disk_format", "image_id", "image_name", "checksum", "size":
		default:
			properties[name] = value
		}
	}
	for _, name := range []string{"min_ram", "min_disk"} {
		if _, ok := i.Raw[name]; !ok {
			i.Raw[name] = int64(0)
		}
	}
	i.MinRAM, i.MinDisk = i.Raw["min_ram"].(int64), i.Raw["min_disk"].(int64)
	return i
}
