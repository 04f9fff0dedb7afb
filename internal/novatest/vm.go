package novatest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/objects"
)

// VM describes a server that Stack.Server writes to the databases, as nova-conductor and nova-compute would. Zero values
// are replaced by those of an active server of the user demo.
type VM struct {
	UUID, Name  string // default: random; "vm1", "vm2", …
	Project     string // name, default "demo"; names that the cloud does not have are allowed
	User        string
	Cell        string // "cell1" (default), "cell0", or the name of a cell of Cells or DownCell
	Host        string // default "compute-1"; "-": none
	VMState     string // default "active", or "deleted"
	TaskState   string
	PowerState  int    // default 1 if VMState is active
	Flavor      string // flavor id, default "1"
	Image       string // UUID; "-": none, for a server on a volume
	Zone        string // default "nova"
	PinnedZone  string // of its request spec
	Hostname    string // default: the name
	KeyName     string
	Description string
	LockedBy    string // "owner", "admin"
	UserData    string
	ConfigDrive bool
	Created     time.Time // default: one minute later for each server, on 1 May 2026
	Updated     time.Time
	Deleted     bool
	Fault       string // message of a fault with code 500

	Addresses      []string // fixed IPs on the network "private"
	Volumes        []string // ids of attached volumes
	Tags           []string
	Metadata       map[string]string
	SystemMetadata map[string]string
	Hints          map[string]any
	TrustedCerts   []string
}

func (v *VM) fill(n int) {
	set := func(to *string, value string) {
		switch *to {
		case "":
			*to = value
		case "-":
			*to = ""
		}
	}
	set(&v.UUID, uuid.NewString())
	set(&v.Name, fmt.Sprintf("vm%d", n))
	set(&v.Project, "demo")
	set(&v.User, "demo")
	set(&v.Cell, "cell1")
	set(&v.Host, "compute-1")
	if v.Deleted {
		set(&v.VMState, "deleted")
	}
	set(&v.VMState, "active")
	set(&v.Flavor, "1")
	set(&v.Image, Image)
	set(&v.Zone, "nova")
	set(&v.Hostname, v.Name)
	if v.PowerState == 0 && v.VMState == "active" {
		v.PowerState = 1
	}
	if v.Created.IsZero() {
		v.Created = time.Date(2026, 5, 1, 12, n, 0, 0, time.UTC)
	}
	if v.Updated.IsZero() {
		v.Updated = v.Created.Add(30 * time.Second)
	}
}

// Server writes a server to the databases: its rows in the cell, its instance mapping and its request spec. It returns vm
// with the default values.
func (s *Stack) Server(vm VM) VM {
	s.t.Helper()
	s.shared.mu.Lock()
	s.shared.vms++
	n := s.shared.vms
	s.shared.mu.Unlock()
	vm.fill(n)
	flavor := s.flavor(vm.Flavor)
	s.mapServer(&vm, flavor)
	if s.opened[vm.Cell] != nil {
		s.instance(&vm, flavor)
		s.beside(&vm)
	}
	return vm
}

func (s *Stack) mapServer(v *VM, flavor *objects.Flavor) {
	s.t.Helper()
	s.insert("api", "instance_mappings", row{"created_at": v.Created, "instance_uuid": v.UUID, "project_id": NameID("project", v.Project), "user_id": NameID("user", v.User),
		"queued_for_delete": v.Deleted, "cell_id": s.Value("api", "SELECT id FROM cell_mappings WHERE name = ?", v.Cell)})
	hints := v.Hints
	if hints == nil {
		hints = map[string]any{}
	}
	var image any
	if v.Image != "" {
		image = versionedObject("ImageMeta", "1.8", map[string]any{"id": v.Image})
	}
	s.insert("api", "request_specs", row{"created_at": v.Created, "instance_uuid": v.UUID, "spec": jsonText(versionedObject("RequestSpec", "1.14", map[string]any{
		"availability_zone": orNil(v.PinnedZone), "scheduler_hints": hints, "user_id": NameID("user", v.User), "project_id": NameID("project", v.Project),
		"flavor": flavorObject(flavor), "image": image, "instance_uuid": v.UUID, "num_instances": 1}))})
}

func (s *Stack) instance(v *VM, f *objects.Flavor) {
	s.t.Helper()
	r := row{"created_at": v.Created, "updated_at": v.Updated, "uuid": v.UUID, "user_id": NameID("user", v.User), "project_id": NameID("project", v.Project),
		"image_ref": v.Image, "kernel_id": "", "ramdisk_id": "", "launch_index": 0, "key_name": orNil(v.KeyName), "power_state": v.PowerState, "vm_state": v.VMState,
		"task_state": orNil(v.TaskState), "memory_mb": f.MemoryMB, "vcpus": f.VCPUs, "root_gb": f.RootGB, "ephemeral_gb": f.EphemeralGB, "hostname": v.Hostname,
		"host": orNil(v.Host), "node": orNil(v.Host), "launched_on": orNil(v.Host), "reservation_id": "r-" + v.UUID[:8], "launched_at": v.Created.Add(20 * time.Second),
		"display_name": v.Name, "display_description": orNil(v.Description), "availability_zone": v.Zone, "locked": v.LockedBy != "", "locked_by": orNil(v.LockedBy),
		"instance_type_id": f.ID, "root_device_name": "/dev/vda", "config_drive": map[bool]string{true: "True", false: ""}[v.ConfigDrive], "user_data": orNil(v.UserData),
		"progress": 0, "auto_disk_config": true, "hidden": false, "cleaned": 0, "deleted": 0, "shutdown_terminate": false, "disable_terminate": false}
	if v.Deleted {
		r["deleted"], r["deleted_at"], r["terminated_at"] = 1, v.Updated, v.Updated
	}
	s.insert(v.Cell, "instances", r)
	if v.Deleted {
		s.Exec(v.Cell, "UPDATE instances SET deleted = id WHERE uuid = ?", v.UUID)
	}
	extra := row{"created_at": v.Created, "instance_uuid": v.UUID, "deleted": 0, "flavor": jsonText(map[string]any{"cur": flavorObject(f), "old": nil, "new": nil}), "pci_requests": "[]"}
	if v.TrustedCerts != nil {
		extra["trusted_certs"] = jsonText(versionedObject("TrustedCerts", "1.0", map[string]any{"ids": v.TrustedCerts}))
	}
	s.insert(v.Cell, "instance_extra", extra)
	s.insert(v.Cell, "instance_info_caches", row{"created_at": v.Created, "instance_uuid": v.UUID, "deleted": 0, "network_info": jsonText(interfaces(v.Addresses))})
}

// beside writes the metadata, tags, volumes and faults of a server.
func (s *Stack) beside(v *VM) {
	s.t.Helper()
	for k, value := range v.Metadata {
		s.insert(v.Cell, "instance_metadata", row{"created_at": v.Created, "instance_uuid": v.UUID, "key": k, "value": value, "deleted": 0})
	}
	for k, value := range v.SystemMetadata {
		s.insert(v.Cell, "instance_system_metadata", row{"created_at": v.Created, "instance_uuid": v.UUID, "key": k, "value": value, "deleted": 0})
	}
	for _, tag := range v.Tags {
		s.insert(v.Cell, "tags", row{"resource_id": v.UUID, "tag": tag})
	}
	for n, id := range v.Volumes {
		s.insert(v.Cell, "block_device_mapping", row{"created_at": v.Created, "instance_uuid": v.UUID, "volume_id": id, "source_type": "volume", "destination_type": "volume",
			"device_name": fmt.Sprintf("/dev/vd%c", 'b'+n), "delete_on_termination": false, "no_device": false, "deleted": 0, "uuid": uuid.NewString(), "attachment_id": uuid.NewString()})
	}
	if v.Fault != "" {
		s.insert(v.Cell, "instance_faults", row{"created_at": v.Updated, "instance_uuid": v.UUID, "code": 500, "message": v.Fault, "details": "Traceback of " + v.Fault, "deleted": 0})
	}
}

// Service writes a service to cell1 that has just reported. Its default version is 74.
func (s *Stack) Service(host, binary string, version ...int) {
	s.t.Helper()
	topic := strings.TrimPrefix(binary, "nova-")
	v := 74
	if len(version) > 0 {
		v = version[0]
	}
	s.insert("cell1", "services", row{"created_at": time.Now().UTC(), "updated_at": time.Now().UTC(), "last_seen_up": time.Now().UTC(), "host": host, "binary": binary, "topic": topic,
		"report_count": 1, "disabled": false, "forced_down": false, "deleted": 0, "version": v, "uuid": uuid.NewString()})
}

// DownCell writes the mapping of a cell whose database does not respond. Call it in Before, because the application reads
// the mappings when it starts.
func (s *Stack) DownCell(name string) {
	s.t.Helper()
	s.insert("api", "cell_mappings", row{"uuid": uuid.NewString(), "name": name, "transport_url": "fake://", "disabled": false,
		"database_connection": "mysql+pymysql://nova:secret@127.0.0.1:1/" + name})
}

// row contains the columns of a row by name; times are written in Nova's format.
type row map[string]any

func (s *Stack) insert(database, table string, r row) {
	s.t.Helper()
	var marks []string
	args := []any{bun.Ident(table)}
	for c := range r {
		marks, args = append(marks, "?"), append(args, bun.Ident(c))
	}
	list := strings.Join(marks, ", ")
	for _, column := range args[1:] {
		args = append(args, r[string(column.(bun.Ident))])
	}
	s.Exec(database, "INSERT INTO ? ("+list+") VALUES ("+list+")", args...)
}

// Insert writes a row to a table of the database "api", "cell0" or "cell1".
func (s *Stack) Insert(database, table string, columns map[string]any) {
	s.t.Helper()
	s.insert(database, table, columns)
}

func (s *Stack) flavor(id string) *objects.Flavor {
	s.t.Helper()
	f := &objects.Flavor{FlavorID: id}
	s.must(s.opened["api"].One(s.t.Context(), []any{&f.ID, &f.Name, &f.MemoryMB, &f.VCPUs, &f.RootGB, &f.EphemeralGB, &f.Swap},
		"SELECT id, name, memory_mb, vcpus, root_gb, ephemeral_gb, swap FROM flavors WHERE flavorid = ?", id))
	return f
}

// versionedObject returns a versioned object in the form in which Nova serializes it.
func versionedObject(name, version string, data map[string]any) map[string]any {
	return map[string]any{"nova_object.name": name, "nova_object.namespace": "nova", "nova_object.version": version, "nova_object.data": data, "nova_object.changes": []string{}}
}

func flavorObject(f *objects.Flavor) map[string]any {
	return versionedObject("Flavor", "1.2", map[string]any{"id": f.ID, "name": f.Name, "flavorid": f.FlavorID, "memory_mb": f.MemoryMB, "vcpus": f.VCPUs, "root_gb": f.RootGB,
		"ephemeral_gb": f.EphemeralGB, "swap": f.Swap, "rxtx_factor": 1.0, "vcpu_weight": 0, "disabled": false, "is_public": true, "extra_specs": map[string]string{"hw:cpu_policy": "shared"},
		"description": nil, "created_at": nil, "updated_at": nil, "deleted_at": nil, "deleted": false})
}

// interfaces returns the interfaces of an info cache: one interface with the addresses.
func interfaces(addresses []string) []objects.VIF {
	if len(addresses) == 0 {
		return []objects.VIF{}
	}
	bridge := "br-int"
	vif := objects.VIF{ID: "ce531f90-199f-48c0-816c-13e38010b442", Address: "fa:16:3e:4c:2c:30", Type: "ovs", DevName: "tapce531f90-19", VNICType: "normal", Active: true,
		Network: objects.VIFNetwork{ID: "0e8d6cbd-8b5d-4f8c-93e7-8ea0a9f2a2c9", Bridge: &bridge, Label: "private"}}
	for _, a := range addresses {
		version := 4
		if strings.Contains(a, ":") {
			version = 6
		}
		vif.Network.Subnets = append(vif.Network.Subnets, objects.Subnet{Version: version, IPs: []objects.FixedIP{{Address: a, Type: "fixed", Version: version}}})
	}
	return []objects.VIF{vif}
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // values in tests can always be marshalled
	}
	return string(b)
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
