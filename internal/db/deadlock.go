package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// again calls f until it ends without a deadlock; six times at most, as Nova does.
func again(ctx context.Context, f func() error) error {
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

// deadlocked tells whether the database has called a statement off because others
// waited for it: a deadlock, a lock that did not come, or in a Galera cluster
// another node that was first.
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
