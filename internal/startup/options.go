package startup

import (
	"errors"
	"reflect"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/release"
)

// formerAPI are the options of [api] with the names that they had in [DEFAULT].
type formerAPI struct {
	config.API `aliases:"config_drive_skip_versions=DEFAULT/config_drive_skip_versions;vendordata_providers=DEFAULT/vendordata_providers;vendordata_dynamic_targets=DEFAULT/vendordata_dynamic_targets;vendordata_dynamic_ssl_certfile=DEFAULT/vendordata_dynamic_ssl_certfile;vendordata_dynamic_connect_timeout=DEFAULT/vendordata_dynamic_connect_timeout;vendordata_dynamic_read_timeout=DEFAULT/vendordata_dynamic_read_timeout;metadata_cache_expiration=DEFAULT/metadata_cache_expiration;dhcp_domain=DEFAULT/dhcp_domain;vendordata_jsonfile_path=DEFAULT/vendordata_jsonfile_path;max_limit=DEFAULT/osapi_max_limit;compute_link_prefix=DEFAULT/osapi_compute_link_prefix;glance_link_prefix=DEFAULT/osapi_glance_link_prefix;enable_instance_password=DEFAULT/enable_instance_password"` //nolint:lll // one tag
}

// ConfigOf returns a configuration as a release reads it. Before 2025.2 options of [api] are also
// read by their former names in [DEFAULT].
func ConfigOf(c *config.Config, r release.Release) (*config.Config, error) {
	if r.Has(release.NewAPIOptionNames) {
		return c, nil
	}
	var now config.API
	var former formerAPI
	if err := errors.Join(c.Decode("api", &now), c.Decode("api", &former)); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(now, former.API) {
		return c, nil
	}
	of := *c
	of.API = former.API
	return &of, nil
}
