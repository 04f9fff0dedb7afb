package servers

import (
	"errors"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
)

// changed is the request body that updates a server.
type changed struct {
	Name        *string           `json:"name"`
	AutoDisk    *body.AutoDisk    `json:"OS-DCF:diskConfig"`
	AccessIPv4  *string           `json:"accessIPv4"`
	AccessIPv6  *string           `json:"accessIPv6"`
	Description body.Opt[*string] `json:"description"`              // since 2.19
	Hostname    *string           `json:"hostname"`                 // since 2.90
	PinnedZone  body.Opt[*string] `json:"pinned_availability_zone"` // since 2.104
}

func (a *API) update(r *api.Request, s *shownServer) (any, error) {
	v, err := a.viewOf(r, s)
	if err != nil {
		return nil, err
	}
	i := s.server
	asked, err := api.Body[changed](r, "server")
	if err != nil {
		return nil, err
	}
	if asked.PinnedZone.Given && r.Since(mv.V104UpdatePinnedZone) {
		if err := a.pinZone(r, v, i, asked.PinnedZone.Value); err != nil {
			return nil, err
		}
	}
	spec, group := i.Spec, i.Group
	if i, err = a.Ops.Update(r.Context(), r.Caller, i, asked.changes(), s.want.Load); err != nil {
		if errors.Is(err, objects.ErrInstanceNotFound) {
			return nil, api.NotFound("Instance could not be found")
		}
		return nil, err
	}
	i.Spec, i.Group = spec, group
	return v.document(i)
}

func (c *changed) changes() lifecycle.Changes {
	changes := lifecycle.Changes{Description: c.Description.Pointer(), Hostname: c.Hostname, AutoDiskConfig: (*bool)(c.AutoDisk),
		AccessIPv4: objects.CanonicalIP(c.AccessIPv4), AccessIPv6: objects.CanonicalIP(c.AccessIPv6)}
	if c.Name != nil {
		changes.Name = new(strings.TrimSpace(*c.Name))
	}
	return changes
}

// pinZone pins the server to its current availability zone, or unpins it.
func (a *API) pinZone(r *api.Request, v *view, i *objects.Instance, zone *string) error {
	var err error
	if v.zone, err = a.Servers.Zones(r.Context()); err != nil {
		return err
	}
	if err := a.Ops.PinZone(r.Context(), i, zone, v.zoneOf(i)); err != nil {
		return err
	}
	if i.Spec != nil {
		i.Spec.AvailabilityZone = zone
	}
	return nil
}
