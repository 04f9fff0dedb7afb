package network

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// poolCollections are the collections of subnet pools and of the address scopes that pools are in.
func (s *Service) poolCollections() []collection {
	shared := func(d resource.Doc) bool { return resource.Bool(d, "shared") }
	return []collection{
		{kind: pools, singular: "subnetpool", class: "SubnetPool", noun: "Subnet pool", create: s.newPool, change: s.changePool,
			visible: func(d resource.Doc) bool { return resource.Bool(d, "shared") || resource.Bool(d, "is_default") },
			remove: func(d resource.Doc) error {
				if len(s.o.Store.Find(subnets, "subnetpool_id", d["id"])) > 0 {
					return resource.Errorf(http.StatusBadRequest, "SubnetPoolDeleteError",
						"Unable to delete subnet pool: Subnet pool has existing allocations.")
				}
				return nil
			}},
		{kind: scopes, singular: "address_scope", class: "AddressScope", noun: "Address scope", create: s.newScope, visible: shared,
			remove: func(d resource.Doc) error {
				if len(s.o.Store.Find(pools, "address_scope_id", d["id"])) > 0 {
					return resource.Errorf(http.StatusConflict, "AddressScopeInUse", "Unable to complete operation on address scope %s. There are "+
						"one or more subnet pools in use on the address scope.", d["id"])
				}
				return nil
			}},
	}
}

func (s *Service) newScope(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	d := resource.Doc{"id": id, "name": resource.Or(body, "name", ""), "project_id": r.Project(body), "tenant_id": r.Project(body),
		"ip_version": resource.Or(body, "ip_version", 4), "shared": resource.Bool(body, "shared")}
	return d, mayShare(r.Caller, "address_scope", body)
}

// mayShare applies Neutron's default policy for resources of all projects.
func mayShare(caller *resource.Caller, singular string, body resource.Doc) error {
	for _, attribute := range []string{"shared", "is_default"} {
		if resource.Bool(body, attribute) && !caller.Admin {
			return resource.Errorf(http.StatusForbidden, "PolicyNotAuthorized",
				"(rule:create_%[1]s and rule:create_%[1]s:%[2]s) is disallowed by policy", singular, attribute)
		}
	}
	return nil
}

func (s *Service) newPool(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	if err := mayShare(r.Caller, "subnetpool", body); err != nil {
		return nil, err
	}
	if body["prefixes"] == nil {
		return nil, bad("Failed to parse request. Required attribute 'prefixes' not specified")
	}
	prefixes, err := parsePrefixes(body)
	if err != nil {
		return nil, err
	}
	if len(prefixes) == 0 {
		return nil, resource.Errorf(http.StatusBadRequest, "EmptySubnetPoolPrefixList", "Empty subnet pool prefix list.")
	}
	d := s.commonFields(id, r.Project(body), body)
	first := prefixes[0].Addr()
	version, least := 4, 8
	if first.Is6() {
		version, least = 6, 64
	}
	for field, value := range map[string]any{"min_prefixlen": least, "max_prefixlen": first.BitLen(), "is_default": false, "shared": false,
		"address_scope_id": nil, "default_quota": nil} {
		d[field] = resource.Or(body, field, value)
	}
	for _, field := range []string{"min_prefixlen", "max_prefixlen"} {
		d[field] = resource.Int(d, field)
	}
	d["default_prefixlen"] = d["min_prefixlen"]
	if body["default_prefixlen"] != nil {
		d["default_prefixlen"] = resource.Int(body, "default_prefixlen")
	}
	d["ip_version"], d["prefixes"] = version, texts(compact(prefixes))
	return d, s.checkPool(d)
}

// changePool checks a changed pool: its prefixes can only become more.
func (s *Service) changePool(d, body resource.Doc) error {
	merged := resource.Doc{}
	for field, v := range d {
		merged[field] = v
		if given, ok := body[field]; ok {
			merged[field] = given
		}
	}
	if body["prefixes"] != nil {
		prefixes, err := parsePrefixes(body)
		if err != nil {
			return err
		}
		old, _ := parsePrefixes(d)
		for _, p := range old {
			if len(free(p, prefixes)) > 0 {
				return resource.Errorf(http.StatusBadRequest, "IllegalSubnetPoolPrefixUpdate",
					"Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes.")
			}
		}
		body["prefixes"] = texts(compact(prefixes))
		merged["prefixes"] = body["prefixes"]
	}
	return s.checkPool(merged)
}

// checkPool checks the lengths of a pool's prefixes, its scope, and that there is one default pool.
func (s *Service) checkPool(d resource.Doc) error {
	least, most, usual := resource.Int(d, "min_prefixlen"), resource.Int(d, "max_prefixlen"), resource.Int(d, "default_prefixlen")
	bounds := func(a string, x int64, b string, y int64) error {
		return resource.Errorf(http.StatusBadRequest, "IllegalSubnetPoolPrefixBounds", "Illegal prefix bounds: %s=%d, %s=%d.", a, x, b, y)
	}
	switch {
	case least > most:
		return bounds("min_prefixlen", least, "max_prefixlen", most)
	case usual > most:
		return bounds("default_prefixlen", usual, "max_prefixlen", most)
	case usual < least:
		return bounds("min_prefixlen", least, "default_prefixlen", usual)
	}
	prefixes, _ := parsePrefixes(d)
	for _, other := range s.o.Store.All(pools) {
		if other["id"] == d["id"] || resource.Int(other, "ip_version") != resource.Int(d, "ip_version") {
			continue
		}
		if resource.Bool(d, "is_default") && resource.Bool(other, "is_default") {
			return resource.Errorf(http.StatusBadRequest, "InvalidInput", "Invalid input for operation: A default subnetpool for this IP "+
				"family has already been set. Only one default may exist per IP family.")
		}
		taken, _ := parsePrefixes(other)
		if d["address_scope_id"] != nil && d["address_scope_id"] == other["address_scope_id"] &&
			slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return slices.ContainsFunc(taken, p.Overlaps) }) {
			return resource.Errorf(http.StatusConflict, "AddressScopePrefixConflict", "Failed to associate address scope: subnetpools within "+
				"an address scope must have unique prefixes.")
		}
	}
	if scope := resource.Text(d, "address_scope_id"); scope != "" && s.o.Store.Get(scopes, scope) == nil {
		return resource.Errorf(http.StatusNotFound, "AddressScopeNotFound", "Address scope %s could not be found.", scope)
	}
	return nil
}

// parsePrefixes parses the list prefixes of a document.
func parsePrefixes(d resource.Doc) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range resource.Strings(d, "prefixes") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, bad("Invalid input for prefixes. Reason: '%s' is not a valid IP subnet.", text)
		}
		if slices.Contains(list, p.Masked()) {
			return nil, bad("Invalid input for prefixes. Reason: Duplicate items in the list: '%s'.", text)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

func texts(prefixes []netip.Prefix) []any {
	list := []any{}
	for _, p := range prefixes {
		list = append(list, p.String())
	}
	return list
}

// compact returns the shortest list of prefixes with the same addresses, sorted.
func compact(list []netip.Prefix) []netip.Prefix {
	list = slices.Clone(list)
	slices.SortFunc(list, netip.Prefix.Compare)
	for n := 1; n < len(list); {
		a, b := list[n-1], list[n]
		both, _ := a.Addr().Prefix(max(a.Bits()-1, 0))
		switch {
		case a.Overlaps(b):
			list[n-1] = netip.PrefixFrom(a.Addr(), min(a.Bits(), b.Bits())).Masked()
		case a.Bits() == b.Bits() && both.Addr() == a.Addr() && both.Contains(b.Addr()):
			list[n-1] = both
		default:
			n++
			continue
		}
		list = slices.Delete(list, n, n+1)
		n = max(n-1, 1)
	}
	return list
}

// free returns the parts of a prefix that none of used overlaps, as the largest prefixes, sorted.
func free(p netip.Prefix, used []netip.Prefix) []netip.Prefix {
	if !slices.ContainsFunc(used, p.Overlaps) {
		return []netip.Prefix{p}
	}
	if slices.ContainsFunc(used, func(u netip.Prefix) bool { return u.Overlaps(p) && u.Bits() <= p.Bits() }) {
		return nil
	}
	low := netip.PrefixFrom(p.Addr(), p.Bits()+1)
	high := netip.PrefixFrom(lastOf(low).Next(), p.Bits()+1)
	return append(free(low, used), free(high, used)...)
}

// pooled completes the body of a new subnet without a cidr, or checks its cidr, with the pool that
// it names. Without a pool it does nothing.
func (s *Service) pooled(r *resource.Request, body resource.Doc) error {
	version := resource.Int(body, "ip_version")
	id, cidr := resource.Text(body, "subnetpool_id"), resource.Text(body, "cidr")
	if resource.Bool(body, "use_default_subnetpool") {
		for _, p := range s.o.Store.All(pools) {
			if resource.Bool(p, "is_default") && resource.Int(p, "ip_version") == version {
				id = resource.Text(p, "id")
			}
		}
		if id == "" {
			return badSubnet("No default subnetpool found for IPv%d.", version)
		}
	}
	if id == "" {
		if cidr == "" {
			return badSubnet("a subnetpool must be specified in the absence of a cidr.")
		}
		return nil
	}
	pool := s.o.Store.Get(pools, id)
	if pool == nil || !r.Caller.Can(resource.Text(pool, "project_id")) && !resource.Bool(pool, "shared") {
		return resource.Errorf(http.StatusNotFound, "SubnetPoolNotFound", "Subnet pool %s could not be found.", id)
	}
	if of := resource.Int(pool, "ip_version"); version != of {
		return badSubnet("Cannot allocate IPv%d subnet from IPv%d subnet pool.", version, of)
	}
	chosen, err := s.allocate(pool, body)
	body["cidr"], body["subnetpool_id"] = chosen.String(), id
	return err
}

func badSubnet(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "BadRequest", "Bad subnets request: "+format, args...)
}

// allocate chooses the prefix of a new subnet: that of its cidr, or the first one of its length in
// the smallest free part of the pool, as Neutron does.
func (s *Service) allocate(pool, body resource.Doc) (netip.Prefix, error) {
	bits := int(resource.Int(pool, "default_prefixlen"))
	if body["prefixlen"] != nil {
		bits = int(resource.Int(body, "prefixlen"))
	}
	wanted, err := netip.ParsePrefix(resource.Text(body, "cidr"))
	named := err == nil
	if named {
		wanted = wanted.Masked()
		bits = wanted.Bits()
	}
	if least := resource.Int(pool, "min_prefixlen"); int64(bits) < least {
		return wanted, resource.Errorf(http.StatusBadRequest, "MinPrefixSubnetAllocationError",
			"Unable to allocate subnet with prefix length %d, minimum allowed prefix is %d.", bits, least)
	}
	if most := resource.Int(pool, "max_prefixlen"); int64(bits) > most {
		return wanted, resource.Errorf(http.StatusBadRequest, "MaxPrefixSubnetAllocationError",
			"Unable to allocate subnet with prefix length %d, maximum allowed prefix is %d.", bits, most)
	}
	var used []netip.Prefix
	for _, n := range s.o.Store.Find(subnets, "subnetpool_id", pool["id"]) {
		if p, err := netip.ParsePrefix(resource.Text(n, "cidr")); err == nil {
			used = append(used, p)
		}
	}
	var parts []netip.Prefix
	prefixes, _ := parsePrefixes(pool)
	for _, p := range prefixes {
		parts = append(parts, free(p, used)...)
	}
	slices.SortStableFunc(parts, func(a, b netip.Prefix) int { return b.Bits() - a.Bits() })
	for _, p := range parts {
		switch {
		case named && p.Bits() <= bits && p.Contains(wanted.Addr()):
			return wanted, nil
		case !named && p.Bits() <= bits:
			return netip.PrefixFrom(p.Addr(), bits), nil
		}
	}
	if named {
		return wanted, resource.Errorf(http.StatusInternalServerError, "SubnetAllocationError",
			"Failed to allocate subnet: Cannot allocate requested subnet from the available set of prefixes.")
	}
	return wanted, resource.Errorf(http.StatusInternalServerError, "SubnetAllocationError",
		"Failed to allocate subnet: Insufficient prefix space to allocate subnet size /%d.", bits)
}

// scopesOf returns the address scopes of a network by IP version, from the pools of its subnets.
func (s *Service) scopesOf(network string) map[string]any {
	of := map[string]any{"ipv4_address_scope": nil, "ipv6_address_scope": nil}
	for _, n := range s.o.Store.Find(subnets, "network_id", network) {
		if pool := s.o.Store.Get(pools, resource.Text(n, "subnetpool_id")); pool != nil && pool["address_scope_id"] != nil {
			field := "ipv4_address_scope"
			if strings.Contains(resource.Text(n, "cidr"), ":") {
				field = "ipv6_address_scope"
			}
			of[field] = pool["address_scope_id"]
		}
	}
	return of
}
