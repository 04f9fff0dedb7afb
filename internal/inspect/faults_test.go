package inspect_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/inspect"
)

// TestOneFault checks configurations with one fault each: check ends with a status other than 0, and names file, line and group.
func TestOneFault(t *testing.T) {
	for _, fault := range []string{
		`[api] auth_strategy = keyston`,
		`[api] max_limit = x`,
		`[api] max_limit = -1`,
		`[api] metadata_cache_expiration = soon`,
		`[api] list_records_by_skipping_down_cells = maybe`,
		`[api] instance_list_cells_batch_strategy = fast`,
		`[api] instance_list_cells_batch_fixed_size = 1`,
		`[api] instance_list_cells_batch_fixed_size = 10x`,
		`[api] vendordata_dynamic_connect_timeout = 1s`,
		`[api] vendordata_dynamic_failure_fatal = 2`,
		`[api] enable_instance_password = ja`,
		`[api] local_metadata_per_cell = 7`,
		`[api] vendordata_providers = Dynamic`,
		`[DEFAULT] debug = perhaps`,
		`[DEFAULT] rpc_response_timeout = long`,
		`[DEFAULT] transport_url = rabit://a:b@h/`,
		`[DEFAULT] transport_url = rabbit://a:b@h:port/`,
		`[DEFAULT] report_interval = ten`,
		`[DEFAULT] service_down_time = 1m`,
		`[DEFAULT] password_length = -1`,
		`[DEFAULT] reclaim_instance_interval = x`,
		`[DEFAULT] log_rotation_type = daily`,
		`[DEFAULT] max_logfile_size_mb = big`,
		`[DEFAULT] use_syslog = 2`,
		`[DEFAULT] default_log_levels = nova`,
		`[DEFAULT] use_json = 2`,
		`[DEFAULT] log_rotate_interval = x`,
		`[DEFAULT] servicegroup_driver = etcd`,
		`[database] max_pool_size = many`,
		`[database] max_retries = x`,
		`[database] connection_recycle_time = 1h`,
		`[database] max_overflow = x`,
		`[database] connection = orcl://u@h/n`,
		`[api_database] retry_interval = x`,
		`[api_database] pool_timeout = x`,
		`[quota] instances = -2`,
		`[quota] cores = x`,
		`[quota] ram = 1.5`,
		`[quota] driver = nova.quota.NoSuch`,
		`[quota] count_usage_from_placement = si`,
		`[quota] recheck_quota = 2`,
		`[quota] key_pairs = x`,
		`[quota] server_groups = -5`,
		`[cors] max_age = x`,
		`[cors] allow_credentials = 2`,
		`[oslo_policy] enforce_scope = 2`,
		`[oslo_middleware] max_request_body_size = x`,
		`[oslo_middleware] enable_proxy_headers_parsing = 2`,
		`[notifications] notification_format = json`,
		`[notifications] notify_on_state_change = vm`,
		`[notifications] include_share_mapping = 2`,
		`[oslo_messaging_rabbit] heartbeat_timeout_threshold = x`,
		`[oslo_messaging_rabbit] ssl = 2`,
		`[oslo_messaging_rabbit] rabbit_quorum_queue = 2`,
		`[wsgi] release = 2023.1`,
		`[wsgi] events_listeners = x`,
		`[wsgi] inventory_metrics = x`,
		`[wsgi] caller_metrics = 2`,
		`[wsgi] entity_tags = 2`,
		`[glance] num_retries = x`,
		`[glance] verify_glance_signatures = 2`,
		`[cinder] http_retries = -1`,
		`[cinder] cross_az_attach = 2`,
		`[cinder] catalog_info = volumev3`,
		`[neutron] extension_sync_interval = x`,
		`[neutron] timeout = x`,
		`[neutron] service_metadata_proxy = 2`,
		`[placement] cafile = /nonexistent.pem`,
		`[placement] connect_retries = x`,
		`[keystone_authtoken] token_cache_time = x`,
		`[keystone_authtoken] service_token_roles_required = 2`,
		`[service_user] send_service_user_token = 2`,
		`[cache] enabled = 2`,
		`[cache] memcache_pool_maxsize = x`,
		`[cache] tls_enabled = 2`,
		`[console] allowed_origns = x`,
		`[barbican] number_of_retries = x`,
		`[osapi_v21] project_id_regex = [`,
		`[profiler] enabled = 2`,
		`[healthcheck] detailed = 2`,
		`[metrics] x = 1`,
		`[databse] connection = x`,
		`[quota] instnces = 1`,
		`[api] max_limits = 3`,
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			group, assignment, _ := strings.Cut(fault, "] ")
			dir := write(t, logins+databases+group+"]\n"+assignment+"\n", pasteFile)
			list, status := computeService().Check(context.Background(), inspect.CheckOptions{
				Files: []string{filepath.Join(dir, "nova.conf")}})
			if status == 0 {
				t.Error("status 0")
			}
			// The group begins on the line before that of the option; a finding about an unknown group names the former.
			line := strings.Count(logins+databases, "\n") + 2
			file := filepath.Join(dir, "nova.conf")
			want := []string{fmt.Sprintf("%s:%d: %s]", file, line, group), fmt.Sprintf("%s:%d: %s]", file, line-1, group)}
			for _, f := range list {
				if strings.Contains(f.String(), want[0]) || strings.Contains(f.String(), want[1]) {
					return
				}
			}
			t.Errorf("no finding begins with %q: %v", want, list)
		})
	}
}
