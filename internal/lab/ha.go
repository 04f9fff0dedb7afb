//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	firstHAPort = 21200   // default of LAB_PORT_BASE in the lab with clusters
	linkPrefix  = "link-" // precedes the name of a listener in the name of its link
)

// haPorts are the further listeners of the lab with clusters. In that lab mariadb and ours are
// listeners of HAProxy, as are nova-api and ours-metadata. A link is a listener of the fault
// injector in front of another listener.
var haPorts = []string{
	"mariadb-1", "mariadb-1-group", "mariadb-1-ist", "mariadb-1-sst", "mariadb-1-check",
	"mariadb-2", "mariadb-2-group", "mariadb-2-ist", "mariadb-2-sst", "mariadb-2-check",
	"mariadb-3", "mariadb-3-group", "mariadb-3-ist", "mariadb-3-sst", "mariadb-3-check",
	"mariadb-any", "rabbitmq-2", "rabbitmq-2-nodes", "rabbitmq-3", "rabbitmq-3-nodes", "memcached-2",
	"nova-api-1", "ours-1", "ours-2", "ours-metadata-1", "ours-metadata-2", "faults",
	"link-mariadb", "link-rabbitmq", "link-rabbitmq-2", "link-rabbitmq-3", "link-memcached", "link-memcached-2",
	"link-keystone", "link-glance", "link-placement", "link-neutron", "link-cinder",
}

// listeners returns the names of all listeners; the index of a name is added to the first port.
func (l *Lab) listeners() []string {
	if l.HA {
		return slices.Concat(ports, haPorts)
	}
	return slices.Concat(ports, neighbourPorts)
}

// Links returns the names of the listeners that have a link.
func (l *Lab) Links() []string {
	var links []string
	for _, name := range l.listeners() {
		if of, ok := strings.CutPrefix(name, linkPrefix); ok {
			links = append(links, of)
		}
	}
	return links
}

// throughLinks returns the lab as the processes of nova-api and nova-metadata see it: the address
// of a neighbour is that of its link.
func (l *Lab) throughLinks() *Lab {
	return &Lab{Dir: l.Dir, Release: l.Release, Venv: l.Venv, ServicesVenv: l.ServicesVenv, Base: l.Base, Upgraded: l.Upgraded,
		HA: l.HA, Linked: l.HA, user: l.user, group: l.group}
}

// IdentityLink returns the address at which linked processes validate tokens, which they take from the catalog.
func (l *Lab) IdentityLink() string { return l.throughLinks().URL("keystone") + "/v3" }

// Brokers returns the names of the nodes of RabbitMQ.
func (l *Lab) Brokers() []string {
	if l.HA {
		return []string{"rabbitmq", "rabbitmq-2", "rabbitmq-3"}
	}
	return []string{"rabbitmq"}
}

// BrokerNode returns Erlang's name of a node of RabbitMQ.
func (l *Lab) BrokerNode(name string) string {
	return "nova-lab-" + strconv.Itoa(l.Base+slices.Index(l.listeners(), name)) + "@localhost"
}

// Transport returns the transport URL of oslo.messaging.
func (l *Lab) Transport() string {
	var hosts []string
	for _, name := range l.Brokers() {
		hosts = append(hosts, "lab:lab@"+l.Address(name))
	}
	return "rabbit://" + strings.Join(hosts, ",") + "/"
}

// Caches returns the addresses of memcached, separated by commas.
func (l *Lab) Caches() string {
	if l.HA {
		return l.Address("memcached") + "," + l.Address("memcached-2")
	}
	return l.Address("memcached")
}

// DatabaseNodes returns the names of the nodes of the Galera cluster.
func (l *Lab) DatabaseNodes() []string {
	if l.HA {
		return []string{"mariadb-1", "mariadb-2", "mariadb-3"}
	}
	return nil
}

// galera returns the options of a node of the Galera cluster.
func (l *Lab) galera(name string) string {
	var group []string
	for _, node := range l.DatabaseNodes() {
		group = append(group, l.Address(node+"-group"))
	}
	p := "$PORT_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	return "$ETC/bin/galera-node " + name + " --no-defaults --user=$USER --datadir=$LAB/mysql/" + name +
		" --socket=mysql.sock --port=$PORT --bind-address=127.0.0.1 --skip-name-resolve --max-connections=600" +
		" --innodb-buffer-pool-size=96M --innodb-flush-log-at-trx-commit=2 --innodb-autoinc-lock-mode=2 --binlog-format=ROW" +
		" --performance-schema=OFF --wsrep-on=ON --wsrep-provider=/usr/lib/galera/libgalera_smm.so --wsrep-cluster-name=nova-lab" +
		" --wsrep-cluster-address=gcomm://" + strings.Join(group, ",") + " --wsrep-node-name=" + name + " --wsrep-node-address=127.0.0.1:" + p +
		"_GROUP --wsrep-sst-method=lab --wsrep-sst-receive-address=127.0.0.1:" + p + "_SST" +
		" --wsrep-provider-options=base_host=127.0.0.1;base_port=" + p + "_GROUP;gmcast.listen_addr=tcp://127.0.0.1:" + p +
		"_GROUP;ist.recv_addr=127.0.0.1:" + p + "_IST;gcache.size=64M;socket.ssl=NO"
}

// clusters returns the services of the lab with clusters that replace those of the default lab.
func (l *Lab) clusters() []service {
	var list []service
	for _, name := range l.DatabaseNodes() {
		list = append(list, service{name: name, stage: infrastructure, ready: l.nodeIsSynced(name), command: l.galera(name),
			env: []string{"PATH=$ETC/bin:$PATH"}})
	}
	list = append(list,
		service{name: "faults", stage: infrastructure, ready: l.listens("faults"), command: "$LAB/bin/lab faults", env: []string{"LAB=$LAB"}},
		service{name: "haproxy", stage: infrastructure, ready: l.listens("mariadb"), command: "haproxy -db -f $ETC/haproxy.cfg"},
		service{name: "epmd", stage: infrastructure, ready: l.listens("epmd"), command: "epmd -address 127.0.0.1 -port $PORT"})
	for _, name := range l.Brokers() {
		list = append(list, service{name: name, stage: infrastructure, ready: l.brokerAnswers(name),
			command: rabbitmqServer(), env: l.brokerEnvironment(name)})
	}
	for _, name := range []string{"memcached", "memcached-2"} {
		list = append(list, service{name: name, stage: infrastructure, ready: l.listens(name),
			command: "memcached -u $USER -l 127.0.0.1 -p $PORT -m 64"})
	}
	return list
}

// brokerEnvironment returns the environment of a node of RabbitMQ.
func (l *Lab) brokerEnvironment(name string) []string {
	nodes := "$PORT_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_") + "_NODES"
	env := []string{
		"HOME=$STATE/rabbitmq", "ERL_EPMD_PORT=$PORT_EPMD", "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=nova-lab-$PORT@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=$PORT",
		"RABBITMQ_DIST_PORT=" + nodes,
		"RABBITMQ_CONFIG_FILE=$ETC/" + name + ".conf", "RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_MNESIA_BASE=$STATE/rabbitmq",
		"RABBITMQ_LOG_BASE=$LAB/log",
		"RABBITMQ_PID_FILE=$STATE/rabbitmq/" + name + "-pid", "RABBITMQ_ENABLED_PLUGINS_FILE=$STATE/rabbitmq/plugins",
	}
	erl := "-kernel inet_dist_use_interface {127,0,0,1}"
	if l.HA {
		erl += " +S 1:1 +sbwt none"
	}
	return append(env, "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+erl)
}

// applications returns this repository's processes and Python's nova-api, all behind HAProxy, and Python's
// nova-metadata.
func (l *Lab) applications() []service {
	var list []service
	for _, name := range []string{"ours-1", "ours-2"} {
		list = append(list, service{name: name, stage: otherServices, ready: l.answers(name, "/"),
			command: "$LAB/bin/nova-api --config-file $ETC/links/nova.conf --http 127.0.0.1:$PORT --metrics unix:" + l.metricsSocket(name),
			env:     []string{"GOMAXPROCS=2"}})
	}
	for _, name := range []string{"ours-metadata-1", "ours-metadata-2"} {
		list = append(list, service{name: name, stage: otherServices, ready: l.answers(name, "/"),
			command: "$LAB/bin/nova-metadata --config-file $ETC/links/nova.conf --http 127.0.0.1:$PORT --metrics unix:" + l.metricsSocket(name),
			env:     []string{"GOMAXPROCS=2"}})
	}
	list = append(list, service{name: "nova-metadata", stage: otherServices, ready: l.answers("nova-metadata", "/"),
		command: wsgi("$VENV", l.novaApplication("metadata", "nova-metadata-wsgi"), "2", "1"), env: []string{"OS_NOVA_CONFIG_DIR=$ETC/nova",
			"OS_NOVA_CONFIG_FILES=api-paste.ini;../links/nova.conf"}})
	return append(list, service{name: "nova-api-1", stage: otherServices, ready: l.answers("nova-api", "/"),
		command: wsgi("$VENV", l.novaApplication("osapi_compute", "nova-api-wsgi"), "3", "1"), env: []string{"OS_NOVA_CONFIG_DIR=$ETC/nova",
			"OS_NOVA_CONFIG_FILES=api-paste.ini;../links/nova.conf"}})
}

// withClusters replaces the services of the default lab that the lab with clusters does not have.
func (l *Lab) withClusters(list []service) []service {
	list = slices.DeleteFunc(list, func(s service) bool {
		return slices.Contains([]string{"mariadb", "epmd", "memcached", "rabbitmq", "nova-api", "nova-metadata"}, s.name)
	})
	n := slices.IndexFunc(list, func(s service) bool { return s.name == "nova-conductor" })
	return slices.Concat(l.clusters(), list[:n], l.applications(), list[n:])
}

// haFiles lists the further configuration files of the lab with clusters.
func (l *Lab) haFiles() []file {
	list := []file{
		{"haproxy.cfg", "ha/haproxy.cfg", nil},
		{"bin/galera-node", "ha/galera-node", nil},
		{"bin/wsrep_sst_lab", "ha/wsrep_sst_lab", nil},
		{"links/nova.conf", "nova.conf", node{l.throughLinks(), "nova", "controller", "", ""}},
	}
	for _, name := range l.Brokers() {
		list = append(list, file{name + ".conf", "rabbitmq.conf", broker{l, name}})
	}
	return list
}

// broker is a node of RabbitMQ with its configuration file.
type broker struct {
	*Lab
	Name string
}

// build compiles the programs of this repository that the lab with clusters runs.
func (l *Lab) build(ctx context.Context) error {
	root, err := repository()
	if err != nil {
		return err
	}
	bin := filepath.Join(l.Dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for name, pkg := range map[string]string{"lab": "./internal/lab", "nova-api": "./cmd/nova-api", "nova-metadata": "./cmd/nova-metadata"} {
		// A running program cannot be overwritten.
		next := filepath.Join(bin, name+".new")
		if err := l.run(ctx, "build", "go", "build", "-C", root, "-o", next, pkg); err != nil {
			return err
		}
		if err := os.Rename(next, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	return nil
}

// clusterTables creates the system tables, databases and accounts of the node that starts the Galera
// cluster. The other nodes copy them.
func (l *Lab) clusterTables(ctx context.Context) error {
	for n, name := range l.DatabaseNodes() {
		data := filepath.Join(l.Dir, "mysql", name)
		if err := os.MkdirAll(data, 0o700); err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(data, "mysql", "global_priv.frm")); err == nil || n > 0 {
			continue
		}
		err := l.manage(ctx, name, "mariadb-install-db --no-defaults --user=$USER --datadir=$LAB/mysql/"+name+
			" --auth-root-authentication-method=socket --auth-root-socket-user=$USER --skip-test-db --extra-file=$ETC/databases.sql")
		if err != nil {
			return err
		}
	}
	return nil
}

// nodeIsSynced returns a check that a node of the Galera cluster takes queries.
func (l *Lab) nodeIsSynced(name string) check {
	return func(ctx context.Context) error {
		state, err := l.galeraState(ctx, name)
		if err == nil && state.local != synced {
			err = fmt.Errorf("%s is in state %d of Galera", name, state.local)
		}
		return err
	}
}
