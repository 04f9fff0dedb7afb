package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// Serve hosts a program until SIGTERM or SIGINT, and finishes the requests in progress. The
// addresses come from the flags, the uWSGI file that they name, systemd's sockets, or the
// configuration, in this order. SIGHUP reloads, SIGUSR1 writes a report on the state of the
// process, SIGUSR2 replaces the process by the current binary file.
func (f *Flags) Serve(p Program) error {
	var ini *uwsgiini.Config
	if len(f.Ini) > 0 {
		var args []string
		for _, file := range f.Ini {
			args = append(args, "--ini", file)
		}
		var err error
		if ini, err = uwsgiini.Parse(args, os.LookupEnv); err != nil {
			return err
		}
		if ini.App != "" && ini.App != p.App {
			return fmt.Errorf("%s is for %s, and this is %s", strings.Join(f.Ini, ", "), ini.App, p.App)
		}
	}
	return host(f, p, ini)
}

// Run hosts an application on the addresses of o until ctx ends. It prints the result of hello
// to standard output when the application can be reached.
func Run(ctx context.Context, c *config.Config, o serve.Options, p Program, hello func() string) error {
	surviveClosedOutput()
	h := &hosting{program: p, failed: make(chan error, 1), load: func() (*config.Config, error) { return c, nil }}
	if err := h.observe(ctx, c); err != nil {
		return err
	}
	o.Log = h.log
	s, err := serve.Open(&h.app, o)
	if err != nil {
		return err
	}
	if err := h.build(ctx, c); err != nil {
		return err
	}
	defer h.close()
	h.besides(ctx, new(Flags).metricsAddress(p, c), p.eventsAddress(c))
	fmt.Print(hello())
	serving, finish := context.WithCancel(ctx)
	defer finish()
	done := make(chan error, 1)
	go func() { done <- s.Serve(serving) }()
	select {
	case err := <-done:
		return err
	case err := <-h.failed:
		finish()
		<-done
		return err
	}
}

// Signals returns a context that ends with SIGTERM or SIGINT. A second of these signals ends
// the process immediately.
func Signals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// hosting is a running program.
type hosting struct {
	program  Program
	load     func() (*config.Config, error)
	app      serve.Switch
	events   eventsSwitch
	beside   sync.WaitGroup // the servers beside that of the application that must end with the process
	log      zerolog.Logger // the log of the process; each application has its own
	metrics  *prometheus.Registry
	traces   *traces
	began    time.Time
	config   *config.Config // of the current application
	sink     *log.Sink
	end      context.CancelFunc // of the current application
	sockets  *serve.Sockets     // open before the server if the process changes its user
	server   *serve.Server
	again    func() *exec.Cmd // starts the same program again
	failed   chan error       // receives the reason for which the process must end
	needApp  bool             // uWSGI's need-app
	output   *output          // the files of uWSGI's log
	ini      *uwsgiini.Config // nil without uWSGI files
	pidfiles []string
	startDir string // the working directory before uWSGI's chdir
	replaced bool   // by another process
	stats    *requestStats
	ending   <-chan struct{} // closed when the process begins to end
	loaded   chan struct{}   // closed when the application is there; nil if nothing had to wait for it
}

func host(f *Flags, p Program, ini *uwsgiini.Config) error {
	collectLess()
	surviveClosedOutput()
	// After this, SIGTERM and SIGHUP no longer end the process by default.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, reloadSignal, reportSignal, replaceSignal)
	defer signal.Stop(signals)
	program, err := restart()
	if err != nil {
		return err
	}
	parent, err := serve.Inherit()
	if err != nil {
		return err
	}
	startDir, err := os.Getwd()
	if err != nil {
		return err
	}
	out, err := f.prepare(ini, parent, program)
	if err != nil {
		return err
	}
	h := &hosting{program: p, again: program, failed: make(chan error, 1), output: out, ini: ini, startDir: startDir,
		stats: &requestStats{began: time.Now()}, load: func() (*config.Config, error) { return f.Load(p.Name) }}
	if ini != nil {
		h.needApp, h.pidfiles = ini.NeedApp, ini.Pidfiles()
	}
	defer h.endAsUWSGI()
	c, err := h.load()
	if err != nil {
		return h.notLoaded(err)
	}
	ctx, stop := Signals()
	defer stop()
	o, err := f.options(p, c, ini, parent)
	if err == nil {
		err = o.Check()
	}
	if err != nil {
		return err
	}
	if err := h.becomeUser(o, ini, parent); err != nil {
		return err
	}
	if err := h.observe(ctx, c); err != nil {
		return h.notLoaded(err)
	}
	again, err := h.loadFirst(ctx, c, parent)
	if errors.Is(err, errEndWell) {
		return nil
	} else if err != nil {
		return err
	}
	defer h.close()
	if err := h.open(o, ini); err != nil {
		return err
	}
	if err := h.writeSafePidfiles(parent); err != nil {
		return err
	}
	serving, finish := context.WithCancel(ctx)
	defer finish()
	h.ending = serving.Done()
	h.besides(serving, f.metricsAddress(p, c), p.eventsAddress(c))
	e := processEvents{signals: signals, asked: make(chan struct{}), reload: make(chan struct{}), done: make(chan error, 1), again: again}
	go func() { e.done <- h.server.Serve(serving) }()
	h.ready(parent)
	go watchdog(serving)
	go watchTrigger(serving, c, e.asked)
	go h.output.watch(serving, h.log)
	if err := h.control(serving, &e, parent); err != nil {
		finish()
		<-e.done
		return err
	}
	return h.run(ctx, e, finish)
}

// besides starts the servers of metrics and events with an address. They end with ctx.
func (h *hosting) besides(ctx context.Context, metrics, events string) {
	if metrics != "" {
		go h.serveMetrics(ctx, metrics)
	}
	if events != "" {
		h.beside.Go(func() { h.serveEvents(ctx, events) })
	}
}

// open opens the listeners.
func (h *hosting) open(o serve.Options, ini *uwsgiini.Config) (err error) {
	if ini != nil {
		for _, w := range ini.Warnings {
			h.log.Warn().Msg(w)
		}
	}
	if h.sockets == nil {
		if h.sockets, err = serve.Bind(o); err != nil {
			return err
		}
	}
	app := h.output.accessLog(&h.app)
	if ini != nil {
		app = h.output.limitRequests(&h.app, ini.Harakiri, ini.LimitPost, &h.stats.harakiri)
		if ini.Stats.Address != "" {
			app = h.stats.count(app)
		}
	}
	h.server = h.sockets.Server(app, h.log)
	return nil
}

// ready reports to systemd, and to the process that this one replaces, that requests are
// served.
func (h *hosting) ready(parent *serve.Parent) {
	if err := h.output.leaveTerminal(); err != nil {
		h.log.Error().Err(err).Msg("leaving the terminal")
	}
	notify(daemon.SdNotifyReady)
	if err := parent.Ready(); err != nil {
		h.log.Warn().Err(err).Msg("reporting readiness to the replaced process")
	}
	if h.ini != nil && parent.Replaces() {
		go h.takePidfiles(parent)
	}
}

// processEvents are the events to which a serving process reacts.
type processEvents struct {
	signals chan os.Signal
	asked   chan struct{}    // requests for a report
	reload  chan struct{}    // touched files of touch-reload
	command chan byte        // letters of master-fifo
	done    chan error       // receives the error of Serve
	again   <-chan time.Time // when the application is to be loaded again; nil: it is there
}

// run handles events until the process ends: by ctx, by an error, or because another process
// has replaced it. finish ends serving.
func (h *hosting) run(ctx context.Context, e processEvents, finish func()) error {
	for {
		select {
		case s := <-e.signals:
			if h.replaced = h.handleSignal(ctx, s); h.replaced {
				finish()
				return <-e.done
			}
		case <-e.asked:
			h.writeReport(h.config)
		case <-e.reload:
			h.reload(ctx)
		case <-e.again:
			var err error
			if e.again, err = h.loadAgain(ctx); err != nil {
				notify(daemon.SdNotifyStopping)
				finish()
				return <-e.done
			}
		case letter := <-e.command:
			if end := h.handleCommand(ctx, letter); end {
				notify(daemon.SdNotifyStopping)
				finish()
				return <-e.done
			}
		case err := <-h.failed:
			notify(daemon.SdNotifyStopping)
			finish()
			<-e.done
			return err
		case <-ctx.Done():
			notify(daemon.SdNotifyStopping)
			return <-e.done
		case err := <-e.done:
			return err
		}
	}
}

// handleSignal handles a signal.
func (h *hosting) handleSignal(ctx context.Context, s os.Signal) (replaced bool) {
	switch s {
	case reloadSignal:
		h.reload(ctx)
	case reportSignal:
		h.writeReport(h.config)
	case replaceSignal:
		return h.replace(ctx)
	}
	return false
}

// surviveClosedOutput keeps the process running if the reader of its standard output or standard
// error has ended. Writes then fail, where Go would otherwise end the process with SIGPIPE. The
// signal is not ignored, because child processes would inherit this.
func surviveClosedOutput() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// collectLess lets the heap grow to three times the live memory before a garbage collection,
// unless GOGC is set. The live memory is about 10 MiB; collecting at twice this size takes 5 %
// of the processor time of small requests.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// observe opens the log, and prepares metrics and traces.
func (h *hosting) observe(ctx context.Context, c *config.Config) (err error) {
	h.metrics, h.began = newRegistry(), time.Now()
	if h.log, h.sink, err = log.New(c.Default.Log, h.program.Name); err != nil {
		return err
	}
	h.traces, err = newTraces(ctx, h.program.Name)
	return err
}

// fail ends the process with the first error that it is called with.
func (h *hosting) fail(err error) {
	select {
	case h.failed <- err:
	default:
	}
}

func (h *hosting) close() {
	h.beside.Wait()
	h.finish()
	h.end()
	h.traces.close()
	_ = h.sink.Close()
}
