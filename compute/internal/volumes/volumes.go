// Package volumes serves the proxy for volumes, and assisted snapshots.
package volumes

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
)

// Cinder is the volume service; *cinder.Client implements it.
type Cinder interface {
	Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*cinder.Volume, error)
	Volumes(ctx context.Context, caller *reqctx.Caller) ([]*cinder.Volume, error)
	CreateVolume(ctx context.Context, caller *reqctx.Caller, v cinder.NewVolume) (*cinder.Volume, error)
	DeleteVolume(ctx context.Context, caller *reqctx.Caller, id string) error
	Snapshot(ctx context.Context, caller *reqctx.Caller, id string) (*cinder.Snapshot, error)
	Snapshots(ctx context.Context, caller *reqctx.Caller) ([]*cinder.Snapshot, error)
	CreateSnapshot(ctx context.Context, caller *reqctx.Caller, s cinder.NewSnapshot) (*cinder.Snapshot, error)
	DeleteSnapshot(ctx context.Context, caller *reqctx.Caller, id string) error
}

// API holds the dependencies of the handlers.
type API struct {
	Cinder   Cinder
	Assisted Assisted
}

// index lists volumes; the brief list has the same fields as the detailed one.
func (a *API) index(r *api.Request) (any, error) {
	list, err := a.Cinder.Volumes(r.Context(), r.Caller)
	if err != nil {
		return nil, err
	}
	if list, err = api.Slice(r, list); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("volumes", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeVolume(o, list[n]) })
		})
	}), nil
}

func (a *API) show(r *api.Request) (any, error) {
	v, err := a.Cinder.Volume(r.Context(), r.Caller, r.Var("id"), "")
	if err != nil {
		return nil, err
	}
	return volumeDoc(v), nil
}

func (a *API) delete(r *api.Request) (any, error) {
	return nil, a.Cinder.DeleteVolume(r.Context(), r.Caller, r.Var("id"))
}

// newVolume is the request body that creates a volume. Most values are passed to Cinder
// unchanged.
type newVolume struct {
	Size        any            `json:"size"`
	Name        any            `json:"display_name"`
	Description any            `json:"display_description"`
	Snapshot    *string        `json:"snapshot_id"`
	Type        any            `json:"volume_type"`
	Zone        any            `json:"availability_zone"`
	Metadata    map[string]any `json:"metadata"`
}

func (a *API) create(r *api.Request) (any, error) {
	asked, err := api.Body[newVolume](r, "volume")
	if err != nil {
		return nil, err
	}
	v := cinder.NewVolume{Size: asked.Size, Name: asked.Name, Description: asked.Description,
		VolumeType: asked.Type, AvailabilityZone: asked.Zone, Metadata: asked.Metadata}
	if asked.Snapshot != nil {
		s, err := a.Cinder.Snapshot(r.Context(), r.Caller, *asked.Snapshot)
		if err != nil {
			return nil, err
		}
		v.SnapshotID = s.ID
	}
	made, err := a.Cinder.CreateVolume(r.Context(), r.Caller, v)
	if err != nil {
		return nil, expectedError(err, objects.ErrInvalidInput, objects.ErrOverQuota)
	}
	return &api.Reply{Header: http.Header{"Location": {r.Address() + "/" + made.ID}}, Body: volumeDoc(made)}, nil
}

// expectedError returns errors of Cinder whose class Nova's controller handles. Other errors for
// missing or invalid values become a 500, as in Nova.
func expectedError(err error, classes ...objects.Class) error {
	e, domain := errors.AsType[*objects.Error](err)
	if !domain || slices.Contains(classes, e.Class) || e.Kind != objects.KindNotFound && e.Kind != objects.KindInvalid {
		return err
	}
	return &objects.Error{Class: e.Class, Message: e.Message, Cause: err}
}

func volumeDoc(v *cinder.Volume) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("volume", func(o *api.Object) { writeVolume(o, v) })
	})
}

func writeVolume(o *api.Object, v *cinder.Volume) {
	o.Str("id", v.ID)
	o.Str("status", v.Status)
	o.Int("size", v.Size)
	o.Opt("availabilityZone", v.AvailabilityZone)
	o.Opt("createdAt", v.CreatedAt)
	o.List("attachments", 1, func(_ int, arr *api.Array) {
		arr.Obj(func(o *api.Object) {
			if v.Attached() {
				attachment(o, v)
			}
		})
	})
	o.Opt("displayName", v.Name)
	o.Opt("displayDescription", v.Description)
	o.Opt("volumeType", v.VolumeType)
	o.Opt("snapshotId", v.SnapshotID)
	o.StrMap("metadata", v.Metadata)
}

// attachment writes the first attachment; of several attachments to one server the last one
// determines the device.
func attachment(o *api.Object, v *cinder.Volume) {
	server := v.Attachments[0].ServerID
	var device *string
	for _, a := range v.Attachments {
		if a.ServerID == server {
			device = a.Device
		}
	}
	o.Str("id", v.ID)
	o.Str("volumeId", v.ID)
	o.Str("serverId", server)
	if device != nil && *device != "" {
		o.Str("device", *device)
	}
}
