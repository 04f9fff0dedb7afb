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

// repeatFor is how long refused statements are repeated: a proxy in front of the servers takes some
// seconds to find out which of them takes statements. What takes longer until its connection is lost is
// not repeated, because a server that is silent for read_timeout would be asked several times.
const repeatFor = 5 * time.Second

// retry calls f until it does not end with a deadlock or a refusal, after both of which nothing has
// been done: at most six times, as Nova does after a deadlock, and after refusals for repeatFor.
// It returns the last error.
func retry(ctx context.Context, f func() error) error {
	return retryIf(ctx, f, func(err error) bool { return deadlocked(err) || refused(err) })
}

// retryLost is retry for what may also be repeated if the connection is lost in the middle: reads,
// and transactions before their COMMIT.
func retryLost(ctx context.Context, f func() error) error {
	return retryIf(ctx, f, func(err error) bool { return deadlocked(err) || refused(err) || lost(err) })
}

func retryIf(ctx context.Context, f func() error, again func(error) bool) error {
	const retries = 5
	began, err := time.Now(), f()
	for n := 0; err != nil && ctx.Err() == nil && again(err); n++ {
		late := time.Since(began) > repeatFor
		if n >= retries && (late || !refused(err)) || late && lost(err) {
			break
		}
		select {
		case <-time.After(rand.N(50 * time.Millisecond << min(n, retries-1))):
		case <-ctx.Done():
			return err
		}
		err = f()
	}
	return err
}

// inconsistent tells whether a row has changed since the snapshot of the transaction: MariaDB with
// innodb_snapshot_isolation, which is the default from 11.6 on. oslo.db counts it as a deadlock.
func inconsistent(my *mysql.MySQLError) bool {
	return my.Number == 1020 && strings.Contains(my.Message, "Record has changed since last read")
}

// deadlocked tells whether the database has aborted a statement because of a conflict with
// another transaction: a deadlock, a lock wait timeout, or in a Galera cluster a conflict with
// another node.
func deadlocked(err error) bool {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &my):
		return my.Number == 1213 || my.Number == 1205 || inconsistent(my)
	case errors.As(err, &pg):
		return pg.Code == "40P01"
	}
	return false
}
