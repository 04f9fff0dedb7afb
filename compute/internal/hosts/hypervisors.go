package hosts

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/host"
	"github.com/nova-go/nova/internal/pytext"
)

func (a *API) hypervisorsIndex(r *api.Request) (any, error) {
	return a.hypervisors(r, "os-hypervisors", false)
}

func (a *API) hypervisorsDetail(r *api.Request) (any, error) {
	return a.hypervisors(r, "os-hypervisors/detail", true)
}

func (a *API) hypervisors(r *api.Request, path string, detail bool) (any, error) {
	p := host.Page{Limit: -1}
	pattern, searched, servers := "", false, false
	var err error
	if r.Since(mv.V53ServiceUUID) {
		pattern, searched = r.Query().Get("hypervisor_hostname_pattern")
		if servers, err = withServers(r); err != nil {
			return nil, err
		}
	}
	paged := r.Since(mv.V33HypervisorPaging) && !searched
	switch {
	case searched:
		_, limited := r.Query().Get("limit")
		if marker, _ := r.Query().Get("marker"); limited || marker != "" {
			return nil, api.Bare(400) // Nova drops its own text here; a search cannot be paged
		}
		p.Pattern = pattern
	case paged:
		if err := pageOf(r, &p); err != nil {
			return nil, err
		}
	}
	nodes, err := a.Hosts.Nodes(r.Context(), p)
	switch {
	case errors.Is(err, objects.ErrMarkerNotFound):
		marker, _ := r.Query().Get("marker")
		return nil, api.BadRequest("marker [%s] not found", marker)
	case err != nil:
		return nil, err
	case searched && len(nodes) == 0:
		return nil, api.NotFound("No hypervisor matching '%s' could be found.", pattern)
	}
	list, err := a.withService(r, nodes, servers)
	if err != nil {
		return nil, err
	}
	if detail && r.Since(mv.V88HypervisorUptime) {
		if err := a.Hosts.FillUptimes(r.Context(), r.Caller, list); err != nil {
			return nil, err
		}
	}
	links := r.Links()
	return api.Doc(func(o *api.Object) {
		a.list(r, o, list, hypervisorView{detail: detail, servers: servers})
		if n := len(list); paged && n > 0 {
			last := strconv.FormatInt(list[n-1].ID, 10)
			if r.Since(mv.V53ServiceUUID) {
				last = list[n-1].UUID
			}
			r.Next(links, o, "hypervisors", path, n, last)
		}
	}), nil
}

// pageOf reads limit and marker. The marker is a row id, and since 2.53 in most lists a UUID.
func pageOf(r *api.Request, p *host.Page) error {
	limit, marker, err := r.Page()
	if err != nil {
		return err
	}
	p.Limit = limit
	_, given := r.Query().Get("marker")
	switch id, err := strconv.ParseInt(marker, 10, 64); {
	case !given:
	case pytext.IsUUID(marker):
		p.UUID = marker
	case err == nil && id > 0:
		p.ID = id
	default:
		return api.BadRequest("marker [%s] not found", marker)
	}
	return nil
}

func withServers(r *api.Request) (bool, error) {
	s, given := r.Query().Get("with_servers")
	if !given {
		return false, nil
	}
	return api.Truth(s)
}

// withService returns the hypervisors that have a service. A deleted service may leave compute
// nodes without one.
func (a *API) withService(r *api.Request, nodes []*objects.ComputeNode, servers bool) ([]*host.Hypervisor, error) {
	all, err := a.Hosts.Hypervisors(r.Context(), nodes, servers)
	var list []*host.Hypervisor
	for _, v := range all {
		if v.Service != nil {
			list = append(list, v)
		}
	}
	return list, err
}

func (a *API) hypervisorsShow(r *api.Request) (any, error) {
	servers := false
	var err error
	if r.Since(mv.V53ServiceUUID) {
		if servers, err = withServers(r); err != nil {
			return nil, err
		}
	}
	v, err := a.hypervisor(r, servers)
	if err != nil {
		return nil, err
	}
	if r.Since(mv.V88HypervisorUptime) {
		if err := a.Hosts.FillUptimes(r.Context(), r.Caller, []*host.Hypervisor{v}); err != nil {
			return nil, err
		}
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("hypervisor", func(o *api.Object) { a.view(r, o, v, hypervisorView{detail: true, servers: servers}) })
	}), nil
}

func (a *API) hypervisorsUptime(r *api.Request) (any, error) {
	v, err := a.hypervisor(r, false)
	if err != nil {
		return nil, err
	}
	uptime, err := a.Hosts.Uptime(r.Context(), r.Caller, v)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("hypervisor", func(o *api.Object) {
			a.view(r, o, v, hypervisorView{})
			o.Str("uptime", uptime)
		})
	}), nil
}

// hypervisor finds the hypervisor in the path, with its service.
func (a *API) hypervisor(r *api.Request, servers bool) (*host.Hypervisor, error) {
	name := r.Var("id")
	notFound := api.NotFound("Hypervisor with ID '%s' could not be found.", name)
	uuid, id := "", int64(0)
	if r.Since(mv.V53ServiceUUID) {
		if uuid = name; !pytext.IsUUID(name) {
			return nil, api.BadRequest("Invalid uuid %s", name)
		}
	} else {
		var err error
		if id, err = rowID(name); err != nil {
			return nil, notFound
		}
	}
	n, err := a.Hosts.Node(r.Context(), uuid, id, name)
	if errors.Is(err, objects.ErrComputeHostNotFound) {
		return nil, notFound
	}
	if err != nil {
		return nil, err
	}
	list, err := a.withService(r, []*objects.ComputeNode{n}, servers)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, notFound
	}
	return list[0], nil
}

func (a *API) hypervisorsSearch(r *api.Request) (any, error) { return a.search(r, false) }

func (a *API) hypervisorsServers(r *api.Request) (any, error) { return a.search(r, true) }

// search lists the hypervisors whose hostname contains the id in the path.
func (a *API) search(r *api.Request, servers bool) (any, error) {
	pattern := r.Var("id")
	nodes, err := a.Hosts.Nodes(r.Context(), host.Page{Pattern: pattern, Limit: -1})
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, api.NotFound("No hypervisor matching '%s' could be found.", pattern)
	}
	all, err := a.Hosts.Hypervisors(r.Context(), nodes, servers)
	if err != nil {
		return nil, err
	}
	var list []*host.Hypervisor
	for _, v := range all {
		if v.Cell == nil {
			return nil, api.NotFound("Host '%s' is not mapped to any cell", v.Host)
		}
		if v.Service != nil {
			list = append(list, v)
		}
	}
	return api.Doc(func(o *api.Object) { a.list(r, o, list, hypervisorView{}) }), nil
}

func (a *API) hypervisorsStatistics(r *api.Request) (any, error) {
	s, err := a.Hosts.Statistics(r.Context())
	if err != nil {
		return nil, err
	}
	fields := s.Fields()
	return api.Doc(func(o *api.Object) {
		o.Obj("hypervisor_statistics", func(o *api.Object) {
			for _, name := range api.Keys(fields) {
				o.Int(name, *fields[name])
			}
		})
	}), nil
}

// hypervisorView selects the parts of hypervisors that are shown.
type hypervisorView struct {
	detail  bool
	servers bool // since 2.75 the member is present even if it is empty
}

func (a *API) list(r *api.Request, o *api.Object, list []*host.Hypervisor, w hypervisorView) {
	o.List("hypervisors", len(list), func(i int, arr *api.Array) {
		arr.Obj(func(o *api.Object) { a.view(r, o, list[i], w) })
	})
}

func (a *API) view(r *api.Request, o *api.Object, v *host.Hypervisor, w hypervisorView) {
	if r.Since(mv.V53ServiceUUID) {
		o.Str("id", v.UUID)
	} else {
		o.Int("id", v.ID)
	}
	o.Str("hypervisor_hostname", v.HypervisorHostname)
	o.Str("state", a.state(v.Service))
	o.Str("status", serviceStatus(v.Service))
	if w.detail {
		o.Str("hypervisor_type", v.HypervisorType)
		o.Int("hypervisor_version", v.HypervisorVersion)
		o.Opt("host_ip", v.HostIP)
		o.Obj("service", func(o *api.Object) {
			serviceID(r, o, v.Service)
			o.Str("host", v.Host)
			o.Opt("disabled_reason", v.Service.DisabledReason)
		})
		if r.Since(mv.V88HypervisorUptime) {
			o.Opt("uptime", v.Uptime)
		} else {
			writeCapacity(r, o, v.ComputeNode)
		}
	}
	if len(v.Servers) > 0 || w.servers && r.Since(mv.V75Strict) {
		o.List("servers", len(v.Servers), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				o.Str("name", v.Servers[i].Name(a.NameTemplate))
				o.Str("uuid", v.Servers[i].UUID)
			})
		})
	}
}

func writeCapacity(r *api.Request, o *api.Object, n *objects.ComputeNode) {
	o.Int("vcpus", n.VCPUs)
	o.Int("memory_mb", n.MemoryMB)
	o.Int("local_gb", n.LocalGB)
	o.Int("vcpus_used", n.VCPUsUsed)
	o.Int("memory_mb_used", n.MemoryMBUsed)
	o.Int("local_gb_used", n.LocalGBUsed)
	o.OptInt("free_ram_mb", n.FreeRAMMB)
	o.OptInt("free_disk_gb", n.FreeDiskGB)
	o.OptInt("current_workload", n.CurrentWorkload)
	o.OptInt("running_vms", n.RunningVMs)
	o.OptInt("disk_available_least", n.DiskAvailableLeast)
	switch {
	case !r.Since(mv.V28CPUInfoObject):
		o.Str("cpu_info", n.CPUInfo)
	case json.Valid([]byte(n.CPUInfo)):
		o.Raw("cpu_info", []byte(n.CPUInfo))
	default:
		o.Obj("cpu_info", func(*api.Object) {})
	}
}
