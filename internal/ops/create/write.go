package create

import (
	"context"
	"errors"
	"slices"

	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/quota"
)

// write writes down the servers of a plan. If one of them fails, none is left.
func (b *Builder) write(ctx context.Context, p *plan) (builds []*dbapi.Build, err error) {
	defer func() {
		if err == nil {
			return
		}
		// The caller may be gone; what was written goes all the same.
		clean := context.WithoutCancel(ctx)
		for _, one := range builds {
			err = errors.Join(err, dbapi.DeleteBuild(clean, b.o.API, one.UUID))
		}
	}()
	for index := range p.count {
		one := &dbapi.Build{UUID: newUUID(), ProjectID: p.caller.ProjectID, UserID: p.caller.UserID}
		if err := b.checkDevices(ctx, p.caller, p.Request, one.UUID, p.devices, p.volumes); err != nil {
			return builds, err
		}
		devices := make([]*Device, len(p.devices))
		for n, d := range p.devices {
			c := *d
			c.Size = sizeOf(p.Flavor, d)
			devices[n] = &c
		}
		one.Spec = p.spec(one.UUID)
		one.Instance = p.instance(one.UUID, index)
		one.Devices = deviceList(devices, one.UUID)
		one.Tags = tagList(p.Tags, one.UUID)
		if err := dbapi.CreateBuild(ctx, b.o.API, one); err != nil {
			return builds, err
		}
		builds = append(builds, one)
		if err := b.join(ctx, p, one.UUID); err != nil {
			return builds, err
		}
	}
	return builds, nil
}

// join makes a server a member of its group, as the quota allows.
func (b *Builder) join(ctx context.Context, p *plan, server string) error {
	if p.group == nil {
		return nil
	}
	members, _ := p.group.Data["members"].([]string)
	check := func(members []string, delta int64) error {
		var over *quota.OverError
		err := b.o.Quota.CheckMembers(ctx, owner(p.caller), p.groupID, members, delta)
		if errors.As(err, &over) {
			return over.Fault(objects.ErrOverQuota, "Quota exceeded, too many servers in group")
		}
		return err
	}
	if err := check(members, 1); err != nil {
		return err
	}
	if err := dbapi.AddGroupMember(ctx, b.o.API, p.groupID, server); err != nil {
		return err
	}
	members = append(slices.Clone(members), server)
	p.group.Data["members"] = members
	b.o.Notify.GroupJoined(ctx, p.caller, p.group, server)
	if !b.o.RecheckQuota {
		return nil
	}
	err := check(members, 0)
	if err != nil {
		err = errors.Join(err, dbapi.RemoveGroupMember(context.WithoutCancel(ctx), b.o.API, p.groupID, server))
	}
	return err
}

// node tells whether a host has a hypervisor of this name.
func (b *Builder) node(ctx context.Context, in, host, node string) (bool, error) {
	cells, err := b.o.Cells.All(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range cells {
		if c.UUID == in {
			return cell.HasNode(ctx, c, host, node)
		}
	}
	return false, nil
}

func tagList(tags []string, server string) *objects.Versioned {
	list := []*objects.Versioned{}
	for _, tag := range tags {
		data := map[string]any{"tag": tag}
		if server != "" {
			data["resource_id"] = server
		}
		list = append(list, objects.ChangedVersioned("Tag", "1.1", data))
	}
	v := objects.VersionedList("TagList", "1.1", list)
	v.Changes = []string{"objects"}
	return v
}

// HostInZone answers the zone that servers forced onto a host are given: the one
// that was asked for, where the host is in it, or none.
func (b *Builder) HostInZone(ctx context.Context, host string, zone *string) (*string, error) {
	zones, err := b.o.Zones.ByHost(ctx)
	if err != nil {
		return nil, err
	}
	if zone != nil && b.o.Zones.Of(zones, host) == *zone {
		return zone, nil
	}
	return nil, nil
}
