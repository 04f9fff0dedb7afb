package consoles

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations on consoles of servers.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: noRDP, Op: "console_auth_tokens.show", Method: "GET", Path: "/os-console-auth-tokens/{id}", OK: 200, Until: mv.V31ConsoleTokens,
			Query: api.At(mv.V1Base),
			Authz: api.Public(), Errors: []int{400, 401, 404}},
		{Do: a.token, Op: "console_auth_tokens.show", Method: "GET", Path: "/os-console-auth-tokens/{id}", OK: 200, From: mv.V31ConsoleTokens,
			Query: api.At(mv.V1Base, mv.V99SpiceDirect),
			Authz: api.Early(policy.ConsoleAuthTokens), Errors: []int{400, 404}},
		{Op: "remote_consoles.get_rdp_console", Method: "POST", Path: "/servers/{id}/action", Action: "os-getRDPConsole", Gone: 400,
			Until: mv.V6Consoles,
			Body:  api.At(mv.Legacy)},
		{Do: a.spice, Op: "remote_consoles.get_spice_console", Method: "POST", Path: "/servers/{id}/action", Action: "os-getSPICEConsole",
			OK: 200, Until: mv.V6Consoles,
			Body:  api.At(mv.Legacy),
			Authz: api.Early(policy.RemoteConsoles), Errors: []int{400, 404, 409, 501}},
		{Do: a.serial, Op: "remote_consoles.get_serial_console", Method: "POST", Path: "/servers/{id}/action", Action: "os-getSerialConsole",
			OK: 200, Until: mv.V6Consoles,
			Body:  api.At(mv.Legacy),
			Authz: api.Early(policy.RemoteConsoles), Errors: []int{400, 404, 409, 501}},
		{Do: a.vnc, Op: "remote_consoles.get_vnc_console", Method: "POST", Path: "/servers/{id}/action", Action: "os-getVNCConsole", OK: 200,
			Until: mv.V6Consoles,
			Body:  api.At(mv.Legacy),
			Authz: api.Early(policy.RemoteConsoles), Errors: []int{400, 404, 409, 501}},
		{On: api.Record(objects.UsualParts, a.create), Op: "remote_consoles.create", Method: "POST",
			Path: "/servers/{server_id}/remote-consoles", OK: 200, From: mv.V6Consoles,
			Body:  api.At(mv.V6Consoles, mv.V8MKSConsole, mv.V99SpiceDirect),
			Authz: api.Late(policy.RemoteConsoles), Errors: []int{400, 404, 409, 501}},
	}
}
