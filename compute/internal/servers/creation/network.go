package creation

import (
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
)

// network is an interface of the new server.
type network struct {
	UUID    *string `json:"uuid"` // any text until 2.36
	Port    *string `json:"port"`
	FixedIP *string `json:"fixed_ip"`
	Tag     *string `json:"tag"` // in 2.32, and since 2.42
}

func readNetworks(r *api.Request, s *newServer, q *create.Request) error {
	given := s.Networks
	if !given.Given {
		return nil
	}
	q.Networks = &objects.NetworkRequests{Auto: given.Word == "auto", None: given.Word == "none"}
	var ports []string
	for _, one := range given.Value {
		n, err := one.request(ports)
		if err != nil {
			return err
		}
		if n.PortID != nil {
			ports = append(ports, *n.PortID)
		}
		q.Networks.List = append(q.Networks.List, n)
	}
	if !q.Networks.Auto && len(q.Networks.List) == 0 {
		return nil
	}
	return r.Can(policy.ServersCreateAttachNetwork, r.Own())
}

// request returns the network request for Neutron. ports are the ports of the other interfaces.
func (n *network) request(ports []string) (*objects.NetworkRequest, error) {
	address := objects.CanonicalIP(n.FixedIP)
	switch {
	case n.Port != nil && slices.Contains(ports, *n.Port):
		return nil, api.BadRequest("Port ID '%s' was specified twice: you cannot attach a port multiple times.", *n.Port)
	case n.Port != nil && address != nil:
		return nil, api.BadRequest("Specified Fixed IP '%s' cannot be used with port '%s': the two cannot be specified together.", *address,
			*n.Port)
	case n.Port != nil:
		return &objects.NetworkRequest{PortID: n.Port, Tag: n.Tag}, nil
	case n.UUID == nil:
		return nil, api.BadRequest("Bad network format: missing 'uuid'")
	case !pytext.IsUUID(*n.UUID):
		return nil, api.BadRequest("Bad networks format: network uuid is not in proper format (%s)", *n.UUID)
	}
	return &objects.NetworkRequest{NetworkID: n.UUID, Address: address, Tag: n.Tag}, nil
}
