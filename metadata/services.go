package metadata

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clienttls"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/sessions"
	"github.com/nova-go/nova/metadata/internal/vendordata"
)

// neutron implements networkService with the network service, as Nova's own user.
type neutron struct{ session *rest.Session }

func newNeutron(c *config.Config, m *metrics.Metrics, traces trace.TracerProvider) (*neutron, error) {
	s, err := sessions.MetadataNeutron(c, m, traces)
	return &neutron{s}, err
}

// neutronPort has the used members of a port.
type neutronPort struct {
	DeviceID       string   `json:"device_id"`
	TenantID       string   `json:"tenant_id"`
	SecurityGroups []string `json:"security_groups"`
}

func (n *neutron) list(ctx context.Context, collection string, query url.Values, out any) error {
	client, err := n.session.AsService(ctx)
	if err != nil {
		return err
	}
	base := client.Endpoint
	if !strings.HasSuffix(base, "/v2.0/") {
		base += "v2.0/"
	}
	_, err = client.Get(ctx, base+collection+"?"+query.Encode(), out, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	return err
}

func (n *neutron) ports(ctx context.Context, query url.Values) ([]neutronPort, error) {
	var out struct {
		Ports []neutronPort `json:"ports"`
	}
	err := n.list(ctx, "ports", query, &out)
	return out.Ports, err
}

// DevicesAt implements networkService.
func (n *neutron) DevicesAt(ctx context.Context, address string) ([]string, error) {
	ports, err := n.ports(ctx, url.Values{"fixed_ips": {"ip_address=" + address}, "fields": {"device_id"}})
	var ids []string
	for _, p := range ports {
		ids = append(ids, p.DeviceID)
	}
	return ids, err
}

// NetworksOfProvider implements networkService.
func (n *neutron) NetworksOfProvider(ctx context.Context, provider string) ([]string, error) {
	var out struct {
		Subnets []struct {
			NetworkID string `json:"network_id"`
		} `json:"subnets"`
	}
	err := n.list(ctx, "subnets", url.Values{"advanced_service_providers": {provider}, "fields": {"network_id"}}, &out)
	var ids []string
	for _, s := range out.Subnets {
		ids = append(ids, s.NetworkID)
	}
	return ids, err
}

// PortsAt implements networkService.
func (n *neutron) PortsAt(ctx context.Context, address string, networks []string) ([]portOwner, error) {
	found, err := n.ports(ctx, url.Values{"fixed_ips": {"ip_address=" + address}, "network_id": networks,
		"fields": {"device_id", "tenant_id"}})
	var ports []portOwner
	for _, p := range found {
		ports = append(ports, portOwner{DeviceID: p.DeviceID, ProjectID: p.TenantID})
	}
	return ports, err
}

// maxGroups bounds the number of groups in one request to Neutron, because they are part of its
// URL.
const maxGroups = 150

// SecurityGroupNames implements networkService. A group is listed once per port; a group
// without a name is listed by its id.
func (n *neutron) SecurityGroupNames(ctx context.Context, instance string) ([]string, error) {
	ports, err := n.ports(ctx, url.Values{"device_id": {instance}, "fields": {"security_groups", "device_id"}})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	var ids []string
	for _, p := range ports {
		for _, id := range p.SecurityGroups {
			if _, seen := names[id]; !seen {
				names[id] = ""
				ids = append(ids, id)
			}
		}
	}
	for len(ids) > 0 {
		some := ids[:min(len(ids), maxGroups)]
		ids = ids[len(some):]
		if err := n.groupNames(ctx, some, names); err != nil {
			return nil, err
		}
	}
	var list []string
	for _, p := range ports {
		for _, id := range p.SecurityGroups {
			if names[id] != "" {
				list = append(list, names[id])
			}
		}
	}
	return list, nil
}

func (n *neutron) groupNames(ctx context.Context, ids []string, into map[string]string) error {
	var out struct {
		Groups []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"security_groups"`
	}
	if err := n.list(ctx, "security-groups", url.Values{"id": ids, "fields": {"id", "name"}}, &out); err != nil {
		return err
	}
	for _, g := range out.Groups {
		into[g.ID] = g.Name
		if g.Name == "" {
			into[g.ID] = g.ID
		}
	}
	return nil
}

func newVendorData(c *config.Config, m *metrics.Metrics, l zerolog.Logger) (*vendordata.Documents, error) {
	services, err := newServices(c, m, l)
	if err != nil {
		return nil, err
	}
	d := &vendordata.Documents{Providers: c.API.VendordataProviders, File: &vendordata.File{Path: c.API.VendordataJSONFilePath},
		Services: services, Log: l}
	if _, err := d.File.JSON(); err != nil {
		l.Warn().Err(err).Msg("The vendor data file cannot be read")
	}
	return d, nil
}

// newServices prepares dynamic vendordata: its TLS configuration, and a token if
// [vendordata_dynamic_auth] has credentials.
func newServices(c *config.Config, m *metrics.Metrics, l zerolog.Logger) (*vendordata.Services, error) {
	connect := time.Duration(c.API.VendordataDynamicConnectTimeout) * time.Second
	read := time.Duration(c.API.VendordataDynamicReadTimeout) * time.Second
	s := &vendordata.Services{Targets: c.API.VendordataDynamicTargets, Timeout: connect + read, Fatal: c.API.VendordataDynamicFailureFatal,
		Log: l}
	if len(s.Targets) == 0 {
		return s, nil
	}
	t, err := rest.NewTransport(sessions.Vendordata, c.VendordataDynamicAuth.Session)
	if err != nil {
		return nil, err
	}
	t.DialContext = (&net.Dialer{Timeout: connect}).DialContext
	t.ResponseHeaderTimeout = read
	if file := c.API.VendordataDynamicSSLCertfile; file != "" {
		if t.TLSClientConfig.RootCAs, err = clienttls.Roots(file); err != nil {
			return nil, fmt.Errorf("%s: [api] vendordata_dynamic_ssl_certfile: %w", c.Where("api", "vendordata_dynamic_ssl_certfile"), err)
		}
	}
	s.Client = &http.Client{Transport: t}
	session, err := sessions.ForVendordata(c, m)
	if err != nil {
		return nil, err
	}
	if session == nil {
		l.Warn().Msg("Passing insecure dynamic vendordata requests because of missing or incorrect service account configuration.")
		return s, nil
	}
	s.Token = func(ctx context.Context) (string, error) {
		login, err := session.Login(ctx)
		if err != nil {
			return "", err
		}
		return login.Token, nil
	}
	return s, nil
}
