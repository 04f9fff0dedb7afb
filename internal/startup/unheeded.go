package startup

import (
	"fmt"
	"strings"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
)

// Unheeded lists options of nova.conf that have no effect on the two services, with the reason.
// A test compares the list with the code.
type Unheeded struct {
	Group   string
	Options []string
	Why     string
	// Told determines whether the operator gets a message if the option is set, because
	// Python's services would use it. "" means no message; any other text is the value for
	// which no message is needed ("false", "db").
	Told string
}

// Reasons for options that other programs use.
const (
	onlyCompute   = "only nova-compute uses it"
	onlyProxies   = "of nova-compute and the console proxies"
	threadPool    = "it sets the size of a thread pool, and goroutines need none"
	pythonClients = "only Python's client libraries use it"
	retryLoop     = "it configures a retry loop of oslo.db that Nova does not use"
	onlyServers   = "only services that answer RPC calls use it"
)

// UnheededOptions returns the list, by group.
func UnheededOptions() []Unheeded {
	list := []Unheeded{
		{"DEFAULT", options("compute_driver flat_injected force_config_drive shelved_offload_time enable_new_services console_host " +
			"my_block_storage_ip my_shared_fs_storage_ip cpu_allocation_ratio ram_allocation_ratio disk_allocation_ratio " +
			"initial_cpu_allocation_ratio initial_ram_allocation_ratio initial_disk_allocation_ratio reserved_host_disk_mb reserved_huge_pages " +
			"vcpu_pin_set max_concurrent_builds max_concurrent_snapshots max_concurrent_live_migrations sync_power_state_pool_size"), onlyCompute,
			""},
		{"DEFAULT", options("my_ip state_path pybasedir tempdir rootwrap_config"),
			"only other services use it; here it is the value of references such as $my_ip and $state_path", ""},
		{"DEFAULT", options("periodic_enable periodic_fuzzy_delay graceful_shutdown_timeout manager_shutdown_timeout"),
			"only services with periodic tasks or eventlet servers use it", ""},
		{"DEFAULT", options("cell_worker_thread_pool_size default_thread_pool_size default_green_pool_size thread_pool_statistic_period"),
			threadPool, ""},
		{"DEFAULT", options("executor_thread_pool_size rpc_ping_enabled"), onlyServers, ""},
		{"DEFAULT", options("log_options"), "the command config prints the options", ""},
		{"DEFAULT", options("instance_uuid_format"), "log lines name servers with instance_format", ""},
		{"DEFAULT", options("logging_debug_format_suffix logging_exception_prefix"), "it formats source lines and tracebacks of Python", ""},
		{"api", options("neutron_default_project_id use_neutron_default_nets"),
			"nor has it in Nova 34, which requests these networks from Neutron without a token and lists none", ""},
		{"api", options("config_drive_skip_versions"), onlyCompute, ""},
		{"cache", options("backend_argument backend_expiration_time expiration_time config_prefix debug_cache_backend proxies " +
			"memcache_pool_unused_timeout memcache_pool_connection_get_timeout memcache_pool_flush_on_reconnect redis_server redis_db " +
			"redis_sentinels redis_sentinel_service_name enable_socket_keepalive socket_keepalive_idle socket_keepalive_interval " +
			"socket_keepalive_count enable_retry_client retry_attempts retry_delay hashclient_retry_attempts hashclient_retry_timeout " +
			"hashclient_dead_timeout"),
			"only the reports of services are read from the cache (servicegroup_driver = mc); zones and metadata are cached in the process", ""},
		{"cinder", options("debug"), pythonClients, ""},
		{"glance", options("debug"), pythonClients, ""},
		{"glance", options("enable_rbd_download rbd_user rbd_ceph_conf rbd_pool rbd_connect_timeout"), onlyCompute, ""},
		{"compute", options("cpu_dedicated_set cpu_shared_set image_type_exclude_list max_disk_devices_to_attach " +
			"packing_host_numa_cells_allocation_strategy resource_provider_association_refresh sharing_providers_max_uuids_per_request " +
			"update_resources_max_workers"), onlyCompute, ""},
		{"consoleauth", options("token_ttl enforce_session_timeout"), onlyProxies, ""},
		{"ephemeral_storage_encryption", options("default_format"), onlyCompute, ""},
		{"barbican", options("barbican_api_version"), "there is only version 1", ""},
		{"filter_scheduler", options("enabled_filters weight_classes"), "only nova-scheduler uses it", ""},
		{"image_cache", options("precache_concurrency"), "only nova-conductor uses it", ""},
		{"keystone_authtoken", options("auth_version"), "tokens are validated with version 3 of Keystone's API, the only supported one", ""},
		{"keystone_authtoken", options("cache"), "no filter adds a cache to the environment of requests", ""},
		{"keystone_authtoken", options("memcache_pool_unused_timeout memcache_pool_conn_get_timeout memcache_use_advanced_pool"),
			"connections are opened on demand, and at most memcache_pool_maxsize are kept", ""},
		{"libvirt", options("hw_machine_type"), onlyCompute, ""},
		{"mks", options("enabled mksproxy_base_url"), onlyProxies, ""},
		{"neutron", options("ovs_bridge physnets"), onlyCompute, ""},
		{"notifications", options("default_level"), "nor has it in Nova 34", ""},
		{"oslo_concurrency", options("disable_process_locking lock_path"), "no locks between processes are used", ""},
		{"oslo_limit", options("version min_version max_version"), "version 3 of Keystone's API is used", ""},
		{"oslo_messaging_rabbit", options("ssl_enforce_hostname_verification"),
			"nor has it in oslo.messaging: the broker's name is verified if ssl_ca_file is set", ""},
		{"oslo_messaging_rabbit", options("ssl_enforce_fips_mode"), "nor has it in oslo.messaging", ""},
		{"oslo_messaging_rabbit", options("conn_pool_ttl"), "there is one connection to each broker", ""},
		{"oslo_messaging_rabbit", options("heartbeat_rate"), "heartbeats are sent at half of heartbeat_timeout_threshold", ""},
		{"oslo_messaging_rabbit", options("kombu_reconnect_delay"),
			"it works around a problem of Python's kombu; rabbit_retry_interval is the pause between connection attempts", ""},
		{"oslo_messaging_rabbit", options("kombu_missing_consumer_retry_timeout direct_mandatory_flag"), onlyServers, ""},
		{"pci", options("device_spec report_in_placement"), onlyCompute, ""},
		{"profiler", options("es_doc_type es_scroll_time es_scroll_size"), "osprofiler's driver for Elasticsearch is not supported", ""},
		{"scheduler", options("max_attempts max_placement_results"), "only nova-conductor and nova-scheduler use it", ""},
		{"serial_console", options("enabled base_url"), onlyProxies, ""},
		{"spice", options("enabled agent_enabled html5proxy_base_url spice_direct_proxy_base_url require_secure"), onlyProxies, ""},
		{"vnc", options("enabled server_listen server_proxyclient_address novncproxy_base_url"), onlyProxies, ""},
		{"upgrade_levels", options("conductor baseapi"), "it pins RPC calls that these services do not make", ""},
		{"workarounds", options("disable_rootwrap disable_group_policy_check_upcall"), onlyCompute, ""},
	}
	for _, g := range options("database api_database") {
		list = append(list,
			Unheeded{g, options("connection_trace"), "it adds lines of Python's source to statements", ""},
			Unheeded{g, options("use_db_reconnect db_retry_interval db_inc_retry_interval db_max_retry_interval db_max_retries"), retryLoop, ""},
			Unheeded{g, options("backend asyncio_connection asyncio_slave_connection"), "only Python's oslo.db uses it", ""})
	}
	for _, g := range options("cinder cyborg glance ironic keystone manila neutron oslo_limit placement service_user barbican_service_user " +
		"vendordata_dynamic_auth") {
		list = append(list, Unheeded{g, options("collect_timing split_loggers"), pythonClients, ""})
	}
	return list
}

func options(s string) []string { return strings.Fields(s) }

// UnheededIn returns the options of the list that the operator has set: told are those that
// Python's services would use, quiet the others.
func UnheededIn(c *config.Config) (told, quiet []config.Problem) {
	values := map[[2]string]any{}
	for _, o := range c.Options() {
		values[[2]string{o.Group, o.Name}] = o.Value
	}
	for _, u := range UnheededOptions() {
		for _, name := range u.Options {
			at := c.Where(u.Group, name)
			if at.Kind == config.FromDefault {
				continue
			}
			p := config.Problem{Origin: at, Group: u.Group, Option: name, Message: "has no effect: " + u.Why}
			value := values[[2]string{u.Group, name}]
			switch {
			case u.Told == "" || value == nil || value == "" || fmt.Sprint(value) == u.Told:
				quiet = append(quiet, p)
			default:
				told = append(told, p)
			}
		}
	}
	if c.Profiler.Enabled {
		if why := profilerProblem(c.Profiler); why != "" {
			const option = "connection_string"
			told = append(told, config.Problem{Origin: c.Where("profiler", option), Group: "profiler", Option: option, Message: why})
		}
	}
	if left, err := log.LeftOut(c.Default.Log); err == nil && left != "" {
		const option = "log_config_append"
		told = append(told, config.Problem{Origin: c.Where("DEFAULT", option), Group: "DEFAULT", Option: option, Message: left})
	}
	return told, quiet
}
