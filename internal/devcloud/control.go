package devcloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/conductor"
	"github.com/nova-go/nova/internal/devcloud/control"
	"github.com/nova-go/nova/internal/devcloud/records"
)

// cloudControl implements control.Cloud.
type cloudControl struct {
	*Cloud
	all http.Handler // the handler of the whole cloud, including Nova
}

// Pipeline implements control.Cloud.
func (c cloudControl) Pipeline() any { return c.Cloud.Pipeline }

// Hosts implements control.Cloud.
func (c cloudControl) Hosts() []string { return hostNames }

// Users implements control.Cloud.
func (c cloudControl) Users() []string { return c.identity.UserNames() }

// Methods implements control.Cloud.
func (c cloudControl) Methods() []string {
	list := append(compute.Methods(), conductor.Methods()...)
	slices.Sort(list)
	return list
}

// mappingsLife is the time in seconds that Nova caches cell mappings.
const mappingsLife = 1

// Report implements control.Cloud.
func (c cloudControl) Report(ctx context.Context) error {
	if c.conductor == nil {
		return nil
	}
	return c.conductor.Report(c.Context(ctx))
}

// SetCell implements control.Cloud. The mapping of a cell that is down names a file that does not
// exist. The hosts of the cloud keep their connection.
func (c cloudControl) SetCell(ctx context.Context, name string, up bool) error {
	if c.records == nil || c.plan.SetCellDown(!up) == !up {
		return nil
	}
	connection := c.connection("nova_" + name)
	if !up {
		connection = c.connection("down/nova_" + name)
	}
	if err := c.records.MapCell(ctx, name, connection); err != nil {
		return err
	}
	time.Sleep(mappingsLife * time.Second) // until the caches of the mappings have expired
	return nil
}

// Servers implements control.Cloud.
func (c cloudControl) Servers(ctx context.Context) (any, error) {
	if c.records == nil {
		return []any{}, nil
	}
	list, err := c.records.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		s.Project = cmp.Or(c.identity.ProjectName(s.Project), s.Project)
	}
	if list == nil {
		list = []*records.Listed{}
	}
	return list, nil
}

// Reset implements control.Cloud: it deletes everything but users, projects and
// tokens, and returns to the catalog of a new cloud.
func (c cloudControl) Reset(ctx context.Context) error {
	if c.records != nil {
		if err := c.records.Wipe(ctx); err != nil {
			return err
		}
	}
	if err := errors.Join(c.store.Clear(), c.seed(), c.identity.ResetCatalog()); err != nil {
		return err
	}
	if c.conductor == nil {
		return nil
	}
	return c.conductor.Start(ctx)
}

var _ control.Cloud = cloudControl{}
