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

// Floating is the client of Neutron for floating IPs.
type Floating interface {
	// Ports returns the ports of a server.
	Ports(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.Port, error)
	FloatingIP(ctx context.Context, caller *reqctx.Caller, id string) (*neutron.FloatingIP, error)
	FloatingIPAt(ctx context.Context, caller *reqctx.Caller, address string) (*neutron.FloatingIP, error)
	BindFloatingIP(ctx context.Context, caller *reqctx.Caller, id string, port, fixed *string) error
	DeleteFloatingIP(ctx context.Context, caller *reqctx.Caller, ip *neutron.FloatingIP) error
}

func errInvalid(format string, a ...any) error {
	return objects.ErrInvalid.Errorf(objects.KindInvalid, format, a...)
}

// AddFloatingIP associates a floating IP with a fixed IP of a server. If fixed is nil, it is the server's first IPv4
// address.
func (o *Ops) AddFloatingIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, address string, fixed *string) error {
	info := i.NetworkInfo()
	vifs, err := objects.ParseNetworkInfo([]byte(info))
	if err != nil {
		return err
	}
	if len(vifs) == 0 {
		return errInvalid("Instance network is not ready yet")
	}
	at, err := fixedIP(i, vifs, address, fixed)
	if err != nil {
		return err
	}
	unable := func(err any) error {
		if e, ok := err.(error); ok && errors.Is(e, objects.ErrForbidden) {
			return e
		}
		return errInvalid("Unable to associate floating IP %s to fixed IP %s for instance %s. Error: %s", address, at, i.UUID, err)
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
	was := serverOf(ip)
	if err := o.Floating.BindFloatingIP(ctx, caller, ip.ID, &port, &at); err != nil {
		if f, ok := errors.AsType[*neutron.Fault](err); ok && f.Status == 409 {
			return errInvalid("Floating IP %s association has failed.", f.Message)
		}
		return unable(err)
	}
	if was != "" && was != i.UUID { // as in Nova, an error is only logged: nova-compute refreshes the cache of the other server periodically
		if other, err := o.Servers.Reader.Get(ctx, caller, was, server.GetOptions{Load: cell.Load{Record: objects.PartInfoCache}}); err == nil {
			if err := o.refresh(ctx, other, address, "", ""); err != nil {
				o.Servers.Log.Warn().Err(err).Msgf("The network info of server %s still has the floating address %s", was, address)
			}
		}
	}
	return o.refresh(ctx, i, address, port, at)
}

// portAt returns the id of the port with a fixed IP, or "".
func portAt(ports []objects.Port, address string) string {
	for _, p := range ports {
		if slices.ContainsFunc(p.FixedIPs, func(ip objects.PortIP) bool { return ip.IPAddress == address }) {
			return p.ID
		}
	}
	return ""
}

// fixedIP returns the fixed IP that a floating IP is associated with.
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
		return "", errInvalid("No fixed IPs associated to instance")
	case fixed != nil:
		return "", errInvalid("Specified fixed address not assigned to instance")
	}
	return "", errInvalid("Unable to associate floating IP %s to any fixed IPs for instance %s. Instance has no fixed IPv4 addresses to "+
		"associate.", address, i.UUID)
}

// refresh writes the association of a floating IP to the server's network info cache; port and fixed are "" if it ends.
func (o *Ops) refresh(ctx context.Context, i *objects.Instance, address, port, fixed string) error {
	info, err := objects.FloatFixedIP(i.NetworkInfo(), address, port, fixed)
	if err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.SaveNetwork(ctx, c, i.UUID, info) })
}

// serverOf returns the id of the server that a floating IP is associated with, or "".
func serverOf(ip *neutron.FloatingIP) string {
	if ip.PortID == nil || ip.Port == nil || ip.Port.DeviceID == nil {
		return ""
	}
	return *ip.Port.DeviceID
}

// Holder returns the server that a floating IP is associated with, or nil.
func (o *Ops) Holder(ctx context.Context, caller *reqctx.Caller, ip *neutron.FloatingIP) (*objects.Instance, error) {
	id := serverOf(ip)
	if id == "" {
		return nil, nil
	}
	return o.Servers.Reader.Get(ctx, caller, id, server.GetOptions{Load: cell.Load{Record: objects.UsualParts | objects.PartFlavor,
		Metadata: true, SystemMetadata: true}})
}

// RemoveFloatingIP disassociates a floating IP from a server.
func (o *Ops) RemoveFloatingIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, ip *neutron.FloatingIP) error {
	if err := o.Floating.BindFloatingIP(ctx, caller, ip.ID, nil, nil); err != nil {
		return err
	}
	return o.refresh(ctx, i, ip.Address, "", "")
}

// ReleaseFloatingIP deletes a floating IP, whether or not it is associated with a server.
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
