package servers

import (
	"regexp"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) changePassword(r *api.Request, i *objects.Instance) (any, error) {
	password, _ := r.Field("changePassword")["adminPass"].(string)
	err := a.Ops.ChangePassword(r.Ctx(), r.Context, i, password)
	if objects.IsClass(err, "NotImplementedError") {
		return nil, api.NotImplemented("Unable to set password on instance")
	}
	return nil, err
}

// unprintable are the characters that XML cannot hold: once, answers were XML.
var unprintable = regexp.MustCompile(`[\x00-\x08\x0B-\x1F]`)

func (a *API) consoleOutput(r *api.Request, i *objects.Instance) (any, error) {
	output, err := a.Ops.ConsoleOutput(r.Ctx(), r.Context, i, r.Field("os-getConsoleOutput")["length"])
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.Str("output", unprintable.ReplaceAllString(output, "")) }), nil
}

func (a *API) diagnostics(r *api.Request, i *objects.Instance) (any, error) {
	if !r.Since(mv.V48Diagnostics) {
		return a.Ops.Diagnostics(r.Ctx(), r.Context, i)
	}
	d, err := a.Ops.CommonDiagnostics(r.Ctx(), r.Context, i)
	if err != nil {
		return nil, err
	}
	return diagnosticsView(d), nil
}

// diagnosticsParts are the lists in a server's diagnostics, with their fields.
var diagnosticsParts = map[string][]string{
	"disk_details": {"read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count"},
	"cpu_details":  {"id", "time", "utilisation"},
	"nic_details": {"mac_address", "rx_octets", "rx_errors", "rx_drop", "rx_packets", "rx_rate",
		"tx_octets", "tx_errors", "tx_drop", "tx_packets", "tx_rate"},
}

// diagnosticsView shows all fields, null where the driver does not know.
func diagnosticsView(d *objects.Versioned) map[string]any {
	view := fields(d, "state", "driver", "hypervisor", "hypervisor_os", "uptime", "config_drive", "num_cpus", "num_nics", "num_disks")
	for part, names := range diagnosticsParts {
		list := []map[string]any{}
		for _, o := range d.Objects(part) {
			list = append(list, fields(o, names...))
		}
		view[part] = list
	}
	view["memory_details"] = fields(d.Object("memory_details"), "maximum", "used")
	return view
}

func fields(v *objects.Versioned, names ...string) map[string]any {
	m := make(map[string]any, len(names))
	for _, name := range names {
		m[name] = nil
		if v != nil {
			m[name] = v.Data[name]
		}
	}
	return m
}

func (a *API) addFixedIP(r *api.Request, i *objects.Instance) (any, error) {
	network := api.Text(r.Field("addFixedIp")["networkId"])
	return nil, a.Ops.AddFixedIP(r.Ctx(), r.Context, i, network)
}

func (a *API) removeFixedIP(r *api.Request, i *objects.Instance) (any, error) {
	address, _ := r.Field("removeFixedIp")["address"].(string)
	return nil, a.Ops.RemoveFixedIP(r.Ctx(), r.Context, i, address)
}
