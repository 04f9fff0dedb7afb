//go:build lab && linux

package deployments_test

import (
	"os"
	"regexp"
	"slices"
)

// deployment is how a project deploys Nova's API services.
type deployment struct {
	name          string
	image         string   // directory of testdata/images: the layer of the deployer is on it
	users, groups []string // lines of the user and group files
	directories   []directory
	links         map[string]string // paths of programs, and which of ours stands there
	certificates  [][2]string       // files of the certificate and the key of listeners
	user          string            // of the database: nova, nova_tls (only with TLS) or nova_x509 (only with a certificate)
	database      map[string]string // paths of the server's certificate (CA) and the client's (certificate, key): "cert", "key"
	readOnly      bool              // the root directory is; writable are the directories of temporary
	temporary     []string
	services      []service
}

// service is one process of a deployment.
type service struct {
	name    string // nova-api or nova-metadata
	command []string
	unit    string // of systemd: command and reload are those of the drop-in in its layer
	env     []string
	notify  bool // the supervisor waits for READY=1
	as      account
	runs    account // after the start
	https   bool
	socket  string // unix socket of the uwsgi protocol, in the place of a port
	mode    string // of the socket, with its owner and group
	front   string // Apache's configuration in front of the socket, if Apache is installed
	prefix  string // of the service behind Apache
	journal bool   // the records of oslo.log are in the journal
	stats   bool   // uWSGI's statistics over HTTP
	drain   string // the file that has the readiness probe fail
	probe   probe
	logs    []logFile
	check   []string // arguments of check
	said    []string // expressions of all findings of check
	reload  []string // the command of the supervisor; HUP: the signal
	changes string   // file for a changed option
}

// probe is the request of a health check, which expects 200.
type probe struct{ path, agent string }

// logFile is a file that the deployment collects.
type logFile struct {
	path    string         // "": the output of the process
	mode    string         // of the file, with its owner and group
	line    *regexp.Regexp // matches each line
	request *regexp.Regexp // matches the line of a request, if requests have one
}

var nova = account{UID: 42436, GID: 42436, Groups: []int{42400, 42436}}

const (
	systemCAs = "/etc/ssl/certs/ca-certificates.crt"
	// osloLine is what the collector of kolla-ansible expects of each record of oslo.log.
	osloLine = `^(?<Timestamp>\S+ \S+) (?<Pid>\d+) (?<log_level>\S+) (?<python_module>\S+) ((?:\[)(?:None|req-)(?<global_request_id>\S+)? ` +
		`(?:None|req-)(?<request_id>\S+) (?<user_id>\S+) (?<tenant_id>\S+) (?<domain_id>\S+) (?<system_scope>\S+) (?<user_domain>\S+) ` +
		`(?<project_domain>\S+)(?:\]))?(?<Payload>.*)?$`
	osloFirst = `^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}.\d{3} \d+ \S+ \S+ \[.*\]`
	// uwsgiRequest is its expression for uWSGI's line of a request; other lines are only a payload.
	uwsgiRequest = `^\[pid: (?<Pid>\d+)\|app: (?<App>\d+)\|req: (?<Req>\d+\/\d+)\] (?<Address>\S+) \((?<User>\w*)\) \{(?<Vars>\d+) vars +in ` +
		`(?<Bytes>\d+) bytes\} \[(?<Timestamp>\w+ \w+\s+\d+ \d+:\d+:\d+ \d+)\] (?<Payload>.*)$`
)

// records matches the lines of the log of requests that the paste file of the compute API has. That of metadata has none.
func records(service string) *regexp.Regexp {
	if service == "nova-metadata" {
		return nil
	}
	return regexp.MustCompile(osloLine)
}

func kolla() deployment {
	d := deployment{name: "kolla-ansible", user: "nova_tls",
		users:  []string{"nova:x:42436:42436::/var/lib/nova:/usr/sbin/nologin"},
		groups: []string{"nova:x:42436:", "kolla:x:42400:nova"},
		directories: []directory{{"/var/lib/nova", nova, 0o755}, {"/etc/nova", nova, 0o755}, {"/etc/nova/certs", nova, 0o755},
			{"/var/log/kolla", account{GID: 42400}, os.ModeSetgid | 0o775}, {"/var/log/kolla/nova", account{UID: 42436, GID: 42400}, os.ModeSetgid | 0o775}},
		image:        "kolla",
		certificates: [][2]string{{"/var/lib/kolla/config_files/nova-cert.pem", "/var/lib/kolla/config_files/nova-key.pem"}},
	}
	for _, name := range []string{"nova-api", "nova-metadata"} {
		s := service{name: name, command: []string{"kolla_start"}, env: []string{"PATH=/var/lib/kolla/venv/bin:/usr/local/bin:/usr/bin:/bin", "KOLLA_CONFIG_STRATEGY=COPY_ALWAYS"}, as: root,
			runs: account{UID: 42436, Groups: []int{0}}, https: true,
			probe: probe{"/", "curl-healthcheck"},
			logs: []logFile{
				{"/var/log/kolla/nova/" + name + ".log", "-rw-r--r-- 42436:42400", regexp.MustCompile(osloFirst), records(name)},
				{"/var/log/kolla/nova/" + name + "-uwsgi.log", "-rw-r--r-- 42436:42400", regexp.MustCompile(`^.*$`), regexp.MustCompile(uwsgiRequest)},
			},
			check: []string{"--ini", "/etc/nova/" + name + "-uwsgi.ini"},
			said: []string{`static-map is left out`, `api_servers: deprecated`, `\[privsep_entrypoint\]: no such group`,
				`\[service_user\] (region_name|valid_interfaces): no such option`}, reload: []string{"HUP"}, changes: "/etc/nova/nova.conf"}
		d.services = append(d.services, s)
	}
	return d
}

// noPublicIdentity is keystonemiddleware's warning about a [keystone_authtoken] without www_authenticate_uri.
const noPublicIdentity = `Configuring www_authenticate_uri to point to the public identity endpoint is required`

// helm is openstack-helm: pods with a root directory that cannot be written, whose output kubelet collects.
func helm() deployment {
	user := account{UID: 42424, GID: 42424, Groups: []int{42424}}
	d := deployment{name: "openstack-helm", user: "nova_x509", users: []string{"nova:x:42424:42424::/var/lib/nova:/usr/sbin/nologin"}, groups: []string{"nova:x:42424:"},
		image:    "loci",
		database: map[string]string{"/etc/mysql/certs/ca.crt": "cert", "/etc/mysql/certs/tls.crt": "cert", "/etc/mysql/certs/tls.key": "key"},
		readOnly: true, temporary: []string{"/var/lib/nova"}}
	for _, name := range []string{"nova-api", "nova-metadata"} {
		d.services = append(d.services, service{name: name, command: []string{"uwsgi", "--ini", "/etc/nova/" + name + "-uwsgi.ini"},
			env: []string{"PATH=/var/lib/openstack/bin:/usr/local/bin:/usr/bin:/bin"}, as: user, runs: user, probe: probe{"/", "kube-probe/1.31"},
			logs:  []logFile{{line: regexp.MustCompile(osloFirst + `|` + uwsgiRequest + `|^$`), request: regexp.MustCompile(uwsgiRequest)}},
			check: []string{"--ini", "/etc/nova/" + name + "-uwsgi.ini"}, said: []string{`auth_version: no such option`}, stats: true})
	}
	d.services[0].said = append(d.services[0].said, `\[cinder\] auth_type: the options of the plugin password are incomplete`, noPublicIdentity)
	return d
}

// ansible is openstack-ansible: units of systemd whose output the journal has.
func ansible() deployment {
	user := account{UID: 64060, GID: 64060, Groups: []int{64060}}
	d := deployment{name: "openstack-ansible", user: "nova_tls", users: []string{"nova:x:64060:64060::/var/lib/nova:/bin/false"}, groups: []string{"nova:x:64060:"},
		directories: []directory{{"/run/nova-api-os-compute/uwsgi", user, 0o755}, {"/run/nova-api-metadata/uwsgi", user, 0o755}, {"/var/lib/nova", user, 0o755}},
		links:       map[string]string{"/usr/local/bin/uwsgi": "nova-api"}, certificates: [][2]string{{"/etc/nova/nova.pem", "/etc/nova/nova.key"}}}
	for name, unit := range map[string]string{"nova-api": "nova-api-os-compute", "nova-metadata": "nova-api-metadata"} {
		d.services = append(d.services, service{name: name, unit: unit, as: user, runs: user, https: true,
			probe: probe{"/", "osa-haproxy-healthcheck"}, journal: true,
			check: []string{"--ini", "/etc/uwsgi/" + unit + ".ini"}, said: []string{`enabled_apis: no such option`, `\[service_user\] region_name: no such option`},
			changes: "/etc/nova/nova.conf"})
	}
	return d
}

// devstack starts units of systemd with Type=notify; Apache is in front of the compute API.
func devstack() deployment {
	user := account{UID: 1001, GID: 1001, Groups: []int{1001}}
	d := deployment{name: "devstack", user: "nova", users: []string{"stack:x:1001:1001::/opt/stack:/bin/bash"}, groups: []string{"stack:x:1001:"},
		directories: []directory{{"/run/uwsgi", account{UID: 1001}, 0o755}, {"/opt/stack/data/nova", user, 0o755}},
		links:       map[string]string{"/opt/stack/data/venv/bin/uwsgi": "nova-api"}}
	uwsgi := "/opt/stack/data/venv/bin/uwsgi"
	line := regexp.MustCompile("^\x1b\\[\\d\\d;\\d\\dm(DEBUG|INFO|WARNING|ERROR) \\S+ \\[\x1b\\[.*\x1b\\[0?0m" + `|^\[pid: |^$`)
	d.services = []service{
		{name: "nova-api", command: []string{uwsgi, "--procname-prefix", "nova-api", "--ini", "/etc/nova/nova-api-uwsgi.ini", "--venv", "/opt/stack/data/venv"}, as: user, runs: user,
			notify: true, front: "/etc/apache2/sites-enabled/nova-api.conf", prefix: "/compute", socket: "/run/uwsgi/nova-api.socket", mode: "Srw-rw-rw- 1001:1001", probe: probe{"/", "curl/7.88.1"}, logs: []logFile{{line: line, request: regexp.MustCompile(uwsgiRequest)}},
			check: []string{"--ini", "/etc/nova/nova-api-uwsgi.ini"}, said: []string{`enabled_apis: no such option`, noPublicIdentity}, reload: []string{"HUP"}, changes: "/etc/nova/nova.conf"},
		{name: "nova-metadata", command: []string{uwsgi, "--procname-prefix", "nova-api-meta", "--ini", "/etc/nova/nova-metadata-uwsgi.ini"}, as: user, runs: user,
			notify: true, probe: probe{"/", "curl/7.88.1"}, logs: []logFile{{line: line, request: regexp.MustCompile(uwsgiRequest)}}, check: []string{"--ini", "/etc/nova/nova-metadata-uwsgi.ini"}, said: []string{`enabled_apis: no such option`}},
	}
	return d
}

// operator is nova-operator: pods whose command is Apache's, in whose place the image has a script.
func operator() deployment {
	user := account{UID: 42436, GID: 42436, Groups: []int{42400, 42436}}
	d := deployment{name: "nova-operator", user: "nova_tls", users: []string{"apache:x:48:48::/usr/share/httpd:/sbin/nologin", "nova:x:42436:42436::/var/lib/nova:/usr/sbin/nologin"}, groups: []string{"apache:x:48:", "nova:x:42436:", "kolla:x:42400:nova"},
		image:        "kolla",
		directories:  []directory{{"/var/log/nova", user, 0o755}, {"/var/lib/nova", user, 0o755}},
		certificates: [][2]string{{"/etc/pki/tls/certs/internal.crt", "/etc/pki/tls/private/internal.key"}, {"/etc/pki/tls/certs/public.crt", "/etc/pki/tls/private/public.key"}},
		database:     map[string]string{"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": "cert"}}
	access := regexp.MustCompile(`^(\S+) (\S+) (\S+) \[[^]]+\] "[^"]*" \d{3} (\d+|-) "[^"]*" "[^"]*"|` + osloFirst)
	for _, name := range []string{"nova-api", "nova-metadata"} {
		d.services = append(d.services, service{name: name, command: []string{"kolla_start"}, env: []string{"KOLLA_CONFIG_STRATEGY=COPY_ALWAYS"}, as: user, runs: user, https: name == "nova-api", probe: probe{"/", "kube-probe/1.31"},
			logs: []logFile{{"/var/log/nova/" + name + ".log", "-rw-r--r-- 42436:42436", regexp.MustCompile(osloFirst), records(name)}, {line: access, request: access}},
			said: []string{`\[(glance|barbican)\] (auth_url|auth_type|project_domain_name|user_domain_name|project_name|username|password): no such option`,
				`enabled_apis: no such option`, `\[oslo_policy\] enforce_scope: deprecated`},
			reload: []string{"HUP"}, changes: "/etc/nova/nova.conf.d/02-nova-override.conf"})
	}
	return d
}

// charms are those of Juju: Apache, in whose file a proxy takes the place of mod_wsgi, and a unit of systemd.
func charms() deployment {
	d := behindApache(deployment{name: "charms", user: "nova_tls", database: map[string]string{"/etc/nova/ssl/database.ca": "cert"}}, "/etc/apache2/sites-enabled/wsgi-openstack-api.conf",
		"/var/log/apache2", `logdir: deprecated name`, `api_servers: deprecated`, `\[osapi_v3\]: no such group`, `: no such option`, `dhcp_domain: read only before 2025.2`)
	for n := range d.services {
		if s := &d.services[n]; s.name == "nova-api" {
			s.said = append(slices.Clone(s.said), noPublicIdentity)
		}
	}
	return d
}

// puppet is puppet-nova, also of packstack: Apache as above, with the paths of Red Hat's packages.
func puppet() deployment {
	return behindApache(deployment{name: "puppet-nova", user: "nova_tls"}, "/etc/httpd/conf.d/10-nova_wsgi.conf", "/var/log/httpd",
		`api_servers: deprecated`, `enabled_apis: no such option`, `dhcp_domain: read only before 2025.2`)
}

func behindApache(d deployment, front, logs string, said ...string) deployment {
	user := account{UID: 162, GID: 33, Groups: []int{33}} // the group of Apache
	d.users, d.groups = []string{"nova:x:162:162::/var/lib/nova:/usr/sbin/nologin"}, []string{"nova:x:162:"}
	d.directories = []directory{{"/var/log/nova", user, 0o750}, {"/var/lib/nova", user, 0o755}, {"/run/nova", user, 0o755}, {logs, root, 0o755}}
	for name, file := range map[string]string{"nova-api": "nova-api-os-compute", "nova-metadata": "nova-api-metadata"} {
		d.services = append(d.services, service{name: name, command: []string{"/usr/local/bin/" + name, "--uwsgi", "unix:/run/nova/" + name + ".sock"}, as: user, runs: user, notify: true,
			socket: "/run/nova/" + name + ".sock", mode: "Srw-rw---- 162:33", front: front, probe: probe{"/", "-"}, said: said,
			logs:   []logFile{{"/var/log/nova/" + file + ".log", "-rw-r--r-- 162:33", regexp.MustCompile(osloFirst), records(name)}},
			reload: []string{"HUP"}, changes: "/etc/nova/nova.conf"})
	}
	return d
}

// sap is the chart of SAP: the compute API under uWSGI, which is started as root, the metadata service as a program of its own.
func sap() deployment {
	user := account{UID: 1000, GID: 1000, Groups: []int{1000}}
	d := deployment{name: "sap", user: "nova", users: []string{"nova:x:1000:1000::/var/lib/nova:/usr/sbin/nologin"}, groups: []string{"nova:x:1000:"},
		directories: []directory{{"/etc/nova", root, 0o777}}, links: map[string]string{"/var/lib/openstack/bin/uwsgi": "nova-api"}}
	line := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:,\d+)? (?<pid>\d+) (?<loglevel>\w+) (?<logger>\S+) (\[)?(req-)?(?<requestid>\S+) (greq-(?<global_requestid>[0-9a-f-]{36}))?`)
	said := []string{`api_servers: deprecated`, `osapi_compute_link_prefix: read only before 2025.2`, `(memcache_servers|statsd_enabled|auth_interface): no such option`}
	path := "PATH=/var/lib/openstack/bin:/usr/local/bin:/usr/bin:/bin"
	d.services = []service{
		{name: "nova-api", command: []string{"uwsgi", "--ini", "/etc/nova/api_uwsgi.ini"}, env: []string{path, "STATSD_HOST=localhost", "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD=true"},
			as: root, runs: user, probe: probe{"/healthcheck", "kube-probe/1.31"}, logs: []logFile{{line: regexp.MustCompile(line.String() + `|` + uwsgiRequest), request: line}}, drain: "/etc/nova/healthcheck_disable",
			said: said, check: []string{"--ini", "/etc/nova/api_uwsgi.ini"}, reload: []string{"HUP"}, changes: "/etc/nova/nova.conf"},
		{name: "nova-metadata", command: []string{"nova-metadata"}, env: []string{path, "STATSD_HOST=localhost"}, as: user, runs: user, probe: probe{"/healthcheck", "kube-probe/1.31"},
			logs: []logFile{{line: line}}, drain: "/etc/nova/healthcheck_disable", said: said},
	}
	return d
}

// debian is the package: the script of the unit runs uWSGI, whose logto is the only log.
func debian() deployment {
	user := account{UID: 64060, GID: 64060, Groups: []int{64060}}
	d := deployment{name: "debian", user: "nova", users: []string{"nova:x:64060:64060::/var/lib/nova:/bin/false"}, groups: []string{"nova:x:64060:"},
		directories: []directory{{"/var/log/nova", user, 0o750}, {"/var/lib/nova", user, 0o755}}, links: map[string]string{"/usr/bin/uwsgi_python311": "nova-api"},
		certificates: [][2]string{{"/etc/nova/ssl/public/controller.crt", "/etc/nova/ssl/private/controller.pem"}}}
	for name, unit := range map[string]string{"nova-api": "nova-api", "nova-metadata": "nova-api-metadata"} {
		d.services = append(d.services, service{name: name, command: []string{"/etc/init.d/" + unit, "systemd-start"}, as: user, runs: user, https: true, probe: probe{"/", "haproxy"},
			logs:  []logFile{{"/var/log/nova/" + unit + ".log", "-rw-r----- 64060:64060", regexp.MustCompile(osloFirst + `|` + uwsgiRequest), regexp.MustCompile(uwsgiRequest)}},
			check: []string{"--ini", "/etc/nova/" + unit + "-uwsgi.ini"}, said: []string{`rem-header is left out`, `name is not an option of uWSGI`},
			reload: []string{"HUP"}, changes: "/etc/nova/nova.conf"})
	}
	return d
}

var table = []func() deployment{kolla, helm, ansible, devstack, operator, charms, puppet, sap, debian}
