package config

// Glance is the [glance] group: the connection to the image service.
type Glance struct {
	Session `aliases:"cafile=ssl/ca_file;certfile=ssl/cert_file;keyfile=ssl/key_file;insecure=/api_insecure"`
	Adapter `defaults:"service_type=image;valid_interfaces=internal,public"`

	// APIServers are endpoints instead of the catalog's.
	APIServers []string `opt:"api_servers" removal:"true"`
	// NumRetries of a failed call.
	NumRetries int `opt:"num_retries" default:"3" min:"0"`
	// Debug logs the client at DEBUG.
	Debug bool `opt:"debug" default:"false"`
	// VerifyGlanceSignatures checks the signature of images.
	VerifyGlanceSignatures bool `opt:"verify_glance_signatures" default:"false"`
	// EnableCertificateValidation checks the certificates of signatures.
	EnableCertificateValidation bool `opt:"enable_certificate_validation" default:"false" removal:"true"`
	// DefaultTrustedCertificateIDs are used for servers that name none.
	DefaultTrustedCertificateIDs []string `opt:"default_trusted_certificate_ids" default:""`
	// EnableRBDDownload lets computes read images from Ceph.
	EnableRBDDownload bool `opt:"enable_rbd_download" default:"false"`
	// RBDUser of that.
	RBDUser string `opt:"rbd_user" default:""`
	// RBDCephConf is the path of ceph.conf.
	RBDCephConf string `opt:"rbd_ceph_conf" default:""`
	// RBDPool of images.
	RBDPool string `opt:"rbd_pool" default:""`
	// RBDConnectTimeout in seconds.
	RBDConnectTimeout int `opt:"rbd_connect_timeout" default:"5"`
}
