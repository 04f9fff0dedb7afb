package network

import (
	"math/big"
	"net/http"
	"net/netip"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func zones(*resource.Request) (any, error) {
	list := []any{}
	for _, of := range []string{"network", "router"} {
		list = append(list, map[string]any{"name": "nova", "resource": of, "state": "available"})
	}
	return map[string]any{"availability_zones": list}, nil
}

// availabilities returns how many addresses networks have, and how many are in use.
func (s *Service) availabilities(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "get_network_ip_availabilities"); err != nil {
		return nil, err
	}
	all := []resource.Doc{}
	for _, n := range s.o.Store.All(networks) {
		all = append(all, s.available(n))
	}
	page, _ := resource.Query{Ignore: []string{"ip_version"}, Same: map[string]string{"tenant_id": "project_id"}}.Select(all, r.URL.Query())
	return map[string]any{"network_ip_availabilities": page}, nil
}

func (s *Service) availability(r *resource.Request) (any, error) {
	n := s.o.Store.Get(networks, r.PathValue("id"))
	if n == nil || !r.Caller.Admin {
		return nil, resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", r.PathValue("id"))
	}
	return map[string]any{"network_ip_availability": s.available(n)}, nil
}

func adminsOnly(r *resource.Request, rule string) error {
	if r.Caller.Admin {
		return nil
	}
	return resource.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "rule:%s is disallowed by policy", rule)
}

func (s *Service) available(n resource.Doc) resource.Doc {
	taken := map[string]int{}
	for _, p := range s.o.Store.Find(ports, "network_id", n["id"]) {
		for _, ip := range resource.Docs(p, "fixed_ips") {
			taken[resource.Text(ip, "subnet_id")]++
		}
	}
	used, total, list := 0, new(big.Int), []any{}
	for _, id := range resource.Strings(n, "subnets") {
		d := s.o.Store.Get(subnets, id)
		size := new(big.Int)
		for _, pool := range resource.Docs(d, "allocation_pools") {
			size.Add(size, addressCount(resource.Text(pool, "start"), resource.Text(pool, "end")))
		}
		total.Add(total, size)
		used += taken[id]
		list = append(list, resource.Doc{"subnet_id": id, "subnet_name": d["name"], "cidr": d["cidr"], "ip_version": d["ip_version"],
			"total_ips": size, "used_ips": taken[id]})
	}
	return resource.Doc{"network_id": n["id"], "network_name": n["name"], "project_id": n["project_id"], "tenant_id": n["project_id"],
		"total_ips": total, "used_ips": used,
		"subnet_ip_availability": list}
}

// addressCount returns the number of addresses from start to end.
func addressCount(start, end string) *big.Int {
	a, err := netip.ParseAddr(start)
	b, err2 := netip.ParseAddr(end)
	if err != nil || err2 != nil {
		return new(big.Int)
	}
	n := new(big.Int).Sub(new(big.Int).SetBytes(b.AsSlice()), new(big.Int).SetBytes(a.AsSlice()))
	return n.Add(n, big.NewInt(1))
}
