package notify

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Host sends the notification of an event of a host, such as "set_enabled.start". It exists only in the unversioned form.
// what is the name of the payload's second member and value its value.
func (n *Notifier) Host(ctx context.Context, caller *reqctx.Caller, event, host, what string, value any) {
	if n.Legacy() {
		n.tell(ctx, caller, "api", host, "HostAPI."+event, map[string]any{"host_name": host, what: value})
	}
}

// publishers maps the binaries of services to the names of their publishers in versioned notifications.
var publishers = map[string]string{"nova-osapi_compute": "nova-api", "nova-metadata": "nova-metadata", "nova-compute": "nova-compute",
	"nova-conductor": "nova-conductor", "nova-scheduler": "nova-scheduler"}

// Service sends the notification of an event of a service: "create", "update" or "delete". The publisher is the service
// itself. zone is nil for a service without an availability zone.
func (n *Notifier) Service(ctx context.Context, caller *reqctx.Caller, event string, s *objects.Service, zone *string) {
	if !n.Versioned() {
		return
	}
	source, known := publishers[s.Binary]
	if !known {
		source = s.Binary
	}
	n.announceAs(ctx, caller, source+":"+s.Host, "service."+event, versioned.Loaded("ServiceStatusPayload", map[string]any{
		"host": s.Host, "binary": s.Binary, "topic": s.Topic, "report_count": s.ReportCount, "disabled": s.Disabled,
		"disabled_reason":   s.DisabledReason,
		"availability_zone": zone, "last_seen_up": s.LastSeenUp, "forced_down": s.ForcedDown, "version": s.Version, "uuid": s.UUID}))
}
