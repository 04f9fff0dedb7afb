package servers

import (
	"errors"
	"regexp"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

// passwordChange is the request body that changes the administrator password of a server.
type passwordChange struct {
	AdminPass string `json:"adminPass"`
}

func (a *API) changePassword(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[passwordChange](r, "changePassword")
	if err != nil {
		return nil, err
	}
	err = a.Ops.ChangePassword(r.Context(), r.Caller, i, asked.AdminPass)
	if errors.Is(err, objects.ErrNotImplementedError) {
		return nil, api.NotImplemented("Unable to set password on instance")
	}
	return nil, err
}

// unprintable matches the characters that XML does not allow. Nova removes them, because its
// API once supported XML.
var unprintable = regexp.MustCompile(`[\x00-\x08\x0B-\x1F]`)

// consoleOutput is the request body that reads a server's console log.
type consoleOutput struct {
	Length any `json:"length"` // a number or a text; Nova passes it on unchanged
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

// fixedIP is the request body that adds a fixed IP to a server or removes it.
type fixedIP struct {
	NetworkID any    `json:"networkId"` // a text or a number; Nova passes it on unchanged
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
