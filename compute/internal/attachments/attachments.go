// Package attachments serves what servers have beside themselves: volumes,
// interfaces and shares.
package attachments

import (
	"context"
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/attach"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Reader finds servers and what they have; *server.Reader is one.
type Reader interface {
	api.Servers
	Attachments(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error)
	// Owner answers the project of a server by its mapping alone, or
	// InstanceMappingNotFound.
	Owner(ctx context.Context, uuid string) (project string, err error)
	// Shares are the shares of a server; Share is one of them, or ShareNotFound.
	Shares(ctx context.Context, i *objects.Instance) ([]*objects.Share, error)
	Share(ctx context.Context, i *objects.Instance, share string) (*objects.Share, error)
	VIFTags(ctx context.Context, i *objects.Instance) (map[string]*string, error)
}

// Network is what is asked of Neutron about interfaces.
type Network interface {
	// Ports answers the ports of a server.
	Ports(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.Port, error)
	// Port answers one port.
	Port(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Port, error)
}

// API holds what the handlers work with.
type API struct {
	Servers Reader
	Network Network
	Ops     *attach.Ops
}

// notShelved refuses to change what shelved servers have before the microversion
// that can.
func notShelved(r *api.Request, i *objects.Instance, action string) error {
	if state := objects.OrZero(i.VMState); !r.Since(mv.V20ShelvedVolumes) && (state == "shelved" || state == "shelved_offloaded") {
		return api.Conflict("Cannot '%s' instance %s while it is in vm_state %s", action, i.UUID, state)
	}
	return nil
}

// newVolume is the body that attaches a volume.
type newVolume struct {
	VolumeID            string  `json:"volumeId"`
	Device              *string `json:"device"`
	Tag                 *string `json:"tag"`                   // since 2.49
	DeleteOnTermination any     `json:"delete_on_termination"` // since 2.79; Nova hands words on as they are
}

func (a *API) attachVolume(r *api.Request, i *objects.Instance) (any, error) {
	if err := notShelved(r, i, "attach_volume"); err != nil {
		return nil, err
	}
	asked, err := api.Body[newVolume](r, "volumeAttachment")
	if err != nil {
		return nil, err
	}
	q := attach.VolumeRequest{Volume: asked.VolumeID, Device: asked.Device, Tag: asked.Tag, Multiattach: r.Since(mv.V60Multiattach),
		DeleteOnTermination: asked.DeleteOnTermination, Wait: !r.Since(mv.V101AsyncAttach)}
	if q.DeleteOnTermination == nil {
		q.DeleteOnTermination = false
	}
	device, err := a.Ops.AttachVolume(r.Context(), r.Caller, i, q)
	if err != nil {
		return nil, err
	}
	if !q.Wait {
		return webobsEmpty(), nil
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("volumeAttachment", func(o *api.Object) {
			o.Str("id", q.Volume)
			o.Str("serverId", i.UUID)
			o.Str("volumeId", q.Volume)
			o.Opt("device", device)
			if r.Since(mv.V70AttachmentTags) {
				o.Opt("tag", q.Tag)
			}
			if r.Since(mv.V79DeleteOnTermination) {
				o.Any("delete_on_termination", q.DeleteOnTermination)
			}
		})
	}), nil
}

func (a *API) detachVolume(r *api.Request, i *objects.Instance) (any, error) {
	if err := notShelved(r, i, "detach_volume"); err != nil {
		return nil, err
	}
	return nil, a.Ops.DetachVolume(r.Context(), r.Caller, i, r.Var("id"))
}

// attachment finds the server that the path names, to change one of its volumes.
// Replacing the volume is for administrators, whoever owns the server.
func (a *API) attachment(r *api.Request) (*objects.Instance, policy.Target, error) {
	i, owner, err := r.Server(api.RecordOf(objects.UsualParts))
	if updatesOnly(r) {
		return i, policy.Target{ProjectID: owner.ProjectID}, err
	}
	return i, policy.Target{}, err
}

// updatesOnly tells whether the body leaves the volume as it is. Until 2.85 it asks for
// another one always.
func updatesOnly(r *api.Request) bool {
	asked, err := api.Body[changedVolume](r, "volumeAttachment")
	return err == nil && r.Since(mv.V85UpdateAttachment) && r.Var("id") == asked.VolumeID
}

// changedVolume is the body that replaces a volume, or changes its attachment.
type changedVolume struct {
	VolumeID            string            `json:"volumeId"`
	ID                  *string           `json:"id"`                    // since 2.85
	ServerID            *string           `json:"serverId"`              // since 2.85
	Device              body.Opt[*string] `json:"device"`                // since 2.85
	Tag                 *string           `json:"tag"`                   // since 2.85
	DeleteOnTermination *body.Bool        `json:"delete_on_termination"` // since 2.85
}

func (a *API) updateVolume(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[changedVolume](r, "volumeAttachment")
	if err != nil {
		return nil, err
	}
	id, next := r.Var("id"), asked.VolumeID
	if !r.Since(mv.V85UpdateAttachment) {
		return nil, a.Ops.SwapVolume(r.Context(), r.Caller, i, id, next)
	}
	c := attach.Change{ID: asked.ID, Server: asked.ServerID, Device: asked.Device.Pointer(), Tag: asked.Tag, DeleteOnTermination: (*bool)(asked.DeleteOnTermination)}
	if err := a.Ops.UpdateVolume(r.Context(), i, id, c); err != nil || id == next {
		return nil, err
	}
	return nil, a.Ops.SwapVolume(r.Context(), r.Caller, i, id, next)
}

// newInterface is the body that attaches an interface.
type newInterface struct {
	NetworkID *string `json:"net_id"`
	PortID    *string `json:"port_id"`
	FixedIPs  []struct {
		Address *string `json:"ip_address"`
	} `json:"fixed_ips"`
	Tag *string `json:"tag"` // since 2.49
}

func (a *API) attachInterface(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[newInterface](r, "interfaceAttachment")
	if err != nil {
		return nil, err
	}
	n := objects.NetworkRequest{NetworkID: asked.NetworkID, PortID: asked.PortID, Tag: asked.Tag}
	if len(asked.FixedIPs) > 0 {
		n.Address = asked.FixedIPs[0].Address
	}
	switch {
	case objects.OrZero(n.NetworkID) != "" && objects.OrZero(n.PortID) != "":
		return nil, api.BadRequest("Must not input both network_id and port_id")
	case objects.OrZero(n.Address) != "" && objects.OrZero(n.NetworkID) == "":
		return nil, api.BadRequest("Must input network_id when request IP address")
	}
	id, err := a.Ops.AttachInterface(r.Context(), r.Caller, i, n)
	if err != nil {
		return nil, err
	}
	return a.oneInterface(r, i, id)
}

func (a *API) detachInterface(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.DetachInterface(r.Context(), r.Caller, i, r.Var("id"))
}

// webobsEmpty is an answer without a body where Nova leaves the making of it to
// webob, which names a type all the same.
func webobsEmpty() *api.Reply {
	return &api.Reply{Header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}}}
}
