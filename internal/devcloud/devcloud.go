// Package devcloud is the cloud that --dev brings along: Nova's databases in
// SQLite, stand-ins for the services, and hosts that take what Nova's API casts,
// in one process. The application in front of it is the one that operators run:
// only what is around it are stand-ins.
package devcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
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
	"github.com/nova-go/nova/internal/devcloud/volume"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/paste"
)

// hosts are the hypervisors of every cloud.
var hosts = []string{"compute-1", "compute-2"}

// Password is that of the users that each cloud has.
const Password = identity.Password

// Memory is the State of a cloud that is gone with its process.
const Memory = ":memory:"

// Options say where a cloud lives.
type Options struct {
	// State is the directory of its databases and files; it is made when it is not
	// there. Memory: one that is removed by Close.
	State string
	// Databases are where Nova's are; nil: SQLite files in State.
	Databases *Databases
	URL       string // address clients reach it at: "http://127.0.0.1:8774"
	// BuildTime is how long hosts build a server. 0: they are instant.
	BuildTime time.Duration
	// TaskTime is how long anything else that is done to a server takes.
	TaskTime time.Duration
	Log      *zerolog.Logger // nil: it logs nothing
}

// Cloud is a stand-in cloud. Handler answers for its services below /identity,
// /image, /network, /volume and /placement.
type Cloud struct {
	state     string
	temporary bool
	lock      *os.File   // held while the process has the state directory
	databases *Databases // nil: files in state
	url       string
	log       zerolog.Logger
	taskTime  time.Duration
	documents *db.DB
	store     *resource.Store
	plan      *control.Plan
	identity  *identity.Service
	network   *network.Service
	image     *image.Service
	volume    *volume.Service
	placement *placement.Service
	// What Serve has made; nil before.
	fleet   *compute.Fleet
	boss    *conductor.Conductor
	records *records.Records
	stop    context.CancelFunc
	ended   chan struct{} // closed when the databases are

	// Pipeline describes the pipeline in front of Nova, for the page of the cloud.
	Pipeline *paste.Node
}

// New makes the cloud of a state directory, or finds the one that is there.
func New(ctx context.Context, o Options) (_ *Cloud, err error) {
	c := &Cloud{databases: o.Databases, url: strings.TrimRight(o.URL, "/"), log: zerolog.Nop(), taskTime: o.TaskTime, plan: &control.Plan{}}
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
	if c.identity, err = identity.New(identity.Options{Dir: c.state, URL: c.url}); err != nil {
		return err
	}
	if err := private.Create(filepath.Join(c.state, "services.sqlite")); err != nil {
		return err
	}
	if c.documents, err = db.Open(c.connection("services"), db.Options{}); err != nil {
		return err
	}
	if c.store, err = resource.Open(ctx, c.documents); err != nil {
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
	c.placement = placement.New(placement.Options{Store: store, Who: who})
	return c.seed()
}

// seed gives the services what every cloud has.
func (c *Cloud) seed() error {
	admin, demo := identity.ProjectID("admin"), identity.ProjectID("demo")
	return errors.Join(c.network.Seed(demo, admin), c.image.Seed(admin), c.volume.Seed())
}

// few are the connections to a database, of the hosts as of Nova: one that writes
// and one that reads. Each has its own copy of the schema in memory. On a busy laptop the
// one that writes is waited for: what gave up would leave a server in its task state.
var few = db.Options{MaxPoolSize: new(1), MaxOverflow: new(1), Wait: new(10 * time.Minute)}

// reportEvery is how often the services of the cloud say that they live.
const reportEvery = 10 * time.Second

// Serve has the hosts of the cloud take what is sent over a broker, until ctx ends.
// What was under way when the cloud ended before is finished, or failed. Serve is called
// once.
func (c *Cloud) Serve(ctx context.Context, b *rpc.Memory) error {
	api, err := db.Open(c.connection("nova_api"), few)
	if err != nil {
		return err
	}
	r, err := records.Open(ctx, api, few)
	if err != nil {
		return err
	}
	zones := dbapi.NewZones(api, "nova")
	zone := func(ctx context.Context, host string) string {
		byHost, err := zones.ByHost(ctx)
		if err != nil {
			c.log.Warn().Err(err).Msg("reading availability zones")
		}
		return zones.Of(byHost, host)
	}
	c.fleet = compute.New(compute.Options{Records: r, Network: c.network, Images: c.image, Volumes: c.volume, Placement: c.placement,
		Plan: c.plan, Hosts: hosts, Zone: zone, Log: c.log, URL: c.url, TaskTime: c.taskTime})
	boss := conductor.New(c.fleet)
	if err := boss.Start(ctx); err != nil {
		return err
	}
	if err := boss.Sweep(ctx); err != nil {
		return err
	}
	c.boss, c.records = boss, r
	stops := []func(){c.fleet.Serve(b), boss.Serve(b)}
	ctx, c.stop = context.WithCancel(ctx)
	c.ended = make(chan struct{})
	go func() {
		defer close(c.ended)
		every := time.NewTicker(reportEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				if err := boss.Report(ctx); err != nil && ctx.Err() == nil {
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

// Close ends a cloud that nobody uses any more. After it another one may take the state
// directory.
func (c *Cloud) Close() error {
	var err error
	if c.stop != nil {
		c.stop()
		<-c.ended
	}
	if c.documents != nil {
		err = c.documents.Close()
	}
	if c.temporary {
		err = errors.Join(err, os.RemoveAll(c.state))
	}
	if c.lock != nil {
		err = errors.Join(err, c.lock.Close())
	}
	return err
}

// Config is the configuration of the applications in front of the cloud: the
// nova.conf in its state directory, and after it what more there is to read.
func (c *Cloud) Config(more config.Sources) (*config.Config, error) {
	return guests.LoadConfig(c.state, more)
}

// Handler answers for the services and for the control API below /dev, which are
// for the user of the machine and not for web pages, and hands everything else to
// nova.
func (c *Cloud) Handler(nova http.Handler) http.Handler {
	services := map[string]http.Handler{"identity": c.identity, "network": c.network, "image": c.image, "volume": c.volume,
		"placement": c.placement}
	for name, h := range services {
		services[name] = http.StripPrefix("/"+name, slashed(h))
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
	api := guard.New(c.url, true).Wrap(http.StripPrefix("/dev", slashed((&control.API{Cloud: controls{c, all}, Plan: c.plan,
		Recorder: recorder}).Handler())))
	guarded := guard.New(c.url, false).Wrap(all)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case r.URL.Path == "/dev":
			http.Redirect(w, r, "/dev/", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/dev/"):
			api.ServeHTTP(w, r)
		case services[first] != nil:
			guarded.ServeHTTP(w, r)
		default: // Nova's own API, which wants a token
			all.ServeHTTP(w, r)
		}
	})
}

// slashed gives a path that is empty its slash.
func slashed(h http.Handler) http.Handler {
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

// tokenRequest is the body with which the user demo gets a token.
const tokenRequest = `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "%s", ` +
	`"domain": {"name": "Default"}}}}, "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}`

// Hello is what a person needs to know to use the cloud.
func (c *Cloud) Hello() string {
	return fmt.Sprintf(`nova-api --dev serves %[1]s; its state is in %[2]s

  . %[2]s/openrc                      # as demo; . %[2]s/openrc admin as admin
  openstack server create --image cirros --flavor m1.tiny --network private --wait vm1

  %[1]s/dev/                 # requests, faults and delays

  curl -si %[1]s/identity/v3/auth/tokens -H 'Content-Type: application/json' -d '%[3]s' | sed -n 's/^X-Subject-Token: //p'
  curl %[1]s/v2.1/flavors -H "X-Auth-Token: TOKEN"
`, c.url, c.state, fmt.Sprintf(tokenRequest, Password))
}
