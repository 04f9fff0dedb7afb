// Package consoles serves the ways to the consoles of servers.
package consoles

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Opener opens consoles; *attachment.Ops is one.
type Opener interface {
	// Console asks a server's host to open a console: method is the host's.
	Console(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, method, kind string) (map[string]any, error)
}

// Tokens knows the consoles that were opened.
type Tokens interface {
	// ConsoleToken answers where a token leads, or nil where it leads nowhere any more.
	ConsoleToken(ctx context.Context, token string) (*objects.ConsoleToken, error)
}

// API holds what the handlers work with.
type API struct {
	Opener Opener
	Tokens Tokens
}

func (a *API) vnc(r *api.Request) (any, error) {
	return a.open(r, "os-getVNCConsole", "get_vnc_console")
}
func (a *API) spice(r *api.Request) (any, error) {
	return a.open(r, "os-getSPICEConsole", "get_spice_console")
}
func (a *API) serial(r *api.Request) (any, error) {
	return a.open(r, "os-getSerialConsole", "get_serial_console")
}

// console is the body that opens a console.
type console struct {
	Protocol string `json:"protocol"` // since 2.6
	Type     string `json:"type"`
}

// open is an action that opens a console.
func (a *API) open(r *api.Request, key, method string) (any, error) {
	i, _, err := r.Server(api.RecordOf(objects.UsualParts))
	if err != nil {
		return nil, err
	}
	asked, err := api.Body[console](r, key)
	if err != nil {
		return nil, err
	}
	address, err := a.console(r, i, method, asked.Type)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("console", func(o *api.Object) {
			o.Str("type", asked.Type)
			o.Str("url", address)
		})
	}), nil
}

func (a *API) console(r *api.Request, i *objects.Instance, method, kind string) (string, error) {
	if task := i.TaskState; task != nil && (*task == "deleting" || *task == "migrating") {
		return "", api.Conflict("Cannot '%s' instance %s while it is in task_state %s", method, i.UUID, *task)
	}
	answer, err := a.Opener.Console(r.Context(), r.Caller, i, method, kind)
	if err != nil {
		return "", err
	}
	address, _ := answer["access_url"].(string)
	return address, nil
}

// methods are what hosts call the ways to consoles.
var methods = map[string]string{"vnc": "get_vnc_console", "spice": "get_spice_console", "serial": "get_serial_console", "mks": "get_mks_console"}

func (a *API) create(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[console](r, "remote_console")
	if err != nil {
		return nil, err
	}
	method, ok := methods[asked.Protocol]
	if !ok {
		return nil, api.Bare(400) // RDP, which Nova has removed
	}
	address, err := a.console(r, i, method, asked.Type)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("remote_console", func(o *api.Object) {
			o.Str("protocol", asked.Protocol)
			o.Str("type", asked.Type)
			o.Str("url", address)
		})
	}), nil
}

// noRDP refuses to tell where a token leads: before 2.31 it could lead to an RDP console
// alone, which Nova has removed. Nova asks no rule for that.
func noRDP(*api.Request) (any, error) { return nil, api.Bare(400) }

// token tells where a console's token leads.
func (a *API) token(r *api.Request) (any, error) {
	t, err := a.Tokens.ConsoleToken(r.Context(), r.Var("id"))
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, api.NotFound("Token not found")
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("console", func(o *api.Object) {
			o.Str("instance_uuid", t.InstanceUUID)
			o.Str("host", t.Host)
			o.Int("port", t.Port)
			o.Opt("internal_access_path", t.InternalAccessPath)
			if t.Kind == "spice-direct" && r.Since(mv.V99SpiceDirect) {
				o.OptInt("tls_port", t.TLSPort)
			}
		})
	}), nil
}
