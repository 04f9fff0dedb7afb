package release

// Change is a change in Nova that depends on the release only: no microversion announces it.
// Each has one name; searching for the name finds all code of the change. Changes of request
// schemas are data of package schema.
type Change int

// The changes, by the release that brought them.
const (
	// 2024.2
	VolumeBackedMinRAM Change = iota
	CPUTopologySpecs
	BaremetalCommandText
	ComputeNodesUnmapped

	// 2025.1
	HintsWithUnderscoreDropped
	EmptyImageRef
	RawVolumeSnapshots
	UnlimitedUnified
	ShareMetadata
	SharePolicies
	BaremetalDefaultTexts

	// 2025.2
	V20Deprecated
	NewAPIOptionNames
	ManagerAndServiceRoles
	SoundAndUSBModels
	TypeListSchemas
	StandardImageProperties
	SwapVolumeText
	RDPConsoleRefused
	ConsoleKeyErrors

	// 2026.1
	ConductorAttachesVolumes
	AlternativeComputeTopic
	FaultsOfAllCells
	VTPMLiveMigration
	SharesOfAdmins
	NetworksQuotaUnknown

	// 2026.2
	IncompleteAttachmentsHidden
	LockMemoryInvalid
	MemoryEncryptionModels
	SharesAtResize
	BuildingServersCleanedUp
	UnifiedLimitsOfDevices
	ScopeAlwaysEnforced
	AcceleratorErrorText
)

// changes has for each change the major version of the release that brought it, and what it is.
var changes = [...]struct {
	since int
	what  string
}{
	VolumeBackedMinRAM:   {30, "a resize of a server with a root volume checks min_ram of its image"},
	CPUTopologySpecs:     {30, "flavors: hw:cpu_max_sockets, _cores and _threads are validated, before it was hw:max_cpu_*"},
	BaremetalCommandText: {30, "changes of bare metal nodes are refused with Command not supported, before Command Not supported"},
	ComputeNodesUnmapped: {30, "the deletion of a nova-compute also clears the column mapped of its compute nodes"},

	HintsWithUnderscoreDropped: {31, "scheduler hints whose names begin with _nova are dropped"},
	EmptyImageRef:              {31, "an empty imageRef counts as none also for block devices of images"},
	RawVolumeSnapshots:         {31, "images of servers with a root volume are raw, before the first of qcow2, vhd, vmdk, raw in Glance"},
	UnlimitedUnified:           {31, "unified limits: -1 is unlimited, [quota] unified_limits_resource_strategy and _list"},
	ShareMetadata:              {31, "metadata version 2025-04-04, which lists shares among the devices"},
	SharePolicies:              {31, "policies os-server-shares:*"},
	BaremetalDefaultTexts:      {31, "properties that a bare metal node does not have are shown as the text 0, before as a number"},

	V20Deprecated:          {32, "the version document of v2.0 says DEPRECATED, with the date 2025-07-04"},
	NewAPIOptionNames:      {32, "the names in [DEFAULT] of options of [api] are no longer read"},
	ManagerAndServiceRoles: {32, "policies of migrations allow managers of projects, those of other services require the role service"},
	SoundAndUSBModels:      {32, "flavors and images: sound model, USB model, redirected USB ports, memory encryption model"},
	TypeListSchemas:        {32, "other texts for values that match none of several types in schemas"},

	StandardImageProperties: {32, "since 2.98 servers show only properties of their images that Nova knows, before all that it keeps"},
	SwapVolumeText:          {32, "the text that refuses to replace a volume that does not migrate"},
	RDPConsoleRefused:       {32, "a console with the protocol rdp is answered with 400, before with 500"},
	ConsoleKeyErrors:        {32, "since 2.6 a KeyError of nova-compute that opens a console answers 501, before 500"},

	ConductorAttachesVolumes: {33, "nova-conductor attaches volumes, before it was the API"},
	AlternativeComputeTopic:  {33, "external events are sent to the topic compute-alt"},
	FaultsOfAllCells:         {33, "lists of servers in detail show faults from all cells"},
	VTPMLiveMigration:        {33, "live migration of servers with a virtual TPM"},

	SharesOfAdmins:       {33, "policies os-server-shares:* allow administrators of other projects"},
	NetworksQuotaUnknown: {33, "a quota named networks is unknown, before it is refused with a text of its own"},

	IncompleteAttachmentsHidden: {34, "since 2.89 volumes that are still being reserved are not listed as attached"},
	LockMemoryInvalid:           {34, "locked memory without a page size answers 400, before 403, and a contradicting image 400, before 500"},
	MemoryEncryptionModels:      {34, "memory encryption by AMD SEV-SNP and Intel TDX, and its texts"},
	SharesAtResize:              {34, "servers with shares can be resized and migrated"},
	BuildingServersCleanedUp:    {34, "the deletion of a server that is building removes its volume attachments in Cinder"},
	UnifiedLimitsOfDevices:      {34, "unified limits count PCI devices, bandwidth of ports and device profiles"},
	ScopeAlwaysEnforced:         {34, "[oslo_policy] enforce_scope cannot be turned off"},
	AcceleratorErrorText:        {34, "errors of requests to Cyborg contain the reason"},
}

// Has reports whether the release has a change.
func (r Release) Has(c Change) bool { return r.Major >= changes[c].since }
