// Package move holds what moves servers between hosts or makes them anew,
// one file per verb. It knows nothing of HTTP.
package move

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
)

// Ops moves servers. Every verb takes a server that was loaded as a record with the
// parts that it names, and changes it as it changes its row.
type Ops struct {
	Servers  *server.Core
	Flavors  Flavors
	Ports    Ports
	Quota    *quota.Quotas
	Keypairs Keypairs
	Aliases  hardware.Aliases // [pci] alias
	// Contents checks quotas of metadata and files.
	Contents func(ctx context.Context, caller *reqctx.Caller, metadata map[string]string, files []create.File) error
	// SameHost is [DEFAULT] allow_resize_to_same_host.
	SameHost bool
	// DefaultCerts are [glance] default_trusted_certificate_ids, where signatures
	// are checked by certificates.
	DefaultCerts []string
}

// Flavors finds flavors.
type Flavors interface {
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
}

// Ports is what is asked of Neutron.
type Ports interface {
	// PortRequests is what the ports of a server ask of Placement.
	PortRequests(ctx context.Context, server string) (*objects.NetworkPlacement, error)
}

// Keypairs finds keypairs.
type Keypairs interface {
	Get(ctx context.Context, user, name string) (*objects.Keypair, error)
}

// undeclared is an error that no operation here declares: clients see that
// something unexpected happened, and its class.
func undeclared(err error) error {
	if e, ok := errors.AsType[*objects.Error](err); ok {
		return &objects.Error{Class: e.Class, Message: e.Message, Cause: err}
	}
	return err
}

// errUnavailable is a host whose nova-compute is down: its name is not for users.
func errUnavailable() error {
	return objects.ErrServiceUnavailable.Errorf(objects.KindConflict, "Service is unavailable at this time.")
}

// errNoHost is a host that is not there.
func errNoHost(host string) error {
	return objects.ErrComputeHostNotFound.Errorf(objects.KindInvalid, "Compute host %s could not be found.", host)
}

// service reads the nova-compute of a host in the server's cell, or nil.
func (o *Ops) service(ctx context.Context, i *objects.Instance, host string) (*objects.Service, error) {
	var found *objects.Service
	return found, o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		var err error
		found, err = serviceIn(ctx, c, host)
		return err
	})
}

func serviceIn(ctx context.Context, c *db.Cell, host string) (*objects.Service, error) {
	list, err := cell.Services(ctx, c, cell.ServiceQuery{Hosts: []string{host}, Binary: "nova-compute"})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// inCellOf asks the cell that a host is mapped to, which need not be that of a
// server; ok is false where it is mapped to none.
func (o *Ops) inCellOf(ctx context.Context, host string, ask func(context.Context, *db.Cell) error) (ok bool, err error) {
	c, err := o.Servers.Reader.Cells.OfHost(ctx, host)
	switch {
	case errors.Is(err, objects.ErrHostMappingNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, ask(ctx, c)
}

// node reads the first compute node of a host in the server's cell, or answers
// ComputeHostNotFound.
func (o *Ops) node(ctx context.Context, i *objects.Instance, host string) (*objects.ComputeNode, error) {
	var found *objects.ComputeNode
	return found, o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		var err error
		found, err = nodeIn(ctx, c, host)
		return err
	})
}

func nodeIn(ctx context.Context, c *db.Cell, host string) (*objects.ComputeNode, error) {
	list, err := cell.ComputeNodes(ctx, c, cell.NodeQuery{Host: host, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNoHost(host)
	}
	return list[0], nil
}

// destination is the host and node that a server is to go to.
func destination(n *objects.ComputeNode) *objects.Destination {
	return &objects.Destination{Host: n.Host, Node: n.HypervisorHostname, HasNode: true}
}

// spec reads the request spec of a server. That it has none is unexpected.
func (o *Ops) spec(ctx context.Context, i *objects.Instance) (*objects.RequestSpec, error) {
	s, err := dbapi.WholeRequestSpec(ctx, o.Servers.Reader.API, i.UUID)
	if err != nil {
		return nil, undeclared(err)
	}
	return s, nil
}

// finished reads the migration of a server that waits to be confirmed or
// reverted, or answers MigrationNotFoundByStatus.
func (o *Ops) finished(ctx context.Context, i *objects.Instance) (*objects.Migration, error) {
	var m *objects.Migration
	err := o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		var err error
		m, err = cell.MigrationIn(ctx, c, i.UUID, "finished")
		return err
	})
	if err == nil && m == nil {
		err = objects.ErrMigrationNotFoundByStatus.Errorf(objects.KindInvalid, "Migration not found for instance %s with status finished.",
			i.UUID)
	}
	return m, err
}

func (o *Ops) setStatus(ctx context.Context, i *objects.Instance, m *objects.Migration, status string) error {
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.SetMigrationStatus(ctx, c, m, status) })
}
