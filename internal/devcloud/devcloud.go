// Package devcloud is the cloud that --dev brings along: Nova's databases in
// SQLite, and stand-ins for the neighbours, in one process. The application in
// front of it is the one that operators run: only the neighbours are stand-ins.
package devcloud

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/nova-go/nova/config"
)

// Options say where a cloud lives.
type Options struct {
	State string // directory of its databases and files; made when it is not there
	URL   string // address clients reach it at: "http://127.0.0.1:8774"
}

// Cloud is a stand-in cloud. Handler answers for its neighbours below /identity,
// /image and /network.
type Cloud struct {
	state    string
	url      string
	identity *identity
	network  *network
	image    *image
}

// New makes the cloud of a state directory, or finds the one that is there.
func New(ctx context.Context, o Options) (*Cloud, error) {
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	state, err := filepath.Abs(o.State)
	if err != nil {
		return nil, err
	}
	c := &Cloud{state: state, url: strings.TrimRight(o.URL, "/")}
	if c.identity, err = openIdentity(state, c.url); err != nil {
		return nil, err
	}
	c.network, c.image = &network{}, &image{c.url}
	if err := c.createDatabases(ctx); err != nil {
		return nil, err
	}
	return c, c.writeFiles()
}

// Config is the configuration of the applications in front of the cloud: the
// nova.conf in its state directory.
func (c *Cloud) Config(prog string) (*config.Config, error) {
	return config.Load(config.Sources{Files: []string{filepath.Join(c.state, "nova.conf")}, Prog: prog})
}

// Handler answers for the neighbours, and hands everything else to nova.
func (c *Cloud) Handler(nova http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch first {
		case "identity":
			http.StripPrefix("/identity", c.identity).ServeHTTP(w, r)
		case "network":
			http.StripPrefix("/network", c.network).ServeHTTP(w, r)
		case "image":
			http.StripPrefix("/image", c.image).ServeHTTP(w, r)
		default:
			nova.ServeHTTP(w, r)
		}
	})
}

// Hello is what a person needs to know to use the cloud.
func (c *Cloud) Hello() string {
	return fmt.Sprintf(`nova-api --dev serves %[1]s; its state is in %[2]s

  . %[2]s/openrc                      # as demo; . %[2]s/openrc admin as admin
  openstack flavor list

  curl -si %[1]s/identity/v3/auth/tokens -H 'Content-Type: application/json' -d '{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "%[3]s", "domain": {"name": "Default"}}}}, "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}' | sed -n 's/^X-Subject-Token: //p'
  curl %[1]s/v2.1/flavors -H "X-Auth-Token: TOKEN"
`, c.url, c.state, password)
}
