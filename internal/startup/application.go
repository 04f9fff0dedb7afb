package startup

import (
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
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// Options describe an application that serves as the release of its deployment.
type Options struct {
	Name      string // in the paste file and in services: "osapi_compute", "metadata"
	Config    *config.Config
	Databases *Databases
	Log       zerolog.Logger
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
	said       []string // warnings that have been logged
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
	if err := a.use(first); err != nil {
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
	return a.become(ctx, f)
}

// become makes the application one of a release.
func (a *application) become(ctx context.Context, f Found) error {
	if err := a.use(f.Release); err != nil {
		return err
	}
	for _, warning := range f.Warnings {
		if !slices.Contains(a.said, warning) {
			a.said = append(a.said, warning)
			a.Log.Warn().Msg(warning)
		}
	}
	if err := a.register(ctx, f.Release); err != nil {
		return err
	}
	a.Log.Info().Msgf("Serving as Nova %s (%s): %s", f.Release.Version, f.Release, f.From)
	return nil
}

// rest looks for the conductors of the cells that did not answer before.
func (a *application) rest(ctx context.Context) (done bool, err error) {
	f, err := a.deployment.Find(ctx)
	var database *DatabaseError
	switch {
	case errors.As(err, &database):
		return false, nil // it is looked for again later; requests are served meanwhile
	case err != nil:
		return false, err
	}
	if f.Release != a.current.Load().release {
		if err := a.become(ctx, f); err != nil {
			return false, err
		}
	}
	return len(f.Silent) == 0, nil
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
	now := a.current.Load().release
	if err == nil && f.Release != now && (len(f.Silent) == 0 || f.Release.Major < now.Major) {
		err = a.become(ctx, f)
	}
	var other *OtherReleaseError
	var tooOld *TooOldError
	if (errors.As(err, &other) || errors.As(err, &tooOld)) && !slices.Contains(a.said, err.Error()) {
		a.said = append(a.said, err.Error())
		a.Log.Error().Msgf("Still serving as Nova %s (%s): %s", now.Version, now, err)
	}
}

// register writes the row of the service into services, after it has checked that no nova-compute
// is too old for the release.
func (a *application) register(ctx context.Context, r release.Release) error {
	d := a.Databases
	var tooOld *TooOldError
	err := CheckComputes(ctx, d, r)
	if errors.As(err, &tooOld) && a.Config.Workarounds.DisableComputeServiceCheckForFFU {
		a.Log.Warn().Msg(err.Error())
		err = nil
	}
	if err != nil {
		return err
	}
	s := &objects.Service{UUID: uuid.NewString(), Host: a.Config.Default.Host, Binary: "nova-" + a.Name, Version: r.Service}
	made, err := cell.UpsertService(ctx, d.Main, s)
	if err == nil && made {
		go a.Created(context.WithoutCancel(ctx), s, r) // an unreachable broker does not prevent the start
	}
	return d.explain(d.Main, err)
}
