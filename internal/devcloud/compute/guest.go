package compute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
	"github.com/nova-go/nova/internal/versioned"
)

// consoleOutput returns an example of a boot log.
func (j *Job) consoleOutput() (any, error) {
	if j.Server.Power != running {
		return "", nil
	}
	lines := bootLog(j.Server)
	var tail any
	j.arg("tail_length", &tail)
	if tail != nil && fmt.Sprint(tail) != "-1" {
		n := int(resource.Int(resource.Doc{"": tail}, ""))
		lines = lines[max(0, len(lines)-n):]
	}
	return strings.Join(lines, "\n"), nil
}

func bootLog(s *records.State) []string {
	return []string{"[    0.000000] Linux version of --dev", "[    0.100000] nothing runs here: this host stands in for a hypervisor",
		"cloud-init: instance-id " + s.UUID, s.Name + " login: "}
}

// Console returns the console output of a server; "" if the server does not run.
func (f *Fleet) Console(ctx context.Context, server string) (string, error) {
	s, err := f.Records.Find(ctx, server)
	if err != nil || s == nil || s.Power != running {
		return "", err
	}
	return strings.Join(bootLog(s), "\n"), nil
}

// consoleTime is the lifetime of a console token, in seconds.
const consoleTime = 600

// consolePaths are the paths of the consoles' pages by protocol and type.
var consolePaths = map[string]map[string]string{
	"vnc":    {"novnc": "/vnc_lite.html"},
	"spice":  {"spice-html5": "/spice_auto.html", "spice-direct": "/"},
	"serial": {"serial": "/"},
	"mks":    {"webmks": "/"},
}

// console returns a method that inserts a console token of a protocol and returns the address of
// the console.
func console(protocol string) func(*Job) (any, error) {
	return func(j *Job) (any, error) {
		kind := j.text("console_type")
		path, known := consolePaths[protocol][kind]
		if !known {
			return nil, Failed("ConsoleTypeInvalid", "Invalid console type %s", kind)
		}
		token := uuid.NewString()
		hash := sha256.Sum256([]byte(token))
		base := "http://127.0.0.1:6080" + path
		if protocol == "serial" {
			base = "ws://127.0.0.1:6083/"
		}
		address := base + "?token=" + token
		if kind == "novnc" {
			address = base + "?path=%3Ftoken%3D" + token
		}
		err := j.Records.AddConsole(j.Ctx, records.Row{"token_hash": hex.EncodeToString(hash[:]), "console_type": kind, "host": "127.0.0.1",
			"port": 5900, "instance_uuid": j.Server.UUID,
			"expires": clock.Now(j.Ctx).Unix() + consoleTime, "access_url_base": base})
		return map[string]any{"host": "127.0.0.1", "port": 5900, "token": token, "access_url": address, "internal_access_path": nil,
			"tlsPort": nil}, err
	}
}

func (j *Job) diagnostics() (any, error) {
	return raw(`{"cpu0_time": 17300000000, "memory": 524288, "vda_errors": -1, "vda_read": 262144, "vda_read_req": 112,
		 "vda_write": 5778432, "vda_write_req": 488,
		"vnet1_rx": 2070139, "vnet1_rx_drop": 0, "vnet1_rx_errors": 0, "vnet1_rx_packets": 26701, "vnet1_tx": 140208, "vnet1_tx_drop": 0,
		 "vnet1_tx_errors": 0, "vnet1_tx_packets": 662}`), nil
}

// instanceDiagnostics returns the diagnostics of microversion 2.48, with the values of Nova's
// fake driver.
func (j *Job) instanceDiagnostics() (any, error) {
	part := func(name string, data map[string]any) *versioned.Object {
		return versioned.Made(name, data)
	}
	return versioned.Made("Diagnostics", map[string]any{"state": "running", "driver": "libvirt", "hypervisor": "kvm",
		"hypervisor_os": "ubuntu", "uptime": 46664,
		"config_drive": true, "num_cpus": 1, "num_nics": 1, "num_disks": 1,
		"cpu_details": []any{part("CpuDiagnostics", map[string]any{"id": 0, "time": 17300000000, "utilisation": 15})},
		"nic_details": []any{part("NicDiagnostics", map[string]any{"mac_address": "01:23:45:67:89:ab", "rx_octets": 2070139, "rx_errors": 100,
			"rx_drop": 200, "rx_packets": 26701, "rx_rate": 300,
			"tx_octets": 140208, "tx_errors": 400, "tx_drop": 500, "tx_packets": 662, "tx_rate": 600})},
		"disk_details": []any{part("DiskDiagnostics", map[string]any{"read_bytes": 262144, "read_requests": 112, "write_bytes": 5778432,
			"write_requests": 488, "errors_count": 1})},
		"memory_details": part("MemoryDiagnostics", map[string]any{"maximum": 524288, "used": 0})}), nil
}

// enable lets the host accept new servers or not.
func (j *Job) enable() (any, error) {
	var on bool
	j.arg("enabled", &on)
	hosts, err := j.Records.Hosts(j.Ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if h.Name == j.Host {
			if err := j.Placement.SetTrait(h.UUID, "COMPUTE_STATUS_DISABLED", !on); err != nil {
				return nil, err
			}
		}
	}
	if on {
		return "enabled", nil
	}
	return "disabled", nil
}

func (j *Job) maintenance() (any, error) {
	var on bool
	j.arg("mode", &on)
	if on {
		return "on_maintenance", nil
	}
	return "off_maintenance", nil
}

// events handles external events.
func (j *Job) events() (any, error) {
	var list []*versioned.Object
	j.arg("events", &list)
	for _, e := range list {
		server, name := e.Text("instance_uuid"), e.Text("name")
		if err := j.event(server, name, e.Text("tag")); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (j *Job) event(server, name, tag string) error {
	defer j.Lock(server)()
	switch name {
	case "network-changed", "network-vif-plugged", "network-vif-unplugged":
		return j.refresh(j.Ctx, server)
	case "network-vif-deleted":
		if err := j.Records.RemoveInterface(j.Ctx, server, tag); err != nil {
			return err
		}
		return j.refresh(j.Ctx, server)
	case "power-update":
		set := done(records.Row{"vm_state": "active", "power_state": running})
		if tag == "POWER_OFF" {
			set = done(records.Row{"vm_state": "stopped", "power_state": shutdown})
		}
		_, err := j.Records.Update(j.Ctx, server, set)
		return err
	}
	return nil
}
