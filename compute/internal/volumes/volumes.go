// Package volumes serves the volume proxy and assisted snapshots.
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

// Cinder is the service behind the proxy; *cinder.Client is one.
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

// API holds what the handlers work with.
type API struct {
	Cinder   Cinder
	Assisted Assisted
}

// index answers volumes; the list in brief has all of them, too.
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
			arr.Obj(func(o *api.Object) { volume(o, list[n]) })
		})
	}), nil
}

func (a *API) show(r *api.Request) (any, error) {
	v, err := a.Cinder.Volume(r.Context(), r.Caller, r.Var("id"), "")
	if err != nil {
		return nil, err
	}
	return single(v), nil
}

func (a *API) delete(r *api.Request) (any, error) {
	return nil, a.Cinder.DeleteVolume(r.Context(), r.Caller, r.Var("id"))
}

// newVolume is the body that makes a volume. Cinder is told most of it as it came.
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
		return nil, expected(err, objects.ErrInvalidInput, objects.ErrOverQuota)
	}
	return &api.Reply{Header: http.Header{"Location": {r.Address() + "/" + made.ID}}, Body: single(made)}, nil
}

// expected answers an error of Cinder whose class Nova's controller expects, and 500 for
// what a volume that does not exist, a type that is unknown or a value that Cinder refuses
// come to elsewhere.
func expected(err error, classes ...objects.Class) error {
	e, domain := errors.AsType[*objects.Error](err)
	if !domain || slices.Contains(classes, e.Class) || e.Kind != objects.KindNotFound && e.Kind != objects.KindInvalid {
		return err
	}
	return &objects.Error{Class: e.Class, Message: e.Message, Cause: err}
}

func single(v *cinder.Volume) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("volume", func(o *api.Object) { volume(o, v) })
	})
}

func volume(o *api.Object, v *cinder.Volume) {
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

// attachment writes the first attachment; of several to the same server it is the
// last one that tells the device.
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
