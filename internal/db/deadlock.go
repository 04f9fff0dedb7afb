package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// retries is how often something is repeated; Nova repeats as often after a deadlock.
	retries = 5
	// repeatFor is how long statements and connections that servers refuse are repeated, however often: a
	// proxy in front of the servers takes some seconds to find out which of them takes statements.
	repeatFor = 5 * time.Second
	// lostFor limits how long repetitions begin after the first attempt. A server that became silent answers
	// nothing until a proxy or the network ends the connection, and clients rarely wait longer.
	lostFor = CellTimeout
)

// retry calls f until it does not end with a deadlock or a refusal, after both of which nothing has
// been done: at most six times, and after refusals also for repeatFor. It returns the last error.
func (d *DB) retry(ctx context.Context, f func() error) error { return d.repeat(ctx, f, false) }

// retryLost is retry for what may also be repeated if the connection is lost in the middle: reads,
// and transactions before their COMMIT.
func (d *DB) retryLost(ctx context.Context, f func() error) error { return d.repeat(ctx, f, true) }

func (d *DB) repeat(ctx context.Context, f func() error, evenLost bool) error {
	began := time.Now()
	for n := 0; ; n++ {
		attempt := time.Now()
		err := f()
		passed, again := time.Since(began), false
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case deadlocked(err):
			again = n < retries
		case refused(err), rejectedAtStart(err):
			again = passed <= repeatFor || n < retries && passed <= lostFor
		case evenLost && lost(err):
			// A server that is silent for read_timeout would only be silent again.
			again = n < retries && (passed <= repeatFor || passed <= lostFor && !silentSince(attempt, d.readTimeout))
		}
		if !again {
			return err
		}
		select {
		case <-time.After(rand.N(50 * time.Millisecond << min(n, retries-1))):
		case <-ctx.Done():
			return err
		}
	}
}

// inconsistent tells whether a row has changed since the snapshot of the transaction: MariaDB with
// innodb_snapshot_isolation, which is the default from 11.6 on. oslo.db counts it as a deadlock.
func inconsistent(my *mysql.MySQLError) bool {
	return my.Number == 1020 && strings.Contains(my.Message, "Record has changed since last read")
}

// deadlocked tells whether the database has aborted a statement because of a conflict with
// another transaction: a deadlock, a lock wait timeout, in a Galera cluster or MySQL's group
// replication (3101) a conflict with another node, in PostgreSQL a serialization failure or a conflict
// with the recovery of a replica (40001). oslo.db does not count 3101 and 40001 as deadlocks.
func deadlocked(err error) bool {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &my):
		return my.Number == 1213 || my.Number == 1205 || my.Number == 3101 || inconsistent(my)
	case errors.As(err, &pg):
		return pg.Code == "40P01" || pg.Code == "40001"
	}
	return false
}
