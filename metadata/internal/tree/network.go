package tree

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

// exposedTypes are the VIF types that Nova shows to guests; all others are shown as "phy".
var exposedTypes = []string{"bridge", "dvs", "hw_veb", "hyperv", "ovs", "tap", "vhostuser", "vif"}

// subnetMeta has the used members of a subnet's meta.
type subnetMeta struct {
	DHCPServer      *string `json:"dhcp_server"`
	EnableDHCP      bool    `json:"enable_dhcp"`
	IPv6AddressMode *string `json:"ipv6_address_mode"`
}

func metaOf(s objects.Subnet) subnetMeta {
	var m subnetMeta
	_ = json.Unmarshal(s.Meta, &m) // a value that is not an object has no members
	return m
}

// subnet returns the first subnet of an IP version; Nova shows only this one.
func subnet(v objects.VIF, version int) *objects.Subnet {
	n := slices.IndexFunc(v.Network.Subnets, func(s objects.Subnet) bool { return ipVersion(s) == version })
	if n < 0 {
		return nil
	}
	return &v.Network.Subnets[n]
}

func ipVersion(s objects.Subnet) int {
	if s.Version != 0 {
		return s.Version
	}
	if p, err := netip.ParsePrefix(s.CIDR); err == nil && p.Addr().Is4() {
		return 4
	}
	return 6
}

// networkData returns network_data.json.
func networkData(vifs []objects.VIF) pyjson.Object {
	if len(vifs) == 0 {
		return pyjson.Object{}
	}
	links, networks, services := []pyjson.Object{}, []pyjson.Object{}, []pyjson.Object{}
	var addresses []string
	interfaces := 0
	for _, v := range vifs {
		if len(v.Network.Subnets) == 0 {
			continue
		}
		id := v.DevName
		if id == "" {
			id = fmt.Sprintf("interface%d", interfaces)
		}
		interfaces++
		v4, v6 := subnet(v, 4), subnet(v, 6)
		if v4 != nil || v6 != nil {
			links = append(links, linkDocument(v, id))
		}
		for _, s := range []*objects.Subnet{v4, v6} {
			if s == nil || len(s.IPs) == 0 {
				continue
			}
			networks = append(networks, networkDocumentOf(v, *s, len(networks), id))
			for _, d := range s.DNS {
				if !slices.Contains(addresses, d.Address) {
					addresses = append(addresses, d.Address)
					services = append(services, dns(d))
				}
			}
		}
	}
	return pyjson.Object{{Key: "links", Value: links}, {Key: "networks", Value: networks}, {Key: "services", Value: services}}
}

func dns(d objects.IPAddress) pyjson.Object {
	return pyjson.Object{{Key: "type", Value: "dns"}, {Key: "address", Value: d.Address}}
}

func linkDocument(v objects.VIF, id string) pyjson.Object {
	kind := "phy"
	if slices.Contains(exposedTypes, v.Type) {
		kind = v.Type
	}
	return pyjson.Object{
		{Key: "id", Value: id},
		{Key: "vif_id", Value: v.ID},
		{Key: "type", Value: kind},
		{Key: "mtu", Value: mtu(v)},
		{Key: "ethernet_mac_address", Value: v.Address},
	}
}

// mtu returns the MTU of the network; nil if a DHCP server announces it.
func mtu(v objects.VIF) any {
	for _, s := range v.Network.Subnets {
		if m := metaOf(s); m.DHCPServer != nil && *m.DHCPServer != "" {
			return nil
		}
	}
	var meta struct {
		MTU json.RawMessage `json:"mtu"`
	}
	if json.Unmarshal(v.Network.Meta, &meta) != nil || len(meta.MTU) == 0 {
		return nil
	}
	n, err := pyjson.Parse(meta.MTU)
	if err != nil {
		return nil
	}
	return n
}

func networkDocumentOf(v objects.VIF, s objects.Subnet, n int, link string) pyjson.Object {
	version := ipVersion(s)
	meta := metaOf(s)
	kind := fmt.Sprintf("ipv%d", version)
	o := pyjson.Object{{Key: "id", Value: fmt.Sprintf("network%d", n)}, {Key: "type", Value: kind}, {Key: "link", Value: link}}
	switch {
	case meta.IPv6AddressMode != nil:
		o.Set("type", kind+"_"+*meta.IPv6AddressMode)
	case meta.DHCPServer != nil || meta.EnableDHCP:
		o.Set("type", kind+"_dhcp")
		o.Set("network_id", v.Network.ID)
		return o
	}
	prefix, _ := netip.ParsePrefix(s.CIDR)
	o.Set("ip_address", s.IPs[0].Address)
	o.Set("netmask", netmask(prefix))
	o.Set("routes", routes(version, s))
	o.Set("network_id", v.Network.ID)
	services := []pyjson.Object{}
	for _, d := range s.DNS {
		services = append(services, dns(d))
	}
	o.Set("services", services)
	return o
}

// routes returns the default route and the routes of the subnet.
func routes(version int, s objects.Subnet) []pyjson.Object {
	list := []pyjson.Object{}
	add := func(network, mask, gateway string) {
		list = append(list, pyjson.Object{{Key: "network", Value: network}, {Key: "netmask", Value: mask}, {Key: "gateway", Value: gateway}})
	}
	if s.Gateway.Address != "" {
		all := "0.0.0.0"
		if version == 6 {
			all = "::"
		}
		add(all, all, s.Gateway.Address)
	}
	for _, r := range s.Routes {
		if p, err := netip.ParsePrefix(r.CIDR); err == nil {
			add(p.Masked().Addr().String(), netmask(p), r.Gateway.Address)
		}
	}
	return list
}

// netmask formats a prefix length as an address: "255.255.255.0", "ffff:ffff::".
func netmask(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	ones := slices.Repeat([]byte{0xff}, p.Addr().BitLen()/8)
	all, _ := netip.AddrFromSlice(ones)
	mask, _ := all.Prefix(p.Bits())
	return mask.Addr().String()
}

// addresses returns the first IPv4 fixed IP and the first floating IP; "" means none.
func addresses(vifs []objects.VIF) (fixed, floating string) {
	for _, v := range vifs {
		for _, s := range v.Network.Subnets {
			for _, ip := range s.IPs {
				if fixed == "" && isIPv4(ip) {
					fixed = ip.Address
				}
				if floating == "" && len(ip.FloatingIPs) > 0 {
					floating = ip.FloatingIPs[0].Address
				}
			}
		}
	}
	return fixed, floating
}

func isIPv4(ip objects.FixedIP) bool {
	if ip.Version != 0 {
		return ip.Version == 4
	}
	a, err := netip.ParseAddr(ip.Address)
	return err == nil && a.Is4()
}
