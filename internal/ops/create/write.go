package create

import (
	"context"
	"errors"
	"slices"
	"strings"

	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/quota"
)

// write writes the servers of a plan to the API database. If one of them fails, it deletes all of them.
func (b *Builder) write(ctx context.Context, p *plan) (builds []*objects.Build, err error) {
	defer func() {
		if err == nil {
			return
		}
		// The request may be cancelled; the rows must be deleted nevertheless.
		clean := context.WithoutCancel(ctx)
		for _, one := range builds {
			err = errors.Join(err, dbapi.DeleteBuild(clean, b.o.API, one.UUID))
		}
	}()
	for index := range p.count {
		one := &objects.Build{UUID: newUUID(), ProjectID: p.caller.ProjectID, UserID: p.caller.UserID}
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
		if b.o.Keys != nil {
			algorithm, _, _ := strings.Cut(b.o.Cipher, "-")
			key, err := b.o.Keys.CreateKey(ctx, p.caller, algorithm, b.o.KeySize)
			if err != nil {
				return builds, err
			}
			one.Instance.EphemeralKeyUUID = &key
		}
		one.Devices = blockDevices(devices, one.UUID)
		one.Tags = p.Tags
		if err := dbapi.CreateBuild(ctx, b.o.API, b.o.Release, one); err != nil {
			return builds, err
		}
		builds = append(builds, one)
		if err := b.join(ctx, p, one.UUID); err != nil {
			return builds, err
		}
	}
	return builds, nil
}

// join adds a server to its server group, and checks the quota of group members.
func (b *Builder) join(ctx context.Context, p *plan, server string) error {
	if p.group == nil {
		return nil
	}
	members := p.group.Members
	check := func(members []string, delta int64) error {
		var over *quota.OverError
		err := b.o.Quota.CheckMembers(ctx, quotaOwner(p.caller), p.group.ID, members, delta)
		if errors.As(err, &over) {
			return over.Fault(objects.ErrOverQuota, "Quota exceeded, too many servers in group")
		}
		return err
	}
	if err := check(members, 1); err != nil {
		return err
	}
	if err := dbapi.AddGroupMember(ctx, b.o.API, p.group.ID, server); err != nil {
		return err
	}
	members = append(slices.Clone(members), server)
	p.group.Members = members
	b.o.Notify.GroupJoined(ctx, p.caller, p.group, server)
	if !b.o.RecheckQuota {
		return nil
	}
	err := check(members, 0)
	if err != nil {
		err = errors.Join(err, dbapi.RemoveGroupMember(context.WithoutCancel(ctx), b.o.API, p.group.ID, server))
	}
	return err
}

// node reports whether a host in a cell has a hypervisor with a name.
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

// HostInZone returns the availability zone of servers that are forced onto a host: the requested zone if the host is in
// it, otherwise nil.
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
