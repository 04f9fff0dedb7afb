package lifecycle

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// Changes are the changes that a client requests with PUT /servers/{id}. nil keeps the current value.
type Changes struct {
	Name, Hostname         *string
	Description            **string
	AutoDiskConfig         *bool
	AccessIPv4, AccessIPv6 *string
}

func (c Changes) none() bool { return c == Changes{} }

func (c Changes) apply(i *objects.Instance) {
	if c.Name != nil {
		i.DisplayName = c.Name
	}
	if c.Description != nil {
		i.DisplayDescription = *c.Description
	}
	if c.Hostname != nil {
		i.Hostname = c.Hostname
	}
	if c.AutoDiskConfig != nil {
		i.AutoDiskConfig = *c.AutoDiskConfig
	}
	if c.AccessIPv4 != nil {
		i.AccessIPv4 = c.AccessIPv4
	}
	if c.AccessIPv6 != nil {
		i.AccessIPv6 = c.AccessIPv6
	}
}

// fields returns the changes by the field names of the versioned object.
func (c Changes) fields() map[string]any {
	m := map[string]any{}
	if c.Description != nil {
		m["display_description"] = *c.Description
	}
	if c.AutoDiskConfig != nil {
		m["auto_disk_config"] = *c.AutoDiskConfig
	}
	for name, value := range map[string]*string{"display_name": c.Name, "hostname": c.Hostname, "access_ip_v4": c.AccessIPv4,
		"access_ip_v6": c.AccessIPv6} {
		if value != nil {
			m[name] = *value
		}
	}
	return m
}

// Update changes a server, ignoring its lock and states. It returns the changed server: if the conductor moves the server
// from its build request to a cell meanwhile, it is the one of the cell, loaded with load. Errors: InstanceNotFound,
// InstanceExists.
func (o *Ops) Update(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, changes Changes, load cell.Load) (*objects.Instance,
	error) {
	if changes.none() {
		return i, nil
	}
	if i.Cell == "" {
		ok, err := dbapi.ChangeBuildRequest(ctx, o.Servers.Reader.API, i.UUID, changes.fields())
		if err != nil {
			return nil, err
		}
		if ok {
			changes.apply(i)
			return i, nil
		}
		if i, err = o.Servers.Reader.Get(ctx, caller, i.UUID, server.GetOptions{Load: load}); err != nil {
			return nil, err
		}
	}
	if changes.Hostname != nil && o.UniqueNames != "" {
		if err := o.unique(ctx, caller, i, *changes.Hostname); err != nil {
			return nil, err
		}
	}
	return i, o.Servers.Save(ctx, i, nil, changes.apply)
}

// unique rejects a host name that another server in the scope of [DEFAULT] osapi_compute_unique_server_name_scope has.
func (o *Ops) unique(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, hostname string) error {
	project := ""
	if o.UniqueNames == "project" {
		project = caller.ProjectID
	}
	taken, err := server.In(ctx, o.Servers.Reader, i, func(ctx context.Context, c *db.Cell) (bool, error) {
		return cell.HostnameTaken(ctx, c, hostname, project)
	})
	if err == nil && taken {
		err = objects.ErrInstanceExists.Errorf(objects.KindConflict, "Instance %s already exists.", hostname)
	}
	return err
}

// PinZone pins a server to an availability zone; nil unpins it. A server can be pinned only to its current zone, now.
// Clients receive the texts of the errors.
func (o *Ops) PinZone(ctx context.Context, i *objects.Instance, zone *string, now string) error {
	spec, err := dbapi.WholeRequestSpec(ctx, o.Servers.Reader.API, i.UUID)
	if err != nil {
		return err
	}
	pinned := objects.OrZero(spec.AvailabilityZone)
	switch {
	case zone == nil && pinned == "", zone != nil && pinned == *zone && pinned != "":
		return nil
	case zone != nil && pinned != "":
		return objects.ErrPinnedZone.Errorf(objects.KindConflict,
			"Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null.")
	case zone != nil && *zone != now:
		return objects.ErrPinnedZone.Errorf(objects.KindConflict,
			"Server can only be pinned to its current availability zone '%s', but '%s' was requested.", now, *zone)
	}
	spec.AvailabilityZone = zone
	return dbapi.SaveRequestSpec(ctx, o.Servers.Reader.API, o.Servers.Release, spec, "availability_zone")
}
