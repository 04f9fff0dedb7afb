package devcloud

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/guests"
	"github.com/nova-go/nova/internal/devcloud/identity"
	"github.com/nova-go/nova/internal/devcloud/private"
	"github.com/nova-go/nova/internal/release"
)

//go:embed api-paste.ini
var pasteFile string

// writeFiles writes nova.conf, api-paste.ini, clouds.yaml and openrc, at each start, because the
// address may have changed.
func (c *Cloud) writeFiles() error {
	files := map[string]string{"nova.conf": c.novaConf(), "api-paste.ini": pasteFile, "clouds.yaml": c.cloudsYAML(), "openrc": c.openrc()}
	for name, text := range files {
		if err := private.Write(filepath.Join(c.state, name), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) novaConf() string {
	// oslo.config substitutes $name in values.
	literal := func(s string) string { return strings.ReplaceAll(s, "$", "$$") }
	state := literal(c.state)
	ca := ""
	if c.secure() {
		ca = "cafile = " + filepath.Join(state, certFile) + "\n"
	}
	login := ca + fmt.Sprintf("auth_type = password\nauth_url = %s/identity/v3\nusername = nova\npassword = %s\nproject_name = "+
		"service\nuser_domain_name = Default\nproject_domain_name = Default\n", c.url, Password)
	var b strings.Builder
	fmt.Fprintf(&b, "[DEFAULT]\nhost = dev\nmy_ip = 127.0.0.1\nstate_path = %s\ntransport_url = fake://\n", state)
	for _, d := range []struct{ group, name string }{{"api_database", "nova_api"}, {"database", "nova_cell1"}} {
		fmt.Fprintf(&b, "[%s]\nconnection = %s\nmax_pool_size = %d\nmax_overflow = %d\npool_timeout = %d\n",
			d.group, literal(c.connection(d.name)),
			*connectionOptions.MaxPoolSize, *connectionOptions.MaxOverflow, int(connectionOptions.Wait.Seconds()))
	}
	fmt.Fprintf(&b, "[wsgi]\napi_paste_config = %s/api-paste.ini\ncell_mappings_life = %d\n", state, mappingsLife)
	if c.release != release.Newest() {
		fmt.Fprintf(&b, "release = %s\n", c.release.ID)
	}
	fmt.Fprintf(&b, "[keystone_authtoken]\nservice_type = compute\nwww_authenticate_uri = %s/identity/v3\n%s", c.url, login)
	for _, group := range []string{"service_user", "keystone", "neutron", "cinder", "placement", "glance", "manila"} {
		fmt.Fprintf(&b, "[%s]\n%sregion_name = %s\n", group, login, identity.Region)
		if group == "neutron" {
			fmt.Fprintf(&b, "service_metadata_proxy = true\nmetadata_proxy_shared_secret = %s\n", guests.ProxySecret)
		}
	}
	return b.String()
}

func (c *Cloud) cloudsYAML() string {
	var b strings.Builder
	b.WriteString("clouds:\n")
	for _, u := range []struct{ cloud, user, project string }{{"nova-dev", "demo", "demo"},
		{"nova-dev-admin", "admin", "admin"}, {"nova-dev-reader", "reader", "demo"}} {
		fmt.Fprintf(&b, "  %s:\n    auth:\n      auth_url: %s/identity/v3\n      username: %s\n      password: %s\n      project_name: %s\n   "+
			"   user_domain_name: Default\n      project_domain_name: Default\n    region_name: %s\n",
			u.cloud, c.url, u.user, Password, u.project, identity.Region)
		if c.secure() {
			fmt.Fprintf(&b, "    cacert: %s\n", filepath.Join(c.state, certFile))
		}
	}
	return b.String()
}

func (c *Cloud) openrc() string {
	ca := ""
	if c.secure() {
		ca = fmt.Sprintf("export OS_CACERT='%s'\n", filepath.Join(c.state, certFile))
	}
	return ca + fmt.Sprintf("user=${1:-demo}\ncase $user in\nadmin) project=${2:-admin} ;;\n*) project=${2:-demo} ;;\nesac\n"+
		"export OS_AUTH_URL=%s/identity/v3 OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=%s\nexport "+
		"OS_USERNAME=$user OS_PASSWORD=%s OS_PROJECT_NAME=$project OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default\n", c.url,
		identity.Region, Password)
}
