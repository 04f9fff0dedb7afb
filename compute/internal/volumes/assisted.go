package volumes

import (
	"context"
	"errors"
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Assisted creates and deletes snapshots of volumes that a hypervisor uses; *attachment.Ops
// implements it.
type Assisted interface {
	CreateVolumeSnapshot(ctx context.Context, caller *reqctx.Caller, volume string, info map[string]any) error
	DeleteVolumeSnapshot(ctx context.Context, caller *reqctx.Caller, volume, snapshot string, info map[string]any) error
}

// newAssisted is the request body that creates an assisted snapshot.
type newAssisted struct {
	Volume string            `json:"volume_id"`
	Info   map[string]string `json:"create_info"`
}

func (a *API) assistedCreate(r *api.Request) (any, error) {
	asked, err := api.Body[newAssisted](r, "snapshot")
	if err != nil {
		return nil, err
	}
	info := make(map[string]any, len(asked.Info)) // the form in which the host receives it
	for key, value := range asked.Info {
		info[key] = value
	}
	if err := a.Assisted.CreateVolumeSnapshot(r.Context(), r.Caller, asked.Volume, info); err != nil {
		return nil, assistedError(err)
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
	doc, err := deleteInfo(text)
	if err != nil {
		return nil, err
	}
	volume, given := doc.Get("volume_id")
	if !given {
		return nil, api.BadRequest("'volume_id'")
	}
	info, _ := schema.Plain(doc).(map[string]any)
	return nil, assistedError(a.Assisted.DeleteVolumeSnapshot(r.Context(), r.Caller, schema.Text(volume), r.Var("id"), info))
}

// deleteInfo parses the snapshot information of Cinder. For invalid JSON the error has the text
// of Python's parser.
func deleteInfo(text string) (*schema.Object, error) {
	doc, err := schema.Decode([]byte(text))
	if invalid, ok := errors.AsType[*schema.SyntaxError](err); ok {
		return nil, api.BadRequest("%s", invalid.Text)
	}
	if err != nil {
		return nil, api.Raised("RecursionError", "delete_info: %v", err)
	}
	o, ok := doc.(*schema.Object)
	if !ok {
		return nil, api.Raised("TypeError", "delete_info is no object")
	}
	return o, nil
}

// assistedError maps errors of assisted snapshots to 400: invalid states, which other operations
// answer with 409, and volumes without a server.
func assistedError(err error) error {
	for _, class := range []objects.Class{objects.ErrVolumeBDMNotFound, objects.ErrInstanceInvalidState, objects.ErrInstanceNotReady} {
		if errors.Is(err, class) {
			return api.As(http.StatusBadRequest, err)
		}
	}
	return err
}
