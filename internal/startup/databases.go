package startup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// DatabaseError reports a database that prevents the start of the service.
type DatabaseError struct {
	Group   string // the group with its option connection
	Where   config.Origin
	Address string
	Err     error

	retries, interval int // max_retries and retry_interval of the group
}

// Error names the option and the address, never the password.
func (e *DatabaseError) Error() string {
	return fmt.Sprintf("%s: [%s] connection: the database at %s: %s", e.Where, e.Group, e.Address, e.Reason())
}

// Unwrap returns the cause.
func (e *DatabaseError) Unwrap() error { return e.Err }

// Away reports whether the database does not answer, as opposed to rejecting the connection.
func (e *DatabaseError) Away() bool { return db.Unanswered(e.Err) }

// connectTime returns the time for which oslo.db tries to connect at the first use of a database;
// ends is false if it is unlimited.
func (e *DatabaseError) connectTime() (time.Duration, bool) {
	return time.Duration(e.retries) * time.Duration(e.interval) * time.Second, e.retries >= 0
}

// Reason returns the error of the database or its driver in one line.
func (e *DatabaseError) Reason() string {
	err := e.Err
	var wrapped *objects.Error
	for errors.As(err, &wrapped) && wrapped.Cause != nil {
		err = wrapped.Cause
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it does not answer in time"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// explain wraps an error with its database; nil stays nil.
func (d *Databases) explain(which *db.DB, err error) error {
	if err == nil {
		return nil
	}
	group, o := "database", d.config.Database
	if which == d.API {
		group, o = "api_database", d.config.APIDatabase
	}
	return &DatabaseError{Group: group, Where: d.config.Where(group, "connection"), Address: which.Address(), Err: err,
		retries: o.MaxRetries, interval: o.RetryInterval}
}

// Ready returns nil if requests can be served: the databases that all requests need answer, or have been
// silent for less than 30 seconds. It takes about two seconds at most.
func (d *Databases) Ready(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- d.explain(d.Main, d.Main.Serves(ctx)) }()
	if d.API != nil {
		if err := d.API.Serves(ctx); err != nil {
			return d.explain(d.API, err)
		}
	}
	return <-failed
}
