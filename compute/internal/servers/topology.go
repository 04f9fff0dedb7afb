package servers

import (
	"strconv"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) topology(r *api.Request, i *objects.Instance) (any, error) {
	t, err := a.Servers.Topology(r.Context(), i)
	if err != nil {
		return nil, err
	}
	if t == nil {
		t = &objects.NUMATopology{}
	}
	host := r.Allowed(policy.ServerTopologyHostIndex, api.OwnerOf(i))
	return api.Doc(func(o *api.Object) {
		var page *int64
		o.List("nodes", len(t.Cells), func(n int, arr *api.Array) {
			c := t.Cells[n]
			if objects.OrZero(c.PageSizeKB) != 0 {
				page = c.PageSizeKB
			}
			arr.Obj(func(o *api.Object) {
				o.Any("vcpu_set", c.AllCPUs())
				siblings := c.Siblings()
				o.List("siblings", len(siblings), func(n int, arr *api.Array) { arr.Any(siblings[n]) })
				o.Int("memory_mb", c.MemoryMB)
				if host {
					o.Int("host_node", c.ID)
					o.Obj("cpu_pinning", func(o *api.Object) {
						for _, guest := range api.Keys(c.Pinning) {
							if _, err := strconv.Atoi(guest); err == nil {
								o.Int(guest, c.Pinning[guest])
							}
						}
					})
				}
			})
		})
		o.OptInt("pagesize_kb", page)
	}), nil
}
