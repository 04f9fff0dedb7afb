package cinder

import (
	"context"
	"net/http"

	"github.com/nova-go/nova/internal/reqctx"
)

// SnapshotRoom returns how many further snapshots the caller's project may have; a negative
// number means unlimited.
func (c *Client) SnapshotRoom(ctx context.Context, caller *reqctx.Caller) (int64, error) {
	var out struct {
		Limits struct {
			Absolute struct {
				Used int64 `json:"totalSnapshotsUsed"`
				Max  int64 `json:"maxTotalSnapshots"`
			} `json:"absolute"`
		} `json:"limits"`
	}
	err := c.do(ctx, caller, call{method: http.MethodGet, path: "limits", out: &out})
	if l := out.Limits.Absolute; l.Max > -1 {
		return max(l.Max-l.Used, 0), translate(err, nil)
	}
	return -1, translate(err, nil)
}
