package config

// CORS is the [cors] group of oslo.middleware; [cors.NAME] sections have the
// same options and are read with Config.Decode.
type CORS struct {
	// AllowedOrigin are the origins, or "*"; nil: CORS is off.
	AllowedOrigin []string `opt:"allowed_origin"`
	// AllowCredentials of cross-origin requests.
	AllowCredentials bool `opt:"allow_credentials" default:"true"`
	// ExposeHeaders a browser may read.
	ExposeHeaders []string `opt:"expose_headers" default:"X-Auth-Token,X-Openstack-Request-Id,X-Subject-Token,X-Service-Token,X-OpenStack-Nova-API-Version,OpenStack-API-Version"`
	// MaxAge in seconds of a preflight answer.
	MaxAge int `opt:"max_age" default:"3600"`
	// AllowMethods a browser may use.
	AllowMethods []string `opt:"allow_methods" default:"GET,PUT,POST,DELETE,PATCH"`
	// AllowHeaders a browser may send.
	AllowHeaders []string `opt:"allow_headers" default:"X-Auth-Token,X-Openstack-Request-Id,X-Identity-Status,X-Roles,X-Service-Catalog,X-User-Id,X-Tenant-Id,X-OpenStack-Nova-API-Version,OpenStack-API-Version"`
}
