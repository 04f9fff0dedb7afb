// Package attachments serves the volumes, interfaces and shares of servers.
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

// Reader finds servers and their attachments; *server.Reader implements it.
type Reader interface {
	api.Servers
	Attachments(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error)
	// Owner returns the project of a server from its instance mapping, or
	// InstanceMappingNotFound.
	Owner(ctx context.Context, uuid string) (project string, err error)
	// Shares returns the shares of a server; Share returns one of them, or ShareNotFound.
	Shares(ctx context.Context, i *objects.Instance) ([]*objects.Share, error)
	Share(ctx context.Context, i *objects.Instance, share string) (*objects.Share, error)
	VIFTags(ctx context.Context, i *objects.Instance) (map[string]*string, error)
}

// Network reads interfaces from Neutron.
type Network interface {
	// Ports returns the ports of a server.
	Ports(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.Port, error)
	// Port returns one port.
	Port(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Port, error)
}

// API holds the dependencies of the handlers.
type API struct {
	Servers Reader
	Network Network
	Ops     *attach.Ops
}

// notShelved returns an error for a shelved server if the microversion does not support changes
// of its attachments.
func notShelved(r *api.Request, i *objects.Instance, action string) error {
	if state := objects.OrZero(i.VMState); !r.Since(mv.V20ShelvedVolumes) && (state == "shelved" || state == "shelved_offloaded") {
		return api.Conflict("Cannot '%s' instance %s while it is in vm_state %s", action, i.UUID, state)
	}
	return nil
}

// newVolume is the request body that attaches a volume.
type newVolume struct {
	VolumeID            string  `json:"volumeId"`
	Device              *string `json:"device"`
	Tag                 *string `json:"tag"`                   // since 2.49
	DeleteOnTermination any     `json:"delete_on_termination"` // since 2.79; Nova passes words on unchanged
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

// attachment finds the server in the path, for an operation on one of its volumes. The rule for
// replacing the volume has a target without owner, because it applies to administrators.
func (a *API) attachment(r *api.Request) (*objects.Instance, policy.Target, error) {
	i, owner, err := r.Server(api.RecordOf(objects.UsualParts))
	if keepsVolume(r) {
		return i, policy.Target{ProjectID: owner.ProjectID}, err
	}
	return i, policy.Target{}, err
}

// keepsVolume reports whether the body keeps the volume. Before 2.85 a request always replaces
// it.
func keepsVolume(r *api.Request) bool {
	asked, err := api.Body[changedVolume](r, "volumeAttachment")
	return err == nil && r.Since(mv.V85UpdateAttachment) && r.Var("id") == asked.VolumeID
}

// changedVolume is the request body that replaces a volume or changes its attachment.
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
	c := attach.Change{ID: asked.ID, Server: asked.ServerID, Device: asked.Device.Pointer(), Tag: asked.Tag,
		DeleteOnTermination: (*bool)(asked.DeleteOnTermination)}
	if err := a.Ops.UpdateVolume(r.Context(), i, id, c); err != nil || id == next {
		return nil, err
	}
	return nil, a.Ops.SwapVolume(r.Context(), r.Caller, i, id, next)
}

// newInterface is the request body that attaches an interface.
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

// webobsEmpty returns an empty answer with a content type, as webob creates it for handlers
// that return nothing.
func webobsEmpty() *api.Reply {
	return &api.Reply{Header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}}}
}
