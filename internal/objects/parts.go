package objects

// Parts is a set of the parts that a record of an [Instance] contains besides the columns of its row.
type Parts uint32

// The parts of a server that have rows or columns of their own.
const (
	PartRow Parts = 1 << iota // only the columns of the row
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

// UsualParts are the parts that Nova loads for actions on a server by default.
const UsualParts = PartRow | PartMetadata | PartSystemMetadata | PartInfoCache | PartSecurityGroups
