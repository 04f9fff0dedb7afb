//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"github.com/nova-go/nova/internal/lab/faults"
)

// synced is wsrep_local_state of a node of Galera that takes queries.
const synced = 4

// galeraNode is the state of a node of the Galera cluster.
type galeraNode struct {
	local    int // wsrep_local_state; 0: not in a cluster with a majority
	readOnly bool
}

// openNode opens a node of the Galera cluster, as the account of this program, which may write to a
// read-only node.
func (l *Lab) openNode(name string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.Timeout, c.ReadTimeout = "admin", "lab", "tcp", l.Address(name), time.Second, 5*time.Second
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

// galeraState reads the state of a node.
func (l *Lab) galeraState(ctx context.Context, name string) (galeraNode, error) {
	db, err := l.openNode(name)
	if err != nil {
		return galeraNode{}, err
	}
	defer db.Close()
	return readGalera(ctx, db)
}

// readGalera reads the state of a node, within a second.
func readGalera(ctx context.Context, db *sql.DB) (galeraNode, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var n galeraNode
	var variable string
	if err := db.QueryRowContext(ctx, "SHOW STATUS LIKE 'wsrep_local_state'").Scan(&variable, &n.local); err != nil {
		return n, err
	}
	var ready string
	if err := db.QueryRowContext(ctx, "SHOW STATUS LIKE 'wsrep_ready'").Scan(&variable, &ready); err != nil {
		return n, err
	}
	if ready != "ON" {
		n.local = 0
	}
	var readOnly string
	err := db.QueryRowContext(ctx, "SHOW VARIABLES LIKE 'read_only'").Scan(&variable, &readOnly)
	n.readOnly = readOnly != "OFF"
	return n, err
}

// serveFaults serves all links, the checks of the database nodes for HAProxy, and the control of the
// links: POST /NAME?mode=hang&pause=200ms&to=LISTENER.
func (l *Lab) serveFaults(ctx context.Context) error {
	control, group := http.NewServeMux(), &errgroup.Group{}
	serve := func(name string, h http.Handler) {
		s := &http.Server{Addr: l.Address(name), Handler: h, ReadHeaderTimeout: 5 * time.Second}
		context.AfterFunc(ctx, func() { _ = s.Close() })
		group.Go(func() error {
			if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	for _, name := range l.Links() {
		link, err := faults.Listen(ctx, l.throughLinks().Address(name), l.Address(name))
		if err != nil {
			return err
		}
		control.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			f, err := l.parseFault(r.URL.Query())
			if err == nil {
				err = link.Set(f)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		})
	}
	for _, name := range l.DatabaseNodes() {
		db, err := l.openNode(name)
		if err != nil {
			return err
		}
		serve(name+"-check", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := readGalera(r.Context(), db)
			if err != nil || n.local != synced || n.readOnly {
				http.Error(w, fmt.Sprintf("%+v %v", n, err), http.StatusServiceUnavailable)
			}
		}))
	}
	serve("faults", control)
	return group.Wait()
}

// parseFault reads the parameters of a request to the control.
func (l *Lab) parseFault(q url.Values) (faults.Fault, error) {
	f := faults.Fault{Mode: faults.Mode(q.Get("mode"))}
	if p := q.Get("pause"); p != "" {
		var err error
		if f.Pause, err = time.ParseDuration(p); err != nil {
			return f, err
		}
	}
	if to := q.Get("to"); to != "" {
		if l.Port(to) == 0 {
			return f, fmt.Errorf("the lab has no listener %q", to)
		}
		f.To = loopback + ":" + strconv.Itoa(l.Port(to))
	}
	return f, nil
}

// setFault changes the state of a link of the running lab.
func (l *Lab) setFault(ctx context.Context, name string, q url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL("faults")+"/"+name+"?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("link %s: %s", name, resp.Status)
	}
	return nil
}
