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

// controls is the cloud as the control API sees it.
type controls struct {
	*Cloud
	all http.Handler // the whole cloud, Nova included
}

// Pipeline implements control.Cloud.
func (c controls) Pipeline() any { return c.Cloud.Pipeline }

// Hosts implements control.Cloud.
func (c controls) Hosts() []string { return hosts }

// Methods implements control.Cloud.
func (c controls) Methods() []string {
	list := append(compute.Methods(), conductor.Methods()...)
	slices.Sort(list)
	return list
}

// mappingsLife is for how many seconds Nova goes on with cell mappings that it has
// read.
const mappingsLife = 1

// SetCell implements control.Cloud. Of a cell that is down the mapping leads to a
// file that is not there; the hosts of the cloud go on without it.
func (c controls) SetCell(ctx context.Context, name string, up bool) error {
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
	time.Sleep(mappingsLife * time.Second) // now everybody knows
	return nil
}

// Servers implements control.Cloud.
func (c controls) Servers(ctx context.Context) (any, error) {
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

// Dump implements control.Cloud.
func (c controls) Dump(ctx context.Context) (any, error) {
	servers, err := c.Servers(ctx)
	return map[string]any{"servers": servers, "services": c.store.Everything()}, err
}

// Reset implements control.Cloud: everything goes but tokens.
func (c controls) Reset(ctx context.Context) error {
	if c.records != nil {
		if err := c.records.Wipe(ctx); err != nil {
			return err
		}
	}
	if err := errors.Join(c.store.Clear(), c.seed()); err != nil {
		return err
	}
	if c.boss == nil {
		return nil
	}
	return c.boss.Start(ctx)
}

var _ control.Cloud = controls{}
