package servers

import (
	"errors"
	"regexp"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

// password is the body that changes the password of a server's administrator.
type password struct {
	AdminPass string `json:"adminPass"`
}

func (a *API) changePassword(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[password](r, "changePassword")
	if err != nil {
		return nil, err
	}
	err = a.Ops.ChangePassword(r.Context(), r.Caller, i, asked.AdminPass)
	if errors.Is(err, objects.ErrNotImplementedError) {
		return nil, api.NotImplemented("Unable to set password on instance")
	}
	return nil, err
}

// unprintable are the characters that XML cannot hold: once, answers were XML.
var unprintable = regexp.MustCompile(`[\x00-\x08\x0B-\x1F]`)

// consoleOutput is the body that reads a server's console.
type consoleOutput struct {
	Length any `json:"length"` // a number or text: Nova hands it on as it is
}

func (a *API) consoleOutput(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[consoleOutput](r, "os-getConsoleOutput")
	if err != nil {
		return nil, err
	}
	output, err := a.Ops.ConsoleOutput(r.Context(), r.Caller, i, asked.Length)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.Str("output", unprintable.ReplaceAllString(output, "")) }), nil
}

func (a *API) diagnostics(r *api.Request, i *objects.Instance) (any, error) {
	if !r.Since(mv.V48Diagnostics) {
		return a.Ops.Diagnostics(r.Context(), r.Caller, i)
	}
	return a.Ops.CommonDiagnostics(r.Context(), r.Caller, i)
}

// fixedIP is the body that gives a server an address of a network, or takes one away.
type fixedIP struct {
	NetworkID any    `json:"networkId"` // text or a number: Nova hands it on as it is
	Address   string `json:"address"`
}

func (a *API) addFixedIP(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[fixedIP](r, "addFixedIp")
	if err != nil {
		return nil, err
	}
	return nil, a.Ops.AddFixedIP(r.Context(), r.Caller, i, asked.NetworkID)
}

func (a *API) removeFixedIP(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[fixedIP](r, "removeFixedIp")
	if err != nil {
		return nil, err
	}
	return nil, a.Ops.RemoveFixedIP(r.Context(), r.Caller, i, asked.Address)
}
