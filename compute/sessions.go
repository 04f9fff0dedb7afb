package compute

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rest/keystone"
)

// sessions are the HTTP sessions with other services.
type sessions struct {
	keystone, neutron, glance, cinder, placement, manila, ironic, cyborg *rest.Session
	limits                                                               *rest.Session // for [oslo_limit]; nil without unified limits
}

func newSessions(c *config.Config, m *metrics.Metrics, traces trace.TracerProvider) (sessions, error) {
	var s sessions
	session := func(group string, o config.Session, a config.Adapter, beside *rest.Session) (*rest.Session, error) {
		auth, err := c.Auth(group)
		if err != nil {
			return nil, fmt.Errorf("[%s]: %w", group, err)
		}
		return rest.New(rest.Options{Group: group, Auth: auth, Session: o, Adapter: a, UserAgent: "nova-api", ServiceUser: beside, Metrics: m,
			Traces: traces})
	}
	own, err := session("service_user", c.ServiceUser.Session, config.Adapter{}, nil)
	if err != nil {
		return s, err
	}
	var beside *rest.Session // the session of the service token, which is sent with a caller's token
	if c.ServiceUser.SendServiceUserToken {
		beside = own
	}
	if s.keystone, err = session("keystone", c.Keystone.Session, c.Keystone.Adapter, beside); err != nil {
		return s, err
	}
	image := c.Glance.Adapter
	if image.EndpointOverride == "" && len(c.Glance.APIServers) > 0 {
		image.EndpointOverride = c.Glance.APIServers[0]
	}
	second := 1.0 // seconds between attempts, as in Nova
	image.ConnectRetries, image.StatusCodeRetries = &c.Glance.NumRetries, &c.Glance.NumRetries
	image.ConnectRetryDelay, image.StatusCodeRetryDelay = &second, &second
	if s.glance, err = session("glance", c.Glance.Session, image, beside); err != nil {
		return s, err
	}
	if s.placement, err = session("placement", c.Placement.Session, c.Placement.Adapter, nil); err != nil {
		return s, err
	}
	if s.cinder, err = session("cinder", c.Cinder.Session, volumeAdapter(c), beside); err != nil {
		return s, err
	}
	if s.manila, err = session("manila", c.Manila.Session, c.Manila.Adapter, nil); err != nil {
		return s, err
	}
	if s.cyborg, err = session("cyborg", c.Cyborg.Session, c.Cyborg.Adapter, beside); err != nil {
		return s, err
	}
	if s.ironic, err = session("ironic", c.Ironic.Session, c.Ironic.Adapter, nil); err != nil {
		return s, err
	}
	if c.Quota.Driver == quota.UnifiedDriver {
		if s.limits, err = session("oslo_limit", c.OsloLimit.Session, keystone.LimitsAdapter(c.OsloLimit), nil); err != nil {
			return s, err
		}
	}
	network := c.Neutron.Adapter
	network.ConnectRetries = &c.Neutron.HTTPRetries
	s.neutron, err = session("neutron", c.Neutron.Session, network, beside)
	return s, err
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
