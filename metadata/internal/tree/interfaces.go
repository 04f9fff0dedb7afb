package tree

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// networkFile returns the content of Nova's interfaces.template, a Debian
// /etc/network/interfaces, for networks that are marked as injected; nil if there are none.
func networkFile(vifs []objects.VIF) []byte {
	var list []*staticInterface
	name, useV6 := 0, false
	for _, v := range vifs {
		if len(v.Network.Subnets) == 0 {
			continue
		}
		i := &staticInterface{name: fmt.Sprintf("eth%d", name), mac: v.Address}
		name++
		v6, ok := i.fill(v)
		useV6 = useV6 || v6
		if ok {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("# Injected by Nova on instance boot\n#\n# This file describes the network interfaces available on your system\n" +
		"# and how to activate them. For more information, see interfaces(5).\n\n# The loopback network interface\nauto lo\niface lo inet " +
		"loopback\n")
	for _, i := range list {
		i.write(&b, useV6)
	}
	return []byte(b.String())
}

type staticInterface struct {
	name, mac string
	v4, v6    staticAddress
}

type staticAddress struct{ address, netmask, gateway, broadcast, dns string }

func isInjected(v objects.VIF) bool {
	var meta struct {
		Injected bool `json:"injected"`
	}
	return json.Unmarshal(v.Network.Meta, &meta) == nil && meta.Injected
}

// fill sets the addresses of a network that is injected and has no DHCP.
func (i *staticInterface) fill(v objects.VIF) (hasV6, ok bool) {
	if !isInjected(v) {
		return false, false
	}
	for version, to := range map[int]*staticAddress{4: &i.v4, 6: &i.v6} {
		s := subnet(v, version)
		if s == nil {
			continue
		}
		if metaOf(*s).DHCPServer != nil {
			return false, false
		}
		if len(s.IPs) == 0 {
			continue
		}
		prefix, _ := netip.ParsePrefix(s.CIDR)
		*to = staticAddress{address: s.IPs[0].Address, gateway: s.Gateway.Address, netmask: fmt.Sprint(prefix.Bits())}
		if version == 4 {
			to.netmask, to.broadcast = netmask(prefix), broadcast(prefix)
		}
		var dns []string
		for _, d := range s.DNS {
			dns = append(dns, d.Address)
		}
		to.dns = strings.Join(dns, " ")
	}
	return i.v6.address != "", true
}

func (i *staticInterface) write(b *strings.Builder, useV6 bool) {
	fmt.Fprintf(b, "\nauto %s\n", i.name)
	if a := i.v4; a.address != "" {
		fmt.Fprintf(b, "iface %s inet static\n    hwaddress ether %s\n    address %s\n    netmask %s\n    broadcast %s\n", i.name, i.mac,
			a.address, a.netmask, a.broadcast)
		a.writeEnd(b)
	}
	if a := i.v6; useV6 && a.address != "" {
		fmt.Fprintf(b, "iface %s inet6 static\n    hwaddress ether %s\n    address %s\n    netmask %s\n", i.name, i.mac, a.address, a.netmask)
		a.writeEnd(b)
	}
}

func (a staticAddress) writeEnd(b *strings.Builder) {
	if a.gateway != "" {
		fmt.Fprintf(b, "    gateway %s\n", a.gateway)
	}
	if a.dns != "" {
		fmt.Fprintf(b, "    dns-nameservers %s\n", a.dns)
	}
}

// broadcast returns the last address of an IPv4 network. Networks of one or two addresses have
// no broadcast address, which Python formats as None.
func broadcast(p netip.Prefix) string {
	if !p.IsValid() || p.Bits() >= 31 {
		return "None"
	}
	a := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		a[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(a).String()
}
