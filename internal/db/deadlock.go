package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// retryDeadlock calls f until it does not end with a deadlock, at most six times, as Nova does.
func retryDeadlock(ctx context.Context, f func() error) error {
	const retries = 5
	err := f()
	for n := 0; n < retries && deadlocked(err); n++ {
		select {
		case <-time.After(rand.N(50 * time.Millisecond << n)):
		case <-ctx.Done():
			return err
		}
		err = f()
	}
	return err
}

// deadlocked tells whether the database has aborted a statement because of a conflict with
// another transaction: a deadlock, a lock wait timeout, or in a Galera cluster a conflict with
// another node.
func deadlocked(err error) bool {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &my):
		return my.Number == 1213 || my.Number == 1205
	case errors.As(err, &pg):
		return pg.Code == "40P01"
	}
	return false
}
