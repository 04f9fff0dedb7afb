package objects

import "fmt"

// Class is the class of one of Nova's exceptions, or with its module one of a library. Notifications and logs name an
// error by its class. A Class is also an error itself, for use with errors.Is: an [Error] matches its class.
type Class struct{ name string }

// ClassNamed returns the class with a name that another process sent.
func ClassNamed(name string) Class { return Class{name} }

// Name returns the name of the exception: "FlavorNotFound", "builtins.ValueError".
func (c Class) Name() string { return c.name }

func (c Class) Error() string { return c.name }

// Errorf returns a domain error of the class.
func (c Class) Errorf(k Kind, format string, a ...any) *Error {
	return &Error{Kind: k, Class: c, Message: fmt.Sprintf(format, a...)}
}

// The classes of Nova's exceptions.
var (
	ErrAcceleratorRequestOpFailed               = Class{"AcceleratorRequestOpFailed"}
	ErrAggregateHostExists                      = Class{"AggregateHostExists"}
	ErrAggregateHostNotFound                    = Class{"AggregateHostNotFound"}
	ErrAggregateMetadataKeyExists               = Class{"AggregateMetadataKeyExists"}
	ErrAggregateNameExists                      = Class{"AggregateNameExists"}
	ErrAggregateNotFound                        = Class{"AggregateNotFound"}
	ErrAllocationDeleteFailed                   = Class{"AllocationDeleteFailed"}
	ErrAllocationUpdateFailed                   = Class{"AllocationUpdateFailed"}
	ErrAmbiguousHostnameForMultipleInstances    = Class{"AmbiguousHostnameForMultipleInstances"}
	ErrAttachInterfaceNotSupported              = Class{"AttachInterfaceNotSupported"}
	ErrAttachInterfaceWithQoSPolicyNotSupported = Class{"AttachInterfaceWithQoSPolicyNotSupported"}
	ErrAutoDiskConfigDisabledByImage            = Class{"AutoDiskConfigDisabledByImage"}
	ErrBadRequirementEmulatorThreadsPolicy      = Class{"BadRequirementEmulatorThreadsPolicy"}
	ErrBootFromVolumeRequiredForZeroDiskFlavor  = Class{"BootFromVolumeRequiredForZeroDiskFlavor"}
	ErrCPUThreadPolicyConfigurationInvalid      = Class{"CPUThreadPolicyConfigurationInvalid"}
	ErrCannotMigrateToSameHost                  = Class{"CannotMigrateToSameHost"}
	ErrCannotResizeDisk                         = Class{"CannotResizeDisk"}
	ErrCannotResizeToSameFlavor                 = Class{"CannotResizeToSameFlavor"}
	ErrCertificateValidationFailed              = Class{"CertificateValidationFailed"}
	ErrCinderAPIVersionNotAvailable             = Class{"CinderAPIVersionNotAvailable"}
	ErrCinderConnectionFailed                   = Class{"CinderConnectionFailed"}
	ErrComputeHostNotFound                      = Class{"ComputeHostNotFound"}
	ErrComputeServiceInUse                      = Class{"ComputeServiceInUse"}
	ErrComputeServiceUnavailable                = Class{"ComputeServiceUnavailable"}
	ErrConflict                                 = Class{"Conflict"}
	ErrConsoleNotAvailable                      = Class{"ConsoleNotAvailable"}
	ErrConsoleTypeInvalid                       = Class{"ConsoleTypeInvalid"}
	ErrConsoleTypeUnavailable                   = Class{"ConsoleTypeUnavailable"}
	ErrConsumerAllocationRetrievalFailed        = Class{"ConsumerAllocationRetrievalFailed"}
	ErrCreateWithPortResourceRequestOldVersion  = Class{"CreateWithPortResourceRequestOldVersion"}
	ErrDBConnectionError                        = Class{"DBConnectionError"}
	ErrDevicePathInUse                          = Class{"DevicePathInUse"}
	ErrDeviceProfileError                       = Class{"DeviceProfileError"}
	ErrException                                = Class{"Exception"}
	ErrExtendedResourceRequestOldCompute        = Class{"ExtendedResourceRequestOldCompute"}
	ErrExternalNetworkAttachForbidden           = Class{"ExternalNetworkAttachForbidden"}
	ErrFixedIPAlreadyInUse                      = Class{"FixedIpAlreadyInUse"}
	ErrFlavorAccessExists                       = Class{"FlavorAccessExists"}
	ErrFlavorAccessNotFound                     = Class{"FlavorAccessNotFound"}
	ErrFlavorDiskSmallerThanImage               = Class{"FlavorDiskSmallerThanImage"}
	ErrFlavorDiskSmallerThanMinDisk             = Class{"FlavorDiskSmallerThanMinDisk"}
	ErrFlavorExists                             = Class{"FlavorExists"}
	ErrFlavorExtraSpecUpdateCreateFailed        = Class{"FlavorExtraSpecUpdateCreateFailed"}
	ErrFlavorExtraSpecsNotFound                 = Class{"FlavorExtraSpecsNotFound"}
	ErrFlavorIDExists                           = Class{"FlavorIdExists"}
	ErrFlavorImageConflict                      = Class{"FlavorImageConflict"}
	ErrFlavorImageLockedMemoryConflict          = Class{"FlavorImageLockedMemoryConflict"}
	ErrFlavorMemoryTooSmall                     = Class{"FlavorMemoryTooSmall"}
	ErrFlavorNotFound                           = Class{"FlavorNotFound"}
	ErrFloatingIPBadRequest                     = Class{"FloatingIpBadRequest"}
	ErrFloatingIPLimitExceeded                  = Class{"FloatingIpLimitExceeded"}
	ErrFloatingIPMultipleFoundForAddress        = Class{"FloatingIpMultipleFoundForAddress"}
	ErrFloatingIPNotFound                       = Class{"FloatingIpNotFound"}
	ErrFloatingIPNotFoundForAddress             = Class{"FloatingIpNotFoundForAddress"}
	ErrFloatingIPPoolNotFound                   = Class{"FloatingIpPoolNotFound"}
	ErrForbidden                                = Class{"Forbidden"}
	ErrForbiddenPortsWithAccelerator            = Class{"ForbiddenPortsWithAccelerator"}
	ErrForbiddenSharesNotConfiguredCorrectly    = Class{"ForbiddenSharesNotConfiguredCorrectly"}
	ErrForbiddenSharesNotSupported              = Class{"ForbiddenSharesNotSupported"}
	ErrForbiddenWithAccelerators                = Class{"ForbiddenWithAccelerators"}
	ErrForbiddenWithRemoteManagedPorts          = Class{"ForbiddenWithRemoteManagedPorts"}
	ErrOperationNotSupportedForSEV              = Class{"OperationNotSupportedForSEV"}
	ErrForbiddenWithShare                       = Class{"ForbiddenWithShare"}
	ErrHTTPBadRequest                           = Class{"HTTPBadRequest"}
	ErrHTTPConflict                             = Class{"HTTPConflict"}
	ErrHostBinaryNotFound                       = Class{"HostBinaryNotFound"}
	ErrHostMappingNotFound                      = Class{"HostMappingNotFound"}
	ErrHostNotFound                             = Class{"HostNotFound"}
	ErrGlanceConnectionFailed                   = Class{"GlanceConnectionFailed"}
	ErrImageBadRequest                          = Class{"ImageBadRequest"}
	ErrImageCPUPinningForbidden                 = Class{"ImageCPUPinningForbidden"}
	ErrImageCPUThreadPolicyForbidden            = Class{"ImageCPUThreadPolicyForbidden"}
	ErrImageDeleteConflict                      = Class{"ImageDeleteConflict"}
	ErrImageNUMATopologyAsymmetric              = Class{"ImageNUMATopologyAsymmetric"}
	ErrImageNUMATopologyCPUDuplicates           = Class{"ImageNUMATopologyCPUDuplicates"}
	ErrImageNUMATopologyCPUOutOfRange           = Class{"ImageNUMATopologyCPUOutOfRange"}
	ErrImageNUMATopologyCPUsUnassigned          = Class{"ImageNUMATopologyCPUsUnassigned"}
	ErrImageNUMATopologyForbidden               = Class{"ImageNUMATopologyForbidden"}
	ErrImageNUMATopologyIncomplete              = Class{"ImageNUMATopologyIncomplete"}
	ErrImageNUMATopologyMemoryOutOfRange        = Class{"ImageNUMATopologyMemoryOutOfRange"}
	ErrImageNUMATopologyRebuildConflict         = Class{"ImageNUMATopologyRebuildConflict"}
	ErrImageNotActive                           = Class{"ImageNotActive"}
	ErrImageNotAuthorized                       = Class{"ImageNotAuthorized"}
	ErrImageNotFound                            = Class{"ImageNotFound"}
	ErrImagePCINUMAPolicyForbidden              = Class{"ImagePCINUMAPolicyForbidden"}
	ErrImageSerialPortNumberExceedFlavorValue   = Class{"ImageSerialPortNumberExceedFlavorValue"}
	ErrImageSerialPortNumberInvalid             = Class{"ImageSerialPortNumberInvalid"}
	ErrImageUnacceptable                        = Class{"ImageUnacceptable"}
	ErrImageVCPULimitsRangeExceeded             = Class{"ImageVCPULimitsRangeExceeded"}
	ErrImageVCPUTopologyRangeExceeded           = Class{"ImageVCPUTopologyRangeExceeded"}
	ErrInstanceAgentNotEnabled                  = Class{"InstanceAgentNotEnabled"}
	ErrInstanceExists                           = Class{"InstanceExists"}
	ErrInstanceGroupNotFound                    = Class{"InstanceGroupNotFound"}
	ErrInstanceInvalidState                     = Class{"InstanceInvalidState"}
	ErrInstanceIsLocked                         = Class{"InstanceIsLocked"}
	ErrInstanceMappingNotFound                  = Class{"InstanceMappingNotFound"}
	ErrInstanceNotFound                         = Class{"InstanceNotFound"}
	ErrInstanceNotReady                         = Class{"InstanceNotReady"}
	ErrInstanceNotRescuable                     = Class{"InstanceNotRescuable"}
	ErrInstancePasswordSetFailed                = Class{"InstancePasswordSetFailed"}
	ErrInstanceQuiesceFailed                    = Class{"InstanceQuiesceFailed"}
	ErrInstanceQuiesceNotSupported              = Class{"InstanceQuiesceNotSupported"}
	ErrInstanceTagLimit                         = Class{"InstanceTagLimit"}
	ErrInstanceTagNotFound                      = Class{"InstanceTagNotFound"}
	ErrInstanceUserDataMalformed                = Class{"InstanceUserDataMalformed"}
	ErrInterfaceAttachFailed                    = Class{"InterfaceAttachFailed"}
	ErrInterfaceAttachFailedNoNetwork           = Class{"InterfaceAttachFailedNoNetwork"}
	ErrInterfaceAttachPciClaimFailed            = Class{"InterfaceAttachPciClaimFailed"}
	ErrInterfaceAttachResourceAllocationFailed  = Class{"InterfaceAttachResourceAllocationFailed"}
	ErrInvalid                                  = Class{"Invalid"}
	ErrInvalidAggregateActionAdd                = Class{"InvalidAggregateActionAdd"}
	ErrInvalidAggregateActionDelete             = Class{"InvalidAggregateActionDelete"}
	ErrInvalidAggregateActionUpdate             = Class{"InvalidAggregateActionUpdate"}
	ErrInvalidAggregateActionUpdateMeta         = Class{"InvalidAggregateActionUpdateMeta"}
	ErrInvalidArchitectureName                  = Class{"InvalidArchitectureName"}
	ErrInvalidBDM                               = Class{"InvalidBDM"}
	ErrInvalidBDMBootSequence                   = Class{"InvalidBDMBootSequence"}
	ErrInvalidBDMDiskBus                        = Class{"InvalidBDMDiskBus"}
	ErrInvalidBDMEphemeralSize                  = Class{"InvalidBDMEphemeralSize"}
	ErrInvalidBDMFormat                         = Class{"InvalidBDMFormat"}
	ErrInvalidBDMImage                          = Class{"InvalidBDMImage"}
	ErrInvalidBDMLocalsLimit                    = Class{"InvalidBDMLocalsLimit"}
	ErrInvalidBDMSnapshot                       = Class{"InvalidBDMSnapshot"}
	ErrInvalidBDMSwapSize                       = Class{"InvalidBDMSwapSize"}
	ErrInvalidBDMVolume                         = Class{"InvalidBDMVolume"}
	ErrInvalidBDMVolumeNotBootable              = Class{"InvalidBDMVolumeNotBootable"}
	ErrInvalidCPUAllocationPolicy               = Class{"InvalidCPUAllocationPolicy"}
	ErrInvalidCPUThreadAllocationPolicy         = Class{"InvalidCPUThreadAllocationPolicy"}
	ErrInvalidDevicePath                        = Class{"InvalidDevicePath"}
	ErrInvalidEmulatorThreadsPolicy             = Class{"InvalidEmulatorThreadsPolicy"}
	ErrInvalidFixedIPAndMaxCountRequest         = Class{"InvalidFixedIpAndMaxCountRequest"}
	ErrInvalidImageConfigDrive                  = Class{"InvalidImageConfigDrive"}
	ErrInvalidInput                             = Class{"InvalidInput"}
	ErrInvalidKeypair                           = Class{"InvalidKeypair"}
	ErrInvalidMachineType                       = Class{"InvalidMachineType"}
	ErrInvalidMigrationState                    = Class{"InvalidMigrationState"}
	ErrInvalidMixedInstanceDedicatedMask        = Class{"InvalidMixedInstanceDedicatedMask"}
	ErrInvalidNUMANodesNumber                   = Class{"InvalidNUMANodesNumber"}
	ErrInvalidPCINUMAAffinity                   = Class{"InvalidPCINUMAAffinity"}
	ErrInvalidRequest                           = Class{"InvalidRequest"}
	ErrInvalidVideoMode                         = Class{"InvalidVideoMode"}
	ErrInvalidVolume                            = Class{"InvalidVolume"}
	ErrKeyPairExists                            = Class{"KeyPairExists"}
	ErrKeypairLimitExceeded                     = Class{"KeypairLimitExceeded"}
	ErrKeypairNotFound                          = Class{"KeypairNotFound"}
	ErrKeystoneConnectionFailed                 = Class{"KeystoneConnectionFailed"}
	ErrLockMemoryForbidden                      = Class{"LockMemoryForbidden"}
	ErrManilaConnectionFailed                   = Class{"ManilaConnectionFailed"}
	ErrMarkerNotFound                           = Class{"MarkerNotFound"}
	ErrMemoryPageSizeForbidden                  = Class{"MemoryPageSizeForbidden"}
	ErrMemoryPageSizeInvalid                    = Class{"MemoryPageSizeInvalid"}
	ErrMetadataLimitExceeded                    = Class{"MetadataLimitExceeded"}
	ErrMigrationNotFoundByStatus                = Class{"MigrationNotFoundByStatus"}
	ErrMigrationNotFoundForInstance             = Class{"MigrationNotFoundForInstance"}
	ErrMismatchVolumeAZException                = Class{"MismatchVolumeAZException"}
	ErrMultiattachNotSupportedOldMicroversion   = Class{"MultiattachNotSupportedOldMicroversion"}
	ErrMultiattachSwapVolumeNotSupported        = Class{"MultiattachSwapVolumeNotSupported"}
	ErrMultiattachToShelvedNotSupported         = Class{"MultiattachToShelvedNotSupported"}
	ErrMultiplePortsNotApplicable               = Class{"MultiplePortsNotApplicable"}
	ErrNetworkAmbiguous                         = Class{"NetworkAmbiguous"}
	ErrNetworkInterfaceTaggedAttachNotSupported = Class{"NetworkInterfaceTaggedAttachNotSupported"}
	ErrNetworkNotFound                          = Class{"NetworkNotFound"}
	ErrNetworkRequiresSubnet                    = Class{"NetworkRequiresSubnet"}
	ErrNetworksWithQoSPolicyNotSupported        = Class{"NetworksWithQoSPolicyNotSupported"}
	ErrNoMoreFixedIPs                           = Class{"NoMoreFixedIps"}
	ErrNoMoreFloatingIPs                        = Class{"NoMoreFloatingIps"}
	ErrNoUniqueMatch                            = Class{"NoUniqueMatch"}
	ErrNodeNotFound                             = Class{"NodeNotFound"}
	ErrNotFound                                 = Class{"NotFound"}
	ErrNotImplemented                           = Class{"NotImplemented"}
	ErrNotImplementedError                      = Class{"NotImplementedError"}
	ErrNovaException                            = Class{"NovaException"}
	ErrOnsetFileContentLimitExceeded            = Class{"OnsetFileContentLimitExceeded"}
	ErrOnsetFileLimitExceeded                   = Class{"OnsetFileLimitExceeded"}
	ErrOnsetFilePathLimitExceeded               = Class{"OnsetFilePathLimitExceeded"}
	ErrOperationNotSupportedForMemEncryption    = Class{"OperationNotSupportedForMemEncryption"}
	ErrOperationNotSupportedForVTPM             = Class{"OperationNotSupportedForVTPM"}
	ErrOverQuota                                = Class{"OverQuota"}
	ErrPciRequestAliasNotDefined                = Class{"PciRequestAliasNotDefined"}
	ErrPinnedZone                               = Class{"PinnedZone"}
	ErrPlacementAPIConnectFailure               = Class{"PlacementAPIConnectFailure"}
	ErrPortInUse                                = Class{"PortInUse"}
	ErrPortLimitExceeded                        = Class{"PortLimitExceeded"}
	ErrPortNotFound                             = Class{"PortNotFound"}
	ErrPortNotUsable                            = Class{"PortNotUsable"}
	ErrPortRequiresFixedIP                      = Class{"PortRequiresFixedIP"}
	ErrQemuGuestAgentNotEnabled                 = Class{"QemuGuestAgentNotEnabled"}
	ErrRealtimeConfigurationInvalid             = Class{"RealtimeConfigurationInvalid"}
	ErrRealtimeMaskNotFoundOrInvalid            = Class{"RealtimeMaskNotFoundOrInvalid"}
	ErrRequestSpecNotFound                      = Class{"RequestSpecNotFound"}
	ErrRequiredMixedInstancePolicy              = Class{"RequiredMixedInstancePolicy"}
	ErrRequiredMixedOrRealtimeCPUMask           = Class{"RequiredMixedOrRealtimeCPUMask"}
	ErrResourceProviderAggregateRetrievalFailed = Class{"ResourceProviderAggregateRetrievalFailed"}
	ErrResourceProviderNotFound                 = Class{"ResourceProviderNotFound"}
	ErrResourceProviderRetrievalFailed          = Class{"ResourceProviderRetrievalFailed"}
	ErrResourceProviderTraitRetrievalFailed     = Class{"ResourceProviderTraitRetrievalFailed"}
	ErrResourceProviderUpdateConflict           = Class{"ResourceProviderUpdateConflict"}
	ErrResourceProviderUpdateFailed             = Class{"ResourceProviderUpdateFailed"}
	ErrSecurityGroupCannotBeApplied             = Class{"SecurityGroupCannotBeApplied"}
	ErrSecurityGroupConnectionStateConflict     = Class{"SecurityGroupConnectionStateConflict"}
	ErrSecurityGroupLimitExceeded               = Class{"SecurityGroupLimitExceeded"}
	ErrSecurityGroupNotFound                    = Class{"SecurityGroupNotFound"}
	ErrServiceNotFound                          = Class{"ServiceNotFound"}
	ErrServiceNotUnique                         = Class{"ServiceNotUnique"}
	ErrServiceUnavailable                       = Class{"ServiceUnavailable"}
	ErrSetAdminPasswdNotSupported               = Class{"SetAdminPasswdNotSupported"}
	ErrShareMappingAlreadyExists                = Class{"ShareMappingAlreadyExists"}
	ErrShareMissingExportLocation               = Class{"ShareMissingExportLocation"}
	ErrShareNotFound                            = Class{"ShareNotFound"}
	ErrShareProtocolNotSupported                = Class{"ShareProtocolNotSupported"}
	ErrShareStatusIncorect                      = Class{"ShareStatusIncorect"}
	ErrSnapshotNotFound                         = Class{"SnapshotNotFound"}
	ErrSocketPortRangeExhaustedException        = Class{"SocketPortRangeExhaustedException"}
	ErrStatelessFirmwareRequired                = Class{"StatelessFirmwareRequired"}
	ErrTooManyDiskDevices                       = Class{"TooManyDiskDevices"}
	ErrTooManyInstances                         = Class{"TooManyInstances"}
	ErrUnauthorized                             = Class{"Unauthorized"}
	ErrUnableToAutoAllocateNetwork              = Class{"UnableToAutoAllocateNetwork"}
	ErrUnexpectedDeletingTaskStateError         = Class{"UnexpectedDeletingTaskStateError"}
	ErrUnexpectedTaskStateError                 = Class{"UnexpectedTaskStateError"}
	ErrUnexpectedVMStateError                   = Class{"UnexpectedVMStateError"}
	ErrUnshelveHostNotInAZ                      = Class{"UnshelveHostNotInAZ"}
	ErrUnshelveInstanceInvalidState             = Class{"UnshelveInstanceInvalidState"}
	ErrUnsupportedRPCVersion                    = Class{"UnsupportedRPCVersion"}
	ErrUnsupportedRescueImage                   = Class{"UnsupportedRescueImage"}
	ErrUsagesRetrievalFailed                    = Class{"UsagesRetrievalFailed"}
	ErrVTPMOldCompute                           = Class{"VTPMOldCompute"}
	ErrValidationError                          = Class{"ValidationError"}
	ErrValueError                               = Class{"ValueError"}
	ErrVolumeAttachmentNotFound                 = Class{"VolumeAttachmentNotFound"}
	ErrVolumeBDMIsMultiAttach                   = Class{"VolumeBDMIsMultiAttach"}
	ErrVolumeBDMNotFound                        = Class{"VolumeBDMNotFound"}
	ErrVolumeNotFound                           = Class{"VolumeNotFound"}
	ErrVolumeSmallerThanMinDisk                 = Class{"VolumeSmallerThanMinDisk"}
	ErrVolumeTaggedAttachNotSupported           = Class{"VolumeTaggedAttachNotSupported"}
	ErrVolumeTaggedAttachToShelvedNotSupported  = Class{"VolumeTaggedAttachToShelvedNotSupported"}
	ErrVolumeTypeNotFound                       = Class{"VolumeTypeNotFound"}
	Errforbidden                                = Class{"forbidden"}

	// This name is longer than the others.
	ErrNeutronAdminCredentialConfigurationInvalid = Class{"NeutronAdminCredentialConfigurationInvalid"}
)

// The classes of exceptions of Python and of libraries that Nova does not catch.
var (
	ErrBadRequestException         = Class{"openstack.exceptions.BadRequestException"}
	ErrConflictException           = Class{"openstack.exceptions.ConflictException"}
	ErrForbiddenException          = Class{"openstack.exceptions.ForbiddenException"}
	ErrHTTPException               = Class{"openstack.exceptions.HttpException"}
	ErrNotFoundException           = Class{"openstack.exceptions.NotFoundException"}
	ErrPreconditionFailedException = Class{"openstack.exceptions.PreconditionFailedException"}
	ErrConnectionError             = Class{"requests.exceptions.ConnectionError"}
	ErrKeyManagerError             = Class{"castellan.common.exception.KeyManagerError"}
	ErrEndpointNotFound            = Class{"keystoneauth1.exceptions.catalog.EndpointNotFound"}
	ErrKeyError                    = Class{"builtins.KeyError"}
	ErrMissingAuthPlugin           = Class{"keystoneauth1.exceptions.auth_plugins.MissingAuthPlugin"}
	ErrRPCVersionCapError          = Class{"oslo_messaging.rpc.client.RPCVersionCapError"}
	ErrRuntimeError                = Class{"builtins.RuntimeError"}
	ErrDBConstraintError           = Class{"oslo_db.exception.DBConstraintError"}
	ErrDBDataError                 = Class{"oslo_db.exception.DBDataError"}
	ErrDBDeadlock                  = Class{"oslo_db.exception.DBDeadlock"}
	ErrDBConsistencyError          = Class{"oslo_db.exception.DBConsistencyError"}
	ErrDBDuplicateEntry            = Class{"oslo_db.exception.DBDuplicateEntry"}
	ErrDBError                     = Class{"oslo_db.exception.DBError"}
	ErrDBNonExistentTable          = Class{"oslo_db.exception.DBNonExistentTable"}
	ErrDBReferenceError            = Class{"oslo_db.exception.DBReferenceError"}
	ErrSQLOperationalError         = Class{"sqlalchemy.exc.OperationalError"}
	ErrSQLProgrammingError         = Class{"sqlalchemy.exc.ProgrammingError"}
	ErrSSLError                    = Class{"requests.exceptions.SSLError"}
	ErrSessionInitError            = Class{"oslo_limit.exception.SessionInitError"}
	ErrTimeoutError                = Class{"sqlalchemy.exc.TimeoutError"}
)
