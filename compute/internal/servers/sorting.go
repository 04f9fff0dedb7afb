package servers

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
)

// unsortable are sort keys that Nova accepts and ignores.
var unsortable = []string{"architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted",
	"deleted_at",
	"disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on", "locked", "memory_mb", "os_type",
	"reservation_id",
	"root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode"}

// sortKeys reads sort_key and sort_dir. The UUID as last key makes the order total. A key
// without a direction gets the first direction. As in Nova, the key after the last direction is
// an exception: it gets the direction of the UUID. A repeated key counts only for the number of
// directions.
//
// Nova finds wrong directions in the list of build requests, and otherwise only in the cells, where the error makes all of them
// look unreachable. A list of deleted servers has no build requests: it is empty.
func sortKeys(r *api.Request, deleted bool) ([]cell.SortKey, error) {
	keys, dirs, err := givenKeys(r)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		keys, dirs = []string{"created_at", "id"}, []string{"desc", "desc"}
	}
	if !slices.Contains(keys, "uuid") {
		keys, dirs = append(keys, "uuid"), append(dirs, "asc")
	}
	wrong := func(text string) error {
		if deleted {
			return errNothing
		}
		return api.BadRequest("Invalid input received: %s", text)
	}
	for n, dir := range dirs {
		if dirs[n] = strings.TrimSpace(dir); dirs[n] != "asc" && dirs[n] != "desc" {
			return nil, wrong("Unknown sort direction, must be 'desc' or 'asc'")
		}
	}
	if len(dirs) > len(keys) {
		return nil, wrong("Sort direction size exceeds sort key size")
	}
	var out []cell.SortKey
	for n, key := range keys {
		if slices.ContainsFunc(out, func(s cell.SortKey) bool { return s.Column == key }) {
			continue // the first occurrence determines the order
		}
		dir := "desc"
		if len(dirs) > 0 {
			dir = dirs[0]
		}
		if n < len(dirs) {
			dir = dirs[n]
		}
		out = append(out, cell.SortKey{Column: key, Desc: dir == "desc"})
	}
	return out, nil
}

// givenKeys reads the sort keys and directions of the query, without the keys that cannot be
// sorted by and their directions. Sorting by host or node is for administrators.
func givenKeys(r *api.Request) (keys, dirs []string, err error) {
	given, dirs := r.Query()["sort_key"], slices.Clone(r.Query()["sort_dir"])
	if len(given) == 0 {
		given = []string{"created_at"}
	}
	if len(dirs) == 0 {
		dirs = []string{"desc"}
	}
	for _, key := range given {
		key = strings.TrimSpace(key)
		switch {
		case slices.Contains(unsortable, key) && !(key == "locked" && r.Since(mv.V73LockedReason)):
			if len(dirs) > len(keys) {
				dirs = slices.Delete(dirs, len(keys), len(keys)+1)
			}
			continue
		case (key == "host" || key == "node") && !r.Caller.IsAdmin:
			return nil, nil, api.Forbidden("Only administrators can sort servers by %s", key)
		}
		keys = append(keys, key)
	}
	return keys, dirs, nil
}
