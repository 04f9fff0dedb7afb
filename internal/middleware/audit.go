package middleware

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/paste"
)

// AuditOptions configure Audit.
type AuditOptions struct {
	// MapFile names the paths, actions and services; without it most of them are unknown.
	MapFile string
	// IgnoreMethods and IgnorePaths exclude requests. Paths are compared without SCRIPT_NAME.
	IgnoreMethods, IgnorePaths []string
	// Notify sends the events.
	Notify AuditNotifier
	Log    zerolog.Logger
}

// AuditNotifier sends an event; eventType is audit.http.request or audit.http.response. It must
// not keep the event.
type AuditNotifier func(ctx context.Context, eventType string, event *cadf.Event)

type audit struct {
	AuditOptions
	m   *auditMap
	log zerolog.Logger
}

// Audit sends an event for each request and for each answer, as keystonemiddleware's audit
// does. If an event cannot be built, the request continues without it.
func Audit(o AuditOptions) (func(http.Handler) http.Handler, error) {
	m, err := readAuditMap(o.MapFile)
	if err != nil {
		return nil, err
	}
	a := &audit{AuditOptions: o, m: m, log: o.Log}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, next) })
	}, nil
}

func (a *audit) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if slices.Contains(a.IgnoreMethods, r.Method) || slices.Contains(a.IgnorePaths, r.URL.Path) {
		next.ServeHTTP(w, r)
		return
	}
	r = r.WithContext(r.Context()) // a copy, because the body may be replaced
	// Events are sent even if the client disconnects.
	ctx := context.WithoutCancel(r.Context())
	event, err := a.m.event(r, a.log)
	if err != nil {
		a.log.Error().Msgf("An exception occurred processing the API call: %v ", err)
	} else {
		a.Notify(ctx, "audit.http.request", event)
	}
	out := &filter.Response{ResponseWriter: w}
	done := false
	defer func() {
		if event == nil {
			return
		}
		switch {
		case !done:
			event.Finish(out.Status)
		case out.Status == 0:
			event.Finish(http.StatusOK)
		default:
			event.Finish(out.Status)
		}
		a.Notify(ctx, "audit.http.response", event)
	}()
	next.ServeHTTP(out, r)
	done = true
}

// audit builds the filter from a paste section and [audit_middleware_notifications].
func (d Deps) audit(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	p := filter.Options{Global: global, Local: local}
	name := "keystonemiddleware.audit"
	o := AuditOptions{}
	var methods string
	p.String("log_name", &name)
	p.String("audit_map_file", &o.MapFile)
	p.String("ignore_req_list", &methods)
	p.List("ignore_path_list", &o.IgnorePaths)
	for m := range strings.SplitSeq(methods, ",") {
		o.IgnoreMethods = append(o.IgnoreMethods, strings.ToUpper(strings.TrimSpace(m)))
	}
	c := d.Config.Audit
	p.Boolean("use_oslo_messaging", &c.UseOsloMessaging)
	p.String("driver", &c.Driver)
	if p.Err != nil {
		return nil, p.Err
	}
	o.Log = log.Named(d.Log, name)
	var err error
	if o.Notify, err = d.auditNotifier(c, o.Log); err != nil {
		return nil, err
	}
	return Audit(o)
}

// AuditNotifications returns the options of notifications of an audit filter: those of [audit_middleware_notifications],
// otherwise those of [oslo_messaging_notifications].
func (d Deps) AuditNotifications(c config.Audit) config.OsloMessagingNotifications {
	o := d.Config.OsloMessagingNotifications
	if c.Driver != "" {
		o.Driver = []string{c.Driver}
	}
	if len(c.Topics) > 0 {
		o.Topics = c.Topics
	}
	if c.TransportURL != "" {
		o.TransportURL = c.TransportURL
	}
	return o
}

// auditNotifier chooses the destination of events: the drivers of oslo.messaging, or the log.
func (d Deps) auditNotifier(c config.Audit, logger zerolog.Logger) (AuditNotifier, error) {
	if !c.UseOsloMessaging {
		return logAudit(logger), nil
	}
	o := d.AuditNotifications(c)
	var all []AuditNotifier
	for _, name := range o.Driver {
		switch name {
		case "", "noop", "test":
		case "log":
			all = append(all, logNotification(d.Log))
		case "messaging", "messagingv2":
			if d.Messages == nil {
				all = append(all, logAudit(logger))
				continue
			}
			o.Driver = []string{name}
			n, err := d.Messages.NotifierOf(o)
			if err != nil {
				return nil, fmt.Errorf("audit: %w", err)
			}
			all = append(all, sendAudit(n))
		case "routing":
			logger.Warn().Msg("audit: the notification driver routing is not supported; events go to the log")
			all = append(all, logAudit(logger))
		default:
			return nil, fmt.Errorf("audit: there is no notification driver %q", name)
		}
	}
	return func(ctx context.Context, eventType string, event *cadf.Event) {
		for _, notify := range all {
			notify(ctx, eventType, event)
		}
	}, nil
}

// sendAudit returns a notifier that sends events with the publisher id of the service.
func sendAudit(n *rpc.Notifier) AuditNotifier {
	publisher := filepath.Base(os.Args[0])
	return func(ctx context.Context, eventType string, event *cadf.Event) {
		n.Notify(ctx, nil, rpc.Event{Publisher: publisher, Type: eventType, Payload: event})
	}
}

// logAudit returns a notifier that writes events to the log. The payload is JSON; Python logs
// the repr of a dict.
func logAudit(l zerolog.Logger) AuditNotifier {
	return func(_ context.Context, eventType string, event *cadf.Event) {
		payload, _ := json.Marshal(event)
		l.Info().Msgf("Event type: %s, Context: {}, Payload: %s", eventType, payload)
	}
}

// logNotification is oslo.messaging's driver "log": it logs the message that would be sent,
// with a logger name that contains the event type.
func logNotification(l zerolog.Logger) AuditNotifier {
	publisher := filepath.Base(os.Args[0])
	return func(_ context.Context, eventType string, event *cadf.Event) {
		message, _ := json.Marshal(map[string]any{
			"message_id": uuid.NewString(), "publisher_id": publisher, "event_type": eventType, "priority": "INFO",
			"payload": event, "timestamp": time.Now().UTC().Format("2006-01-02 15:04:05.000000"),
		})
		named := log.Named(l, "oslo.messaging.notification."+eventType)
		named.Info().Msg(string(message))
	}
}
