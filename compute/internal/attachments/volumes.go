package attachments

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

func (a *API) volumesIndex(r *api.Request, i *objects.Instance) (any, error) {
	devices, err := a.Servers.Attachments(r.Context(), i)
	if err != nil {
		return nil, err
	}
	devices, err = api.Slice(r, devices)
	if err != nil {
		return nil, err
	}
	volumes := devices[:0]
	for _, d := range devices {
		if d.VolumeID != nil && *d.VolumeID != "" && shown(r, d) {
			volumes = append(volumes, d)
		}
	}
	return api.Doc(func(o *api.Object) {
		o.List("volumeAttachments", len(volumes), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeVolume(r, o, volumes[n]) })
		})
	}), nil
}

func (a *API) volumesShow(r *api.Request, i *objects.Instance) (any, error) {
	devices, err := a.Servers.Attachments(r.Context(), i)
	if err != nil {
		return nil, err
	}
	id := r.Var("id")
	for _, d := range devices {
		if objects.OrZero(d.VolumeID) == id && shown(r, d) {
			return api.Doc(func(o *api.Object) {
				o.Obj("volumeAttachment", func(o *api.Object) { writeVolume(r, o, d) })
			}), nil
		}
	}
	return nil, api.NotFound("Instance %s is not attached to volume %s", i.UUID, id)
}

// shown tells whether clients may see an attachment. Since 2.89 a view needs the id of
// the attachment in Cinder, which a volume does not have while it is being attached. Releases before
// 2026.2 show it without.
func shown(r *api.Request, d *objects.BlockDevice) bool {
	return !r.Release().Has(release.IncompleteAttachmentsHidden) || d.AttachmentID != nil || !r.Since(mv.V89AttachmentID)
}

func writeVolume(r *api.Request, o *api.Object, d *objects.BlockDevice) {
	if !r.Since(mv.V89AttachmentID) {
		o.Opt("id", d.VolumeID)
	}
	o.Opt("volumeId", d.VolumeID)
	o.Str("serverId", d.InstanceUUID)
	if objects.OrZero(d.DeviceName) != "" {
		o.Opt("device", d.DeviceName)
	}
	if r.Since(mv.V70AttachmentTags) {
		o.Opt("tag", d.Tag)
	}
	if r.Since(mv.V79DeleteOnTermination) {
		o.Bool("delete_on_termination", d.DeleteOnTermination)
	}
	if r.Since(mv.V89AttachmentID) {
		o.Opt("attachment_id", d.AttachmentID)
		o.Opt("bdm_uuid", d.UUID)
	}
}
