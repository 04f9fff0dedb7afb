package objects

// Parts are what a record of an [Instance] has beside the columns of its row.
type Parts uint32

// The parts of a server that have rows or columns of their own.
const (
	PartRow Parts = 1 << iota // the columns alone
	PartMetadata
	PartSystemMetadata
	PartInfoCache
	PartSecurityGroups
	PartFlavor // with old_flavor and new_flavor
	PartNUMATopology
	PartPCIRequests
	PartPCIDevices
	PartDeviceMetadata
	PartMigrationContext
	PartKeypairs
	PartTrustedCerts
	PartResources
	PartVCPUModel
	PartTags
	PartServices
	PartFault
)

// UsualParts are what Nova loads of a server that an action is about.
const UsualParts = PartRow | PartMetadata | PartSystemMetadata | PartInfoCache | PartSecurityGroups
