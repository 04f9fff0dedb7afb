package compute

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/network"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
	"github.com/nova-go/nova/internal/versioned"
)

// netRequest is a requested interface of a server: on a network, with an existing port, or with
// neither on the only network of the project.
type netRequest struct{ network, port, address, tag string }

// netRequests are the requested interfaces of a server.
type netRequests struct {
	list []netRequest
	none bool // no interface
	auto bool // an interface on a network that is created if the project has none
}

// requestedNetworks returns the requested interfaces in a NetworkRequestList.
func requestedNetworks(v *versioned.Object) (n netRequests) {
	for _, r := range v.Objects("objects") {
		switch id := r.Text("network_id"); id {
		case "none":
			return netRequests{none: true}
		case "auto":
			return netRequests{auto: true}
		default:
			n.list = append(n.list, netRequest{id, r.Text("port_id"), r.Text("address"), r.Text("tag")})
		}
	}
	return n
}

// owner returns the server as the owner of ports.
func (j *Job) owner(groups []string) network.Server {
	return network.Server{ID: j.Server.UUID, Project: j.Server.ProjectID, Host: j.Host, Zone: j.Server.Zone, Groups: groups,
		Admin: j.Caller.IsAdmin}
}

// allocate creates or binds the ports of the requested interfaces and returns the interfaces in
// the order of the request. If it fails, no port has changed.
func (j *Job) allocate(n netRequests, groups []string) ([]records.Interface, error) {
	if err := j.checkPorts(n.list); err != nil {
		return nil, err
	}
	nets, err := j.chooseNetworks(&n)
	if err != nil {
		return nil, err
	}
	owner := j.owner(groups)
	var made []records.Interface
	for _, r := range n.list {
		d := nets[r.network]
		if d == nil {
			continue // as Nova does if at least one of the networks exists
		}
		var one records.Interface
		if one, err = j.plug(owner, d, r); err != nil {
			for _, done := range made {
				err = errors.Join(err, j.Network.Unplug(j.Server.UUID, done.Port))
			}
			return nil, err
		}
		made = append(made, one)
	}
	return made, nil
}

// plug creates or binds the port of one interface.
func (j *Job) plug(owner network.Server, d resource.Doc, r netRequest) (records.Interface, error) {
	made := records.Interface{Port: r.port, Tag: r.tag}
	if resource.Bool(d, "port_security_enabled") && len(resource.List(d, "subnets")) == 0 ||
		!resource.Bool(d, "port_security_enabled") && len(owner.Groups) > 0 {
		return made, Failed("SecurityGroupCannotBeApplied",
			"Network requires port_security_enabled and subnet associated in order to apply security groups.")
	}
	if r.port != "" {
		if err := j.Network.Bind(owner, r.port); err != nil {
			return made, portError(err, r)
		}
		made.MAC = resource.Text(j.Network.Port(r.port), "mac_address")
		return made, nil
	}
	p, err := j.Network.CreatePort(owner, d, r.address)
	if err != nil {
		return made, portError(err, r)
	}
	made.Port, made.MAC = resource.Text(p, "id"), resource.Text(p, "mac_address")
	return made, nil
}

// checkPorts checks that existing ports can be attached, and sets the networks of their requests.
func (j *Job) checkPorts(list []netRequest) error {
	for n, r := range list {
		if r.port == "" {
			continue
		}
		p := j.Network.Port(r.port)
		switch {
		case p == nil:
			return Failed("PortNotFound", "Port id %s could not be found.", r.port)
		case p["project_id"] != j.Server.ProjectID:
			return Failed("PortNotUsable", "Port %s not usable for instance %s.", r.port, j.Server.UUID)
		case resource.Text(p, "device_id") != "":
			return Failed("PortInUse", "Port %s is still in use.", r.port)
		}
		list[n].network = resource.Text(p, "network_id")
	}
	return nil
}

// chooseNetworks returns the networks of the requested interfaces by id. Without a requested
// network it completes the request with the only network of the project.
func (j *Job) chooseNetworks(n *netRequests) (map[string]resource.Doc, error) {
	var ids []string
	for _, r := range n.list {
		if r.network != "" {
			ids = append(ids, r.network)
		}
	}
	nets := j.Network.Available(j.Server.ProjectID, j.Caller.IsAdmin, ids)
	unspecified := len(n.list) == 1 && n.list[0].network == ""
	switch {
	case len(nets) > 0:
	case n.auto:
		d, err := j.Network.AllocateTopology(j.Server.ProjectID)
		if err != nil {
			return nil, err
		}
		nets = append(nets, d)
	case len(n.list) == 0:
		return nil, nil
	case unspecified:
		return nil, Failed("InterfaceAttachFailedNoNetwork", "No specific network was requested and none are available for project '%s'.",
			j.Server.ProjectID)
	default:
		return nil, Failed("NetworkNotFound", "Network %s could not be found.", ids[0])
	}
	if unspecified || len(n.list) == 0 {
		if len(nets) > 1 {
			return nil, Failed("NetworkAmbiguous", "Multiple possible networks found, use a Network ID to be more specific.")
		}
		one := netRequest{network: resource.Text(nets[0], "id")}
		if unspecified {
			one.tag = n.list[0].tag
		}
		n.list = []netRequest{one}
	}
	byID := map[string]resource.Doc{}
	for _, d := range nets {
		if resource.Bool(d, "router:external") && !resource.Bool(d, "shared") && !j.Caller.IsAdmin {
			return nil, Failed("ExternalNetworkAttachForbidden", "It is not allowed to create an interface on external network %s", d["id"])
		}
		byID[resource.Text(d, "id")] = d
	}
	return byID, nil
}

// portError converts an error of Neutron about a port to the exception that nova-compute raises.
func portError(err error, r netRequest) error {
	e, known := errors.AsType[*resource.Error](err)
	if !known {
		return err
	}
	switch e.Kind {
	case "InvalidIpForNetwork":
		return Failed("InvalidInput", "Invalid input received: Fixed IP %s is not a valid ip address for network %s.", r.address, r.network)
	case "IpAddressInUse", "IpAddressAlreadyAllocated":
		return Failed("FixedIpAlreadyInUse", "Fixed IP %s is already in use.", r.address)
	case "OverQuota":
		return Failed("PortLimitExceeded", "Maximum number of ports exceeded")
	case "IpAddressGenerationFailure":
		return Failed("NoMoreFixedIps", "No fixed IP addresses available for network: %s", r.network)
	case "PortInUse":
		return Failed("PortInUse", "Port %s is still in use.", r.port)
	}
	if e.Status == http.StatusForbidden {
		return Failed("Forbidden", "%s%s", e.Message, requestIDs())
	}
	return err
}

// requestIDs returns what the Neutron client adds to messages of Neutron.
func requestIDs() string {
	return "\nNeutron server returns request_ids: ['req-" + uuid.NewString() + "']"
}
