//go:build unix

package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// probeEvery is the time between two probes; probeWithin limits one.
const probeEvery, probeWithin = 100 * time.Millisecond, time.Second

// watch probes a neighbour from outside until ctx ends, with a new connection each time. It sends
// the time from the first failure to the first success after the last one; zero: none failed.
func (l *Lab) watch(ctx context.Context, name string) <-chan outage {
	seen := make(chan outage, 1)
	ask := l.probe(name)
	go func() {
		var o outage
		failing := false
		for ctx.Err() == nil {
			began := time.Now()
			bounded, cancel := context.WithTimeout(ctx, probeWithin)
			ok := ask == nil || ask(bounded) == nil
			cancel()
			switch {
			case ctx.Err() != nil:
			case !ok && o.away.IsZero():
				o.away, failing = began, true
			case !ok:
				failing = true
			case failing:
				o.back, failing = time.Now(), false
			}
			select {
			case <-time.After(probeEvery - time.Since(began)):
			case <-ctx.Done():
			}
		}
		if failing {
			o.back = time.Now()
		}
		seen <- o
	}()
	return seen
}

// probe returns a check of a neighbour through its link; nil: there is none.
func (l *Lab) probe(name string) check {
	switch {
	case name == "":
		return nil
	case name == "mariadb":
		return func(ctx context.Context) error {
			db, err := l.throughLinks().database("nova_api")
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.ExecContext(ctx, "UPDATE cell_mappings SET updated_at = UTC_TIMESTAMP()"+
				" WHERE id = (SELECT MIN(id) FROM (SELECT id FROM cell_mappings) c)")
			return err
		}
	case strings.HasPrefix(name, "rabbitmq"):
		return func(context.Context) error {
			conn, err := amqp.DialConfig("amqp://lab:lab@"+l.throughLinks().Address(name)+"/", amqp.Config{Dial: amqp.DefaultDial(probeWithin)})
			if err != nil {
				return err
			}
			return conn.Close()
		}
	}
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.throughLinks().URL(name)+"/", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
}
