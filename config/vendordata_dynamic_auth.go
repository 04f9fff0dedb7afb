package config

// VendordataDynamicAuth is the [vendordata_dynamic_auth] group: the token for
// dynamic vendor data.
type VendordataDynamicAuth struct {
	Session
	Auth
}
