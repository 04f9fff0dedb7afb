package compute

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rest/keystone"
)

// sessions are the HTTP sessions with other services.
type sessions struct {
	service                                                              *rest.Session // of the service token; nil without one
	keystone, neutron, glance, cinder, placement, manila, ironic, cyborg *rest.Session
	limits                                                               *rest.Session // for [oslo_limit]; nil without unified limits
}

// newSessions returns the sessions, or all errors of their options.
func newSessions(c *config.Config, m *metrics.Metrics, traces trace.TracerProvider) (sessions, []error) {
	var failed []error
	session := func(group string, o config.Session, a config.Adapter, beside *rest.Session) *rest.Session {
		auth, err := c.Auth(group)
		if err != nil {
			failed = append(failed, fmt.Errorf("[%s]: %w", group, err))
			return nil
		}
		s, err := rest.New(rest.Options{Group: group, Auth: auth, Session: o, Adapter: a, UserAgent: "nova-api", ServiceUser: beside,
			Metrics: m, Traces: traces})
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
	if image.EndpointOverride == "" && len(c.Glance.APIServers) > 0 {
		image.EndpointOverride = c.Glance.APIServers[0]
	}
	second := 1.0 // seconds between attempts, as in Nova
	image.ConnectRetries, image.StatusCodeRetries = &c.Glance.NumRetries, &c.Glance.NumRetries
	image.ConnectRetryDelay, image.StatusCodeRetryDelay = &second, &second
	network := c.Neutron.Adapter
	network.ConnectRetries = &c.Neutron.HTTPRetries
	s := sessions{
		service:   beside,
		keystone:  session("keystone", c.Keystone.Session, c.Keystone.Adapter, beside),
		glance:    session("glance", c.Glance.Session, image, beside),
		placement: session("placement", c.Placement.Session, c.Placement.Adapter, nil),
		cinder:    session("cinder", c.Cinder.Session, volumeAdapter(c), beside),
		manila:    session("manila", c.Manila.Session, c.Manila.Adapter, nil),
		cyborg:    session("cyborg", c.Cyborg.Session, c.Cyborg.Adapter, beside),
		ironic:    session("ironic", c.Ironic.Session, c.Ironic.Adapter, nil),
		neutron:   session("neutron", c.Neutron.Session, network, beside),
	}
	if c.Quota.Driver == quota.UnifiedDriver {
		s.limits = session("oslo_limit", c.OsloLimit.Session, keystone.LimitsAdapter(c.OsloLimit), nil)
	}
	return s, failed
}

// Sessions returns the sessions with other services that the options configure, for checks of the
// configuration, and all errors of the options.
func Sessions(c *config.Config) ([]*rest.Session, []error) {
	s, failed := newSessions(c, nil, nil)
	var out []*rest.Session
	if c.API.AuthStrategy == "keystone" {
		tokens, err := middleware.TokenSession(c)
		if err != nil {
			return nil, append(failed, err)
		}
		out = append(out, tokens)
	}
	for _, one := range []*rest.Session{s.service, s.keystone, s.placement, s.neutron, s.glance, s.cinder, s.manila, s.cyborg, s.ironic} {
		if one != nil {
			out = append(out, one)
		}
	}
	return out, failed
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
