package cli

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/nova-go/nova/internal/serve"
)

// Dev are the flags of the embedded cloud.
type Dev struct {
	On        bool
	State     string
	Port      int
	TLS       bool
	BuildTime time.Duration
	Release   string
}

// Register adds the flags that both commands have.
func (d *Dev) Register(fs *pflag.FlagSet, p Program) {
	fs.BoolVar(&d.On, "dev", false, "serve an embedded cloud on loopback; nothing else is needed")
	fs.StringVar(&d.State, "state", "",
		"with --dev: `directory` of its state (default $XDG_STATE_HOME/nova-dev or ~/.local/state/nova-dev); :memory: leaves nothing behind")
	fs.IntVar(&d.Port, "port", p.Port, "with --dev: `port` to listen on; 0 is a free one")
}

// RegisterCloud adds the flags of nova-api, which runs the cloud.
func (d *Dev) RegisterCloud(fs *pflag.FlagSet) {
	fs.BoolVar(&d.TLS, "tls", false, "with --dev: serve HTTPS, with a certificate of its own")
	fs.StringVar(&d.Release, "release", "",
		"with --dev: `release` of Nova to be, such as 2025.1, for a new state directory (default the newest)")
	fs.DurationVar(&d.BuildTime, "build-time", 0, "with --dev: `time` that servers take to build and to rebuild (3s)")
}

// Directory returns the state directory of the cloud: nova-dev in XDG_STATE_HOME, or in
// .local/state below the home directory.
func (d *Dev) Directory() (string, error) {
	if d.State != "" {
		return d.State, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) { // the specification ignores other paths
		return filepath.Join(dir, "nova-dev"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("--state is needed: %w", err)
	}
	return filepath.Join(home, ".local", "state", "nova-dev"), nil
}

// DevSignals is Signals for a process in a terminal. The terminal sends SIGHUP when it is
// closed, and its shell may send another; requests in progress are then finished, as after
// SIGTERM. With nohup the process continues without its terminal.
func DevSignals() (context.Context, context.CancelFunc) {
	ctx, stop := Signals()
	if signal.Ignored(syscall.SIGHUP) {
		return ctx, stop
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // until the process ends
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-hangup:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		stop()
	}
}

// Address returns the listening address.
func (d *Dev) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.Port)) }

// Reserve opens a listener on a free port if Port is 0, and sets Port: the cloud has its address in its
// catalog, and must know it before it starts.
func (d *Dev) Reserve() ([]serve.Inherited, error) {
	if d.Port != 0 {
		return nil, nil
	}
	l, err := net.Listen("tcp4", d.Address())
	if err != nil {
		return nil, err
	}
	protocol := "http"
	if d.TLS {
		protocol = "https"
	}
	d.Port = l.Addr().(*net.TCPAddr).Port
	return []serve.Inherited{{Protocol: protocol, Address: d.Address(), Listener: l}}, nil
}

// Check returns an error for flags that would have no effect: flags of the cloud without --dev,
// and addresses with --dev.
func (d *Dev) Check(fs *pflag.FlagSet) error {
	vain, why := []string{"state", "port", "tls", "build-time", "release"}, "--%s is for --dev"
	if d.On {
		vain, why = []string{"http", "https", "tls-cert", "tls-key", "uwsgi", "fcgi", "scgi", "ini"},
			"--%s is not for --dev, which listens on loopback at --port"
	}
	if d.BuildTime < 0 {
		return fmt.Errorf("--build-time %s is negative", d.BuildTime)
	}
	for _, name := range vain {
		if fs.Changed(name) {
			return fmt.Errorf(why, name)
		}
	}
	return nil
}
