package cinder

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Volume returns one volume, or VolumeNotFound. version is the microversion of the request,
// such as "3.48" for shared_targets; "" means the base version.
func (c *Client) Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*Volume, error) {
	if version != "" {
		if err := c.Supports(ctx, caller, version); err != nil {
			return nil, err
		}
	}
	var out struct{ Volume *Volume }
	err := c.do(ctx, caller, call{version: version, method: http.MethodGet, path: "volumes/" + url.PathEscape(id), out: &out})
	if err == nil && out.Volume == nil {
		return nil, volumeNotFound(id)
	}
	return out.Volume, translate(err, volumeNotFound(id))
}

// Volumes returns the volumes of the caller's project.
func (c *Client) Volumes(ctx context.Context, caller *reqctx.Caller) ([]*Volume, error) {
	return list[*Volume](ctx, c, caller, "volumes", "volumes/detail")
}

// NewVolume has the properties of a new volume; Cinder sets those that are nil.
type NewVolume struct {
	Size             any            `json:"size"` // GiB; Cinder also accepts strings of digits
	Name             any            `json:"name"`
	Description      any            `json:"description"`
	SnapshotID       any            `json:"snapshot_id"`
	ImageRef         any            `json:"imageRef"`
	VolumeType       any            `json:"volume_type"`
	AvailabilityZone any            `json:"availability_zone"`
	Metadata         map[string]any `json:"metadata"`
}

// CreateVolume creates a volume.
func (c *Client) CreateVolume(ctx context.Context, caller *reqctx.Caller, v NewVolume) (*Volume, error) {
	if v.Metadata == nil {
		v.Metadata = map[string]any{}
	}
	out := struct {
		Volume Volume `json:"volume"`
	}{}
	err := c.do(ctx, caller, call{method: http.MethodPost, path: "volumes", body: map[string]any{"volume": v}, out: &out})
	return &out.Volume, translate(err, nil)
}

// DeleteVolume deletes a volume.
func (c *Client) DeleteVolume(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := c.do(ctx, caller, call{method: http.MethodDelete, path: "volumes/" + url.PathEscape(id)})
	return translate(err, volumeNotFound(id))
}

// act sends an action of a volume.
func (c *Client) act(ctx context.Context, caller *reqctx.Caller, id, action string, arguments map[string]any) error {
	err := c.do(ctx, caller, call{method: http.MethodPost, path: "volumes/" + url.PathEscape(id) + "/action",
		body: map[string]any{action: arguments}})
	return translate(err, volumeNotFound(id))
}

// BeginDetaching sets the status of a volume to detaching.
func (c *Client) BeginDetaching(ctx context.Context, caller *reqctx.Caller, id string) error {
	return c.act(ctx, caller, id, "os-begin_detaching", nil)
}

// RollDetaching resets the status after BeginDetaching.
func (c *Client) RollDetaching(ctx context.Context, caller *reqctx.Caller, id string) error {
	return c.act(ctx, caller, id, "os-roll_detaching", nil)
}

// Snapshot returns one snapshot, or SnapshotNotFound.
func (c *Client) Snapshot(ctx context.Context, caller *reqctx.Caller, id string) (*Snapshot, error) {
	var out struct{ Snapshot *Snapshot }
	err := c.do(ctx, caller, call{method: http.MethodGet, path: "snapshots/" + url.PathEscape(id), out: &out})
	if err == nil && out.Snapshot == nil {
		return nil, snapshotNotFound(id)
	}
	return out.Snapshot, translate(err, snapshotNotFound(id))
}

// Snapshots returns the snapshots of the caller's project.
func (c *Client) Snapshots(ctx context.Context, caller *reqctx.Caller) ([]*Snapshot, error) {
	return list[*Snapshot](ctx, c, caller, "snapshots", "snapshots/detail")
}

// NewSnapshot has the properties of a new snapshot; Force allows a volume that is in use.
type NewSnapshot struct {
	VolumeID    string `json:"volume_id"`
	Name        any    `json:"name"`
	Description any    `json:"description"`
	Force       bool   `json:"force"`
}

// CreateSnapshot creates a snapshot.
func (c *Client) CreateSnapshot(ctx context.Context, caller *reqctx.Caller, s NewSnapshot) (*Snapshot, error) {
	out := struct {
		Snapshot Snapshot `json:"snapshot"`
	}{}
	err := c.do(ctx, caller, call{method: http.MethodPost, path: "snapshots", body: map[string]any{"snapshot": s}, out: &out})
	err = translate(err, volumeNotFound(s.VolumeID))
	if errors.Is(err, objects.ErrOverQuota) {
		err = objects.ErrOverQuota.Errorf(objects.KindOverQuota, "Quota exceeded for resources: snapshots")
	}
	return &out.Snapshot, err
}

// DeleteSnapshot deletes a snapshot.
func (c *Client) DeleteSnapshot(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := c.do(ctx, caller, call{method: http.MethodDelete, path: "snapshots/" + url.PathEscape(id)})
	return translate(err, snapshotNotFound(id))
}

// Types returns the names of the volume types by id.
func (c *Client) Types(ctx context.Context, caller *reqctx.Caller) (map[string]string, error) {
	var out struct {
		Types []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"volume_types"`
	}
	err := c.do(ctx, caller, call{method: http.MethodGet, path: "types", out: &out})
	names := map[string]string{}
	for _, t := range out.Types {
		names[t.ID] = t.Name
	}
	return names, err
}
