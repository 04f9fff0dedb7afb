package config

// Workarounds is the [workarounds] group, with the options that the API reads.
type Workarounds struct {
	// DisableComputeServiceCheckForFFU starts in spite of computes that are too
	// old.
	DisableComputeServiceCheckForFFU bool `opt:"disable_compute_service_check_for_ffu" default:"false"`
	// UnifiedLimitsCountPCPUAsVCPU counts dedicated CPUs as VCPUs.
	UnifiedLimitsCountPCPUAsVCPU bool `opt:"unified_limits_count_pcpu_as_vcpu" default:"false"`
	// DisableRootwrap uses sudo alone.
	DisableRootwrap bool `opt:"disable_rootwrap" default:"false"`
	// DisableGroupPolicyCheckUpcall leaves out the late check of server groups.
	DisableGroupPolicyCheckUpcall bool `opt:"disable_group_policy_check_upcall" default:"false"`
}
