package move

import (
	"context"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/release"
)

// roomFor checks the additional vCPUs and memory of a new flavor against the quota of the server's owner.
func (o *Ops) roomFor(ctx context.Context, i *objects.Instance, from, to *objects.Flavor) error {
	return o.Quota.Upsize(ctx, ownerOf(i), to.VCPUs-from.VCPUs, to.MemoryMB-from.MemoryMB)
}

func ownerOf(i *objects.Instance) quota.Owner {
	return quota.Owner{Project: i.ProjectID, User: i.UserID}
}

// imageOf returns the image from which a server was built, from the copy in its system metadata, because the image may be
// deleted.
func imageOf(i *objects.Instance) *objects.Image {
	properties := map[string]any{}
	image := &objects.Image{Status: "active", Raw: map[string]any{"properties": properties}}
	for key, value := range i.SystemMetadata {
		name, ok := strings.CutPrefix(key, "image_")
		switch {
		case !ok:
		case name == "min_ram", name == "min_disk":
			n, _ := strconv.ParseInt(value, 10, 64)
			image.Raw[name] = n
		case name == "disk_format", name == "container_format":
			image.Raw[name] = value
		default:
			properties[name] = value
		}
	}
	image.MinRAM, _ = image.Raw["min_ram"].(int64)
	image.MinDisk, _ = image.Raw["min_disk"].(int64)
	return image
}

func imageMeta(r release.Release, i *objects.Instance) (*objects.ImageMeta, error) {
	return hardware.ImageMeta(r, imageOf(i))
}

// autoDiskAllowed rejects automatic disk configuration if the image disables it with AutoDiskConfigDisabledByImage.
func autoDiskAllowed(properties map[string]any, image string, auto *bool) error {
	disabled, _ := properties["auto_disk_config"].(string)
	if auto != nil && *auto && strings.EqualFold(disabled, "disabled") {
		return objects.ErrAutoDiskConfigDisabledByImage.Errorf(objects.KindInvalid, "Requested image %s has automatic disk resize disabled.",
			image)
	}
	return nil
}
