package config

// API is the [api] group: options of the compute API and the metadata
// service.
type API struct {
	// AuthStrategy selects the pipeline of pipeline_factory_v21. Nova 34 knows
	// only keystone and ignores the option; noauth2 is for development.
	AuthStrategy string `opt:"auth_strategy" default:"keystone" choices:"keystone,noauth2"`
	// ComputeLinkPrefix replaces scheme, host and prefix in links to this API.
	ComputeLinkPrefix string `opt:"compute_link_prefix" earlier:"DEFAULT/osapi_compute_link_prefix"`
	// GlanceLinkPrefix replaces scheme, host and prefix in links to images.
	GlanceLinkPrefix string `opt:"glance_link_prefix" earlier:"DEFAULT/osapi_glance_link_prefix"`
	// MaxLimit is the largest page of a list.
	MaxLimit int `opt:"max_limit" earlier:"DEFAULT/osapi_max_limit" default:"1000" min:"0"`
	// DHCPDomain is appended to host names in metadata.
	DHCPDomain string `opt:"dhcp_domain" earlier:"DEFAULT/dhcp_domain" default:"novalocal"`
	// EnableInstancePassword shows adminPass in answers.
	EnableInstancePassword bool `opt:"enable_instance_password" earlier:"DEFAULT/enable_instance_password" default:"true"`
	// InstanceListCellsBatchStrategy is how many records to ask of each cell:
	// distributed or fixed.
	InstanceListCellsBatchStrategy string `opt:"instance_list_cells_batch_strategy" default:"distributed" choices:"distributed,fixed"`
	// InstanceListCellsBatchFixedSize is the batch of the fixed strategy.
	InstanceListCellsBatchFixedSize int `opt:"instance_list_cells_batch_fixed_size" default:"100" min:"100"`
	// InstanceListPerProjectCells asks only cells in which the project has
	// servers.
	InstanceListPerProjectCells bool `opt:"instance_list_per_project_cells" default:"false"`
	// ListRecordsBySkippingDownCells leaves out records of cells that do not answer; otherwise
	// the list fails.
	ListRecordsBySkippingDownCells bool `opt:"list_records_by_skipping_down_cells" default:"true"`
	// LocalMetadataPerCell makes the metadata service of a cell query only the database of this
	// cell.
	LocalMetadataPerCell bool `opt:"local_metadata_per_cell" default:"false"`
	// MetadataCacheExpiration in seconds; 0: no cache.
	MetadataCacheExpiration int `opt:"metadata_cache_expiration" earlier:"DEFAULT/metadata_cache_expiration" default:"15" min:"0"`
	// NeutronDefaultProjectID is the project of default networks.
	NeutronDefaultProjectID string `opt:"neutron_default_project_id" default:"default" deprecated:"/neutron_default_tenant_id" earlier:"DEFAULT/neutron_default_tenant_id"`
	// UseNeutronDefaultNets lets only networks of NeutronDefaultProjectID be
	// defaults.
	UseNeutronDefaultNets bool `opt:"use_neutron_default_nets" earlier:"DEFAULT/use_neutron_default_nets" default:"false"`
	// ResponseValidation is error, warn or ignore.
	ResponseValidation string `opt:"response_validation" default:"warn" choices:"error,warn,ignore"`
	// ConfigDriveSkipVersions are EC2 versions left out of the config drive.
	ConfigDriveSkipVersions string `opt:"config_drive_skip_versions" earlier:"DEFAULT/config_drive_skip_versions" default:"1.0 2007-01-19 2007-03-01 2007-08-29 2007-10-10 2007-12-15 2008-02-01 2008-09-01"`
	// VendordataProviders are StaticJSON and DynamicJSON.
	VendordataProviders []string `opt:"vendordata_providers" earlier:"DEFAULT/vendordata_providers" default:"StaticJSON" choices:"StaticJSON,DynamicJSON"`
	// VendordataJSONFilePath is the file of StaticJSON.
	VendordataJSONFilePath string `opt:"vendordata_jsonfile_path" earlier:"DEFAULT/vendordata_jsonfile_path"`
	// VendordataDynamicTargets are name@URL pairs of DynamicJSON.
	VendordataDynamicTargets []string `opt:"vendordata_dynamic_targets" earlier:"DEFAULT/vendordata_dynamic_targets" default:""`
	// VendordataDynamicSSLCertfile is the PEM file of the authority for the URLs of VendordataDynamicTargets.
	VendordataDynamicSSLCertfile string `opt:"vendordata_dynamic_ssl_certfile" earlier:"DEFAULT/vendordata_dynamic_ssl_certfile" default:""`
	// VendordataDynamicConnectTimeout in seconds.
	VendordataDynamicConnectTimeout int `opt:"vendordata_dynamic_connect_timeout" earlier:"DEFAULT/vendordata_dynamic_connect_timeout" default:"5" min:"3"`
	// VendordataDynamicReadTimeout in seconds.
	VendordataDynamicReadTimeout int `opt:"vendordata_dynamic_read_timeout" earlier:"DEFAULT/vendordata_dynamic_read_timeout" default:"5" min:"0"`
	// VendordataDynamicFailureFatal makes a failing target an error.
	VendordataDynamicFailureFatal bool `opt:"vendordata_dynamic_failure_fatal" default:"false"`
}
