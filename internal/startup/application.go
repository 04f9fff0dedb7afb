package startup

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// Options describe an application that serves as the release of its deployment.
type Options struct {
	Name      string // in the paste file and in services: "osapi_compute", "metadata"
	Config    *config.Config
	Databases *Databases
	Log       zerolog.Logger
	Metrics   *metrics.Metrics // shows the release; may be nil
	// Build builds the application as a release has it. It is called again when the deployment
	// has another release; requests in progress remain with the handler that received them. The
	// context ends when another handler has replaced it.
	Build func(context.Context, release.Release) (http.Handler, error)
	// Created is called after the row of the service was created in services.
	Created func(context.Context, *objects.Service, release.Release)
	// Fail and NeedApp are those of Gate.
	Fail    func(error)
	NeedApp bool
}

// application is an application that follows the release of its deployment.
type application struct {
	Options
	ctx        context.Context // of the whole application, for the handlers that it builds
	deployment Deployment
	current    atomic.Pointer[built]
	registered release.Release // that of the row in services
	silent     int             // the number of cells that did not answer the last time
	said       []string        // what has been logged once
}

// built is an application as a release has it.
type built struct {
	release release.Release
	end     context.CancelFunc // ends its background work
	http.Handler
}

// Open returns the handler of an application that starts as a Gate describes, and then follows
// the release of the deployment until ctx ends. It builds the application for the release that
// the configuration names, or for the newest one, so that errors of the configuration are
// returned.
func Open(ctx context.Context, o Options) (http.Handler, error) {
	a := &application{Options: o, ctx: ctx, deployment: Deployment{Config: o.Config, Databases: o.Databases}}
	first := release.Newest()
	if o.Config.WSGI.Release != "" {
		var err error
		if first, err = a.deployment.configured(); err != nil {
			return nil, err
		}
	}
	if err := a.use(first); err != nil { //nolint:contextcheck // a.ctx bounds the handler, which outlives this call
		return nil, err
	}
	gate := &Gate{Name: o.Name, Next: a, Log: o.Log, Start: a.start, Rest: a.rest, Started: a.follow, Ready: o.Databases.Ready, Fail: o.Fail,
		NeedApp: o.NeedApp}
	gate.Open(ctx)
	return gate, nil
}

// ServeHTTP implements http.Handler.
func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.current.Load().ServeHTTP(w, r)
}

// use builds the application for a release, unless it is the current one.
func (a *application) use(r release.Release) error {
	now := a.current.Load()
	if now != nil && now.release == r {
		return nil
	}
	ctx, end := context.WithCancel(a.ctx)
	h, err := a.Build(ctx, r)
	if err != nil {
		end()
		return err
	}
	a.current.Store(&built{r, end, h})
	if now != nil {
		now.end()
	}
	return nil
}

// start finds the release of the deployment, builds the application for it, checks the
// nova-computes and writes the row of the service. Before the release is known, it writes
// nothing.
func (a *application) start(ctx context.Context) error {
	f, err := a.deployment.Find(ctx)
	if err != nil {
		return err
	}
	a.silent = len(f.Silent)
	if err := a.checkComputes(ctx, f.Release); err != nil {
		return err
	}
	return a.become(ctx, f)
}

// become makes the application one of a release, and writes that release into the row of the
// service.
func (a *application) become(ctx context.Context, f Found) error {
	if err := a.use(f.Release); err != nil { //nolint:contextcheck // as in Open
		return err
	}
	for _, warning := range f.Warnings {
		if a.once(warning) {
			a.Log.Warn().Msg(warning)
		}
	}
	if err := a.register(ctx, f.Release); err != nil {
		return err
	}
	a.registered = f.Release
	a.Metrics.Serves(f.Release.Version)
	a.Log.Info().Msgf("Serving as Nova %s (%s): %s", f.Release.Version, f.Release, f.From)
	return nil
}

// once reports whether a text has not been logged before.
func (a *application) once(text string) bool {
	if slices.Contains(a.said, text) {
		return false
	}
	a.said = append(a.said, text)
	return true
}

// rest looks for the conductors of the cells that did not answer at the start. If one of these
// cells has conductors of a release that is not known, the application must not serve; if the
// cells that answered before have, it goes on as follow does.
func (a *application) rest(ctx context.Context) (done bool, err error) {
	f, err := a.deployment.Find(ctx)
	answered := len(f.Silent) < a.silent
	var database *DatabaseError
	if !errors.As(err, &database) {
		a.silent = len(f.Silent)
	}
	var other *OtherReleaseError
	if errors.As(err, &other) && answered {
		return false, err
	}
	a.move(ctx, f, err)
	return err == nil && len(f.Silent) == 0, nil
}

// follow looks for the release of the deployment as often as services report, and serves as the
// release that it finds. While a cell does not answer, it does not change to a newer release.
// A release that is not known changes nothing: Nova's conductors of the next release understand
// the messages of the release before.
func (a *application) follow(ctx context.Context) {
	every := time.NewTicker(time.Duration(max(a.Config.Default.ReportInterval, 1)) * time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		a.look(ctx)
	}
}

func (a *application) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	f, err := a.deployment.Find(ctx)
	a.move(ctx, f, err)
}

// move makes a serving application one of the release that Find has found, and completes a move
// that has failed before. An error leaves the application as it is until the next attempt; the
// databases have their own metrics and are not logged. A nova-compute that is too old prevents a
// move to a newer release only: the application must not be ahead of the nova-conductors.
func (a *application) move(ctx context.Context, f Found, err error) {
	now := a.current.Load().release
	moved := f.Release == now && f.Release == a.registered
	if err == nil && !moved && (len(f.Silent) == 0 || f.Release.Major <= now.Major) {
		err = a.checkComputes(ctx, f.Release)
		var tooOld *TooOldError
		if err == nil || errors.As(err, &tooOld) && f.Release.Major < now.Major {
			err = cmp.Or(a.become(ctx, f), err)
		}
	}
	var database *DatabaseError
	if err != nil && !errors.As(err, &database) && a.once(err.Error()) {
		now = a.current.Load().release
		a.Log.Error().Msgf("Still serving as Nova %s (%s): %s", now.Version, now, err)
	}
}

// checkComputes returns a *TooOldError if a nova-compute is too old for a release, unless the
// configuration allows it.
func (a *application) checkComputes(ctx context.Context, r release.Release) error {
	err := CheckComputes(ctx, a.Databases, r)
	var tooOld *TooOldError
	if errors.As(err, &tooOld) && a.Config.Workarounds.DisableComputeServiceCheckForFFU {
		a.Log.Warn().Msg(err.Error())
		return nil
	}
	return err
}

// register writes the row of the service into services.
func (a *application) register(ctx context.Context, r release.Release) error {
	d := a.Databases
	s := &objects.Service{UUID: uuid.NewString(), Host: a.Config.Default.Host, Binary: "nova-" + a.Name, Version: r.Service}
	made, err := cell.UpsertService(ctx, d.Main, s)
	if err == nil && made {
		go a.Created(context.WithoutCancel(ctx), s, r) // an unreachable broker does not prevent the start
	}
	return d.explain(d.Main, err)
}
