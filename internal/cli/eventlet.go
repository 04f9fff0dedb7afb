package cli

import (
	"net"
	"slices"
	"strconv"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// eventlet has the options for the addresses of Nova's own eventlet servers, which Nova has
// removed after 2025.1. Existing configuration files still contain them.
type eventlet struct {
	ComputeListen  string   `opt:"osapi_compute_listen"`
	ComputePort    int      `opt:"osapi_compute_listen_port" default:"8774"`
	MetadataListen string   `opt:"metadata_listen"`
	MetadataPort   int      `opt:"metadata_listen_port" default:"8775"`
	EnabledSSLAPIs []string `opt:"enabled_ssl_apis"`
}

type eventletTLS struct {
	CertFile string `opt:"ssl_cert_file" deprecated:"DEFAULT/ssl_cert_file"`
	KeyFile  string `opt:"ssl_key_file" deprecated:"DEFAULT/ssl_key_file"`
	CAFile   string `opt:"ssl_ca_file" deprecated:"DEFAULT/ssl_ca_file"`
}

// configured adds the listener of the configuration, which is used if there are no other
// addresses.
func (p Program) configured(c *config.Config, o *serve.Options) error {
	var e eventlet
	if err := c.Decode("DEFAULT", &e); err != nil {
		return err
	}
	host, port := e.MetadataListen, e.MetadataPort
	if p.App == uwsgiini.Compute {
		host, port = e.ComputeListen, e.ComputePort
	}
	address := net.JoinHostPort(host, strconv.Itoa(port))
	if !slices.Contains(e.EnabledSSLAPIs, p.App) {
		o.HTTP = []string{address}
		return nil
	}
	t, err := configuredTLS(c)
	if err != nil {
		return err
	}
	t.Addr = address
	o.HTTPS = []serve.TLS{t}
	return nil
}

// configuredTLS returns the TLS files of [wsgi].
func configuredTLS(c *config.Config) (serve.TLS, error) {
	var t eventletTLS
	err := c.Decode("wsgi", &t)
	return serve.TLS{CertFile: t.CertFile, KeyFile: t.KeyFile, ClientCAFile: t.CAFile}, err
}
