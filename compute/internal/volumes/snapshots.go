package volumes

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rest/cinder"
)

// snapshotIndex lists snapshots; the brief list has the same fields as the detailed one.
func (a *API) snapshotIndex(r *api.Request) (any, error) {
	list, err := a.Cinder.Snapshots(r.Context(), r.Caller)
	if err != nil {
		return nil, err
	}
	if list, err = api.Slice(r, list); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("snapshots", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { snapshot(o, list[n]) })
		})
	}), nil
}

func (a *API) snapshotShow(r *api.Request) (any, error) {
	s, err := a.Cinder.Snapshot(r.Context(), r.Caller, r.Var("id"))
	if err != nil {
		return nil, err
	}
	return singleSnapshot(s), nil
}

func (a *API) snapshotDelete(r *api.Request) (any, error) {
	return nil, a.Cinder.DeleteSnapshot(r.Context(), r.Caller, r.Var("id"))
}

// newSnapshot is the request body that creates a snapshot; its values are passed to Cinder
// unchanged.
type newSnapshot struct {
	Volume      string    `json:"volume_id"`
	Name        any       `json:"display_name"`
	Description any       `json:"display_description"`
	Force       body.Bool `json:"force"`
}

func (a *API) snapshotCreate(r *api.Request) (any, error) {
	asked, err := api.Body[newSnapshot](r, "snapshot")
	if err != nil {
		return nil, err
	}
	n := cinder.NewSnapshot{VolumeID: asked.Volume, Name: asked.Name, Description: asked.Description, Force: bool(asked.Force)}
	s, err := a.Cinder.CreateSnapshot(r.Context(), r.Caller, n)
	if err != nil {
		return nil, expectedError(err, objects.ErrOverQuota)
	}
	return singleSnapshot(s), nil
}

func singleSnapshot(s *cinder.Snapshot) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("snapshot", func(o *api.Object) { snapshot(o, s) })
	})
}

func snapshot(o *api.Object, s *cinder.Snapshot) {
	o.Str("id", s.ID)
	o.Str("volumeId", s.VolumeID)
	o.Str("status", s.Status)
	o.Int("size", s.Size)
	o.Opt("createdAt", s.CreatedAt)
	o.Opt("displayName", s.Name)
	o.Opt("displayDescription", s.Description)
}
