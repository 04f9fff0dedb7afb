package volumes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Assisted makes and removes snapshots of volumes that a hypervisor has open;
// *attachment.Ops does.
type Assisted interface {
	CreateVolumeSnapshot(ctx context.Context, caller *reqctx.Context, volume string, info map[string]any) error
	DeleteVolumeSnapshot(ctx context.Context, caller *reqctx.Context, volume, snapshot string, info map[string]any) error
}

// newAssisted is the body that makes an assisted snapshot.
type newAssisted struct {
	Volume string            `json:"volume_id"`
	Info   map[string]string `json:"create_info"`
}

func (a *API) assistedCreate(r *api.Request) (any, error) {
	asked, err := api.Body[newAssisted](r, "snapshot")
	if err != nil {
		return nil, err
	}
	info := make(map[string]any, len(asked.Info)) // as the host is told
	for key, value := range asked.Info {
		info[key] = value
	}
	if err := a.Assisted.CreateVolumeSnapshot(r.Ctx(), r.Context, asked.Volume, info); err != nil {
		return nil, refused(err)
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("snapshot", func(o *api.Object) {
			o.Any("id", info["id"])
			o.Str("volumeId", asked.Volume)
		})
	}), nil
}

func (a *API) assistedDelete(r *api.Request) (any, error) {
	text, given := r.Query().Get("delete_info")
	if !given {
		return nil, api.BadRequest("'delete_info'")
	}
	info, err := deleteInfo(text)
	if err != nil {
		return nil, err
	}
	volume, given := info["volume_id"]
	if !given {
		return nil, api.BadRequest("'volume_id'")
	}
	return nil, refused(a.Assisted.DeleteVolumeSnapshot(r.Ctx(), r.Context, api.Text(volume), r.Var("id"), info))
}

// deleteInfo reads what Cinder says of the snapshot. Of what is wrong with it
// clients see the place, as Python's parser names it.
func deleteInfo(text string) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewBufferString(text))
	d.UseNumber()
	var info map[string]any
	err := d.Decode(&info)
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil, api.BadRequest("delete_info is a JSON %s, not an object", kind.Value)
	}
	if err != nil {
		at := len(text)
		if e, ok := errors.AsType[*json.SyntaxError](err); ok && e.Offset > 0 {
			at = int(e.Offset) - 1
		}
		return nil, api.BadRequest("Expecting value: line 1 column %d (char %d)", at+1, at)
	}
	return info, nil
}

// refused answers 400 where a server that is not as it must be would be a 409
// elsewhere, and for a volume that no server has.
func refused(err error) error {
	for _, class := range []objects.Class{objects.ErrVolumeBDMNotFound, objects.ErrInstanceInvalidState, objects.ErrInstanceNotReady} {
		if errors.Is(err, class) {
			return api.As(http.StatusBadRequest, err)
		}
	}
	return err
}
