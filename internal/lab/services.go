//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// service is a process of the lab. In its command and environment, $LAB, $ETC, $STATE and $VENV
// are the lab's directories, $SERVICES the Python environment of the services beside Nova, $OTHERS that of
// the services in neighbours.go, $USER and $GROUP the user and group that it runs as, $PORT its own port, and $PORT_NAME
// the port of another service (in capitals, with _ for -).
type service struct {
	name    string
	stage   stage
	command string   // a program and its arguments, separated by spaces
	last    string   // a further argument, which may contain spaces
	env     []string // added to the lab's environment
	ready   check    // nil: a running process is sufficient
}

// stage is the stage of the start: services of a stage start together, and the next stage
// starts when all of them answer.
type stage int

const (
	infrastructure stage = iota // databases, broker and memcached
	identity                    // Keystone
	otherServices               // all other services
)

// readyTimeout bounds the time until a service answers. On two busy cores, Python loads the largest
// services slowly.
const readyTimeout = 5 * time.Minute

// wsgi returns the command of a service under uWSGI, in a Python environment ($VENV, $SERVICES or $OTHERS),
// with the options that name the application, and the numbers of processes and threads.
func wsgi(venv, application, processes, threads string) string {
	return venv + "/bin/uwsgi --http-socket 127.0.0.1:$PORT --http-chunked-input --http-auto-chunked --virtualenv " + venv +
		" --master --die-on-term --lazy-apps --enable-threads --thunder-lock --buffer-size 65535 --disable-logging" +
		" --add-header Connection:close --processes " + processes + " --threads " + threads + " " + application
}

// services lists all services in the order of their start.
func (l *Lab) services() []service {
	list := []service{
		{name: "mariadb", stage: infrastructure, ready: l.sqlAnswers,
			command: "mariadbd --no-defaults --user=$USER --datadir=$LAB/mysql --socket=mysql.sock --port=$PORT --bind-address=127.0.0.1 " +
				"--skip-name-resolve" +
				" --max-connections=1000 --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=2 --skip-log-bin " +
				"--init-file=$ETC/databases.sql"},
		{name: "epmd", stage: infrastructure, ready: l.listens("epmd"), command: "epmd -address 127.0.0.1 -port $PORT"},
		{name: "memcached", stage: infrastructure, ready: l.listens("memcached"), command: "memcached -u $USER -l 127.0.0.1 -p $PORT -m 64"},
		{name: "rabbitmq", stage: infrastructure, ready: l.brokerAnswers("rabbitmq"), command: rabbitmqServer(),
			env: l.brokerEnvironment("rabbitmq")},
		{name: "keystone", stage: identity, ready: l.answers("keystone", "/v3"),
			command: wsgi("$SERVICES", "--module keystone.wsgi.api:application", "2", "1"),
			env:     []string{"OS_KEYSTONE_CONFIG_DIR=$ETC/keystone", "OS_KEYSTONE_CONFIG_FILES=keystone.conf"}},
		{name: "glance", stage: otherServices, ready: l.answers("glance", "/"),
			command: wsgi("$SERVICES", "--module glance.wsgi.api:application", "1", "4") + " --pyargv",
			last:    "--config-file $ETC/glance/glance-api.conf",
			env:     []string{"OS_GLANCE_CONFIG_DIR=$ETC/glance"}},
		{name: "placement", stage: otherServices, ready: l.answers("placement", "/"),
			command: wsgi("$SERVICES", "--module placement.wsgi.api:application", "1", "2"),
			env:     []string{"OS_PLACEMENT_CONFIG_DIR=$ETC/placement"}},
		{name: "neutron", stage: otherServices, ready: l.answers("neutron", "/"),
			command: wsgi("$SERVICES", "--module neutron.wsgi.api:application", "1", "1") + " --pyargv",
			last:    "--config-file $ETC/neutron/neutron.conf",
			env:     []string{"OS_NEUTRON_CONFIG_DIR=$ETC/neutron", "OS_NEUTRON_CONFIG_FILES=neutron.conf"}},
		{name: "cinder", stage: otherServices, ready: l.answers("cinder", "/"),
			command: wsgi("$SERVICES", "--module cinder.wsgi.api:application", "1", "1") + " --pyargv",
			last:    "--config-file $ETC/cinder/cinder.conf",
			env:     []string{"OS_CINDER_CONFIG_DIR=$ETC/cinder"}},
		{name: "cinder-scheduler", stage: otherServices, ready: l.reports("cinder", "/v3/os-services", "cinder-scheduler", "controller"),
			command: "$SERVICES/bin/cinder-scheduler --config-file $ETC/cinder/cinder.conf"},
		{name: "cinder-volume", stage: otherServices, ready: l.reports("cinder", "/v3/os-services", "cinder-volume", "controller@pretended"),
			command: "$SERVICES/bin/cinder-volume --config-file $ETC/cinder/cinder.conf",
			env:     []string{"PYTHONPATH=$ETC/python", "PATH=$ETC/bin:$PATH"}},
		{name: "nova-api", stage: otherServices, ready: l.answers("nova-api", "/"),
			command: wsgi("$VENV", l.novaApplication("osapi_compute", "nova-api-wsgi"), "2", "1"),
			env:     []string{"OS_NOVA_CONFIG_DIR=$ETC/nova"}},
		{name: "nova-metadata", stage: otherServices, ready: l.answers("nova-metadata", "/"),
			command: wsgi("$VENV", l.novaApplication("metadata", "nova-metadata-wsgi"), "1", "1"),
			env:     []string{"OS_NOVA_CONFIG_DIR=$ETC/nova"}},
	}
	for _, name := range []string{"nova-conductor", "nova-scheduler"} {
		list = append(list, service{name: name, stage: otherServices, ready: l.reports("nova-api", "/v2.1/os-services", name, "controller"),
			command: "$VENV/bin/" + name + " --config-file $ETC/nova/nova.conf"})
	}
	for _, host := range l.Hosts() {
		list = append(list, service{name: "nova-" + host, stage: otherServices,
			ready:   l.reports("nova-api", "/v2.1/os-services", "nova-compute", host),
			command: "$VENV/bin/python $ETC/python/compute.py --config-file $ETC/" + host + "/nova.conf"})
	}
	if l.HA {
		return l.withClusters(list)
	}
	for _, n := range l.neighbours() {
		list = append(list, n.services...)
	}
	return list
}

// rabbitmqServer returns the broker's own script, because Debian's script in PATH changes the
// user.
func rabbitmqServer() string {
	const own = "/usr/lib/rabbitmq/bin/rabbitmq-server"
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return "rabbitmq-server"
}

// expand replaces the variables in a text of a service.
func (l *Lab) expand(text, service string) string {
	return os.Expand(text, func(name string) string {
		switch name {
		case "LAB":
			return l.Dir
		case "ETC":
			return l.Etc()
		case "STATE":
			return l.State()
		case "VENV":
			return l.Venv
		case "SERVICES":
			return l.ServicesVenv
		case "OTHERS":
			return l.OthersVenv
		case "USER":
			return l.user
		case "GROUP":
			return l.group
		case "PATH":
			return l.path()
		case "PORT":
			return strconv.Itoa(l.Port(service))
		}
		if other, ok := strings.CutPrefix(name, "PORT_"); ok {
			return strconv.Itoa(l.Port(strings.ReplaceAll(strings.ToLower(other), "_", "-")))
		}
		return ""
	})
}

// arguments returns the words of a service's command. It expands each word separately, because
// directories may contain spaces.
func (l *Lab) arguments(s service) []string {
	words := strings.Fields(s.command)
	if s.last != "" {
		words = append(words, s.last)
	}
	for n, word := range words {
		words[n] = l.expand(word, s.name)
	}
	return words
}

// path returns the PATH of the lab's processes.
func (l *Lab) path() string {
	return strings.Join([]string{filepath.Join(l.Venv, "bin"), filepath.Join(l.ServicesVenv, "bin"), os.Getenv("PATH"),
		"/usr/local/sbin", "/usr/sbin", "/sbin"}, string(os.PathListSeparator))
}

// environment returns the environment of the lab's processes. It contains no proxies, because
// all services are on loopback, and none of the user's OS_ variables.
func (l *Lab) environment(service string, more ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return strings.HasSuffix(strings.ToLower(name), "_proxy") || strings.HasPrefix(name, "OS_") || name == "PYTHONPATH"
	})
	env = append(env, "PATH="+l.path())
	for _, one := range more {
		env = append(env, l.expand(one, service))
	}
	return env
}
