package config

// VendordataDynamicAuth is the [vendordata_dynamic_auth] group: the credentials for requests to
// dynamic vendordata services.
type VendordataDynamicAuth struct {
	Session
	Auth
}
