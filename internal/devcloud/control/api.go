package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Cloud is the cloud that the control API controls.
type Cloud interface {
	// Reset restores the state of a new cloud.
	Reset(ctx context.Context) error
	// Dump returns all resources of the cloud.
	Dump(ctx context.Context) (any, error)
	// Schema returns the JSON Schema of a dump and of a seed file.
	Schema() any
	// Servers returns the servers for the web page.
	Servers(ctx context.Context) (any, error)
	// Seed creates the resources that a YAML file describes.
	Seed(ctx context.Context, text []byte) error
	// Pipeline returns the description of the paste pipeline.
	Pipeline() any
	// Hosts returns the names of the hypervisors.
	Hosts() []string
	// Users returns the names of the users that a seed file can name.
	Users() []string
	// Methods returns the names of the methods that can be planned to fail.
	Methods() []string
	// Life returns the actions and the console of a server.
	Life(ctx context.Context, server string) (map[string]any, error)
	// Events answers GET /servers/events of all projects, without a token.
	Events(w http.ResponseWriter, r *http.Request)
	// Report updates the rows of the services, which are down if they do not.
	Report(ctx context.Context) error
	// SetCell disconnects the database of a cell, or connects it again.
	SetCell(ctx context.Context, name string, up bool) error
	// Snapshots returns the snapshots, sorted by name.
	Snapshots() ([]Snapshot, error)
	// TakeSnapshot keeps the state of the cloud under a name, instead of what has the name.
	TakeSnapshot(ctx context.Context, name string) error
	// RestoreSnapshot returns the cloud to the state of an existing snapshot.
	RestoreSnapshot(ctx context.Context, name string) error
	// DeleteSnapshot deletes a snapshot.
	DeleteSnapshot(name string) error
}

// API is the control API below /dev.
type API struct {
	Cloud    Cloud
	Plan     *Plan
	Recorder *Recorder
	Messages *Messages
	Clock    *Clock
}

// Handler returns the handler of the control API. GET / is a web page, and without the slash, the
// help.
func (a *API) Handler() http.Handler {
	m := http.NewServeMux()
	a.pages(m)
	methods := map[string][]string{"/{$}": {http.MethodGet}} // by path
	for _, o := range a.operations() {
		method, path, _ := strings.Cut(o.Request, " ")
		methods[path] = append(methods[path], method)
		m.HandleFunc(o.Request, func(w http.ResponseWriter, r *http.Request) {
			out, err := o.answer(r)
			switch {
			case err != nil:
				write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			case out == nil:
				w.WriteHeader(http.StatusNoContent)
			default:
				write(w, http.StatusOK, out)
			}
		})
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		m.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			write(w, http.StatusMethodNotAllowed, map[string]string{"error": fmt.Sprintf("/dev%s has no %s: it has %s", r.URL.Path, r.Method,
				strings.Join(allowed, ", "))})
		})
	}
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var paths []string
		for path := range methods {
			paths = append(paths, "/dev"+strings.TrimSuffix(path, "{$}"))
		}
		slices.Sort(paths)
		write(w, http.StatusNotFound, map[string]string{"error": oneOf("path", "/dev"+r.URL.Path, paths).Error()})
	})
	return m
}

func write(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

// after returns the number of the last request that a client has seen.
func after(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("after")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("after: %q is not the number of a request", text)
	}
	return n, nil
}

func (a *API) requests(r *http.Request) (any, error) {
	from, err := after(r)
	if err != nil {
		return nil, err
	}
	return a.Recorder.Entries(from), nil
}

func number(n int) string { return strconv.Itoa(n) }

func (a *API) state(r *http.Request) (any, error) {
	from, err := after(r)
	if err != nil {
		return nil, err
	}
	servers, err := a.Cloud.Servers(r.Context())
	if err != nil {
		return nil, err
	}
	hosts := []any{}
	for _, h := range a.Cloud.Hosts() {
		hosts = append(hosts, map[string]any{"name": h, "up": !a.Plan.isDown(h)})
	}
	return map[string]any{"servers": servers, "requests": a.Recorder.Entries(from), "faults": a.Plan.Rules(), "hosts": hosts,
		"cells": []any{map[string]any{"name": Cell, "up": !a.Plan.IsCellDown()}}, "pipeline": a.Cloud.Pipeline(),
		"build_time": a.Plan.BuildTime().String()}, nil
}

func (a *API) reset(r *http.Request) (any, error) {
	if err := a.forgive(r.Context()); err != nil {
		return nil, err
	}
	a.Recorder.Reset()
	a.Messages.Forget()
	a.Clock.Reset()
	return nil, a.Cloud.Reset(r.Context())
}

// forgive removes all planned faults.
func (a *API) forgive(ctx context.Context) error {
	a.Plan.Reset()
	return a.Cloud.SetCell(ctx, Cell, true)
}

// Cell is the name of the cell that can be down.
const Cell = "cell1"

func (a *API) seed(r *http.Request) (any, error) {
	text, err := read(r)
	if err != nil {
		return nil, err
	}
	return nil, a.Cloud.Seed(r.Context(), text)
}

func (a *API) forget(*http.Request) (any, error) {
	a.Recorder.Forget()
	return nil, nil
}

func (a *API) addFault(r *http.Request) (any, error) {
	var rule Rule
	if err := decode(r, &rule); err != nil {
		return nil, err
	}
	if err := rule.check(a.Cloud.Methods()); err != nil {
		return nil, err
	}
	a.Plan.Add(rule)
	return nil, nil
}

// upBody is the body of requests that set whether something is up.
type upBody struct {
	Up *bool `json:"up"`
}

func (u upBody) check() error {
	if u.Up == nil {
		return errors.New("up: true or false is needed")
	}
	return nil
}

func (a *API) setHost(r *http.Request) (any, error) {
	var body upBody
	host := r.PathValue("host")
	if err := oneOf("host", host, a.Cloud.Hosts()); err != nil {
		return nil, err
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	a.Plan.SetDown(host, !*body.Up)
	return nil, nil
}

func (a *API) setCell(r *http.Request) (any, error) {
	var body upBody
	cell := r.PathValue("cell")
	if err := oneOf("cell that can be down", cell, []string{Cell}); err != nil {
		return nil, err
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	return nil, a.Cloud.SetCell(r.Context(), cell, *body.Up)
}

func (a *API) setBuildTime(r *http.Request) (any, error) {
	var body struct {
		Time string `json:"time"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	d, err := duration("time", body.Time)
	if err != nil {
		return nil, err
	}
	a.Plan.SetBuildTime(d)
	return nil, nil
}
