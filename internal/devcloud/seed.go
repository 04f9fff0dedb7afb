package devcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/nova-go/nova/internal/devcloud/control"
)

// seedFile is the content of a seed file. Resources refer to others by name.
type seedFile struct {
	Servers  []seedServer  `json:"servers" doc:"servers, which are created after the volumes"`
	Volumes  []seedVolume  `json:"volumes" doc:"volumes"`
	Requests []seedRequest `json:"requests" doc:"requests to the services, which are sent last, in their order"`
}

type seedServer struct {
	Name     string            `json:"name" doc:"the name of the server" schema:"required"`
	Flavor   string            `json:"flavor" doc:"the name or id of the flavor; default m1.tiny"`
	Image    string            `json:"image" doc:"the name or id of the image; default cirros"`
	Network  string            `json:"network" doc:"the name or id of the network; default private"`
	As       string            `json:"as" doc:"the name of the user who creates it; default demo"`
	Metadata map[string]string `json:"metadata" doc:"the metadata of the server; keys that begin with dev: control its steps"`
	Count    int               `json:"count" doc:"how many servers; default 1" schema:"positive"`
}

type seedVolume struct {
	Name string `json:"name" doc:"the name of the volume"`
	As   string `json:"as" doc:"the name of the user who creates it; default demo"`
	Size int    `json:"size" doc:"the size in GiB; default 1" schema:"positive"`
}

type seedRequest struct {
	As   string `json:"as" doc:"the name of the user who sends it; default demo"`
	Do   string `json:"do" doc:"METHOD /PATH, such as POST /network/v2.0/networks" schema:"required"`
	Body any    `json:"body" doc:"the body of the request"`
}

// seedMembers are the valid members of the items of a seed file, by list.
var seedMembers = map[string][]string{
	"servers":  control.Names(reflect.TypeFor[seedServer]()),
	"volumes":  control.Names(reflect.TypeFor[seedVolume]()),
	"requests": control.Names(reflect.TypeFor[seedRequest]()),
}

// readSeed parses a seed file. It returns an error for unknown members before anything is
// created.
func readSeed(text []byte) (*seedFile, error) {
	var lists map[string][]map[string]any
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&lists); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, list := range slices.Sorted(maps.Keys(lists)) {
		known := seedMembers[list]
		if known == nil {
			return nil, fmt.Errorf("there is no %q: there are %s", list, strings.Join(slices.Sorted(maps.Keys(seedMembers)), ", "))
		}
		for n, item := range lists[list] {
			for _, name := range slices.Sorted(maps.Keys(item)) {
				if !slices.Contains(known, name) {
					return nil, fmt.Errorf("%s[%d]: there is no %q: there are %s", list, n, name, strings.Join(known, ", "))
				}
			}
		}
	}
	f := &seedFile{}
	if err := yaml.Unmarshal(text, f); err != nil {
		return nil, err
	}
	for n, s := range f.Servers {
		if s.Count < 0 {
			return nil, fmt.Errorf("servers[%d]: count: %d is less than 0", n, s.Count)
		}
	}
	for n, v := range f.Volumes {
		if v.Size < 0 {
			return nil, fmt.Errorf("volumes[%d]: size: %d is less than 0", n, v.Size)
		}
	}
	return f, nil
}

// Seed implements control.Cloud. It creates the resources with requests to the APIs.
func (c cloudControl) Seed(ctx context.Context, text []byte) error {
	f, err := readSeed(text)
	if err != nil {
		return err
	}
	for _, v := range f.Volumes {
		if _, err := c.ask(ctx, v.As, "POST /volume/v3/volumes", map[string]any{"volume": map[string]any{"name": v.Name,
			"size": max(v.Size, 1)}}); err != nil {
			return err
		}
	}
	for _, s := range f.Servers {
		body := map[string]any{"name": s.Name, "metadata": s.Metadata, "min_count": max(s.Count, 1)}
		if s.Metadata == nil {
			delete(body, "metadata")
		}
		for _, one := range []struct{ field, list, collection, name, otherwise string }{
			{"flavorRef", "/v2.1/flavors", "flavors", s.Flavor, "m1.tiny"}, {"imageRef", "/image/v2/images", "images", s.Image, "cirros"},
			{"network", "/network/v2.0/networks", "networks", s.Network, "private"},
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

// find returns the id of the resource with a name.
func (c cloudControl) find(ctx context.Context, as, list, collection, name string) (string, error) {
	text, err := c.ask(ctx, as, "GET "+list, nil)
	if err != nil {
		return "", err
	}
	var all map[string]json.RawMessage
	var members []struct{ ID, Name string }
	if err := errors.Join(json.Unmarshal(text, &all), json.Unmarshal(all[collection], &members)); err != nil {
		return "", err
	}
	var exist []string
	for _, m := range members {
		if m.Name == name || m.ID == name {
			return m.ID, nil
		}
		exist = append(exist, m.Name)
	}
	return "", fmt.Errorf("there is no %s among the %s: there are %s", name, collection, strings.Join(exist, ", "))
}

// ask sends a request to the cloud as a user ("" stands for demo) and returns the body.
func (c cloudControl) ask(ctx context.Context, as, request string, body any) ([]byte, error) {
	if as == "" {
		as = "demo"
	}
	token, err := c.identity.TokenOf(as)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	method, path, _ := strings.Cut(request, " ")
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("%q is not METHOD /PATH", request)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%q is not METHOD /PATH: %w", request, err)
	}
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	r.Header.Set("X-Auth-Token", token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", control.OwnAgent) // it is no request of a client
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
