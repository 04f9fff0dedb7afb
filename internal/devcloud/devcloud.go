// Package devcloud is the embedded cloud of --dev: Nova's databases in SQLite, stand-ins for the
// other services, and hosts that handle the messages of Nova's API, in one process. The Nova
// application in front of it is the same that operators run.
package devcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/conductor"
	"github.com/nova-go/nova/internal/devcloud/control"
	"github.com/nova-go/nova/internal/devcloud/guard"
	"github.com/nova-go/nova/internal/devcloud/guests"
	"github.com/nova-go/nova/internal/devcloud/identity"
	"github.com/nova-go/nova/internal/devcloud/image"
	"github.com/nova-go/nova/internal/devcloud/network"
	"github.com/nova-go/nova/internal/devcloud/placement"
	"github.com/nova-go/nova/internal/devcloud/private"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
	"github.com/nova-go/nova/internal/devcloud/share"
	"github.com/nova-go/nova/internal/devcloud/volume"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/paste"
)

// hostNames are the names of the hypervisors of every cloud.
var hostNames = []string{"compute-1", "compute-2"}

// Password is the password of the users of every cloud.
const Password = identity.Password

// Memory is the State of a cloud whose data is discarded when it is closed.
const Memory = ":memory:"

// Options are the parameters of New.
type Options struct {
	// State is the directory of the databases and files; it is created if it does not exist.
	// Memory stands for a temporary directory that Close removes.
	State string
	// Release is the release of Nova that the cloud runs, such as "2025.1"; "": that of State, or
	// for a new one the newest.
	Release string
	// Databases are Nova's databases; nil: SQLite files in State.
	Databases *Databases
	URL       string // address for clients: "http://127.0.0.1:8774"
	// BuildTime is the time that a server takes to build or to rebuild; 0: none.
	BuildTime time.Duration
	// TaskTime is the time that other tasks of servers take.
	TaskTime time.Duration
	Log      *zerolog.Logger // nil: no log
}

// Cloud is an embedded cloud. Handler serves its services below /identity, /image, /network,
// /volume, /share and /placement.
type Cloud struct {
	state     string
	temporary bool
	lock      *os.File   // locked while the process uses the state directory
	databases *Databases // nil: SQLite files in state
	release   release.Release
	url       string
	log       zerolog.Logger
	taskTime  time.Duration
	documents *db.DB
	store     *resource.Store
	plan      *control.Plan
	clock     *control.Clock
	messages  control.Messages
	identity  *identity.Service
	network   *network.Service
	image     *image.Service
	volume    *volume.Service
	share     *share.Service
	placement *placement.Service
	snapshots sync.Mutex // held while a snapshot is taken, restored or deleted
	// The following fields are set by Serve.
	broker    *rpc.Memory
	fleet     *compute.Fleet
	conductor *conductor.Conductor
	records   *records.Records
	stop      context.CancelFunc
	ended     chan struct{} // closed when the databases are closed

	// Events serves GET /servers/events of the Nova application, on the cloud's own address; nil: nobody does. It is set
	// before Handler is called.
	Events http.Handler

	// Pipeline describes the pipeline in front of Nova, for the web page of the control API.
	Pipeline *paste.Node
}

// New creates the cloud in a state directory, or opens the existing one.
func New(ctx context.Context, o Options) (_ *Cloud, err error) {
	c := &Cloud{databases: o.Databases, url: strings.TrimRight(o.URL, "/"), log: zerolog.Nop(), taskTime: o.TaskTime, plan: &control.Plan{},
		clock: &control.Clock{}}
	c.plan.SetBuildTime(o.BuildTime)
	if o.Log != nil {
		c.log = *o.Log
	}
	if o.State == Memory {
		if o.State, err = os.MkdirTemp("", "nova-dev"); err != nil {
			return nil, err
		}
		c.temporary = true
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := c.openState(o.State); err != nil {
		return nil, err
	}
	if err := c.chooseRelease(o.Release); err != nil {
		return nil, err
	}
	if err := c.createDatabases(ctx); err != nil {
		return nil, err
	}
	if err := c.openServices(ctx); err != nil {
		return nil, err
	}
	if c.secure() {
		if err := c.makeCertificate(); err != nil {
			return nil, err
		}
	}
	if err := c.writeFiles(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Cloud) openServices(ctx context.Context) (err error) {
	if c.identity, err = identity.New(identity.Options{Dir: c.state, URL: c.url, Now: c.clock.Now}); err != nil {
		return err
	}
	if err := private.Create(filepath.Join(c.state, "services.sqlite")); err != nil {
		return err
	}
	if c.documents, err = db.Open(c.connection("services"), db.Options{}); err != nil {
		return err
	}
	if c.store, err = resource.Open(c.Context(ctx), c.documents); err != nil {
		return err
	}
	store, who := c.store, c.identity.Caller
	c.network = network.New(network.Options{Store: store, Who: who, URL: c.url + "/network", Changed: func(server string) {
		if c.fleet != nil {
			c.fleet.NetworkChanged(server)
		}
	}})
	c.image = image.New(image.Options{Store: store, Who: who, URL: c.url + "/image", Dir: filepath.Join(c.state, "images")})
	c.volume = volume.New(volume.Options{Store: store, Who: who, URL: c.url + "/volume", Image: c.image.Get, Upload: c.image.Upload})
	c.share = share.New(share.Options{Store: store, Who: who, URL: c.url + "/share"})
	c.placement = placement.New(placement.Options{Store: store, Who: who})
	return c.seed()
}

// seed creates the resources that every cloud has.
func (c *Cloud) seed() error {
	admin, demo := identity.ProjectID("admin"), identity.ProjectID("demo")
	return errors.Join(c.network.Seed(demo, admin), c.image.Seed(admin), c.volume.Seed(), c.share.Seed())
}

// connectionOptions gives each database one connection that writes and one that reads, because
// each connection to a database in memory has its own copy of the schema. The wait for the writer
// is long: a write that fails on a busy machine would leave a server in its task state.
var connectionOptions = db.Options{MaxPoolSize: new(1), MaxOverflow: new(1), Wait: new(10 * time.Minute)}

// reportEvery is the interval in which the services of the cloud update their rows.
const reportEvery = 10 * time.Second

// Serve handles the messages of a broker until ctx ends. It first completes or fails the
// operations that were interrupted when the cloud ended. It must be called once.
func (c *Cloud) Serve(ctx context.Context, b *rpc.Memory) error {
	ctx = c.Context(ctx)
	api, err := db.Open(c.connection("nova_api"), connectionOptions)
	if err != nil {
		return err
	}
	r, err := records.Open(ctx, api, c.release, connectionOptions)
	if err != nil {
		return err
	}
	b.Watch(c.messages.Add)
	r.Observer = &notifications{broker: b, now: c.clock.Now}
	zones := dbapi.NewZones(api, "nova")
	zone := func(ctx context.Context, host string) string {
		byHost, err := zones.ByHost(ctx)
		if err != nil {
			c.log.Warn().Err(err).Msg("reading availability zones")
		}
		return zones.Of(byHost, host)
	}
	c.fleet = compute.New(compute.Options{Records: r, Network: c.network, Images: c.image, Volumes: c.volume,
		Shares: c.share, Placement: c.placement, Plan: c.plan, Hosts: hostNames, Zone: zone, Log: c.log, URL: c.url, TaskTime: c.taskTime})
	cond := conductor.New(c.fleet)
	if err := cond.Start(ctx); err != nil {
		return err
	}
	if err := cond.Sweep(ctx); err != nil {
		return err
	}
	c.conductor, c.records, c.broker = cond, r, b
	stops := []func(){c.fleet.Serve(b), cond.Serve(b)}
	ctx, c.stop = context.WithCancel(ctx)
	c.ended = make(chan struct{})
	go func() {
		defer close(c.ended)
		every := time.NewTicker(reportEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				if err := cond.Report(ctx); err != nil && ctx.Err() == nil {
					c.log.Warn().Err(err).Msg("reporting services")
				}
			case <-ctx.Done():
				for _, stop := range stops {
					stop()
				}
				if err := errors.Join(r.Close(), api.Close()); err != nil {
					c.log.Warn().Err(err).Msg("closing the databases")
				}
				return
			}
		}
	}()
	return nil
}

// Close ends the cloud, which must not be in use any more. Afterwards another process may use the
// state directory.
func (c *Cloud) Close() error {
	var err error
	if c.stop != nil {
		c.stop()
		<-c.ended
	}
	if c.documents != nil {
		err = c.documents.Close()
	}
	if c.lock != nil {
		err = errors.Join(err, c.lock.Close())
	}
	if c.temporary {
		err = errors.Join(err, removeState(c.state))
	}
	return err
}

// Context returns a context that has the clock of the cloud. The Nova application needs it.
//
// Rows have whole seconds, as the columns of Nova's schema have on MariaDB. SQLite would keep fractions, which
// answers do not show: a list of the changes before the time of a server's change would leave the server out.
func (c *Cloud) Context(ctx context.Context) context.Context {
	return clock.WithSeconds(ctx, c.clock.Now)
}

// Config returns the configuration of the applications: the nova.conf in the state directory and
// then the files in more.
func (c *Cloud) Config(more config.Sources) (*config.Config, error) {
	return guests.LoadConfig(c.state, more)
}

// Handler serves the stand-ins and the control API below /dev, and passes all other requests to
// nova. It refuses requests of foreign web pages to the control API and to services without a
// token.
func (c *Cloud) Handler(nova http.Handler) http.Handler {
	services := map[string]http.Handler{"identity": c.identity, "network": c.network, "image": c.image, "volume": c.volume,
		"share": c.share, "placement": c.placement}
	for name, h := range services {
		services[name] = http.StripPrefix("/"+name, withSlash(h))
	}
	recorder := &control.Recorder{Plan: c.plan}
	all := recorder.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		h, ours := services[first]
		if !ours {
			nova.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}))
	dev := &control.API{Cloud: cloudControl{c, all}, Plan: c.plan, Recorder: recorder, Messages: &c.messages, Clock: c.clock}
	api := guard.New(c.url, true).Wrap(http.StripPrefix("/dev", dev.Handler()))
	help := guard.New(c.url, true).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.help(w, r, dev) }))
	guarded := guard.New(c.url, false).Wrap(all)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case r.URL.Path == "/dev":
			help.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/dev/"):
			api.ServeHTTP(w, r)
		case r.URL.Path == eventsPath && c.Events != nil:
			c.Events.ServeHTTP(w, r)
		case services[first] != nil:
			guarded.ServeHTTP(w, r)
		default: // Nova's API, which requires a token
			all.ServeHTTP(w, r)
		}
	})
}

// help answers GET /dev: browsers are sent to the page, and other clients receive the help.
func (c *Cloud) help(w http.ResponseWriter, r *http.Request, dev *control.API) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "/dev is the help: GET /dev", http.StatusMethodNotAllowed)
	case strings.Contains(r.Header.Get("Accept"), "text/html"):
		http.Redirect(w, r, "/dev/", http.StatusFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		if err := dev.WriteHelp(w); err != nil {
			c.log.Warn().Err(err).Msg("writing the help")
		}
	}
}

// withSlash replaces an empty path by "/".
func withSlash(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" {
			u := *r.URL
			u.Path = "/"
			r2 := *r
			r2.URL = &u
			r = &r2
		}
		h.ServeHTTP(w, r)
	})
}

// tokenRequest is a body with which the user demo gets a token.
const tokenRequest = `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "%s", ` +
	`"domain": {"name": "Default"}}}}, "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}`

// Hello returns the text with the addresses and commands to use the cloud.
func (c *Cloud) Hello() string {
	ca := ""
	if c.secure() {
		ca = fmt.Sprintf(" --cacert '%s'", filepath.ToSlash(filepath.Join(c.state, certFile)))
	}
	return fmt.Sprintf(`nova-api --dev serves %[1]s; its state is in %[2]s

  . %[4]s/openrc                      # as demo; . %[4]s/openrc admin as admin; reader can only read
  openstack server create --image cirros --flavor m1.tiny --network private --wait vm1

  %[1]s/dev/                 # requests, faults and delays
  curl%[5]s %[1]s/dev           # what tests can do with the cloud

  curl%[5]s -si %[1]s/identity/v3/auth/tokens -H 'Content-Type: application/json' -d '%[3]s' | sed -n 's/^X-Subject-Token: //p'
  curl%[5]s %[1]s/v2.1/flavors -H "X-Auth-Token: TOKEN"
`, c.url, c.state, fmt.Sprintf(tokenRequest, Password), filepath.ToSlash(c.state), ca) // shells take \ for an escape
}
