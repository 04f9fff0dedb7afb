//go:build unix

package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-sql-driver/mysql"
	amqp "github.com/rabbitmq/amqp091-go"
)

// check returns nil if a service works, otherwise an error with the problem.
type check func(ctx context.Context) error

// isListening reports whether a process listens on an address.
func isListening(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// listens returns a check of a port.
func (l *Lab) listens(name string) check {
	return func(context.Context) error {
		if !isListening(l.Address(name)) {
			return fmt.Errorf("nothing listens on %s", l.Address(name))
		}
		return nil
	}
}

// answers returns a check for an HTTP status below 400; version lists have status 300.
func (l *Lab) answers(name, path string) check {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL(name)+path, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("%s%s answers %s", l.URL(name), path, resp.Status)
		}
		return nil
	}
}

// database opens a database of the lab as its services do.
func (l *Lab) database(name string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName, c.MultiStatements = "lab", "lab", "tcp", l.Address("mariadb"), name, true
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// sqlAnswers is a check of the last database.
func (l *Lab) sqlAnswers(ctx context.Context) error {
	all := l.Databases()
	db, err := l.database(all[len(all)-1])
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}

// AMQP returns the URL of the broker for clients.
func (l *Lab) AMQP() string { return "amqp://lab:lab@" + l.Address("rabbitmq") + "/" }

// brokerAnswers returns a check that a broker accepts the lab's user.
func (l *Lab) brokerAnswers(name string) check {
	return func(context.Context) error {
		if !isListening(l.Address(name)) {
			return fmt.Errorf("nothing listens on %s", l.Address(name))
		}
		conn, err := amqp.Dial("amqp://lab:lab@" + l.Address(name) + "/")
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// reports returns a check for a service without a port: its state in an API must be up.
func (l *Lab) reports(api, path, binary, host string) check {
	return func(ctx context.Context) error {
		if err := l.answers(api, "/")(ctx); err != nil {
			return err
		}
		c, err := l.login(ctx)
		if err != nil {
			return err
		}
		var v struct {
			Services []struct{ Binary, Host, State string }
		}
		if err := c.do(ctx, http.MethodGet, l.URL(api)+path, nil, &v); err != nil {
			return err
		}
		for _, s := range v.Services {
			if s.Binary == binary && s.Host == host {
				if s.State != "up" {
					return fmt.Errorf("%s on %s is %s", binary, host, s.State)
				}
				return nil
			}
		}
		return fmt.Errorf("%s on %s has not reported", binary, host)
	}
}
