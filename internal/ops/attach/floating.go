package attach

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/neutron"
)

// Floating is what is asked of Neutron about floating addresses.
type Floating interface {
	// Ports answers the ports of a server.
	Ports(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.Port, error)
	FloatingIP(ctx context.Context, caller *reqctx.Caller, id string) (*neutron.FloatingIP, error)
	FloatingIPAt(ctx context.Context, caller *reqctx.Caller, address string) (*neutron.FloatingIP, error)
	BindFloatingIP(ctx context.Context, caller *reqctx.Caller, id string, port, fixed *string) error
	DeleteFloatingIP(ctx context.Context, caller *reqctx.Caller, ip *neutron.FloatingIP) error
}

func invalid(format string, a ...any) error {
	return objects.ErrInvalid.Errorf(objects.KindInvalid, format, a...)
}

// AddFloatingIP leads a floating address to a server: to its fixed address, or where
// that is nil to the first one of version 4.
func (o *Ops) AddFloatingIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, address string, fixed *string) error {
	info := i.NetworkInfo()
	vifs, err := objects.ParseNetworkInfo([]byte(info))
	if err != nil {
		return err
	}
	if len(vifs) == 0 {
		return invalid("Instance network is not ready yet")
	}
	at, err := fixedIP(i, vifs, address, fixed)
	if err != nil {
		return err
	}
	unable := func(err any) error {
		return invalid("Unable to associate floating IP %s to fixed IP %s for instance %s. Error: %s", address, at, i.UUID, err)
	}
	ports, err := o.Floating.Ports(ctx, caller, i.UUID)
	if err != nil {
		return unable(err)
	}
	port := portAt(ports, at)
	if port == "" {
		return unable(fmt.Sprintf("Fixed IP not found for address %s.", at))
	}
	ip, err := o.Floating.FloatingIPAt(ctx, caller, address)
	if errors.Is(err, objects.ErrFloatingIPNotFoundForAddress) {
		return objects.ErrFloatingIPNotFoundForAddress.Errorf(objects.KindNotFound, "floating IP not found")
	}
	if err != nil {
		return err
	}
	was := deviceOf(ip)
	if err := o.Floating.BindFloatingIP(ctx, caller, ip.ID, &port, &at); err != nil {
		var f *neutron.Fault
		switch {
		case errors.As(err, &f) && f.Status == 409:
			return invalid("Floating IP %s association has failed.", f.Message)
		case errors.As(err, &f) && f.Status == 403:
			return objects.ErrForbidden.Errorf(objects.KindForbidden, "%s", f.Message)
		}
		return unable(err)
	}
	if was != "" && was != i.UUID { // best effort, as in Nova: the other one heals its cache by itself
		if other, err := o.Servers.Reader.Get(ctx, caller, was, server.GetOptions{Load: cell.Load{Record: objects.PartInfoCache}}); err == nil {
			if err := o.refresh(ctx, other, address, "", ""); err != nil {
				o.Servers.Log.Warn().Err(err).Msgf("The network info of server %s still has the floating address %s", was, address)
			}
		}
	}
	return o.refresh(ctx, i, address, port, at)
}

// portAt is the port that has an address, or "".
func portAt(ports []objects.Port, address string) string {
	for _, p := range ports {
		if slices.ContainsFunc(p.FixedIPs, func(ip objects.PortIP) bool { return ip.IPAddress == address }) {
			return p.ID
		}
	}
	return ""
}

// fixedIP finds the fixed address that a floating one is to lead to.
func fixedIP(i *objects.Instance, vifs []objects.VIF, address string, fixed *string) (string, error) {
	none := true
	for _, v := range vifs {
		for _, s := range v.Network.Subnets {
			for _, ip := range s.IPs {
				none = false
				a, err := netip.ParseAddr(ip.Address)
				if fixed != nil && ip.Address == *fixed || fixed == nil && err == nil && a.Is4() {
					return ip.Address, nil
				}
			}
		}
	}
	switch {
	case none:
		return "", invalid("No fixed IPs associated to instance")
	case fixed != nil:
		return "", invalid("Specified fixed address not assigned to instance")
	}
	return "", invalid("Unable to associate floating IP %s to any fixed IPs for instance %s. Instance has no fixed IPv4 addresses to "+
		"associate.", address, i.UUID)
}

func (o *Ops) refresh(ctx context.Context, i *objects.Instance, address, port, fixed string) error {
	info, err := objects.FloatFixedIP(i.NetworkInfo(), address, port, fixed)
	if err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.SaveNetwork(ctx, c, i.UUID, info) })
}

func deviceOf(ip *neutron.FloatingIP) string {
	if ip.PortID == nil || ip.Port == nil || ip.Port.DeviceID == nil {
		return ""
	}
	return *ip.Port.DeviceID
}

// Holder is the server that a floating address leads to, or nil.
func (o *Ops) Holder(ctx context.Context, caller *reqctx.Caller, ip *neutron.FloatingIP) (*objects.Instance, error) {
	id := deviceOf(ip)
	if id == "" {
		return nil, nil
	}
	return o.Servers.Reader.Get(ctx, caller, id, server.GetOptions{Load: cell.Load{Record: objects.UsualParts | objects.PartFlavor,
		Metadata: true, SystemMetadata: true}})
}

// RemoveFloatingIP leads a floating address nowhere any more.
func (o *Ops) RemoveFloatingIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, ip *neutron.FloatingIP) error {
	if err := o.Floating.BindFloatingIP(ctx, caller, ip.ID, nil, nil); err != nil {
		return err
	}
	return o.refresh(ctx, i, ip.Address, "", "")
}

// ReleaseFloatingIP gives a floating address back, wherever it leads.
func (o *Ops) ReleaseFloatingIP(ctx context.Context, caller *reqctx.Caller, id string) error {
	ip, err := o.Floating.FloatingIP(ctx, caller, id)
	if errors.Is(err, objects.ErrFloatingIPNotFound) || errors.Is(err, objects.ErrNetworkNotFound) {
		return objects.ErrFloatingIPNotFound.Errorf(objects.KindNotFound, "Floating IP not found for ID %s", id)
	}
	if err != nil {
		return err
	}
	i, err := o.Holder(ctx, caller, ip)
	if err != nil {
		return err
	}
	if err := o.Floating.DeleteFloatingIP(ctx, caller, ip); err != nil || i == nil {
		return err
	}
	return o.refresh(ctx, i, ip.Address, "", "")
}
