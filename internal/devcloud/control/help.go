package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// operation is a request of the control API.
type operation struct {
	Request string   `json:"request"` // "POST /faults"
	Does    string   `json:"does"`
	Query   []string `json:"query,omitempty"` // the names of its parameters
	Body    any      `json:"body,omitempty"`  // what the members of its body mean; nil: it has no body

	do func(*http.Request) (any, error)
}

// operations returns the requests of the control API.
func (a *API) operations() []operation {
	up := map[string]string{"up": "true or false"}
	return []operation{
		{Request: "GET /help", Does: "this text", do: a.help},
		{Request: "GET /state", Does: "servers, requests, faults, hosts, cells, and the pipeline", Query: []string{"after"}, do: a.state},
		{Request: "GET /dump", Does: "all resources of the cloud", do: func(r *http.Request) (any, error) { return a.Cloud.Dump(r.Context()) }},
		{Request: "GET /schema", Does: "the JSON Schema of a seed file (#/$defs/seed) and of a dump (#/$defs/dump)",
			do: func(*http.Request) (any, error) { return a.Cloud.Schema(), nil }},
		{Request: "POST /reset", Does: "restores a new cloud with the computer's time, and removes all faults", do: a.reset},
		{Request: "POST /seed", Does: "creates what a file of YAML or JSON describes", do: a.seed, Body: map[string]string{
			"servers":  "a list of name, flavor, image, network, as (a user), metadata, count",
			"volumes":  "a list of name, as, size",
			"requests": "a list of as, do (METHOD /PATH), body"}},
		{Request: "GET /snapshots", Does: "the names and times of the kept states", do: a.listSnapshots},
		{Request: "PUT /snapshots/{name}", Does: "keeps the state of all services under a name", do: a.takeSnapshot},
		{Request: "POST /snapshots/{name}/restore", Does: "returns to a kept state, and removes all faults", do: a.restoreSnapshot},
		{Request: "DELETE /snapshots/{name}", Does: "deletes a kept state", do: a.deleteSnapshot},
		{Request: "GET /requests", Does: "the last requests; after=N leaves out those up to number N", Query: []string{"after"}, do: a.requests},
		{Request: "GET /life", Does: "the actions of a server, its console and the RPC messages about it; without server the messages about all",
			Query: []string{"server"}, do: a.life},
		{Request: "DELETE /requests", Does: "forgets the requests", do: a.forget},
		{Request: "POST /recording", Does: "starts to record the requests of clients with their bodies, without secrets", do: a.startRecording},
		{Request: "GET /recording", Does: "the requests since then: requests, and left_out, how many it had no room for", do: a.getRecording},
		{Request: "DELETE /recording", Does: "ends and forgets the recording", do: a.endRecording},
		{Request: "PUT /expectations", Does: "expects the requests of a recording: the first one that differs fails, and all after it",
			do: a.expect, Body: map[string]string{
				"requests": "a list of request (METHOD /PATH), version, body, and what a recording has else; \"*\" stands for any value",
				"left_out": "0, as in a complete recording"}},
		{Request: "GET /expectations", Does: "expected, met, missing, and unexpected: the request that differs, and why", do: a.getExpectations},
		{Request: "DELETE /expectations", Does: "accepts all requests again", do: a.forgetExpectations},
		{Request: "GET /faults", Does: "the planned faults", do: func(*http.Request) (any, error) { return a.Plan.Rules(), nil }},
		{Request: "POST /faults", Does: "plans a fault of a server's step, or of the answer to a request", do: a.addFault,
			Body: map[string]string{
				"method":  "the step, one of names.methods; default " + build,
				"server":  "the UUID of the server; default any",
				"message": "the step fails with this text",
				"delay":   "the step takes this time, such as 3s",
				"hang":    "true: the step never ends",
				"times":   "how often; default 1; negative: always",
				"request": "METHOD /PATH: the beginning of the requests that fail",
				"status":  "their status, 400 to 599"}},
		{Request: "DELETE /faults", Does: "removes all faults", do: func(r *http.Request) (any, error) { return nil, a.forgive(r.Context()) }},
		{Request: "PUT /hosts/{host}", Does: "disconnects a host, one of names.hosts, or connects it again", do: a.setHost, Body: up},
		{Request: "PUT /cells/{cell}", Does: "disconnects a cell, one of names.cells, or connects it again", do: a.setCell, Body: up},
		{Request: "PUT /build-time", Does: "sets the time that servers take to build and to rebuild", do: a.setBuildTime,
			Body: map[string]string{"time": "such as 2s"}},
		{Request: "GET /clock", Does: "the time of the cloud", do: a.getClock},
		{Request: "PUT /clock", Does: "stops the clock or starts it again, then sets it forward", do: a.setClock,
			Body: map[string]string{"stopped": "true or false", "advance": "such as 24h"}},
	}
}

// help returns all requests, and the names that exist.
func (a *API) help(*http.Request) (any, error) {
	list := a.operations()
	for n := range list {
		method, path, _ := strings.Cut(list[n].Request, " ")
		list[n].Request = method + " /dev" + path
	}
	return map[string]any{
		"page":     "GET /dev/",
		"requests": list,
		"names":    map[string]any{"methods": a.Cloud.Methods(), "hosts": a.Cloud.Hosts(), "cells": []string{Cell}, "users": a.Cloud.Users()},
		"metadata": map[string]string{
			keyDelay: "metadata of a server: the step " + build + " takes this time",
			keyFail:  "metadata of a server: the step fails with this text",
			keyHang:  "metadata of a server: the step never ends",
			keyOnly:  "metadata of a server: another step than " + build + " for the other keys",
		},
	}, nil
}

// answer refuses parameters and bodies that the operation does not have, before it calls do.
func (o operation) answer(r *http.Request) (any, error) {
	for name := range r.URL.Query() {
		if len(o.Query) == 0 {
			return nil, fmt.Errorf("there is no parameter %q: the request has none", name)
		}
		if err := oneOf("parameter", name, o.Query); err != nil {
			return nil, err
		}
	}
	if o.Body == nil {
		text, err := read(r)
		if err != nil {
			return nil, err
		}
		var object map[string]any
		if trimmed := strings.TrimSpace(string(text)); trimmed != "" && (json.Unmarshal(text, &object) != nil || len(object) > 0) {
			return nil, errors.New("the request has no body")
		}
	}
	return o.do(r)
}

// WriteHelp writes the help as indented JSON.
func (a *API) WriteHelp(w io.Writer) error {
	help, err := a.help(nil)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(help)
}
