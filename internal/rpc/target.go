package rpc

import (
	"strconv"
	"strings"
	"time"
)

// Target says where a message goes, and which interface it is for.
type Target struct {
	Exchange  string // "" is control_exchange
	Topic     string // "compute", "conductor", "scheduler"
	Server    string // a host; "": any that serves the topic
	Namespace string // "" is the default one
	Version   string // of the method's interface, "6.0"; "" leaves it out
	Fanout    bool   // to every server of the topic; casts only
}

// routingKey is the key of a message that is no fanout.
func (t Target) routingKey() string {
	if t.Server == "" {
		return t.Topic
	}
	return t.Topic + "." + t.Server
}

// CallOptions bound one call. The zero value is rpc_response_timeout without
// monitoring.
type CallOptions struct {
	// Timeout of the whole call; 0 is rpc_response_timeout. An earlier deadline
	// of the context holds, too.
	Timeout time.Duration
	// MonitorTimeout asks the server for signs of life: without one for this
	// long, the call times out before Timeout does. Nova sets it to
	// rpc_response_timeout where Timeout is long_rpc_timeout. 0: no monitoring.
	MonitorTimeout time.Duration
}

// HeartbeatThreshold is the rpc_response_timeout beyond which Nova monitors even
// the calls that it does not expect to be long.
const HeartbeatThreshold = 60 * time.Second

// Compatible tells whether a side that implements (or is pinned to) version
// implemented can do requested: the same major, and no higher minor version.
// Without implemented everything can be done.
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
