//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// resource is a row of identity.yaml or cloud.yaml: a resource that populate creates.
type resource struct {
	In    string         // "service /path" of the collection
	One   string         // name of one resource in JSON; default: the collection's name without os- and s
	Bare  bool           // its JSON is not wrapped in a member with this name
	Find  string         // query that finds an existing resource; default: the whole list
	Body  map[string]any // the body that creates it
	Put   []string       // "service /path" to PUT at each start
	New   []followUp     // requests after its creation
	Until string         // the status to wait for
}

// followUp is a request that follows the creation of a resource.
type followUp struct {
	Do    string         // "METHOD service /path"
	Body  map[string]any // JSON body
	Zeros int            // number of zero bytes as body
}

// maker creates resources; ids are the ids of earlier ones by name: "project.demo".
type maker struct {
	lab    *Lab
	client *client
	ids    map[string]string
}

// populate creates the missing resources of a document, in order.
func (l *Lab) populate(ctx context.Context, document string) error {
	rows, err := l.resources(document)
	if err != nil {
		return err
	}
	c, err := l.login(ctx)
	if err != nil {
		return err
	}
	m := &maker{l, c, map[string]string{}}
	for _, r := range rows {
		if err := m.ensure(ctx, r); err != nil {
			return fmt.Errorf("%s %s of %s: %w", r.one(), r.name(), document, err)
		}
	}
	return nil
}

// resources parses a document.
func (l *Lab) resources(name string) ([]resource, error) {
	text, err := l.render(name, nil)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var rows []resource
	if err := d.Decode(&rows); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

func (r resource) one() string {
	if r.One != "" {
		return r.One
	}
	return strings.TrimSuffix(strings.TrimPrefix(path.Base(r.In), "os-"), "s")
}

// name returns the name that identifies the resource among those of its kind.
func (r resource) name() string {
	for _, member := range []string{"name", "id", "url"} {
		if v, ok := r.Body[member].(string); ok {
			return v
		}
	}
	return ""
}

// ensure creates a missing resource and sends its further requests.
func (m *maker) ensure(ctx context.Context, r resource) error {
	found, err := m.find(ctx, r)
	if err != nil {
		return err
	}
	made := found == nil
	if made {
		if found, err = m.create(ctx, r); err != nil {
			return err
		}
	}
	id, ok := found["id"].(string)
	if !ok {
		id = r.name() // key pairs have no other id
	}
	m.ids[r.one()+"."+r.name()] = id
	for _, one := range r.Put {
		if err := m.client.do(ctx, http.MethodPut, m.url(one), nil, nil); err != nil {
			return err
		}
	}
	for _, a := range r.New {
		if !made {
			break
		}
		method, where, _ := strings.Cut(a.Do, " ")
		if a.Body != nil {
			err = m.client.do(ctx, method, m.url(where), m.fill(a.Body), nil)
		} else {
			err = m.client.upload(ctx, method, m.url(where), bytes.NewReader(make([]byte, a.Zeros)))
		}
		if err != nil {
			return err
		}
	}
	return m.settle(ctx, r, id)
}

// find returns the existing resource with the row's name, or the first result of the row's
// query.
func (m *maker) find(ctx context.Context, r resource) (map[string]any, error) {
	var answer map[string]json.RawMessage
	where := m.url(r.In)
	if r.Find != "" {
		where += "?" + m.text(r.Find)
	}
	if err := m.client.do(ctx, http.MethodGet, where, nil, &answer); err != nil {
		return nil, err
	}
	var all []map[string]any
	if err := json.Unmarshal(answer[r.one()+"s"], &all); err != nil {
		return nil, fmt.Errorf("GET %s: no list of %ss: %w", where, r.one(), err)
	}
	for _, one := range all {
		if inner, ok := one[r.one()].(map[string]any); ok {
			one = inner
		}
		if one["name"] == r.name() || one["id"] == r.name() || one["url"] == r.name() {
			return one, nil
		}
	}
	return nil, nil
}

func (m *maker) create(ctx context.Context, r resource) (map[string]any, error) {
	body := m.fill(r.Body).(map[string]any)
	var answer map[string]any
	if r.Bare {
		err := m.client.do(ctx, http.MethodPost, m.url(r.In), body, &answer)
		return answer, err
	}
	if err := m.client.do(ctx, http.MethodPost, m.url(r.In), map[string]any{r.one(): body}, &answer); err != nil {
		return nil, err
	}
	inner, ok := answer[r.one()].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("POST %s answers no %s", m.url(r.In), r.one())
	}
	return inner, nil
}

// settle waits until a resource has the required status.
func (m *maker) settle(ctx context.Context, r resource, id string) error {
	if r.Until == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		var answer map[string]map[string]any
		if err := m.client.do(ctx, http.MethodGet, m.url(r.In)+"/"+url.PathEscape(id), nil, &answer); err != nil {
			return err
		}
		switch status := answer[r.one()]["status"]; status {
		case r.Until:
			return nil
		case "ERROR":
			return fmt.Errorf("is in status ERROR: %v", answer[r.one()]["fault"])
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("does not become %s", r.Until)
		case <-time.After(time.Second):
		}
	}
}

// url returns the URL of "service /path".
func (m *maker) url(where string) string {
	service, path, _ := strings.Cut(where, " ")
	return m.lab.URL(service) + m.text(path)
}

var reference = regexp.MustCompile(`\$[a-z_]+\.[\w.-]+`)

// text replaces references by ids. An unknown reference is kept, and the service reports it.
func (m *maker) text(s string) string {
	return reference.ReplaceAllStringFunc(s, func(name string) string {
		if id, ok := m.ids[name[1:]]; ok {
			return id
		}
		return name
	})
}

// fill replaces references in a body by ids.
func (m *maker) fill(v any) any {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		filled := make([]any, len(v))
		for n, one := range v {
			filled[n] = m.fill(one)
		}
		return filled
	case map[string]any:
		filled := make(map[string]any, len(v))
		for name, one := range v {
			filled[name] = m.fill(one)
		}
		return filled
	}
	return v
}
