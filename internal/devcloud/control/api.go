package control

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

//go:embed page.html
var page []byte

// Cloud is the cloud that the control API controls.
type Cloud interface {
	// Reset restores the state of a new cloud.
	Reset(ctx context.Context) error
	// Dump returns all resources of the cloud.
	Dump(ctx context.Context) (any, error)
	// Servers returns the servers for the web page.
	Servers(ctx context.Context) (any, error)
	// Seed creates the resources that a YAML file describes.
	Seed(ctx context.Context, text []byte) error
	// Pipeline returns the description of the paste pipeline.
	Pipeline() any
	// Hosts returns the names of the hypervisors.
	Hosts() []string
	// Methods returns the names of the methods that can be planned to fail.
	Methods() []string
	// SetCell disconnects the database of a cell, or connects it again.
	SetCell(ctx context.Context, name string, up bool) error
}

// API is the control API below /dev.
type API struct {
	Cloud    Cloud
	Plan     *Plan
	Recorder *Recorder
}

// Handler returns the handler of the control API. GET / is a web page.
func (a *API) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	for pattern, h := range map[string]func(*http.Request) (any, error){
		"GET /state":        a.state,
		"GET /dump":         func(r *http.Request) (any, error) { return a.Cloud.Dump(r.Context()) },
		"POST /reset":       a.reset,
		"POST /seed":        a.seed,
		"GET /requests":     a.requests,
		"DELETE /requests":  func(*http.Request) (any, error) { a.Recorder.Forget(); return nil, nil },
		"GET /faults":       func(*http.Request) (any, error) { return a.Plan.Rules(), nil },
		"POST /faults":      a.addFault,
		"DELETE /faults":    func(r *http.Request) (any, error) { return nil, a.forgive(r.Context()) },
		"PUT /hosts/{host}": a.setHost,
		"PUT /cells/{cell}": a.setCell,
		"PUT /build-time":   a.setBuildTime,
	} {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			out, err := h(r)
			w.Header().Set("Content-Type", "application/json")
			switch {
			case err != nil:
				w.WriteHeader(http.StatusBadRequest)
				out = map[string]string{"error": err.Error()}
			case out == nil:
				w.WriteHeader(http.StatusNoContent)
				return
			}
			_ = json.NewEncoder(w).Encode(out)
		})
	}
	return m
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
	a.Recorder.Forget()
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
