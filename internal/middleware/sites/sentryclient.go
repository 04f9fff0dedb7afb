package sites

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/clienttls"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/version"
)

// sentryClient sends events one after the other in the background, and drops them if too many
// wait or if Sentry does not take them.
type sentryClient struct {
	url  string
	auth string // of X-Sentry-Auth, without the time
	http *http.Client
	log  zerolog.Logger

	failing filter.Seldom

	mu      sync.Mutex
	waiting []*sentryEvent
	running bool
	lost    int
	pause   time.Time // no event is sent before
}

const (
	sentryQueue   = 100
	sentryTimeout = 5 * time.Second
	// sentryPause is the pause after a failure, unless Sentry names one.
	sentryPause = 10 * time.Second
	// maxSentryPause bounds the pause that Sentry names.
	maxSentryPause = 10 * time.Minute
)

func newSentryClient(dsn string, log zerolog.Logger) (*sentryClient, error) {
	store, key, secret, options, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	c := &sentryClient{url: store.String(), log: log}
	c.auth = "Sentry sentry_version=7, sentry_client=nova-go/" + version.Number + ", sentry_key=" + key
	if secret != "" {
		c.auth += ", sentry_secret=" + secret
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := options.Get("ca_certs"); file != "" {
		if conf.RootCAs, err = clienttls.Roots(file); err != nil {
			return nil, fmt.Errorf("dsn: ca_certs: %w", err)
		}
	}
	if text := options.Get("verify_ssl"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("dsn: verify_ssl: %q is neither 0 nor 1", text)
		}
		conf.InsecureSkipVerify = n == 0 //nolint:gosec // the deployer's choice
	}
	timeout := sentryTimeout
	if text := options.Get("timeout"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("dsn: timeout: %q is no number of seconds", text)
		}
		timeout = time.Duration(n) * time.Second
	}
	c.http = &http.Client{Timeout: timeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf,
		IdleConnTimeout: 30 * time.Second, MaxIdleConns: 1}}
	return c, nil
}

// send queues an event. It never waits.
func (c *sentryClient) send(e *sentryEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) >= sentryQueue || time.Now().Before(c.pause) {
		c.lost++
		return
	}
	c.waiting = append(c.waiting, e)
	if !c.running {
		c.running = true
		go c.run()
	}
}

// run sends the events of the queue, and ends when it is empty.
func (c *sentryClient) run() {
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			c.running = false
			c.mu.Unlock()
			return
		}
		e := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.mu.Unlock()
		pause, err := c.post(e)
		if err == nil {
			continue
		}
		c.mu.Lock()
		c.lost += len(c.waiting) + 1
		c.waiting, c.pause = nil, time.Now().Add(pause)
		lost := c.lost
		c.mu.Unlock()
		if c.failing.Now() {
			c.log.Error().Msgf("%d events are lost: Sentry: %v", lost, err)
		}
	}
}

// post sends an event. It returns how long no other event should be sent if it fails.
func (c *sentryClient) post(e *sentryEvent) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(e.marshal())) //nolint:noctx // bounded by the client's timeout
	if err != nil {
		return sentryPause, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "nova-go/"+version.Number)
	r.Header.Set("X-Sentry-Auth", c.auth+", sentry_timestamp="+strconv.FormatInt(time.Now().Unix(), 10))
	resp, err := c.http.Do(r)
	if err != nil {
		return sentryPause, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, filter.MaxKept))
	if resp.StatusCode < 300 {
		return 0, nil
	}
	pause := sentryPause
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		pause = min(time.Duration(n)*time.Second, maxSentryPause)
	}
	text := resp.Status
	if why := resp.Header.Get("X-Sentry-Error"); why != "" {
		text += ": " + why
	}
	return pause, errors.New(text)
}
