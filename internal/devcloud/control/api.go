package control

import (
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

//go:embed page.html
var page []byte

// Cloud is what the control API controls.
type Cloud interface {
	// Reset makes the cloud a new one.
	Reset(ctx context.Context) error
	// Dump is all that the cloud knows.
	Dump(ctx context.Context) (any, error)
	// Servers are what the page shows of the servers.
	Servers(ctx context.Context) (any, error)
	// Seed makes what a YAML file describes.
	Seed(ctx context.Context, text []byte) error
	// Pipeline describes the way of a request.
	Pipeline() any
	// Hosts are the names of the hypervisors.
	Hosts() []string
	// SetCell takes the database of a cell away, or brings it back.
	SetCell(ctx context.Context, name string, up bool) error
}

// API is the control API, below /dev.
type API struct {
	Cloud    Cloud
	Plan     *Plan
	Recorder *Recorder
}

// Handler serves it: GET / is a page for people.
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
		"GET /requests":     func(r *http.Request) (any, error) { return a.Recorder.Entries(after(r)), nil },
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

func after(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	return n
}

func number(n int) string { return strconv.Itoa(n) }

func (a *API) state(r *http.Request) (any, error) {
	servers, err := a.Cloud.Servers(r.Context())
	if err != nil {
		return nil, err
	}
	hosts := []any{}
	for _, h := range a.Cloud.Hosts() {
		hosts = append(hosts, map[string]any{"name": h, "up": !a.Plan.isDown(h)})
	}
	return map[string]any{"servers": servers, "requests": a.Recorder.Entries(after(r)), "faults": a.Plan.Rules(), "hosts": hosts, "cells": []any{map[string]any{"name": Cell, "up": !a.Plan.IsCellDown()}}, "pipeline": a.Cloud.Pipeline(), "build_time": a.Plan.BuildTime().String()}, nil
}

func (a *API) reset(r *http.Request) (any, error) {
	if err := a.forgive(r.Context()); err != nil {
		return nil, err
	}
	a.Recorder.Forget()
	return nil, a.Cloud.Reset(r.Context())
}

// forgive forgets all faults.
func (a *API) forgive(ctx context.Context) error {
	a.Plan.Reset()
	return a.Cloud.SetCell(ctx, Cell, true)
}

// Cell is the cell that has servers, and can be down.
const Cell = "cell1"

func (a *API) seed(r *http.Request) (any, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	return nil, a.Cloud.Seed(r.Context(), text)
}

func (a *API) addFault(r *http.Request) (any, error) {
	var rule Rule
	if err := json.NewDecoder(r.Body).Decode(&rule); err != nil {
		return nil, err
	}
	return nil, a.Plan.Add(rule)
}

func (a *API) setHost(r *http.Request) (any, error) {
	var body struct{ Up bool }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	a.Plan.SetDown(r.PathValue("host"), !body.Up)
	return nil, nil
}

func (a *API) setCell(r *http.Request) (any, error) {
	var body struct{ Up bool }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	return nil, a.Cloud.SetCell(r.Context(), r.PathValue("cell"), body.Up)
}

func (a *API) setBuildTime(r *http.Request) (any, error) {
	var body struct {
		Time string `json:"time"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(body.Time)
	if err == nil {
		a.Plan.SetBuildTime(d)
	}
	return nil, err
}
