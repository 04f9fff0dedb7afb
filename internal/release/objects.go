package release

import "slices"

// objectVersion is a version of a class of versioned objects.
type objectVersion struct {
	since   int // major version of the release that brought it
	version string
	fields  []string // that it added
}

// objectHistory has the versions of those classes of objects and of payloads of notifications
// that differ between releases, oldest first.
var objectHistory = map[string][]objectVersion{
	"ImageMetaProps": {
		{29, "1.37", nil},
		{30, "1.38", []string{"hw_firmware_stateless"}},
		{31, "1.39", nil}, // a new value of hw_vif_model, igb
		{32, "1.42", []string{"hw_sound_model", "hw_usb_model", "hw_redirected_usb_ports", "hw_mem_encryption_model"}},
		{34, "1.44", nil}, // new values of hw_mem_encryption_model
	},
	"ShareMapping": {
		{29, "1.0", nil},
		{31, "1.2", []string{"access_type", "access_to", "access_key"}},
	},
	"ShareMappingList": {
		{29, "1.0", nil},
		{34, "1.1", nil},
	},
	"InstanceActionPayload": {
		{29, "1.8", nil},
		{31, "1.9", []string{"shares"}},
	},
	"InstanceUpdatePayload": {
		{29, "2.0", nil},
		{31, "2.1", []string{"shares"}},
	},
}

// objectVersions has the versions of the other classes, which are the same in all known releases.
var objectVersions = map[string]string{
	"Aggregate":              "1.3",
	"BlockDeviceMapping":     "1.21",
	"BlockDeviceMappingList": "1.18",
	"BuildRequest":           "1.3",
	"CpuDiagnostics":         "1.0",
	"Destination":            "1.4",
	"Diagnostics":            "1.0",
	"DiskDiagnostics":        "1.0",
	"Flavor":                 "1.2",
	"ImageMeta":              "1.8",
	"Instance":               "2.8",
	"InstanceExternalEvent":  "1.5",
	"InstanceFault":          "1.2",
	"InstanceGroup":          "1.11",
	"InstanceInfoCache":      "1.5",
	"InstanceNUMACell":       "1.6",
	"InstanceNUMATopology":   "1.3",
	"InstancePCIRequest":     "1.4",
	"InstancePCIRequests":    "1.1",
	"KeyPair":                "1.4",
	"KeyPairList":            "1.3",
	"MemoryDiagnostics":      "1.0",
	"Migration":              "1.8",
	"NetworkMetadata":        "1.0",
	"NetworkRequest":         "1.3",
	"NetworkRequestList":     "1.1",
	"NicDiagnostics":         "1.0",
	"PciDevice":              "1.7",
	"PciDeviceList":          "1.3",
	"RequestGroup":           "1.3",
	"RequestLevelParams":     "1.1",
	"RequestSpec":            "1.15",
	"SchedulerLimits":        "1.0",
	"SecurityGroup":          "1.2",
	"SecurityGroupList":      "1.1",
	"Service":                "1.22",
	"ServiceList":            "1.19",
	"Tag":                    "1.1",
	"TagList":                "1.1",
	"TrustedCerts":           "1.0",
	"VirtCPUTopology":        "1.0",

	// Payloads of notifications.
	"AggregatePayload":           "1.1",
	"AuditPeriodPayload":         "1.0",
	"BlockDevicePayload":         "1.0",
	"ExceptionPayload":           "1.1",
	"FlavorPayload":              "1.4",
	"InstanceStateUpdatePayload": "1.0",
	"IpPayload":                  "1.0",
	"KeypairPayload":             "1.0",
	"ServerGroupPayload":         "1.1",
	"ServiceStatusPayload":       "1.1",
	"SharePayload":               "1.0",
}

// Object returns the version of a class of objects that the services of the release read, and
// the fields that newer versions have in addition; "" for an unknown class.
func (r Release) Object(class string) (version string, later []string) {
	history, differs := objectHistory[class]
	if !differs {
		return objectVersions[class], nil
	}
	for _, v := range history {
		if v.since <= r.Major {
			version = v.version
		} else {
			later = append(later, v.fields...)
		}
	}
	return version, later
}

// Objects returns the classes of objects that Object knows, sorted.
func Objects() []string {
	var all []string
	for class := range objectVersions {
		all = append(all, class)
	}
	for class := range objectHistory {
		all = append(all, class)
	}
	slices.Sort(all)
	return all
}
