package sessions

import (
	"fmt"

	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/rest"
)

// MetadataNeutron returns the session of the metadata service with Neutron. m and traces may be nil.
func MetadataNeutron(c *config.Config, m *metrics.Metrics, traces trace.TracerProvider) (*rest.Session, error) {
	auth, err := c.Auth("neutron")
	if err != nil {
		return nil, fmt.Errorf("[neutron]: %w", err)
	}
	return rest.New(rest.Options{Group: "neutron", Auth: auth, Session: c.Neutron.Session, Adapter: c.Neutron.Adapter,
		UserAgent: "nova-metadata", Metrics: m, Traces: traces})
}

// Vendordata is the group of the credentials for dynamic vendordata.
const Vendordata = "vendordata_dynamic_auth"

// ForVendordata returns the session of the tokens for dynamic vendordata; nil without credentials. m
// may be nil.
func ForVendordata(c *config.Config, m *metrics.Metrics) (*rest.Session, error) {
	auth, err := c.Auth(Vendordata)
	if err != nil {
		return nil, fmt.Errorf("[%s]: %w", Vendordata, err)
	}
	if auth.AuthType == "" {
		return nil, nil
	}
	return rest.New(rest.Options{Group: Vendordata, Auth: auth, Session: c.VendordataDynamicAuth.Session,
		UserAgent: "nova-metadata", Metrics: m})
}

// CheckMetadata returns the sessions of the metadata service that exist, and all errors of their
// options.
func CheckMetadata(c *config.Config) (all []*rest.Session, failed []error) {
	add := func(s *rest.Session, err error) {
		if err != nil {
			failed = append(failed, err)
		} else if s != nil {
			all = append(all, s)
		}
	}
	add(MetadataNeutron(c, nil, nil))
	if len(c.API.VendordataDynamicTargets) > 0 {
		add(ForVendordata(c, nil))
	}
	return all, failed
}
