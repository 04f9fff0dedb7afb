//go:build lab && linux

package deployments_test

import (
	"os"
	"regexp"
)

// deployment is how a project deploys Nova's API services.
type deployment struct {
	name          string
	users, groups []string // lines of the user and group files
	directories   []directory
	links         map[string]string // paths of programs, and which of ours stands there
	certificates  []string          // directories that get cert.pem and key.pem for the listeners; see newService
	services      []service
}

// service is one process of a deployment.
type service struct {
	name    string // nova-api or nova-metadata
	command []string
	env     []string
	kolla   bool // the command and the files are those of /var/lib/kolla/config_files/config.json
	notify  bool // the supervisor waits for READY=1
	as      account
	runs    account // after the start
	https   bool
	socket  string // unix socket of the uwsgi protocol, in the place of a port; its mode
	mode    string
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

func kolla() deployment {
	d := deployment{name: "kolla-ansible",
		users:  []string{"nova:x:42436:42436::/var/lib/nova:/usr/sbin/nologin"},
		groups: []string{"nova:x:42436:", "kolla:x:42400:nova"},
		directories: []directory{{"/var/lib/nova", nova, 0o755}, {"/etc/nova", nova, 0o755}, {"/etc/nova/certs", nova, 0o755},
			{"/var/log/kolla", account{GID: 42400}, os.ModeSetgid | 0o775}, {"/var/log/kolla/nova", account{UID: 42436, GID: 42400}, os.ModeSetgid | 0o775}},
		links:        map[string]string{"/var/lib/kolla/venv/bin/uwsgi": "nova-api"},
		certificates: []string{"/var/lib/kolla/config_files/nova-"},
	}
	for _, name := range []string{"nova-api", "nova-metadata"} {
		s := service{name: name, kolla: true, env: []string{"PATH=/var/lib/kolla/venv/bin:/usr/local/bin:/usr/bin:/bin"}, as: nova, runs: nova, https: true,
			probe: probe{"/", "curl-healthcheck"},
			logs: []logFile{
				{"/var/log/kolla/nova/" + name + ".log", "-rw-r--r-- 42436:42400", regexp.MustCompile(osloFirst), regexp.MustCompile(osloLine)},
				{"/var/log/kolla/nova/" + name + "-uwsgi.log", "-rw-r--r-- 42436:42400", regexp.MustCompile(`^.*$`), regexp.MustCompile(uwsgiRequest)},
			},
			check: []string{"--ini", "/etc/nova/" + name + "-uwsgi.ini"},
			said: []string{`static-map is left out`, `api_servers: deprecated`, `\[privsep_entrypoint\]: no such group`, `\[service_user\] region_name: no such`,
				`\[service_user\] valid_interfaces: no such`}, reload: []string{"HUP"}, changes: "/etc/nova/nova.conf"}
		d.services = append(d.services, s)
	}
	return d
}

var table = []func() deployment{kolla}
