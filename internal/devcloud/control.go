package devcloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/nova-go/nova/internal/devcloud/control"
	"github.com/nova-go/nova/internal/devcloud/records"
)

// controls is the cloud as the control API sees it.
type controls struct {
	*Cloud
	all http.Handler // the whole cloud, Nova included
}

// Pipeline implements control.Cloud.
func (c controls) Pipeline() any { return c.Cloud.Pipeline }

// Hosts implements control.Cloud.
func (c controls) Hosts() []string { return hosts }

// mappingsLife is for how many seconds Nova goes on with cell mappings that it has
// read.
const mappingsLife = 1

// SetCell implements control.Cloud. Of a cell that is down the mapping leads to a
// file that is not there; the hosts of the cloud go on without it.
func (c controls) SetCell(ctx context.Context, name string, up bool) error {
	if name != control.Cell {
		return fmt.Errorf("there is no cell %s that can be down, only %s", name, control.Cell)
	}
	if c.records == nil || c.plan.SetCellDown(!up) == !up {
		return nil
	}
	connection := c.connection("nova_" + name)
	if !up {
		connection = c.connection("down/nova_" + name)
	}
	if err := c.records.MapCell(ctx, name, connection); err != nil {
		return err
	}
	time.Sleep(mappingsLife * time.Second) // now everybody knows
	return nil
}

// Servers implements control.Cloud.
func (c controls) Servers(ctx context.Context) (any, error) {
	if c.records == nil {
		return []any{}, nil
	}
	list, err := c.records.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if p := c.identity.project(s.Project, ""); p != nil {
			s.Project = p.Name
		}
	}
	if list == nil {
		list = []*records.Listed{}
	}
	return list, nil
}

// Dump implements control.Cloud.
func (c controls) Dump(ctx context.Context) (any, error) {
	servers, err := c.Servers(ctx)
	return map[string]any{"servers": servers, "neighbours": c.store.Everything()}, err
}

// Reset implements control.Cloud: everything goes but tokens.
func (c controls) Reset(ctx context.Context) error {
	if c.records != nil {
		if err := c.records.Wipe(ctx); err != nil {
			return err
		}
	}
	if err := errors.Join(c.store.Clear(), c.seed()); err != nil {
		return err
	}
	if c.boss == nil {
		return nil
	}
	return c.boss.Start(ctx)
}

// seedFile is what can be seeded from a file. Things are named by their names.
type seedFile struct {
	Servers []struct {
		Name, Flavor, Image, Network, As string
		Metadata                         map[string]string
		Count                            int
	}
	Volumes []struct {
		Name, As string
		Size     int
	}
	Requests []struct {
		As, Do string
		Body   any
	}
}

// Seed implements control.Cloud: what it makes, it asks the APIs for.
func (c controls) Seed(ctx context.Context, text []byte) error {
	var f seedFile
	if err := yaml.Unmarshal(text, &f); err != nil {
		return err
	}
	for _, v := range f.Volumes {
		if _, err := c.ask(ctx, v.As, "POST /volume/v3/volumes", map[string]any{"volume": map[string]any{"name": v.Name, "size": max(v.Size, 1)}}); err != nil {
			return err
		}
	}
	for _, s := range f.Servers {
		body := map[string]any{"name": s.Name, "metadata": s.Metadata, "min_count": max(s.Count, 1)}
		if s.Metadata == nil {
			delete(body, "metadata")
		}
		for _, one := range []struct{ field, list, collection, name, otherwise string }{
			{"flavorRef", "/v2.1/flavors", "flavors", s.Flavor, "m1.tiny"}, {"imageRef", "/image/v2/images", "images", s.Image, "cirros"}, {"network", "/network/v2.0/networks", "networks", s.Network, "private"},
		} {
			if one.name == "" {
				one.name = one.otherwise
			}
			id, err := c.find(ctx, s.As, one.list, one.collection, one.name)
			if err != nil {
				return err
			}
			body[one.field] = id
		}
		body["networks"] = []any{map[string]any{"uuid": body["network"]}}
		delete(body, "network")
		if _, err := c.ask(ctx, s.As, "POST /v2.1/servers", map[string]any{"server": body}); err != nil {
			return err
		}
	}
	for _, q := range f.Requests {
		if _, err := c.ask(ctx, q.As, q.Do, q.Body); err != nil {
			return err
		}
	}
	return nil
}

// find answers the id of what has a name.
func (c controls) find(ctx context.Context, as, list, collection, name string) (string, error) {
	text, err := c.ask(ctx, as, "GET "+list, nil)
	if err != nil {
		return "", err
	}
	var all map[string]json.RawMessage
	var members []struct{ ID, Name string }
	if err := errors.Join(json.Unmarshal(text, &all), json.Unmarshal(all[collection], &members)); err != nil {
		return "", err
	}
	for _, m := range members {
		if m.Name == name || m.ID == name {
			return m.ID, nil
		}
	}
	return "", fmt.Errorf("there is no %s among the %s", name, collection)
}

// ask sends a request to the cloud in the name of a user, "demo" for "".
func (c controls) ask(ctx context.Context, as, request string, body any) ([]byte, error) {
	if as == "" {
		as = "demo"
	}
	project := as
	if c.identity.project("", as) == nil {
		project = "demo"
	}
	u := c.identity.user("", as)
	if u == nil {
		return nil, fmt.Errorf("there is no user %s", as)
	}
	token, err := c.identity.issue(&token{UserID: u.ID, ProjectID: c.identity.project("", project).ID})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	method, path, ok := strings.Cut(request, " ")
	if !ok {
		return nil, fmt.Errorf("%q is not METHOD PATH", request)
	}
	r := httptest.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(string(text)))
	r.Header.Set("X-Auth-Token", token)
	r.Header.Set("Content-Type", "application/json")
	if body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	c.all.ServeHTTP(w, r)
	if w.Code >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s: %d %s", request, w.Code, w.Body)
	}
	return w.Body.Bytes(), nil
}

var _ control.Cloud = controls{}
