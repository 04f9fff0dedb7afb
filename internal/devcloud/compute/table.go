package compute

import (
	"slices"

	"github.com/nova-go/nova/internal/devcloud/records"
)

// Methods returns the names of the steps that a Plan can affect: messages about servers, and
// steps of the hosts for some of them.
func Methods() []string {
	list := []string{"build_and_run_instance", "prep_resize", "resize_instance", "finish_resize", "finish_revert_resize", "rebuild_instance",
		"check_can_live_migrate_destination", "check_can_live_migrate_source", "pre_live_migration", "live_migration",
		"post_live_migration_at_destination"}
	for name := range (*Fleet)(nil).table() {
		if !slices.Contains(aboutHosts, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// aboutHosts are the messages that concern no server.
var aboutHosts = []string{"set_host_enabled", "host_maintenance_mode", "host_power_action", "get_host_uptime", "cache_images"}

// table returns how hosts handle each message.
func (f *Fleet) table() map[string]method {
	// become returns a method that only changes columns of the server.
	become := func(event string, set func(*Job) records.Row) method {
		return method{event: "compute_" + event, run: func(j *Job) (any, error) { return nil, j.set(done(set(j))) }}
	}
	to := func(vm string, power int) func(*Job) records.Row {
		return func(*Job) records.Row { return records.Row{"vm_state": vm, "power_state": power} }
	}
	keep := func(vm string) func(*Job) records.Row { // Nova's fake driver does not change the power state either
		return func(j *Job) records.Row { return records.Row{"vm_state": vm, "power_state": j.Server.Power} }
	}
	failing := func(m method) method { m.broken = "error"; return m }
	plain := func(event string, run func(*Job) (any, error)) method { return method{event: event, run: run} }
	ending := func(how string) func(*Job) (any, error) {
		return func(j *Job) (any, error) { j.endMigration(how); return nil, nil }
	}
	nothing := func(*Job) (any, error) { return nil, nil }
	return map[string]method{
		"start_instance":       plain("compute_start_instance", (*Job).start),
		"stop_instance":        plain("compute_stop_instance", (*Job).stop),
		"reboot_instance":      failing(plain("compute_reboot_instance", (*Job).reboot)),
		"pause_instance":       become("pause_instance", keep("paused")),
		"unpause_instance":     become("unpause_instance", keep("active")),
		"suspend_instance":     failing(become("suspend_instance", keep("suspended"))),
		"resume_instance":      failing(become("resume_instance", keep("active"))),
		"soft_delete_instance": become("soft_delete_instance", keep("soft-delete")),
		"restore_instance":     become("restore_instance", to("active", running)),
		"unrescue_instance":    failing(become("unrescue_instance", to("active", running))),
		"rescue_instance":      failing(plain("compute_rescue_instance", (*Job).rescue)),
		"trigger_crash_dump":   plain("compute_trigger_crash_dump", nothing),
		"set_admin_password":   plain("compute_set_admin_password", func(j *Job) (any, error) { return nil, j.set(done(records.Row{})) }),
		"terminate_instance":   {event: "compute_terminate_instance", broken: "error", gone: true, run: (*Job).terminate},

		"snapshot_instance":       plain("compute_snapshot_instance", (*Job).snapshot),
		"backup_instance":         plain("compute_backup_instance", (*Job).backup),
		"quiesce_instance":        plain("", nothing),
		"unquiesce_instance":      plain("", nothing),
		"shelve_instance":         plain("compute_shelve_instance", (*Job).shelve),
		"shelve_offload_instance": plain("compute_shelve_offload_instance", (*Job).offload),

		"confirm_resize":                failing(plain("compute_confirm_resize", (*Job).confirm)),
		"revert_resize":                 failing(plain("compute_revert_resize", (*Job).revert)),
		"live_migration_force_complete": {event: "compute_live_migration_force_complete", free: true, run: ending("complete")},
		"live_migration_abort":          {event: "compute_live_migration_abort", free: true, run: ending("abort")},

		"reserve_block_device_name": plain("", (*Job).reserveDevice),
		"attach_volume":             plain("compute_attach_volume", (*Job).attachVolume),
		"detach_volume":             plain("compute_detach_volume", (*Job).detachVolume),
		"swap_volume":               plain("compute_swap_volume", (*Job).swapVolume),
		"volume_snapshot_create":    plain("", nothing),
		"volume_snapshot_delete":    plain("", nothing),

		"attach_interface":              plain("compute_attach_interface", (*Job).attachInterface),
		"detach_interface":              plain("compute_detach_interface", (*Job).detachInterface),
		"add_fixed_ip_to_instance":      plain("", (*Job).addAddress),
		"remove_fixed_ip_from_instance": plain("", (*Job).removeAddress),
		"inject_network_info":           plain("", nothing),
		"reset_network":                 plain("", nothing),
		"external_instance_event":       plain("", (*Job).events),
		"allow_share":                   plain("compute_allow_share", (*Job).allowShare),
		"deny_share":                    plain("compute_deny_share", (*Job).denyShare),

		"get_console_output":       plain("", (*Job).consoleOutput),
		"get_vnc_console":          plain("", console("vnc")),
		"get_spice_console":        plain("", console("spice")),
		"get_serial_console":       plain("", console("serial")),
		"get_mks_console":          plain("", console("mks")),
		"validate_console_port":    plain("", func(*Job) (any, error) { return true, nil }),
		"get_diagnostics":          plain("", (*Job).diagnostics),
		"get_instance_diagnostics": plain("", (*Job).instanceDiagnostics),

		"set_host_enabled":      plain("", (*Job).enable),
		"host_maintenance_mode": plain("", (*Job).maintenance),
		"host_power_action":     plain("", func(j *Job) (any, error) { return j.text("action"), nil }),
		"get_host_uptime": plain("", func(*Job) (any, error) {
			return " 12:00:00 up 1 day,  1:00,  0 users,  load average: 0.00, 0.00, 0.00", nil
		}),
		"cache_images":                    plain("", nothing),
		"refresh_instance_security_rules": plain("", nothing),
	}
}
