package objects

import (
	"slices"
	"strings"
)

// statuses maps a VM state and a task state to the status in the API. The task state "" is the default for all others.
var statuses = map[string]map[string]string{
	"active": {
		"": "ACTIVE", "rebooting": "REBOOT", "reboot_pending": "REBOOT", "reboot_started": "REBOOT",
		"rebooting_hard": "HARD_REBOOT", "reboot_pending_hard": "HARD_REBOOT", "reboot_started_hard": "HARD_REBOOT",
		"updating_password": "PASSWORD", "rebuilding": "REBUILD", "rebuild_block_device_mapping": "REBUILD", "rebuild_spawning": "REBUILD",
		"migrating": "MIGRATING", "resize_prep": "RESIZE", "resize_migrating": "RESIZE", "resize_migrated": "RESIZE", "resize_finish": "RESIZE",
	},
	"building": {"": "BUILD"},
	"stopped": {
		"": "SHUTOFF", "resize_prep": "RESIZE", "resize_migrating": "RESIZE", "resize_migrated": "RESIZE", "resize_finish": "RESIZE",
		"rebuilding": "REBUILD", "rebuild_block_device_mapping": "REBUILD", "rebuild_spawning": "REBUILD",
	},
	"resized":           {"": "VERIFY_RESIZE", "resize_reverting": "REVERT_RESIZE"},
	"paused":            {"": "PAUSED", "migrating": "MIGRATING"},
	"suspended":         {"": "SUSPENDED"},
	"rescued":           {"": "RESCUE"},
	"error":             {"": "ERROR", "rebuilding": "REBUILD", "rebuild_block_device_mapping": "REBUILD", "rebuild_spawning": "REBUILD"},
	"deleted":           {"": "DELETED"},
	"soft-delete":       {"": "SOFT_DELETED"},
	"shelved":           {"": "SHELVED"},
	"shelved_offloaded": {"": "SHELVED_OFFLOADED"},
}

// Status returns the status in the API for a VM state and a task state.
func Status(vmState, taskState string) string {
	tasks, ok := statuses[vmState]
	if !ok {
		return "UNKNOWN"
	}
	if s, ok := tasks[taskState]; ok {
		return s
	}
	return tasks[""]
}

// StatesOf returns the VM states and task states whose status is one of names, ignoring case, sorted. anyTask is true if
// one of the statuses is the default of a VM state, which applies to other task states too.
func StatesOf(names []string) (vm, task []string, anyTask bool) {
	for state, tasks := range statuses {
		for t, status := range tasks {
			if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, status) }) {
				continue
			}
			if !slices.Contains(vm, state) {
				vm = append(vm, state)
			}
			if t == "" {
				anyTask = true
			} else if !slices.Contains(task, t) {
				task = append(task, t)
			}
		}
	}
	slices.Sort(vm)
	slices.Sort(task)
	return vm, task, anyTask
}

// powerStates are the names of the power states, by the numbers of nova.compute.power_state.
var powerStates = map[int64]string{0: "pending", 1: "running", 3: "paused", 4: "shutdown", 6: "crashed", 7: "suspended"}

// PowerStateName returns Nova's name of a power state, or "" for a number that Nova does not have.
func PowerStateName(n int64) string { return powerStates[n] }
