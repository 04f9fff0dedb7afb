package rpc

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
)

// Options are the parameters of NewPool.
type Options struct {
	Transport     config.Transport
	Rabbit        config.OsloMessagingRabbit
	Notifications config.OsloMessagingNotifications
	// Memory is the broker of fake:// URLs; nil: the pool makes one.
	Memory *Memory
	Log    zerolog.Logger
	// Metrics counts messages; nil: they are not counted.
	Metrics *metrics.Metrics
}

// FromConfig returns the options of nova.conf.
func FromConfig(c *config.Config, logger zerolog.Logger) Options {
	return Options{Transport: c.Default.Transport, Rabbit: c.OsloMessagingRabbit,
		Notifications: c.OsloMessagingNotifications, Log: logger}
}

// overrideFromQuery applies the options in the query of a transport URL to a copy of the group,
// as oslo.messaging does.
func overrideFromQuery(r config.OsloMessagingRabbit, query map[string]string) (config.OsloMessagingRabbit, error) {
	v := reflect.ValueOf(&r).Elem()
	for name, text := range query {
		f, ok := fieldOf(v, name)
		if !ok {
			return r, fmt.Errorf("transport_url: no option %q in [oslo_messaging_rabbit]", name)
		}
		var err error
		switch f.Kind() {
		case reflect.Bool:
			var b bool
			b, err = config.ParseBool(strings.TrimSpace(text))
			f.SetBool(b)
		case reflect.Int:
			var n int64
			n, err = strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			f.SetInt(n)
		case reflect.Float64:
			var x float64
			x, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
			f.SetFloat(x)
		case reflect.String:
			f.SetString(text)
		}
		if err != nil {
			return r, fmt.Errorf("transport_url: option %s: %q is no %s", name, text, f.Kind())
		}
	}
	return r, nil
}

func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("opt") == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// checkRabbitOptions refuses the options that oslo.messaging's driver refuses when it starts.
func checkRabbitOptions(r config.OsloMessagingRabbit) error {
	switch {
	case r.RabbitQuorumQueue && r.RabbitHAQueues, r.RabbitTransientQuorumQueue && r.RabbitHAQueues:
		return fmt.Errorf("[oslo_messaging_rabbit] rabbit_quorum_queue and rabbit_ha_queues both enabled: a queue is quorum or mirrored, not " +
			"both")
	case r.RabbitStreamFanout && r.RabbitQOSPrefetchCount <= 0:
		return fmt.Errorf("[oslo_messaging_rabbit] rabbit_stream_fanout needs rabbit_qos_prefetch_count to be greater than 0")
	case r.RabbitStreamFanout && !r.RabbitTransientQuorumQueue:
		return fmt.Errorf("[oslo_messaging_rabbit] rabbit_stream_fanout needs rabbit_transient_quorum_queue")
	case r.RPCConnPoolSize < r.ConnPoolMinSize:
		return fmt.Errorf("[oslo_messaging_rabbit] rpc_conn_pool_size: %d must not be less than conn_pool_min_size: %d", r.RPCConnPoolSize,
			r.ConnPoolMinSize)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
