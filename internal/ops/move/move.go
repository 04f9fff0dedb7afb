// Package move contains the operations that move servers between hosts or rebuild them. It does not depend on HTTP.
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

// Ops moves and rebuilds servers. Each operation takes a server that was loaded as a record with the parts that the
// operation names, and changes the object together with its row.
type Ops struct {
	Servers  *server.Core
	Flavors  Flavors
	Ports    Ports
	Quota    *quota.Quotas
	Keypairs Keypairs
	Aliases  hardware.Aliases // [pci] alias
	// Contents checks the quotas of metadata and personality files.
	Contents func(ctx context.Context, caller *reqctx.Caller, metadata map[string]string, files []create.File) error
	// SameHost is [DEFAULT] allow_resize_to_same_host.
	SameHost bool
	// DefaultCerts is [glance] default_trusted_certificate_ids if certificate validation of image signatures is enabled, otherwise
	// nil.
	DefaultCerts []string
}

// Flavors reads flavors.
type Flavors interface {
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
}

// Ports is the client of Neutron.
type Ports interface {
	// PortRequests returns what the ports of a server request from Placement.
	PortRequests(ctx context.Context, server string) (*objects.NetworkPlacement, error)
}

// Keypairs reads key pairs.
type Keypairs interface {
	Get(ctx context.Context, user, name string) (*objects.Keypair, error)
}

// undeclaredError removes the kind of a domain error that the operation does not declare in Nova either: the client receives an
// unexpected error (500) with its class.
func undeclaredError(err error) error {
	if e, ok := errors.AsType[*objects.Error](err); ok {
		return &objects.Error{Class: e.Class, Message: e.Message, Cause: err}
	}
	return err
}

// errUnavailable returns the error for a host whose nova-compute is down. Its text does not name the host, which users
// must not see.
func errUnavailable() error {
	return objects.ErrServiceUnavailable.Errorf(objects.KindConflict, "Service is unavailable at this time.")
}

// errNoHost returns the error for a host that does not exist.
func errNoHost(host string) error {
	return objects.ErrComputeHostNotFound.Errorf(objects.KindInvalid, "Compute host %s could not be found.", host)
}

// service returns the nova-compute of a host in the server's cell, or nil.
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

// inCellOf calls ask with the cell that a host is mapped to, which may differ from the cell of the server. ok is false if
// the host has no mapping.
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

// node returns the first compute node of a host in the server's cell. Errors: ComputeHostNotFound.
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

// newDestination returns the host and the node of a compute node as the destination of a migration.
func newDestination(n *objects.ComputeNode) *objects.Destination {
	return &objects.Destination{Host: n.Host, Node: n.HypervisorHostname, HasNode: true}
}

// spec reads the request spec of a server. If there is none, the error is unexpected.
func (o *Ops) spec(ctx context.Context, i *objects.Instance) (*objects.RequestSpec, error) {
	s, err := dbapi.WholeRequestSpec(ctx, o.Servers.Reader.API, i.UUID)
	if err != nil {
		return nil, undeclaredError(err)
	}
	return s, nil
}

// finished returns the migration of a server that waits for confirmation or revert. Errors: MigrationNotFoundByStatus.
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
