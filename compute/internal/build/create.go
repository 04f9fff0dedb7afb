// Package build serves the creation of servers.
package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/build"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Builder builds servers; *build.Builder is the one there is.
type Builder interface {
	Create(ctx context.Context, caller *reqctx.Context, r *build.Request) (*build.Result, error)
	HostInZone(ctx context.Context, host string, zone *string) (*string, error)
}

// Flavors finds flavors.
type Flavors interface {
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
}

// API holds what the handler works with.
type API struct {
	Builder        Builder
	Flavors        Flavors
	ScheduleZone   string // [DEFAULT] default_schedule_zone
	PasswordLength int    // [DEFAULT] password_length
	ShowPassword   bool   // [api] enable_instance_password
}

// Create is POST /servers.
func (a *API) Create(r *api.Request) (any, error) {
	q, err := a.request(r)
	if err != nil {
		return nil, err
	}
	result, err := a.Builder.Create(r.Ctx(), r.Context, q)
	if err != nil {
		return nil, refusal(err)
	}
	body := r.Field("server")
	if objects.Truthy(str(body["return_reservation_id"])) {
		return api.Doc(func(o *api.Object) { o.Str("reservation_id", result.ReservationID) }), nil
	}
	links := r.Links()
	id := result.UUIDs[0]
	doc := api.Doc(func(o *api.Object) {
		o.Obj("server", func(o *api.Object) {
			o.Str("id", id)
			links.Write(o, "servers", id)
			o.Str("OS-DCF:diskConfig", map[bool]string{true: "AUTO", false: "MANUAL"}[result.AutoDiskConfig])
			if groups, given := body["security_groups"]; given {
				o.Any("security_groups", groups)
			} else {
				o.Any("security_groups", []any{map[string]any{"name": "default"}})
			}
			if a.ShowPassword {
				o.Str("adminPass", q.Password)
			}
		})
	})
	return &api.Reply{Header: http.Header{"Location": {links.Self("servers", id)}}, Body: doc}, nil
}

// refusal gives domain errors the status that they have here: what is not found is
// a mistake in the request.
func refusal(err error) error {
	var remote *rpc.RemoteError
	var domain *objects.Error
	switch {
	case objects.IsClass(err, "ImageNotFound"):
		return api.BadRequest("Can not find requested image")
	case objects.IsClass(err, "KeypairNotFound"):
		return api.BadRequest("Invalid key_name provided.")
	case errors.As(err, &remote):
		return api.BadRequest("%s: %s", remote.Class, remote.Message)
	case errors.As(err, &domain) && domain.Kind == objects.KindNotFound:
		return api.As(http.StatusBadRequest, err)
	}
	return err
}

// request reads the body, and asks the rules that its members need.
func (a *API) request(r *api.Request) (*build.Request, error) {
	body := r.Field("server")
	q := &build.Request{Name: str(body["name"]), UserData: text(body["user_data"]), KeyName: text(body["key_name"]), Password: str(body["adminPass"]),
		AccessIPv4: text(body["accessIPv4"]), AccessIPv6: text(body["accessIPv6"]), Multiattach: r.Since(mv.V60Multiattach), PortResources: r.Since(mv.V72PortResources),
		Metadata: map[string]string{}}
	if r.Legacy() {
		q.Name = strings.TrimSpace(q.Name)
	}
	if _, given := body["adminPass"]; !given {
		q.Password = build.Password(a.PasswordLength)
	}
	q.Description = &q.Name
	if r.Since(mv.V19Description) {
		q.Description = text(body["description"])
	}
	if r.Since(mv.V90Hostname) {
		q.Hostname = text(body["hostname"])
	}
	metadata, _ := body["metadata"].(map[string]any)
	for name, value := range metadata {
		q.Metadata[name] = fmt.Sprint(value)
	}
	q.SecurityGroups = names(body["security_groups"])
	q.Hints = hints(r)
	if r.Since(mv.V52CreateTags) {
		q.Tags = list(body["tags"])
	}
	files, _ := body["personality"].([]any)
	for _, one := range files {
		f, _ := one.(map[string]any)
		q.Files = append(q.Files, build.File{Path: str(f["path"]), Content: str(f["contents"])})
	}
	for _, read := range []func(*api.Request, map[string]any, *build.Request) error{a.counts, configDrive, a.place, devices, image, networks, a.flavor} {
		if err := read(r, body, q); err != nil {
			return nil, err
		}
	}
	zero := r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())
	q.ZeroDisk = zero
	return q, nil
}

func hints(r *api.Request) map[string]any {
	whole, _ := r.Body().(map[string]any)
	for _, key := range []string{"os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"} {
		if h, ok := whole[key].(map[string]any); ok {
			return h
		}
	}
	return nil
}

func (a *API) counts(_ *api.Request, body map[string]any, q *build.Request) error {
	q.Min = count(body["min_count"], 1)
	q.Max = count(body["max_count"], q.Min)
	if q.Min > q.Max {
		return api.BadRequest("min_count must be <= max_count")
	}
	switch disk := body["OS-DCF:diskConfig"]; disk {
	case "AUTO", "MANUAL":
		auto := disk == "AUTO"
		q.AutoDiskConfig = &auto
	}
	return nil
}

func configDrive(_ *api.Request, body map[string]any, q *build.Request) error {
	given := body["config_drive"]
	if given == nil || given == "" {
		return nil
	}
	var ok bool
	if q.ConfigDrive, ok = objects.ParseBool(str(given)); !ok {
		return api.BadRequest("Invalid config_drive provided.")
	}
	return nil
}

// place reads where the server is to be: zone, zone:host:node, host.
func (a *API) place(r *api.Request, body map[string]any, q *build.Request) error {
	zone := text(body["availability_zone"])
	target := r.Own()
	if zone != nil {
		target.Extra = map[string]string{"availability_zone": *zone}
	}
	if q.TrustedCerts = list(body["trusted_image_certificates"]); len(q.TrustedCerts) > 0 {
		if err := r.Can(policy.ServersCreateTrustedCerts, target); err != nil {
			return err
		}
	}
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
	if q.ForcedHost != "" || q.ForcedNode != "" {
		if err := r.Can(policy.ServersCreateForcedHost, target); err != nil {
			return err
		}
		var err error
		if q.Zone, err = a.Builder.HostInZone(r.Ctx(), q.ForcedHost, zone); err != nil {
			return err
		}
	}
	if !r.Since(mv.V74CreateHost) {
		return nil
	}
	q.Host, q.Node = str(body["host"]), str(body["hypervisor_hostname"])
	if q.Host == "" && q.Node == "" {
		return nil
	}
	if err := r.Can(policy.ServersCreateRequestedDestination, target); err != nil {
		return err
	}
	if q.ForcedHost != "" || q.ForcedNode != "" {
		return api.BadRequest("One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are mutually exclusive.")
	}
	return nil
}

func devices(r *api.Request, body map[string]any, q *build.Request) error {
	first, _ := body["block_device_mapping"].([]any)
	second, _ := body["block_device_mapping_v2"].([]any)
	if len(first) > 0 && len(second) > 0 {
		return api.BadRequest("Using different block_device_mapping syntaxes is not allowed in the same request.")
	}
	q.Legacy = len(second) == 0
	for _, one := range slices.Concat(first, second) {
		m, _ := one.(map[string]any)
		var d *build.Device
		var err error
		if q.Legacy {
			d, err = build.ParseLegacyDevice(m)
		} else {
			d, err = build.ParseAPIDevice(m, str(body["imageRef"]) != "")
		}
		if err != nil {
			return err
		}
		q.Devices = append(q.Devices, d)
	}
	if len(q.Devices) == 0 {
		return nil
	}
	return r.Can(policy.ServersCreateAttachVolume, r.Own())
}

func image(_ *api.Request, body map[string]any, q *build.Request) error {
	if q.Image = str(body["imageRef"]); q.Image == "" && len(q.Devices) == 0 {
		return api.BadRequest("Missing imageRef attribute")
	}
	return nil
}

func networks(r *api.Request, body map[string]any, q *build.Request) error {
	given, ok := body["networks"]
	if !ok || given == nil {
		return nil
	}
	q.Networks = &objects.NetworkRequests{Auto: given == "auto", None: given == "none"}
	all, _ := given.([]any)
	var ports []string
	for _, one := range all {
		m, _ := one.(map[string]any)
		n := &objects.NetworkRequest{NetworkID: text(m["uuid"]), Address: text(m["fixed_ip"]), PortID: text(m["port"]), Tag: text(m["tag"])}
		switch {
		case n.PortID != nil && slices.Contains(ports, *n.PortID):
			return api.BadRequest("Port ID '%s' was specified twice: you cannot attach a port multiple times.", *n.PortID)
		case n.PortID != nil && n.Address != nil:
			return api.BadRequest("Specified Fixed IP '%s' cannot be used with port '%s': the two cannot be specified together.", *n.Address, *n.PortID)
		case n.PortID != nil:
			ports, n.NetworkID = append(ports, *n.PortID), nil
		case n.NetworkID == nil:
			return api.BadRequest("Bad network format: missing 'uuid'")
		}
		q.Networks.List = append(q.Networks.List, n)
	}
	if q.Networks.None || given != "auto" && len(all) == 0 {
		return nil
	}
	return r.Can(policy.ServersCreateAttachNetwork, r.Own())
}

func (a *API) flavor(r *api.Request, body map[string]any, q *build.Request) error {
	ref := str(body["flavorRef"])
	var err error
	q.Flavor, err = a.Flavors.Get(r.Ctx(), ref[strings.LastIndexByte(ref, '/')+1:], r.Context.ProjectID, r.Context.IsAdmin)
	if err != nil {
		return refusal(err)
	}
	return nil
}

// names are the distinct names in a list of security groups.
func names(v any) []string {
	seen := map[string]bool{}
	groups, _ := v.([]any)
	for _, one := range groups {
		if m, ok := one.(map[string]any); ok && str(m["name"]) != "" {
			seen[str(m["name"])] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func list(v any) []string {
	var out []string
	all, _ := v.([]any)
	for _, one := range all {
		out = append(out, str(one))
	}
	return out
}

func text(v any) *string {
	if s, ok := v.(string); ok {
		return &s
	}
	return nil
}

// str is a member as text; "" where there is none.
func str(v any) string {
	if v == nil {
		return ""
	}
	return api.Text(v)
}

// count is a number of servers. Larger ones than any quota are cut, so that what that
// many servers use can still be counted.
func count(v any, byDefault int) int {
	if v == nil {
		return byDefault
	}
	n, err := strconv.Atoi(strings.TrimSpace(str(v)))
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return byDefault // the schema has seen to it
	}
	return min(n, math.MaxInt32)
}
