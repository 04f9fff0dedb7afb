package startup

import (
	"fmt"
	"strings"

	"github.com/nova-go/nova/config"
)

// Unheeded are options that nova.conf may have, and that the two services do not
// heed. A test holds the list against the code.
type Unheeded struct {
	Group   string
	Options []string
	Why     string
	// Told tells the operator who sets one of them, for Python's services do
	// otherwise: "" is nobody, anything else what a value says where there is
	// nothing to tell ("false", "db").
	Told string
}

// Where an option is another service's.
const (
	computes = "nova-compute's"
	proxies  = "of nova-compute and the console proxies"
	threads  = "the size of a pool of Python's threads"
	clients  = "of Python's client libraries"
	noLoop   = "of a loop around transactions that Nova does not use"
	answers  = "of services that answer calls, as these two do not"
)

// UnheededOptions is the list, by group.
func UnheededOptions() []Unheeded {
	list := []Unheeded{
		{"DEFAULT", words("compute_driver flat_injected force_config_drive shelved_offload_time enable_new_services console_host my_block_storage_ip my_shared_fs_storage_ip cpu_allocation_ratio ram_allocation_ratio disk_allocation_ratio initial_cpu_allocation_ratio initial_ram_allocation_ratio initial_disk_allocation_ratio reserved_host_disk_mb reserved_huge_pages vcpu_pin_set max_concurrent_builds max_concurrent_snapshots max_concurrent_live_migrations sync_power_state_pool_size"), computes, ""},
		{"DEFAULT", words("my_ip state_path pybasedir tempdir rootwrap_config"), "other services'; here they fill $my_ip, $state_path and the like", ""},
		{"DEFAULT", words("periodic_enable periodic_fuzzy_delay graceful_shutdown_timeout manager_shutdown_timeout"), "of services with periodic tasks or eventlet's servers", ""},
		{"DEFAULT", words("cell_worker_thread_pool_size default_thread_pool_size default_green_pool_size thread_pool_statistic_period"), threads, ""},
		{"DEFAULT", words("executor_thread_pool_size rpc_ping_enabled"), answers, ""},
		{"DEFAULT", words("log_options"), "the command config shows the options, at any time", ""},
		{"DEFAULT", words("instance_uuid_format"), "instance_format names servers", ""},
		{"DEFAULT", words("logging_debug_format_suffix logging_exception_prefix"), "of Python's sources and tracebacks", ""},
		{"DEFAULT", words("log_config_append"), "a configuration of Python's logging cannot be read: the other options of the log hold", "-"},
		{"DEFAULT", words("publish_errors"), "errors of the log are not sent as notifications", "false"},
		{"DEFAULT", words("fatal_deprecations"), "deprecated options are warned about, and no error", "false"},
		{"DEFAULT", words("servicegroup_driver"), "services are up by what they write into the database, not by memcached", "db"},
		{"api", words("neutron_default_project_id use_neutron_default_nets"), "nothing in Nova 34, either, which asks for these networks without a token, and is refused", ""},
		{"api", words("response_validation"), "Python's checks of its own answers, which change none unless they are an error; ours are checked by the tests", ""},
		{"api", words("instance_list_cells_batch_strategy instance_list_cells_batch_fixed_size"), "each cell is asked once, for a page", ""},
		{"api", words("config_drive_skip_versions"), computes, ""},
		{"cache", words("enabled backend backend_argument backend_expiration_time expiration_time config_prefix debug_cache_backend proxies memcache_servers memcache_dead_retry memcache_pool_maxsize memcache_pool_unused_timeout memcache_pool_connection_get_timeout memcache_pool_flush_on_reconnect memcache_sasl_enabled username password socket_timeout redis_server redis_db redis_sentinels redis_sentinel_service_name tls_enabled tls_cafile tls_certfile tls_keyfile tls_allowed_ciphers enable_socket_keepalive socket_keepalive_idle socket_keepalive_interval socket_keepalive_count enable_retry_client retry_attempts retry_delay hashclient_retry_attempts hashclient_retry_timeout hashclient_dead_timeout"), "zones of hosts and metadata are cached in the process alone: what Python keeps there are pickles", ""},
		{"cinder", words("debug"), clients, ""},
		{"glance", words("debug"), clients, ""},
		{"glance", words("enable_rbd_download rbd_user rbd_ceph_conf rbd_pool rbd_connect_timeout"), computes, ""},
		{"compute", words("cpu_dedicated_set cpu_shared_set image_type_exclude_list max_disk_devices_to_attach packing_host_numa_cells_allocation_strategy resource_provider_association_refresh sharing_providers_max_uuids_per_request update_resources_max_workers"), computes, ""},
		{"consoleauth", words("token_ttl enforce_session_timeout"), proxies, ""},
		{"ephemeral_storage_encryption", words("enabled"), "no keys are made: hosts cannot encrypt the disks of new servers", "false"},
		{"ephemeral_storage_encryption", words("cipher key_size default_format"), "see enabled", ""},
		{"filter_scheduler", words("enabled_filters weight_classes"), "nova-scheduler's", ""},
		{"image_cache", words("precache_concurrency"), "nova-conductor's", ""},
		{"keystone_authtoken", words("auth_version"), "tokens are checked by version 3, the only one there is", ""},
		{"keystone_authtoken", words("cache"), "no filter puts a cache into the environment of a request", ""},
		{"keystone_authtoken", words("memcache_pool_unused_timeout memcache_pool_conn_get_timeout memcache_use_advanced_pool"), "connections are made as they are needed, and as many kept as memcache_pool_maxsize says", ""},
		{"keystone_authtoken", words("memcache_sasl_enabled"), "not supported: tokens are cached in each process alone", "false"},
		{"keystone_authtoken", words("memcache_username memcache_password"), "see memcache_sasl_enabled", ""},
		{"libvirt", words("hw_machine_type"), computes, ""},
		{"mks", words("enabled mksproxy_base_url"), proxies, ""},
		{"neutron", words("ovs_bridge physnets"), computes, ""},
		{"notifications", words("default_level"), "nothing in Nova 34, either", ""},
		{"oslo_concurrency", words("disable_process_locking lock_path"), "nothing is locked between processes", ""},
		{"oslo_limit", words("version min_version max_version"), "Keystone's version 3 is asked", ""},
		{"oslo_messaging_rabbit", words("ssl_enforce_hostname_verification"), "nothing in oslo.messaging, either: a broker's name is verified where ssl_ca_file is set", ""},
		{"oslo_messaging_rabbit", words("ssl_enforce_fips_mode"), "nothing in oslo.messaging, either", ""},
		{"oslo_messaging_rabbit", words("conn_pool_ttl"), "there is one connection to each broker", ""},
		{"oslo_messaging_rabbit", words("heartbeat_rate"), "heartbeats are sent at half of heartbeat_timeout_threshold", ""},
		{"oslo_messaging_rabbit", words("kombu_reconnect_delay"), "the library that hangs without it is Python's; rabbit_retry_interval says how often brokers are tried", ""},
		{"oslo_messaging_rabbit", words("kombu_missing_consumer_retry_timeout direct_mandatory_flag"), answers, ""},
		{"pci", words("device_spec report_in_placement"), computes, ""},
		{"profiler", words("enabled"), "osprofiler's traces are not made: there are OpenTelemetry's", "false"},
		{"profiler", words("trace_sqlalchemy trace_requests connection_string es_doc_type es_scroll_time es_scroll_size socket_timeout sentinel_service_name filter_error_trace"), "see enabled", ""},
		{"scheduler", words("max_attempts max_placement_results"), "of nova-conductor and nova-scheduler", ""},
		{"serial_console", words("enabled base_url"), proxies, ""},
		{"spice", words("enabled agent_enabled html5proxy_base_url spice_direct_proxy_base_url require_secure"), proxies, ""},
		{"vnc", words("enabled server_listen server_proxyclient_address novncproxy_base_url"), proxies, ""},
		{"upgrade_levels", words("conductor baseapi"), "of calls that these two services do not make", ""},
		{"workarounds", words("disable_rootwrap disable_group_policy_check_upcall"), computes, ""},
	}
	for _, g := range words("database api_database") {
		list = append(list,
			Unheeded{g, words("connection_debug"), "statements are not logged", "0"},
			Unheeded{g, words("connection_trace"), "statements carry no Python stack", "false"},
			Unheeded{g, words("use_db_reconnect db_retry_interval db_inc_retry_interval db_max_retry_interval db_max_retries"), noLoop, ""},
			Unheeded{g, words("backend asyncio_connection asyncio_slave_connection"), "of Python's library", ""})
	}
	for _, g := range words("cinder cyborg glance ironic keystone manila neutron oslo_limit placement service_user vendordata_dynamic_auth") {
		list = append(list, Unheeded{g, words("collect_timing split_loggers"), clients, ""})
	}
	return list
}

func words(s string) []string { return strings.Fields(s) }

// UnheededIn lists which of these options the operator has set: those that are told,
// because Python's services heed them, and the others.
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
	return told, quiet
}
