package compute

import (
	"context"
	"time"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/rpc/computerpc"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
	"github.com/nova-go/nova/internal/rpc/schedulerrpc"
)

// computeRPC is the way to nova-compute: over the broker of a server's cell.
func (d *deps) computeRPC() *computerpc.Client {
	return computerpc.New(computerpc.Options{
		Transport: d.cellTransport, Pin: d.config.UpgradeLevels.Compute, Oldest: d.oldestCompute,
		ResponseTimeout: seconds(d.config.Default.RPCResponseTimeout), LongTimeout: seconds(d.config.Default.LongRPCTimeout),
	})
}

// conductorRPC is the way to nova-conductor: over the broker of the API.
func (d *deps) conductorRPC() *conductorrpc.Client {
	return &conductorrpc.Client{
		Transport:       func() (*rpc.Client, error) { return d.messages.Client("") },
		ResponseTimeout: seconds(d.config.Default.RPCResponseTimeout), LongTimeout: seconds(d.config.Default.LongRPCTimeout),
	}
}

// schedulerRPC is the way to all nova-schedulers: over the broker of the API.
func (d *deps) schedulerRPC() *schedulerrpc.Client {
	return &schedulerrpc.Client{Pin: d.config.UpgradeLevels.Scheduler, Transport: func() (*rpc.Client, error) { return d.messages.Client("") }}
}

func (d *deps) cellTransport(ctx context.Context, uuid string) (*rpc.Client, error) {
	cells, err := d.Cells.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range cells {
		if c.UUID == uuid {
			return d.messages.Client(c.TransportURL)
		}
	}
	return d.messages.Client("")
}

// oldestCompute is the lowest service version among the nova-computes of all cells
// that answer; 0 where there are none.
func (d *deps) oldestCompute(ctx context.Context) (int64, error) {
	return cell.Everywhere{Cells: d.Cells}.MinimumVersion(ctx, "nova-compute")
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
