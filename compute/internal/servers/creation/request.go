package creation

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/policy"
)

// creation is the request body that creates servers.
type creation struct {
	Server   newServer                `json:"server"`
	Hints    body.Opt[map[string]any] `json:"os:scheduler_hints"`
	OldHints map[string]any           `json:"OS-SCH-HNT:scheduler_hints"` // used if there are no other hints
}

type newServer struct {
	Name              string                 `json:"name"`
	FlavorRef         body.Reference         `json:"flavorRef"`
	ImageRef          *string                `json:"imageRef"`
	Metadata          map[string]string      `json:"metadata"`
	AdminPass         *string                `json:"adminPass"`
	AutoDisk          *body.AutoDisk         `json:"OS-DCF:diskConfig"`
	AccessIPv4        *string                `json:"accessIPv4"`
	AccessIPv6        *string                `json:"accessIPv6"`
	Zone              *string                `json:"availability_zone"`
	ConfigDrive       body.Bool              `json:"config_drive"`
	KeyName           *string                `json:"key_name"`
	UserData          *string                `json:"user_data"`
	SecurityGroups    []securityGroup        `json:"security_groups"`
	LegacyDevices     []legacyDevice         `json:"block_device_mapping"`
	Devices           []device               `json:"block_device_mapping_v2"`
	MinCount          *body.Int              `json:"min_count"`
	MaxCount          *body.Int              `json:"max_count"`
	ReturnReservation body.Value             `json:"return_reservation_id"`      // any word is true, even "false"
	Networks          body.WordOr[[]network] `json:"networks"`                   // "auto" and "none" since 2.37
	Description       *string                `json:"description"`                // since 2.19; the default is the name
	Tags              []string               `json:"tags"`                       // since 2.52
	Files             []create.File          `json:"personality"`                // until 2.56
	TrustedCerts      []string               `json:"trusted_image_certificates"` // since 2.63
	Host              string                 `json:"host"`                       // since 2.74
	Node              string                 `json:"hypervisor_hostname"`        // since 2.74
	Hostname          *string                `json:"hostname"`                   // since 2.90
}

type securityGroup struct {
	Name string `json:"name"`
}

// request reads the body, and checks the rules that its members require.
func (a *API) request(r *api.Request, asked *creation) (*create.Request, error) {
	s := &asked.Server
	q := &create.Request{Name: strings.TrimSpace(s.Name), Image: objects.OrZero(s.ImageRef), UserData: s.UserData, KeyName: s.KeyName,
		ConfigDrive:    bool(s.ConfigDrive),
		AutoDiskConfig: (*bool)(s.AutoDisk), AccessIPv4: objects.CanonicalIP(s.AccessIPv4), AccessIPv6: objects.CanonicalIP(s.AccessIPv6),
		Metadata:       s.Metadata,
		SecurityGroups: groupNames(s.SecurityGroups), Files: s.Files, Multiattach: r.Since(mv.V60Multiattach),
		PortResources: r.Since(mv.V72PortResources)}
	if s.AdminPass != nil {
		q.Password = *s.AdminPass
	} else {
		q.Password = create.Password(a.PasswordLength)
	}
	q.Description = &q.Name
	if r.Since(mv.V19Description) {
		q.Description = s.Description
	}
	if r.Since(mv.V52CreateTags) {
		q.Tags = s.Tags
	}
	if r.Since(mv.V90Hostname) {
		q.Hostname = s.Hostname
	}
	for _, read := range []func(*api.Request, *newServer, *create.Request) error{readCounts, a.place, readDevices, readNetworks, a.flavor} {
		if err := read(r, s, q); err != nil {
			return nil, err
		}
	}
	q.ZeroDisk = r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())
	hints := asked.OldHints
	if asked.Hints.Given {
		hints = asked.Hints.Value
	}
	var err error
	if q.Hints, err = hintsOf(hints); err != nil {
		return nil, err
	}
	q.GroupHint = api.Text(hints["group"])
	return q, nil
}

// hintsOf reads scheduler hints, whose values are texts or lists of texts.
func hintsOf(given map[string]any) (map[string][]string, error) {
	hints := make(map[string][]string, len(given))
	for name, value := range given {
		list, several := value.([]any)
		if !several {
			list = []any{value}
		}
		texts := make([]string, len(list))
		for n, one := range list {
			switch one.(type) {
			case nil, []any, map[string]any:
				return nil, api.BadRequest("Invalid scheduler hint '%s': it must be a text or a list of texts.", name)
			}
			texts[n] = api.Text(one)
		}
		hints[name] = texts
	}
	return hints, nil
}

// readCounts reads the number of servers. It bounds numbers that exceed every quota, so that sums
// of their resources do not overflow.
func readCounts(_ *api.Request, s *newServer, q *create.Request) error {
	count := func(given *body.Int, byDefault int) int {
		if given == nil {
			return byDefault
		}
		return int(min(*given, math.MaxInt32))
	}
	q.Min = count(s.MinCount, 1)
	q.Max = count(s.MaxCount, q.Min)
	if q.Min > q.Max {
		return api.BadRequest("min_count must be <= max_count")
	}
	return nil
}

// setZone sets zone, host and node from a requested zone: zone or zone:host:node.
func (a *API) setZone(zone *string, q *create.Request) error {
	if zone != nil && strings.Contains(*zone, ":") {
		parts := strings.Split(*zone, ":")
		if len(parts) > 3 {
			return api.BadRequest("Invalid input received: Unable to parse availability_zone")
		}
		zone, q.ForcedHost = &parts[0], parts[1]
		if len(parts) == 3 {
			q.ForcedNode = parts[2]
		}
	}
	if zone == nil || *zone == "" {
		zone = nil
		if a.ScheduleZone != "" {
			zone = &a.ScheduleZone
		}
	}
	q.Zone = zone
	return nil
}

// place reads the requested placement: zone, zone:host:node, or host.
func (a *API) place(r *api.Request, s *newServer, q *create.Request) error {
	target := r.Own()
	if s.Zone != nil {
		target.Extra = map[string]string{"availability_zone": *s.Zone}
	}
	if q.TrustedCerts = s.TrustedCerts; len(q.TrustedCerts) > 0 {
		if err := r.Can(policy.ServersCreateTrustedCerts, target); err != nil {
			return err
		}
	}
	if err := a.setZone(s.Zone, q); err != nil {
		return err
	}
	if q.ForcedHost != "" || q.ForcedNode != "" {
		if err := r.Can(policy.ServersCreateForcedHost, target); err != nil {
			return err
		}
		var err error
		if q.Zone, err = a.Builder.HostInZone(r.Context(), q.ForcedHost, q.Zone); err != nil {
			return err
		}
	}
	if !r.Since(mv.V74CreateHost) {
		return nil
	}
	q.Host, q.Node = s.Host, s.Node
	if q.Host == "" && q.Node == "" {
		return nil
	}
	if err := r.Can(policy.ServersCreateRequestedDestination, target); err != nil {
		return err
	}
	if q.ForcedHost != "" || q.ForcedNode != "" {
		return api.BadRequest("One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are mutually " +
			"exclusive.")
	}
	return nil
}

func (a *API) flavor(r *api.Request, s *newServer, q *create.Request) error {
	var err error
	if q.Flavor, err = a.Flavors.Get(r.Context(), string(s.FlavorRef), r.Caller.ProjectID, r.Caller.IsAdmin); err != nil {
		return refusal(err)
	}
	return nil
}

// groupNames returns the names of security groups without duplicates.
func groupNames(groups []securityGroup) []string {
	seen := map[string]bool{}
	for _, g := range groups {
		if g.Name != "" {
			seen[g.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
