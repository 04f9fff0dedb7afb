// Package consoles serves the access to consoles of servers.
package consoles

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Opener opens consoles; *attachment.Ops implements it.
type Opener interface {
	// Console makes a server's host open a console; method is the RPC method of the host.
	Console(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, method, kind string) (map[string]any, error)
}

// Tokens finds the connection data of opened consoles.
type Tokens interface {
	// ConsoleToken returns the connection data of a token, or nil if the token has expired or
	// does not exist.
	ConsoleToken(ctx context.Context, token string, tls bool) (*objects.ConsoleToken, error)
}

// API holds the dependencies of the handlers.
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

// console is the request body that opens a console.
type console struct {
	Protocol string `json:"protocol"` // since 2.6
	Type     string `json:"type"`
}

// open is the handler of the actions that open a console.
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

// rpcMethods are the RPC methods of nova-compute by console protocol.
var rpcMethods = map[string]string{"vnc": "get_vnc_console", "spice": "get_spice_console", "serial": "get_serial_console",
	"mks": "get_mks_console"}

// keyError is Python's exception for a missing key of a dictionary.
var keyError = objects.ClassNamed("KeyError")

func (a *API) create(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[console](r, "remote_console")
	if err != nil {
		return nil, err
	}
	method, ok := rpcMethods[asked.Protocol]
	if !ok && !r.Release().Has(release.RDPConsoleRefused) {
		return nil, api.Raised("TypeError", "no handler of the protocol %s", asked.Protocol)
	}
	if !ok {
		return nil, api.Bare(400) // RDP consoles, which Nova has removed
	}
	address, err := a.console(r, i, method, asked.Type)
	// nova-compute raises one if Ironic says nothing about the console of a node.
	if rpc.IsRemote(err, keyError) && r.Release().Has(release.ConsoleKeyErrors) {
		return nil, api.NotImplemented("The requested functionality is not supported.")
	}
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

// noRDP answers requests for the connection data of a token before 2.31. These microversions
// allow only RDP consoles, which Nova has removed, so that Nova answers 400 without a check of
// a rule.
func noRDP(*api.Request) (any, error) { return nil, api.Bare(400) }

// token returns the connection data of a console's token.
func (a *API) token(r *api.Request) (any, error) {
	t, err := a.Tokens.ConsoleToken(r.Context(), r.Var("id"), r.Since(mv.V99SpiceDirect))
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
