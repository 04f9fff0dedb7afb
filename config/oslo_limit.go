package config

// OsloLimit is the [oslo_limit] group: unified limits in Keystone.
type OsloLimit struct {
	Session
	Adapter
	AdapterVersions
	Auth

	// EndpointID whose limits count.
	EndpointID string `opt:"endpoint_id"`
	// EndpointServiceName finds the endpoint by its service's name.
	EndpointServiceName string `opt:"endpoint_service_name"`
	// EndpointServiceType finds the endpoint by its service's type.
	EndpointServiceType string `opt:"endpoint_service_type"`
	// EndpointRegionName of that endpoint.
	EndpointRegionName string `opt:"endpoint_region_name"`
	// EndpointInterface of that endpoint.
	EndpointInterface string `opt:"endpoint_interface" default:"public" choices:"public,publicURL,internal,internalURL,admin,adminURL"`
}
