package notify

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Host announces that something is done to a host ("set_enabled.start"), in the old
// form, which is the only one. what names the value.
func (n *Notifier) Host(ctx context.Context, caller *reqctx.Caller, event, host, what string, value any) {
	if n.Legacy() {
		n.tell(ctx, caller, "api", host, "HostAPI."+event, map[string]any{"host_name": host, what: value})
	}
}

// sources are the publishers that binaries are known as.
var sources = map[string]string{"nova-osapi_compute": "nova-api", "nova-metadata": "nova-metadata", "nova-compute": "nova-compute",
	"nova-conductor": "nova-conductor", "nova-scheduler": "nova-scheduler"}

// Service announces "create", "update" or "delete" of a service, in its own name. zone is
// nil where it has none yet.
func (n *Notifier) Service(ctx context.Context, caller *reqctx.Caller, event string, s *objects.Service, zone *string) {
	if !n.Versioned() {
		return
	}
	source, known := sources[s.Binary]
	if !known {
		source = s.Binary
	}
	n.announceAs(ctx, caller, source+":"+s.Host, "service."+event, versioned.Loaded("ServiceStatusPayload", map[string]any{
		"host": s.Host, "binary": s.Binary, "topic": s.Topic, "report_count": s.ReportCount, "disabled": s.Disabled,
		"disabled_reason":   s.DisabledReason,
		"availability_zone": zone, "last_seen_up": s.LastSeenUp, "forced_down": s.ForcedDown, "version": s.Version, "uuid": s.UUID}))
}
