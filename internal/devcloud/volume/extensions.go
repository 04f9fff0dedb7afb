package volume

import (
	"maps"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// extensionNames are the names of Cinder's extensions that the service has, by alias.
var extensionNames = map[string]string{
	"OS-SCH-HNT":                      "SchedulerHints",
	"capabilities":                    "Capabilities",
	"encryption":                      "VolumeTypeEncryption",
	"os-admin-actions":                "AdminActions",
	"os-availability-zone":            "AvailabilityZones",
	"os-extended-snapshot-attributes": "ExtendedSnapshotAttributes",
	"os-quota-class-sets":             "QuotaClasses",
	"os-quota-sets":                   "Quotas",
	"os-services":                     "Services",
	"os-snapshot-actions":             "SnapshotActions",
	"os-types-extra-specs":            "TypesExtraSpecs",
	"os-types-manage":                 "TypesManage",
	"os-used-limits":                  "UsedLimits",
	"os-vol-image-meta":               "VolumeImageMetadata",
	"os-vol-tenant-attr":              "VolumeTenantAttribute",
	"os-volume-actions":               "VolumeActions",
	"os-volume-transfer":              "VolumeTransfer",
	"os-volume-type-access":           "VolumeTypeAccess",
	"qos-specs":                       "Qos_specs_manage",
	"scheduler-stats":                 "Scheduler_stats",
}

func extensions(*resource.Request) (any, error) {
	list := []any{}
	for _, alias := range slices.Sorted(maps.Keys(extensionNames)) {
		name := extensionNames[alias]
		list = append(list, map[string]any{"name": name, "alias": alias, "description": name,
			"updated": "2013-01-01T00:00:00+00:00", "links": []any{}})
	}
	return map[string]any{"extensions": list}, nil
}
