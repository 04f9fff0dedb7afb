package hosts

import (
	"errors"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/host"
	"github.com/nova-go/nova/internal/pytext"
)

const computeBinary = "nova-compute"

func (a *API) servicesIndex(r *api.Request) (any, error) {
	zones := a.readZones(r.Context())
	services, unknown, err := a.Hosts.Services(r.Context())
	if err != nil {
		return nil, err
	}
	byHost, err := zones()
	if err != nil {
		return nil, err
	}
	at, _ := r.Query().Get("host")
	binary, _ := r.Query().Get("binary")
	asked := func(h, b string) bool { return (at == "" || at == h) && (binary == "" || binary == b) }
	var shown []*objects.Service
	for _, s := range services {
		if !isAPIService(s) && asked(s.Host, s.Binary) {
			shown = append(shown, s)
		}
	}
	var down []string
	if r.Since(mv.V69DownCells) {
		for _, h := range unknown {
			if asked(h, computeBinary) {
				down = append(down, h)
			}
		}
	}
	return api.Doc(func(o *api.Object) {
		o.List("services", len(shown)+len(down), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				if i < len(shown) {
					a.service(r, o, shown[i], byHost)
					return
				}
				o.Str("binary", computeBinary)
				o.Str("host", down[i-len(shown)])
				o.Str("status", "UNKNOWN")
			})
		})
	}), nil
}

func serviceStatus(s *objects.Service) string {
	if s.Disabled {
		return "disabled"
	}
	return "enabled"
}

func (a *API) state(s *objects.Service) string {
	if a.Hosts.Up(s) {
		return "up"
	}
	return "down"
}

// serviceID writes the id of a service, which is its UUID since 2.53.
func serviceID(r *api.Request, o *api.Object, s *objects.Service) {
	if r.Since(mv.V53ServiceUUID) {
		o.Str("id", s.UUID)
	} else {
		o.Int("id", s.ID)
	}
}

func (a *API) service(r *api.Request, o *api.Object, s *objects.Service, byHost map[string]string) {
	o.Str("binary", s.Binary)
	o.Str("host", s.Host)
	serviceID(r, o, s)
	o.Str("zone", a.zoneOf(byHost, s))
	o.Str("status", serviceStatus(s))
	o.Str("state", a.state(s))
	o.Time("updated_at", a.Hosts.UpdatedAt(s), microTime)
	o.Opt("disabled_reason", s.DisabledReason)
	if r.Since(mv.V11ForcedDown) {
		o.Bool("forced_down", s.ForcedDown)
	}
}

// serviceUpdate is the request body that updates a service.
type serviceUpdate struct {
	Host       string     `json:"host"`   // before 2.53
	Binary     string     `json:"binary"` // before 2.53
	Status     string     `json:"status"` // since 2.53
	Reason     *string    `json:"disabled_reason"`
	ForcedDown *body.Bool `json:"forced_down"` // since 2.11
}

// servicesUpdate changes a nova-compute service. Since 2.53 the path contains its UUID; before,
// the path contains the action, and the body names the service.
func (a *API) servicesUpdate(r *api.Request) (any, error) {
	if r.Since(mv.V53ServiceUUID) {
		return a.updateByUUID(r)
	}
	asked, err := api.Body[serviceUpdate](r)
	if err != nil {
		return nil, err
	}
	yes, no := true, false
	var u cell.ServiceUpdate
	var answer func(o *api.Object)
	switch action := r.Var("id"); {
	case action == "enable":
		u.Disabled = &no
		answer = func(o *api.Object) { o.Str("status", "enabled") }
	case action == "disable":
		u.Disabled = &yes
		answer = func(o *api.Object) { o.Str("status", "disabled") }
	case action == "disable-log-reason":
		if asked.Reason == nil {
			return nil, api.BadRequest("Missing disabled reason field")
		}
		u.Disabled, u.Reason = &yes, asked.Reason
		answer = func(o *api.Object) {
			o.Str("status", "disabled")
			o.Str("disabled_reason", *asked.Reason)
		}
	case action == "force-down" && r.Since(mv.V11ForcedDown):
		if asked.ForcedDown == nil {
			return nil, api.BadRequest("Missing forced_down field")
		}
		u.ForcedDown = (*bool)(asked.ForcedDown)
		answer = func(o *api.Object) { o.Bool("forced_down", *u.ForcedDown) }
	default:
		return nil, api.NotFound("Unknown action")
	}
	if err := computeOnly(asked.Binary); err != nil {
		return nil, err
	}
	p, err := a.Hosts.ServiceOn(r.Context(), asked.Host, asked.Binary)
	if err != nil {
		return nil, notMapped(err)
	}
	if err := a.update(r, p, u); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("service", func(o *api.Object) {
			o.Str("host", asked.Host)
			o.Str("binary", asked.Binary)
			answer(o)
		})
	}), nil
}

func (a *API) updateByUUID(r *api.Request) (any, error) {
	id := r.Var("id")
	if !pytext.IsUUID(id) {
		return nil, api.BadRequest("Invalid uuid %s", id)
	}
	p, err := a.Hosts.Service(r.Context(), id, 0)
	if errors.Is(err, objects.ErrServiceNotFound) {
		return nil, api.NotFound("Service %s could not be found.", id)
	}
	if err != nil {
		return nil, err
	}
	if err := computeOnly(p.Binary); err != nil {
		return nil, err
	}
	asked, err := api.Body[serviceUpdate](r)
	if err != nil {
		return nil, err
	}
	u := cell.ServiceUpdate{ForcedDown: (*bool)(asked.ForcedDown)}
	switch asked.Status {
	case "enabled":
		if asked.Reason != nil && *asked.Reason != "" {
			return nil, api.BadRequest("Specifying 'disabled_reason' with status 'enabled' is invalid.")
		}
		no := false
		u.Disabled = &no
	case "disabled":
		yes := true
		u.Disabled = &yes
		u.Reason = asked.Reason
	}
	if u.Empty() {
		return nil, api.BadRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.")
	}
	if err := a.update(r, p, u); err != nil {
		return nil, err
	}
	byHost, err := a.Zones.Current(r.Context())
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("service", func(o *api.Object) { a.service(r, o, p.Service, byHost) })
	}), nil
}

func computeOnly(binary string) error {
	if binary == computeBinary {
		return nil
	}
	return api.BadRequest("Updating a %s service is not supported. Only nova-compute services can be updated.", binary)
}

// update changes a nova-compute service. Forced-down is not removed from a host with evacuated
// servers until its nova-compute has processed the evacuations.
func (a *API) update(r *api.Request, p *host.Place, u cell.ServiceUpdate) error {
	if u.ForcedDown != nil && !*u.ForcedDown {
		evacuated, err := a.Hosts.EvacuatedFrom(r.Context(), p)
		if err != nil {
			return err
		}
		if evacuated {
			return api.BadRequest("Unable to force up host %s as `done` evacuation migration records remain associated with the host. "+
				"Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.", p.Host)
		}
	}
	return a.Hosts.UpdateService(r.Context(), r.Caller, p, u)
}

// notMapped converts the error of a host without host mapping to that of a host that does not
// exist.
func notMapped(err error) error {
	if errors.Is(err, objects.ErrHostMappingNotFound) {
		return api.As(404, err)
	}
	return err
}

func (a *API) servicesDelete(r *api.Request) (any, error) {
	var uuid string
	var row int64
	var err error
	id := r.Var("id")
	if !r.Since(mv.V53ServiceUUID) {
		row, err = rowID(id)
	} else if uuid = id; !pytext.IsUUID(id) {
		err = api.BadRequest("Invalid uuid %s", id)
	}
	if err != nil {
		return nil, err
	}
	p, err := a.Hosts.Service(r.Context(), uuid, row)
	switch {
	case errors.Is(err, objects.ErrServiceNotFound):
		return nil, api.NotFound("Service %s not found.", id)
	case errors.Is(err, objects.ErrServiceNotUnique):
		return nil, api.BadRequest("Service id %s refers to multiple services.", id)
	case err != nil:
		return nil, err
	}
	return nil, a.Hosts.DeleteService(r.Context(), r.Caller, p)
}
