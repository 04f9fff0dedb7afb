package migrations

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/move"
)

// evacuateParts are the parts of a server that an evacuation needs or changes.
const evacuateParts = objects.PartFlavor | objects.PartTrustedCerts | objects.PartPCIRequests | objects.PartPCIDevices |
	objects.PartResources | objects.PartMigrationContext

func (a *API) evacuate(r *api.Request, i *objects.Instance) (any, error) {
	opts, err := a.evacuationOptions(r, i)
	if err != nil {
		return nil, err
	}
	if err := a.Ops.Evacuate(r.Context(), r.Caller, i, opts); err != nil {
		return nil, err
	}
	if r.Since(mv.V14EvacuateSharedStorage) || !a.ShowPassword {
		return nil, nil
	}
	return api.Doc(func(o *api.Object) { o.Opt("adminPass", opts.Password) }), nil
}

// evacuation is the request body that evacuates a server.
type evacuation struct {
	Host            *string   `json:"host"`
	AdminPass       *string   `json:"adminPass"`
	OnSharedStorage body.Bool `json:"onSharedStorage"` // until 2.13
	Force           body.Bool `json:"force"`           // 2.29 to 2.67
}

func (a *API) evacuationOptions(r *api.Request, i *objects.Instance) (move.EvacuateOptions, error) {
	asked, err := api.Body[evacuation](r, "evacuate")
	if err != nil {
		return move.EvacuateOptions{}, err
	}
	opts := move.EvacuateOptions{Host: asked.Host, Stopped: r.Since(mv.V95EvacuateStopped)}
	keeps := false // whether the disk is kept, and with it the password
	if !r.Since(mv.V14EvacuateSharedStorage) {
		keeps = bool(asked.OnSharedStorage)
		opts.SharedStorage = &keeps
	}
	if r.Since(mv.V29EvacuateForce) {
		opts.Force = (*bool)(&asked.Force)
		if err := canForce(asked.Force, asked.Host); err != nil {
			return opts, err
		}
	}
	switch {
	case asked.AdminPass != nil && keeps:
		return opts, api.BadRequest("admin password can't be changed on existing disk")
	case !keeps:
		password := a.password(asked.AdminPass)
		opts.Password = &password
	}
	if opts.Host != nil {
		there, err := a.Ops.HostExists(r.Context(), *opts.Host)
		if err != nil {
			return opts, err
		}
		if !there {
			return opts, api.NotFound("Compute host %s not found.", *opts.Host)
		}
	}
	if (i.Host == nil) == (opts.Host == nil) && objects.OrZero(i.Host) == objects.OrZero(opts.Host) {
		return opts, api.BadRequest("The target host can't be the same one.")
	}
	return opts, nil
}
