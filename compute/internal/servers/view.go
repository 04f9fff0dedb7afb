package servers

import (
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

const (
	isoTime   = "2006-01-02T15:04:05Z"
	microTime = "2006-01-02T15:04:05.000000"
)

// view writes the servers of one request. It evaluates common data once: rules, zones, links,
// and data of other services.
type view struct {
	api   *API
	r     *api.Request
	links *api.Links

	extraSpecs, extended    bool
	hostStatus, unknownOnly bool

	zone   func(host string) string
	groups map[string][]string // security groups by server
	// hosts are the host statuses by host; in a list the first server of a host determines its
	// status.
	hosts  map[string]string
	single bool // the answer has one server, not a list
	// short leaves out the extension fields, as in answers to changes before 2.75.
	short bool
	// rebuilt marks the answer to a rebuild, in which user_data has no prefix.
	rebuilt bool
}

// newView checks the rules of fields, against the owner of the server or, for lists, against
// the caller.
func (a *API) newView(r *api.Request, t policy.Target) *view {
	v := &view{api: a, r: r, links: r.Links()}
	v.authorize(t)
	return v
}

func (v *view) authorize(t policy.Target) {
	r := v.r
	v.extraSpecs = r.Since(mv.V47EmbeddedFlavor) && r.Allowed(policy.ServersShowFlavorExtraSpecs, t)
	v.extended = r.Allowed(policy.ExtendedServerAttributes, t)
	if r.Since(mv.V16HostStatus) {
		v.hostStatus = r.Allowed(policy.ServersShowHostStatus, t)
		v.unknownOnly = !v.hostStatus && r.Allowed(policy.ServersShowHostStatusUnknownOnly, t)
	}
}

// load reads data that is not in the servers' cells.
func (v *view) load(list []*objects.Instance) error {
	r := v.r
	var err error
	if v.zone, err = v.api.Servers.Zones(r.Context()); err != nil {
		return err
	}
	v.hosts = map[string]string{}
	for _, i := range list {
		if host := objects.OrZero(i.Host); host != "" {
			if _, known := v.hosts[host]; !known {
				v.hosts[host] = i.HostStatus(v.api.Up)
			}
		}
	}
	if len(list) == 0 || v.single && list[0].Down {
		return nil // lists show the security groups of servers in unreachable cells, too
	}
	v.groups, err = v.api.Network.GroupNames(r.Context(), r.Caller, list)
	return err
}

// brief writes a server as in GET /servers.
func (v *view) brief(o *api.Object, i *objects.Instance) {
	o.Str("id", i.UUID)
	if i.Down {
		o.Str("status", "UNKNOWN")
	} else {
		o.Opt("name", i.DisplayName)
	}
	v.links.Write(o, "servers", i.UUID)
}

// detail writes all fields of a server.
func (v *view) detail(o *api.Object, i *objects.Instance) {
	if i.Down {
		v.down(o, i)
		return
	}
	status := i.Status()
	o.Str("accessIPv4", objects.OrZero(i.AccessIPv4))
	o.Str("accessIPv6", objects.OrZero(i.AccessIPv6))
	o.Obj("addresses", func(o *api.Object) {
		if objects.OrZero(i.VMState) != "building" {
			addresses(o, i.Network, !v.short)
		}
	})
	o.Time("created", i.CreatedAt, isoTime)
	v.flavor(o, i)
	o.Str("hostId", i.Hostid())
	o.Str("id", i.UUID)
	v.image(o, i)
	v.links.Write(o, "servers", i.UUID)
	o.StrMap("metadata", i.Metadata)
	o.Opt("name", i.DisplayName)
	o.Str("status", status)
	o.Str("tenant_id", i.ProjectID)
	o.Str("user_id", i.UserID)
	if i.UpdatedAt != nil {
		o.Time("updated", i.UpdatedAt, isoTime)
	} else { // Nova shows the current time for a server that has never been updated
		now := v.api.Now()
		o.Time("updated", &now, isoTime)
	}
	o.Str("OS-DCF:diskConfig", map[bool]string{true: "AUTO", false: "MANUAL"}[i.AutoDiskConfig])
	if (status == "ERROR" || status == "DELETED") && i.Fault != nil {
		v.fault(o, i.Fault)
	}
	if slices.Contains(progressing, status) {
		o.OptInt("progress", i.Progress)
	}
	if !v.short {
		v.extensions(o, i)
	}
	v.laterFields(o, i)
}

// extensions writes the fields that extensions of the API once added.
func (v *view) extensions(o *api.Object, i *objects.Instance) {
	o.Str("OS-EXT-AZ:availability_zone", v.zoneOf(i))
	o.Opt("config_drive", i.ConfigDrive)
	o.Opt("key_name", i.KeyName)
	o.Time("OS-SRV-USG:launched_at", i.LaunchedAt, microTime)
	o.Time("OS-SRV-USG:terminated_at", i.TerminatedAt, microTime)
	v.securityGroups(o, i)
	if v.extended {
		v.extendedFields(o, i)
	}
	o.Opt("OS-EXT-STS:task_state", i.TaskState)
	o.Opt("OS-EXT-STS:vm_state", i.VMState)
	o.OptInt("OS-EXT-STS:power_state", i.PowerState)
	v.volumes(o, i)
}

// progressing are the statuses in which a server has the field progress.
var progressing = []string{"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}

func (v *view) extendedFields(o *api.Object, i *objects.Instance) {
	const prefix = "OS-EXT-SRV-ATTR:"
	o.Opt(prefix+"host", i.Host)
	o.Str(prefix+"instance_name", i.Name(v.api.NameTemplate))
	o.Opt(prefix+"hypervisor_hostname", i.Node)
	if !v.r.Since(mv.V3ServerAdminFields) {
		return
	}
	o.Opt(prefix+"hostname", i.Hostname)
	o.Opt(prefix+"kernel_id", i.KernelID)
	o.OptInt(prefix+"launch_index", i.LaunchIndex)
	o.Opt(prefix+"ramdisk_id", i.RamdiskID)
	o.Opt(prefix+"reservation_id", i.ReservationID)
	o.Opt(prefix+"root_device_name", i.RootDeviceName)
	if !v.rebuilt {
		o.Opt(prefix+"user_data", i.UserData)
	}
}

func (v *view) volumes(o *api.Object, i *objects.Instance) {
	o.List("os-extended-volumes:volumes_attached", len(i.Volumes), func(n int, a *api.Array) {
		a.Obj(func(o *api.Object) {
			o.Str("id", i.Volumes[n].ID)
			if v.r.Since(mv.V3ServerAdminFields) {
				o.Bool("delete_on_termination", i.Volumes[n].DeleteOnTermination)
			}
		})
	})
}

// laterFields writes the fields that microversions added at the end.
func (v *view) laterFields(o *api.Object, i *objects.Instance) {
	r := v.r
	if r.Since(mv.V9ServerLocked) {
		o.Bool("locked", objects.OrZero(i.LockedBy) != "")
	}
	if !v.short && (v.hostStatus || v.unknownOnly) {
		if s := v.hosts[objects.OrZero(i.Host)]; v.hostStatus || s == "UNKNOWN" {
			o.Str("host_status", s)
		}
	}
	if r.Since(mv.V19Description) {
		o.Opt("description", i.DisplayDescription)
	}
	if r.Since(mv.V26Tags) {
		o.Strs("tags", i.Tags)
	}
	if r.Since(mv.V63TrustedCerts) {
		if i.TrustedCerts == nil {
			o.Null("trusted_image_certificates")
		} else {
			o.Strs("trusted_image_certificates", i.TrustedCerts)
		}
	}
	if v.single && r.Since(mv.V71ServerGroups) {
		serverGroups(o, i)
	}
	if r.Since(mv.V73LockedReason) {
		reason, ok := i.SystemMetadata["locked_reason"]
		if ok {
			o.Str("locked_reason", reason)
		} else {
			o.Null("locked_reason")
		}
	}
	if r.Since(mv.V90Hostname) && !v.extended {
		o.Opt("OS-EXT-SRV-ATTR:hostname", i.Hostname)
	}
	if r.Since(mv.V96PinnedZone) {
		var zone *string
		if i.Spec != nil {
			zone = i.Spec.AvailabilityZone
		}
		o.Opt("pinned_availability_zone", zone)
		if r.Since(mv.V100SchedulerHints) {
			v.hints(o, i.Spec)
		}
	}
}

// hints writes the scheduler hints. Without a request spec they are null in a list, and empty
// for a single server.
func (v *view) hints(o *api.Object, spec *objects.RequestSpec) {
	switch {
	case spec != nil && spec.Hints != nil:
		o.Any("scheduler_hints", spec.Hints)
	case spec == nil && v.single:
		o.Obj("scheduler_hints", func(*api.Object) {})
	default:
		o.Null("scheduler_hints")
	}
}

func serverGroups(o *api.Object, i *objects.Instance) {
	var groups []string
	if i.Group != "" {
		groups = []string{i.Group}
	}
	o.Strs("server_groups", groups)
}

// down writes the available fields of a server in an unreachable cell.
func (v *view) down(o *api.Object, i *objects.Instance) {
	o.Str("id", i.UUID)
	o.Str("status", "UNKNOWN")
	o.Str("tenant_id", i.ProjectID)
	o.Time("created", i.CreatedAt, isoTime)
	v.links.Write(o, "servers", i.UUID)
	v.securityGroups(o, i)
	if i.Flavor == nil {
		return
	}
	unknown := func(s string) string {
		if s == "" {
			return "UNKNOWN"
		}
		return s
	}
	v.image(o, i)
	v.flavor(o, i)
	o.Str("OS-EXT-AZ:availability_zone", unknown(objects.OrZero(i.AvailabilityZone)))
	o.OptInt("OS-EXT-STS:power_state", i.PowerState)
	o.Str("user_id", unknown(i.UserID))
	if v.single && v.r.Since(mv.V71ServerGroups) {
		serverGroups(o, i)
	}
}

func (v *view) securityGroups(o *api.Object, i *objects.Instance) {
	if names := v.groups[i.UUID]; len(names) > 0 {
		o.List("security_groups", len(names), func(n int, a *api.Array) {
			a.Obj(func(o *api.Object) { o.Str("name", names[n]) })
		})
	}
}

func (v *view) zoneOf(i *objects.Instance) string {
	if objects.OrZero(i.Host) == "" {
		return objects.OrZero(i.AvailabilityZone)
	}
	return v.zone(*i.Host)
}

func (v *view) flavor(o *api.Object, i *objects.Instance) {
	f := i.Flavor
	o.Obj("flavor", func(o *api.Object) {
		switch {
		case f == nil:
		case !v.r.Since(mv.V47EmbeddedFlavor):
			o.Str("id", f.FlavorID)
			v.links.WriteBookmark(o, "flavors", f.FlavorID)
		default:
			o.Int("vcpus", f.VCPUs)
			o.Int("ram", f.MemoryMB)
			o.Int("disk", f.RootGB)
			o.Int("ephemeral", f.EphemeralGB)
			o.Int("swap", f.Swap)
			o.Str("original_name", f.Name)
			if v.extraSpecs {
				o.StrMap("extra_specs", f.ExtraSpecs)
			}
		}
	})
}

func (v *view) image(o *api.Object, i *objects.Instance) {
	id := i.ImageID()
	if id == "" {
		o.Str("image", "")
		return
	}
	o.Obj("image", func(o *api.Object) {
		o.Str("id", id)
		v.links.WriteBookmark(o, "images", id)
		if v.r.Since(mv.V98ImageProperties) && !i.Down {
			o.Obj("properties", func(o *api.Object) { imageProperties(o, v.r.Release(), i.SystemMetadata) })
		}
	})
}

func (v *view) fault(o *api.Object, f *objects.Fault) {
	o.Obj("fault", func(o *api.Object) {
		o.Int("code", f.Code)
		o.Time("created", f.CreatedAt, isoTime)
		o.Str("message", f.Message)
		if objects.OrZero(f.Details) != "" && (v.r.Caller.IsAdmin || f.Code != 500) {
			o.Str("details", *f.Details)
		}
	})
}

// address is one address of a network, with the MAC address of its interface.
type address struct {
	ip  objects.FixedIP
	mac string
}

// addresses writes the addresses by network: fixed IPs, then floating IPs. extended adds type
// and MAC address.
func addresses(o *api.Object, vifs []objects.VIF, extended bool) {
	for _, label := range networkLabels(vifs) {
		list := addressesIn(vifs, label)
		o.List(label, len(list), func(n int, a *api.Array) {
			a.Obj(func(o *api.Object) { list[n].write(o, extended) })
		})
	}
}

func (a *address) write(o *api.Object, extended bool) {
	o.Int("version", int64(a.ip.Version))
	o.Str("addr", a.ip.Address)
	if extended {
		o.Str("OS-EXT-IPS:type", a.ip.Type)
		o.Str("OS-EXT-IPS-MAC:mac_addr", a.mac)
	}
}

func networkLabels(vifs []objects.VIF) []string {
	var out []string
	for i := range vifs {
		if l := vifs[i].Network.Label; !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

func addressesIn(vifs []objects.VIF, label string) []address {
	var fixed, floating []address
	for i := range vifs {
		if vifs[i].Network.Label != label {
			continue
		}
		for _, s := range vifs[i].Network.Subnets {
			for _, ip := range s.IPs {
				fixed = append(fixed, address{ip, vifs[i].Address})
				for _, f := range ip.FloatingIPs {
					floating = append(floating, address{f, vifs[i].Address})
				}
			}
		}
	}
	return append(fixed, floating...)
}
