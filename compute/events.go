package compute

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/eventstream"
	"github.com/nova-go/nova/internal/log"
)

// application returns the application that the pipelines of the paste file end with.
func (p *parts) application(writes *api.Writes) (http.Handler, error) {
	app, err := newRouter(p, writes)
	if err != nil || p.events == nil {
		return app, err
	}
	config := api.Config{Policy: p.policy, Log: p.log, Metrics: p.metrics, Release: p.release}
	subscribe, err := api.New(config, []api.Route{eventstream.Route()})
	if err != nil {
		return nil, err
	}
	return eventstream.Within(subscribe, app), nil
}

// eventStreams returns the handler of GET /servers/events, and collects the events until ctx ends. app is the application with
// its pipeline.
func (d *deps) eventStreams(ctx context.Context, app http.Handler) http.Handler {
	context.AfterFunc(ctx, d.events.Close)
	go d.followNotifications(ctx)
	return eventstream.New(eventstream.Options{Hub: d.events, App: app, Metrics: d.metrics, Log: log.Named(d.log, "nova.events"), Now: d.now})
}

// followEvery is the interval in which the cells are read again, to find those that are new.
const followEvery = time.Minute

// followNotifications listens for the notifications of Nova's services until ctx ends: on the broker of
// [oslo_messaging_notifications] transport_url, or without this option on those of the API and of all cells.
func (d *deps) followNotifications(ctx context.Context) {
	var followed []string
	follow := func(url string) {
		if slices.Contains(followed, url) {
			return
		}
		followed = append(followed, url)
		go func() {
			if err := d.messages.Listen(ctx, url, d.events.Listener(ctx, d.notificationTopics())); err != nil {
				d.log.Warn().Err(err).Msg("Notifications are not followed")
			}
		}()
	}
	if url := d.config.OsloMessagingNotifications.TransportURL; url != "" {
		follow(url)
		return
	}
	follow(d.messages.URL(""))
	for {
		cells, err := d.Cells.All(ctx)
		for _, c := range cells {
			follow(d.messages.URL(c.TransportURL))
		}
		wait := followEvery
		if err != nil {
			wait = followEvery / 10
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// notificationTopics returns the topics of notifications about servers. Versioned notifications contain all that unversioned
// ones do, and are enough where services send both.
func (d *deps) notificationTopics() []string {
	versioned := d.config.Notifications.VersionedNotificationsTopics
	if d.config.Notifications.NotificationFormat != "unversioned" {
		return versioned
	}
	topics := d.config.OsloMessagingNotifications.Topics
	if len(topics) == 0 {
		topics = []string{"notifications"}
	}
	return slices.Concat(versioned, topics)
}
