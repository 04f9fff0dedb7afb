package rpc

import (
	"context"
	"slices"

	"github.com/rs/zerolog"
)

// maxUnsent bounds the log records that wait to be sent as notifications.
const maxUnsent = 1000

// PublishErrors returns a logger whose records of level ERROR and above are also sent as notifications, as oslo.log does with
// [DEFAULT] publish_errors: the event error_notification of error.publisher, with the message as the member error. The notifications
// are sent in the background until ctx ends; records are left out while a broker is away and 1000 of them wait. As in
// oslo.messaging, nothing is sent if the notification driver log is in use, whose notifications are log records. The logger of the
// pool is not to be one that PublishErrors has returned: what the pool logs when it cannot send would be sent again.
func (p *Pool) PublishErrors(ctx context.Context, l zerolog.Logger) (zerolog.Logger, error) {
	n, err := p.Notifier()
	if err != nil || !n.Enabled() || slices.Contains(n.drivers, "log") {
		return l, err
	}
	unsent := make(chan string, maxUnsent)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case text := <-unsent:
				n.Notify(ctx, nil, Event{Publisher: "error.publisher", Type: "error_notification", Priority: "ERROR", Nobody: true,
					Payload: map[string]string{"error": text}})
			}
		}
	}()
	return l.Hook(zerolog.HookFunc(func(_ *zerolog.Event, level zerolog.Level, text string) {
		if level < zerolog.ErrorLevel || level > zerolog.PanicLevel {
			return
		}
		select {
		case unsent <- text:
		default:
		}
	})), nil
}
