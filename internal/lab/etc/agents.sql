{{- /* Neutron binds ports only on hosts whose agent it believes alive: this stands in for their
Open vSwitch agents. neutron.conf believes for a long time (agent_down_time); each start says it anew. */ -}}
{{- range $n, $host := .Hosts}}
DELETE FROM agents WHERE host = '{{$host}}';
INSERT INTO agents (id, agent_type, `binary`, topic, host, admin_state_up, created_at, started_at, heartbeat_timestamp, configurations, `load`)
VALUES (UUID(), 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', '{{$host}}', 1, UTC_TIMESTAMP(), UTC_TIMESTAMP(), UTC_TIMESTAMP(),
'{"bridge_mappings": {"public": "br-ex"}, "integration_bridge": "br-int", "datapath_type": "system", "tunnel_types": ["vxlan"], "tunneling_ip": "127.0.1.{{$n}}", "ovs_capabilities": {"datapath_types": ["system"], "iface_types": []}}', 0);
{{- end}}
