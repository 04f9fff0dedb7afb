package osprofiler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/gomodule/redigo/redis"
)

// RedisOptions configure NewRedis with the options of [profiler].
type RedisOptions struct {
	// URL is connection_string: redis://[:password@]host[:port][/database], or redissentinel://[:password@]host:port of a
	// sentinel. The password is that of Redis.
	URL string
	// Master is sentinel_service_name.
	Master string
	// Timeout is socket_timeout, which only redissentinel has; redis:// waits five seconds at most.
	Timeout time.Duration
	// Errors is filter_error_trace: traces with errors are listed apart.
	Errors bool
}

type redisDriver struct {
	o        RedisOptions
	url      *url.URL
	password string
	conn     redis.Conn // nil: none, or it was lost
}

// NewRedis returns the driver of redis:// and redissentinel://. It connects with the first point, and again with the next point
// after an error.
func NewRedis(o RedisOptions) (Driver, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("connection_string is not a URL") // the URL may contain a password
	}
	if u.Scheme == "redissentinel" && (u.Hostname() == "" || u.Port() == "") {
		return nil, errors.New("connection_string: redissentinel:// needs the host and the port of a sentinel")
	}
	d := &redisDriver{o: o, url: u}
	d.password, _ = u.User.Password()
	return d, nil
}

func (d *redisDriver) dial(ctx context.Context) (redis.Conn, error) {
	if d.url.Scheme != "redissentinel" {
		return redis.DialURLContext(ctx, d.o.URL)
	}
	timeouts := []redis.DialOption{redis.DialConnectTimeout(d.o.Timeout), redis.DialReadTimeout(d.o.Timeout),
		redis.DialWriteTimeout(d.o.Timeout)}
	sentinel, err := redis.DialContext(ctx, "tcp", d.url.Host, timeouts...)
	if err != nil {
		return nil, err
	}
	defer sentinel.Close()
	at, err := redis.Strings(redis.DoContext(sentinel, ctx, "SENTINEL", "get-master-addr-by-name", d.o.Master))
	if err != nil {
		return nil, fmt.Errorf("the sentinel at %s has no address of %s: %w", d.url.Host, d.o.Master, err)
	}
	if len(at) != 2 {
		return nil, fmt.Errorf("the sentinel at %s has no address of %s", d.url.Host, d.o.Master)
	}
	return redis.DialContext(ctx, "tcp", net.JoinHostPort(at[0], at[1]), append(timeouts, redis.DialPassword(d.password))...)
}

// Notify implements Driver: the points of a trace are a list, the newest first.
func (d *redisDriver) Notify(ctx context.Context, p Point) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if d.conn == nil {
		if d.conn, err = d.dial(ctx); err != nil {
			d.conn = nil
			return err
		}
	}
	if _, err = redis.DoContext(d.conn, ctx, "LPUSH", "osprofiler_opt:"+p.BaseID, text); err == nil && d.o.Errors && p.Info["etype"] != nil {
		var failed []byte
		if failed, err = json.Marshal(map[string]string{"base_id": p.BaseID, "timestamp": p.Timestamp}); err == nil {
			_, err = redis.DoContext(d.conn, ctx, "SET", "osprofiler_error:"+p.BaseID, failed)
		}
	}
	if err != nil && d.conn.Err() != nil {
		_ = d.conn.Close()
		d.conn = nil
	}
	return err
}

// Close implements Driver.
func (d *redisDriver) Close() error {
	if d.conn == nil {
		return nil
	}
	return d.conn.Close()
}
