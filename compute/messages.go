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

// computeRPC returns the RPC client of nova-compute, which uses the broker of a server's cell.
func (d *deps) computeRPC() *computerpc.Client {
	return computerpc.New(computerpc.Options{
		Transport: d.cellTransport, Pin: d.config.UpgradeLevels.Compute, Release: d.release, Oldest: d.oldestCompute,
		ResponseTimeout: seconds(d.config.Default.RPCResponseTimeout), LongTimeout: seconds(d.config.Default.LongRPCTimeout),
	})
}

// conductorRPC returns the RPC client of nova-conductor, which uses the broker of the API.
func (d *deps) conductorRPC() *conductorrpc.Client {
	return &conductorrpc.Client{
		Transport:       func() (*rpc.Client, error) { return d.messages.Client("") },
		ResponseTimeout: seconds(d.config.Default.RPCResponseTimeout), LongTimeout: seconds(d.config.Default.LongRPCTimeout),
	}
}

// schedulerRPC returns the RPC client of all nova-schedulers, which uses the broker of the API.
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

// oldestCompute returns the lowest service version of nova-compute in the cells that answer; 0
// if there is none.
func (d *deps) oldestCompute(ctx context.Context) (int64, error) {
	return cell.Everywhere{Cells: d.Cells}.MinimumVersion(ctx, "nova-compute")
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
