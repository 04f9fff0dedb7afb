package config

// Cinder is the [cinder] group: the connection to the volume service.
type Cinder struct {
	Session
	Auth

	// CatalogInfo is type:name:interface of the catalog entry.
	CatalogInfo string `opt:"catalog_info" default:"volumev3::publicURL" regex:"^[\\w-]+:\\w*:.*$"`
	// EndpointTemplate replaces the catalog; it may hold %(project_id)s.
	EndpointTemplate string `opt:"endpoint_template"`
	// OSRegionName of the catalog entry.
	OSRegionName string `opt:"os_region_name"`
	// HTTPRetries of a failed call.
	HTTPRetries int `opt:"http_retries" default:"3" min:"0"`
	// CrossAZAttach lets servers use volumes of other availability zones.
	CrossAZAttach bool `opt:"cross_az_attach" default:"true"`
	// Debug logs the client at DEBUG.
	Debug bool `opt:"debug" default:"false"`
}
