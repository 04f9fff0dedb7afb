// Package sessions makes the HTTP sessions of the applications with the services that nova.conf
// describes.
package sessions

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rest/keystone"
)

// Compute are the sessions of the compute API.
type Compute struct {
	Service                                                              *rest.Session // of the service token; nil without one
	Keystone, Neutron, Glance, Cinder, Placement, Manila, Ironic, Cyborg *rest.Session
	Limits                                                               *rest.Session // for [oslo_limit]; nil without unified limits
	Barbican                                                             *rest.Session // nil without [ephemeral_storage_encryption] enabled
}

// ForCompute returns the sessions, or all errors of their options. m and traces may be nil.
func ForCompute(c *config.Config, m *metrics.Metrics, traces trace.TracerProvider) (Compute, []error) {
	var failed []error
	session := func(group string, o config.Session, a config.Adapter, beside *rest.Session, servers ...string) *rest.Session {
		auth, err := c.Auth(group)
		if err != nil {
			failed = append(failed, fmt.Errorf("[%s]: %w", group, err))
			return nil
		}
		s, err := rest.New(rest.Options{Group: group, Auth: auth, Session: o, Adapter: a, UserAgent: "nova-api", ServiceUser: beside,
			Servers: servers, Metrics: m, Traces: traces})
		if err != nil {
			failed = append(failed, err)
		}
		return s
	}
	own := session("service_user", c.ServiceUser.Session, config.Adapter{}, nil)
	var beside *rest.Session // the session of the service token, which is sent with a caller's token
	if c.ServiceUser.SendServiceUserToken {
		beside = own
	}
	image := c.Glance.Adapter
	second := 1.0 // seconds between attempts, as in Nova
	image.ConnectRetries, image.StatusCodeRetries = &c.Glance.NumRetries, &c.Glance.NumRetries
	image.ConnectRetryDelay, image.StatusCodeRetryDelay = &second, &second
	network := c.Neutron.Adapter
	network.ConnectRetries = &c.Neutron.HTTPRetries
	s := Compute{
		Service:   beside,
		Keystone:  session("keystone", c.Keystone.Session, c.Keystone.Adapter, beside),
		Glance:    session("glance", c.Glance.Session, image, beside, c.Glance.APIServers...),
		Placement: session("placement", c.Placement.Session, c.Placement.Adapter, nil),
		Cinder:    session("cinder", c.Cinder.Session, volumeAdapter(c), beside),
		Manila:    session("manila", c.Manila.Session, c.Manila.Adapter, nil),
		Cyborg:    session("cyborg", c.Cyborg.Session, c.Cyborg.Adapter, beside),
		Ironic:    session("ironic", c.Ironic.Session, c.Ironic.Adapter, nil),
		Neutron:   session("neutron", c.Neutron.Session, network, beside),
	}
	if c.Quota.Driver == quota.UnifiedDriver {
		s.Limits = session("oslo_limit", c.OsloLimit.Session, keystone.LimitsAdapter(c.OsloLimit), nil)
	}
	if c.EphemeralStorageEncryption.Enabled {
		if b := c.KeyManager.Backend; b != "barbican" && !strings.HasSuffix(b, ".BarbicanKeyManager") {
			failed = append(failed, fmt.Errorf("[key_manager] backend: %s: keys are created in barbican only", b))
		}
		var user *rest.Session
		if c.Barbican.SendServiceUserToken {
			user = session("barbican_service_user", c.BarbicanServiceUser.Session, config.Adapter{}, nil)
		}
		a := config.Adapter{ServiceType: "key-manager", ValidInterfaces: []string{c.Barbican.BarbicanEndpointType},
			RegionName: c.Barbican.BarbicanRegionName, EndpointOverride: c.Barbican.BarbicanEndpoint}
		var err error
		if s.Barbican, err = rest.New(rest.Options{Group: "barbican", Session: config.Session{Insecure: !c.Barbican.VerifySSL,
			CAFile: c.Barbican.VerifySSLPath}, Adapter: a, UserAgent: "nova-api", ServiceUser: user, Metrics: m, Traces: traces}); err != nil {
			failed = append(failed, err)
		}
	}
	return s, failed
}

// CheckCompute returns the sessions of the compute API that exist, with that of auth_token, and all
// errors of their options.
func CheckCompute(c *config.Config) ([]*rest.Session, []error) {
	s, failed := ForCompute(c, nil, nil)
	var tokens *rest.Session
	if c.API.AuthStrategy == "keystone" {
		var err error
		if tokens, err = middleware.TokenSession(c); err != nil {
			failed = append(failed, err)
		}
	}
	all := []*rest.Session{tokens, s.Service, s.Keystone, s.Placement, s.Neutron, s.Glance, s.Cinder, s.Manila, s.Cyborg, s.Ironic}
	return slices.DeleteFunc(all, func(s *rest.Session) bool { return s == nil }), failed
}

// volumeAdapter converts the options of [cinder] to those of the other services.
func volumeAdapter(c *config.Config) config.Adapter {
	a := config.Adapter{RegionName: c.Cinder.OSRegionName, EndpointOverride: c.Cinder.EndpointTemplate, ConnectRetries: &c.Cinder.HTTPRetries}
	entry := strings.SplitN(c.Cinder.CatalogInfo, ":", 3)
	if len(entry) == 3 { // the option's regular expression ensures it
		a.ServiceType, a.ServiceName, a.ValidInterfaces = entry[0], entry[1], []string{entry[2]}
	}
	return a
}
