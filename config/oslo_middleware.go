package config

// OsloMiddleware is the [oslo_middleware] group.
type OsloMiddleware struct {
	// MaxRequestBodySize in bytes.
	MaxRequestBodySize int `opt:"max_request_body_size" default:"114688"`
	// EnableProxyHeadersParsing evaluates X-Forwarded-* and Forwarded.
	EnableProxyHeadersParsing bool `opt:"enable_proxy_headers_parsing" default:"false"`
	// HTTPBasicAuthUserFile of the http_basic_auth filter.
	HTTPBasicAuthUserFile string `opt:"http_basic_auth_user_file" default:"/etc/htpasswd"`
}
