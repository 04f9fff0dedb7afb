package rpc

import (
	"strconv"
	"strings"
	"time"
)

// Target is the destination of a message and the interface that its method belongs to.
type Target struct {
	Exchange  string // "" stands for control_exchange
	Topic     string // "compute", "conductor", "scheduler"
	Server    string // a host; "": any server of the topic
	Namespace string // "" stands for the default namespace
	Version   string // the version of the interface, "6.0"; "": none is sent
	Fanout    bool   // to every server of the topic; casts only
}

// routingKey returns the routing key of a message that is not a fanout.
func (t Target) routingKey() string {
	if t.Server == "" {
		return t.Topic
	}
	return t.Topic + "." + t.Server
}

// CallOptions limit one call. The zero value means rpc_response_timeout without monitoring.
type CallOptions struct {
	// Timeout limits the whole call; 0 stands for rpc_response_timeout. An earlier deadline of
	// the context applies, too.
	Timeout time.Duration
	// MonitorTimeout asks the server for heartbeats. If none arrives for this time, the call ends
	// with a timeout before Timeout. Nova sets it to rpc_response_timeout where Timeout is
	// long_rpc_timeout. 0: no monitoring.
	MonitorTimeout time.Duration
}

// HeartbeatThreshold is the rpc_response_timeout above which Nova monitors even calls that use
// that timeout.
const HeartbeatThreshold = 60 * time.Second

// Compatible tells whether a side that implements (or is pinned to) version implemented accepts a
// message of version requested: the same major version, and no higher minor version. If
// implemented is "", every version is accepted.
func Compatible(implemented, requested string) bool {
	if implemented == "" {
		return true
	}
	i, ok := parseVersion(implemented)
	r, ok2 := parseVersion(requested)
	if !ok || !ok2 || i[0] != r[0] {
		return false
	}
	return r[1] < i[1] || r[1] == i[1] && r[2] <= i[2]
}

func parseVersion(text string) (v [3]int, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return v, false
	}
	for n, p := range parts {
		var err error
		if v[n], err = strconv.Atoi(p); err != nil {
			return v, false
		}
	}
	return v, true
}
