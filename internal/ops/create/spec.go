package create

import (
	"maps"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// spec returns the request spec of a server.
func (p *plan) spec(server string) *objects.RequestSpec {
	one := func(name string) []string {
		if name == "" {
			return nil
		}
		return []string{name}
	}
	s := &objects.RequestSpec{Made: true, InstanceUUID: server, ProjectID: p.caller.ProjectID, UserID: p.caller.UserID, Image: p.meta,
		Flavor:       p.Flavor,
		NUMATopology: p.numa, PCIRequests: p.pci, AvailabilityZone: p.zone, NumInstances: int64(p.count), ForceHosts: one(p.ForcedHost),
		ForceNodes: one(p.ForcedNode),
		Group:      p.group, Hints: map[string]any{}, SecurityGroups: p.groups, VolumeBacked: new(p.onVolume()), Resources: p.resources(),
		LevelParams: &objects.RequestLevelParams{Empty: true}, Networks: p.Networks}
	for name, values := range p.Hints {
		if !p.release.Has(release.HintsWithUnderscoreDropped) || !strings.HasPrefix(name, "_nova") {
			s.Hints[name] = values
		}
	}
	if p.Host != "" || p.Node != "" {
		s.Destination = &objects.Destination{Host: p.Host, Node: p.Node, HasNode: true}
	}
	if p.placement != nil {
		s.NetworkMetadata = &p.placement.Metadata
		if p.placement.Level != nil {
			s.LevelParams = p.placement.Level
		}
	}
	return s
}

// resources returns the request groups that do not come from the flavor's own resources: those of ports and accelerators.
func (p *plan) resources() []*objects.RequestGroup {
	if p.placement == nil {
		return p.profileGroups
	}
	return slices.Concat(p.placement.Resources, p.profileGroups)
}

func (p *plan) onVolume() bool {
	for _, d := range p.devices {
		if d.root() {
			return d.Destination == "volume"
		}
	}
	return false
}

// instance returns the server that the build request contains.
func (p *plan) instance(server string, index int) *objects.Instance {
	display, host := serverNames(p.Request, server, index, p.count)
	system := p.image.SystemMetadata(p.Flavor)
	if _, ok := system["image_base_image_ref"]; !ok {
		system["image_base_image_ref"] = p.Image
	}
	system["owner_user_name"], system["owner_project_name"] = p.caller.UserName, p.caller.ProjectName
	metadata := maps.Clone(p.Metadata)
	if metadata == nil {
		metadata = map[string]string{}
	}
	property := func(name string) *string { return nonEmpty(p.image.Property(name)) }
	f := p.Flavor
	i := &objects.Instance{UUID: server, UserID: p.caller.UserID, ProjectID: p.caller.ProjectID, ImageRef: p.Image, KernelID: &p.kernel,
		RamdiskID: &p.ramdisk,
		Hostname:  &host, LaunchIndex: new(int64(index)), KeyName: p.KeyName, PowerState: new(int64), VMState: new("building"),
		TaskState: new("scheduling"),
		MemoryMB:  &f.MemoryMB, VCPUs: &f.VCPUs, RootGB: &f.RootGB, EphemeralGB: &f.EphemeralGB, InstanceTypeID: &f.ID, UserData: p.UserData,
		ReservationID: &p.reservation, AvailabilityZone: p.zone, DisplayName: &display, DisplayDescription: p.Description,
		OSType:       property("os_type"),
		Architecture: property("architecture"), VMMode: property("vm_mode"), RootDeviceName: nonEmpty(rootDeviceName(p.image)),
		ConfigDrive: new(""),
		AccessIPv4:  p.AccessIPv4, AccessIPv6: p.AccessIPv6, AutoDiskConfig: p.autoDisk(), Progress: new(int64), Metadata: metadata,
		SystemMetadata: system,
		NUMATopology:   p.numa, PCIRequests: p.pci, Flavor: f, TrustedCerts: p.TrustedCerts}
	if p.keypair != nil {
		i.KeyData, i.Keypairs = &p.keypair.PublicKey, []objects.Keypair{*p.keypair}
	}
	if p.ConfigDrive {
		i.ConfigDrive = new("True")
	}
	return i
}

// autoDisk returns the disk configuration of the request, or if it has none that of the image.
func (p *plan) autoDisk() bool {
	if p.AutoDiskConfig != nil {
		return *p.AutoDiskConfig
	}
	return isTruthy(p.image.Properties()["auto_disk_config"])
}
