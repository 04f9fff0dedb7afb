package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/metadata"
	"github.com/nova-go/nova/paste"
)

// taskTime is how long hosts of the embedded cloud take to stop, pause or delete a
// server: long enough for a client to see it being done, as of a real one.
const taskTime = 200 * time.Millisecond

// Dev are the flags of the embedded cloud.
type Dev struct {
	On        bool
	State     string
	Port      int
	TLS       bool
	BuildTime time.Duration
}

// Register adds the flags that both commands have.
func (d *Dev) Register(fs *pflag.FlagSet, p Program) {
	fs.BoolVar(&d.On, "dev", false, "serve an embedded cloud on loopback; nothing else is needed")
	fs.StringVar(&d.State, "state", "", "with --dev: `directory` of its state (default ~/.local/state/nova-dev); :memory: leaves nothing behind")
	fs.IntVar(&d.Port, "port", p.Port, "with --dev: `port` to listen on")
}

// RegisterCloud adds the flags of the command that has the cloud in it.
func (d *Dev) RegisterCloud(fs *pflag.FlagSet) {
	fs.BoolVar(&d.TLS, "tls", false, "with --dev: serve HTTPS, with a certificate of its own")
	fs.DurationVar(&d.BuildTime, "build-time", 0, "with --dev: `time` that servers take to build (3s)")
}

func (d *Dev) directory() (string, error) {
	if d.State != "" {
		return d.State, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("--state is needed: %w", err)
	}
	return filepath.Join(home, ".local", "state", "nova-dev"), nil
}

func (d *Dev) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.Port)) }

// Check refuses what would be ignored: flags of the cloud without --dev, and those
// that say where to listen with it.
func (d *Dev) Check(fs *pflag.FlagSet) error {
	vain, why := []string{"state", "port", "tls", "build-time"}, "--%s is for --dev"
	if d.On {
		vain, why = []string{"http", "https", "tls-cert", "tls-key", "uwsgi", "fcgi", "scgi", "ini"}, "--%s is not for --dev, which listens on loopback at --port"
	}
	if d.BuildTime < 0 {
		return fmt.Errorf("--build-time %s is less than nothing", d.BuildTime)
	}
	for _, name := range vain {
		if fs.Changed(name) {
			return fmt.Errorf(why, name)
		}
	}
	return nil
}

// ServeCompute runs the API in front of an embedded cloud, on loopback.
func (d *Dev) ServeCompute(f *Flags) (err error) {
	state, err := d.directory()
	if err != nil {
		return err
	}
	// A laptop has more use for the memory than a cloud of a few servers for the time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(40)
	}
	ctx, stop := Signals()
	defer stop()
	url := "http://" + d.address()
	if d.TLS {
		url = "https://" + d.address()
	}
	cloud, err := devcloud.New(ctx, devcloud.Options{State: state, URL: url, BuildTime: d.BuildTime, TaskTime: taskTime})
	if err != nil {
		return err
	}
	defer func() {
		if e := cloud.Close(); err == nil {
			err = e
		}
	}()
	c, err := cloud.Config(f.sources(compute.Prog))
	if err != nil {
		return err
	}
	if f.Metrics != "" {
		c.WSGI.ComputeMetrics = f.Metrics
	}
	o := serve.Options{HTTP: []string{d.address()}}
	if d.TLS {
		cert, key := cloud.Certificate()
		o = serve.Options{HTTPS: []serve.TLS{{Addr: d.address(), CertFile: cert, KeyFile: key}}}
	}
	return Run(ctx, c, o, Program{Name: compute.Prog, Build: func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error) {
		broker := rpc.NewMemory()
		if err := cloud.Serve(ctx, broker); err != nil {
			return nil, err
		}
		nova, err := compute.New(rpc.WithMemory(ctx, broker), compute.Options{Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail})
		if err != nil {
			return nil, err
		}
		if cloud.Pipeline, err = paste.Describe(startup.PasteFile(c), compute.PasteName, compute.Registry(c), paste.Options{}); err != nil {
			return nil, err
		}
		return cloud.Handler(nova), nil
	}}, cloud.Hello)
}

// ServeMetadata runs the metadata service of the cloud that nova-api --dev keeps in
// the same directory.
func (d *Dev) ServeMetadata(f *Flags) error {
	state, err := d.directory()
	if err != nil {
		return err
	}
	ctx, stop := Signals()
	defer stop()
	c, err := devcloud.ReadConfig(state, f.sources(metadata.Prog))
	if err != nil {
		return err
	}
	if f.Metrics != "" {
		c.WSGI.MetadataMetrics = f.Metrics
	}
	return Run(ctx, c, serve.Options{HTTP: []string{d.address()}}, Program{Name: metadata.Prog, Build: func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error) {
		guests, err := metadata.New(ctx, metadata.Options{Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail})
		if err != nil {
			return nil, err
		}
		return devcloud.Guests(c, guests)
	}}, func() string {
		return fmt.Sprintf("nova-metadata --dev serves the cloud in %s\n\n  curl http://%s/SERVER/openstack/latest/meta_data.json   # SERVER is the id of a server\n", state, d.address())
	})
}
