package hosts

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) hostsIndex(r *api.Request) (any, error) {
	zones := a.readZones(r.Context())
	services, err := a.Services.Services(r.Context(), cell.ServiceQuery{})
	if err != nil {
		return nil, err
	}
	byHost, err := zones()
	if err != nil {
		return nil, err
	}
	zone, _ := r.Query().Get("zone")
	var list []*objects.Service
	for _, s := range services {
		if !s.Disabled && !isAPIService(s) && (zone == "" || zone == a.zoneOf(byHost, s)) {
			list = append(list, s)
		}
	}
	return api.Doc(func(o *api.Object) {
		o.List("hosts", len(list), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				o.Str("host_name", list[i].Host)
				o.Opt("service", list[i].Topic)
				o.Str("zone", a.zoneOf(byHost, list[i]))
			})
		})
	}), nil
}

// resources is one entry of a host's resource list, in MiB and GiB.
type resources struct {
	project               string
	cpu, memoryMB, diskGB int64
}

func (a *API) hostsShow(r *api.Request) (any, error) {
	name := r.Var("id")
	load, err := a.Hosts.Load(r.Context(), name)
	if err != nil {
		return nil, notMapped(err)
	}
	lines := []*resources{
		{"(total)", load.VCPUs, load.MemoryMB, load.LocalGB},
		{"(used_now)", load.VCPUsUsed, load.MemoryMBUsed, load.LocalGBUsed},
		{project: "(used_max)"},
	}
	byProject := map[string]*resources{}
	for _, s := range load.Servers {
		own := byProject[s.ProjectID]
		if own == nil {
			own = &resources{project: s.ProjectID}
			byProject[s.ProjectID] = own
			lines = append(lines, own)
		}
		for _, to := range []*resources{lines[2], own} {
			to.cpu += s.VCPUs
			to.memoryMB += s.MemoryMB
			to.diskGB += s.DiskGB
		}
	}
	return api.Doc(func(o *api.Object) {
		o.List("host", len(lines), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				o.Obj("resource", func(o *api.Object) {
					o.Str("host", name)
					o.Str("project", lines[i].project)
					o.Int("cpu", lines[i].cpu)
					o.Int("memory_mb", lines[i].memoryMB)
					o.Int("disk_gb", lines[i].diskGB)
				})
			})
		})
	}), nil
}

// hostUpdate is the request body that updates a host: "enable" or "disable", in any case.
type hostUpdate struct {
	Status      *string `json:"status"`
	Maintenance *string `json:"maintenance_mode"`
}

// hostsUpdate first enables or disables a host, and then starts or ends its maintenance mode.
func (a *API) hostsUpdate(r *api.Request) (any, error) {
	name := r.Var("id")
	asked, err := api.Body[hostUpdate](r)
	if err != nil {
		return nil, err
	}
	answers := map[string]string{}
	for _, field := range []struct {
		name, yes, no string
		asked         *string
		set           func(bool) (string, error)
	}{
		{"status", "enabled", "disabled", asked.Status, func(on bool) (string, error) {
			return a.Hosts.SetEnabled(r.Context(), r.Caller, name,
				on)
		}},
		{"maintenance_mode", "on_maintenance", "off_maintenance", asked.Maintenance, func(on bool) (string, error) {
			return a.Hosts.SetMaintenance(r.Context(), r.Caller, name, on)
		}},
	} {
		if field.asked == nil {
			continue
		}
		answer, err := field.set(strings.ToLower(strings.TrimSpace(*field.asked)) == "enable")
		if err != nil {
			return nil, notMapped(err)
		}
		if answer != field.yes && answer != field.no {
			return nil, api.BadRequest("%s", answer)
		}
		answers[field.name] = answer
	}
	return api.Doc(func(o *api.Object) {
		o.Str("host", name)
		for _, key := range api.Keys(answers) {
			o.Str(key, answers[key])
		}
	}), nil
}

func (a *API) hostsStartup(r *api.Request) (any, error)  { return a.power(r, "startup") }
func (a *API) hostsShutdown(r *api.Request) (any, error) { return a.power(r, "shutdown") }
func (a *API) hostsReboot(r *api.Request) (any, error)   { return a.power(r, "reboot") }

func (a *API) power(r *api.Request, action string) (any, error) {
	name := r.Var("id")
	answer, err := a.Hosts.Power(r.Context(), r.Caller, name, action)
	if err != nil {
		return nil, notMapped(err)
	}
	return api.Doc(func(o *api.Object) {
		o.Str("host", name)
		o.Str("power_action", answer)
	}), nil
}
