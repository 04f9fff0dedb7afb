package vendordata

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

// Services are the web services of DynamicJSON.
type Services struct {
	Targets []string // [api] vendordata_dynamic_targets: NAME@URL
	// Client calls them; its transport has the connect timeout and the
	// certificates.
	Client *http.Client
	// Timeout is for a whole call.
	Timeout time.Duration
	// Token is what calls carry as X-Auth-Token. nil: they carry none.
	Token func(context.Context) (string, error)
	// Fatal makes a call that fails an error; otherwise {} stands for its answer.
	Fatal bool
	Log   zerolog.Logger
}

// maxAnswer bounds what is read of a service's answer.
const maxAnswer = 4 << 20

// Get asks every service about an instance, and answers by name, in the order of
// the targets. roles gets its boot roles.
func (s *Services) Get(ctx context.Context, g *objects.Guest, roles func(context.Context) (string, error)) (pyjson.Object, error) {
	answers := pyjson.Object{}
	if len(s.Targets) == 0 {
		return answers, nil
	}
	names, err := roles(ctx)
	if err != nil {
		return nil, err
	}
	asked := question(g, names)
	for _, target := range s.Targets {
		name, url, ok := strings.Cut(target, "@")
		switch {
		case !ok:
			s.Log.Warn().Str("instance", g.UUID).Msgf("Vendordata target %s lacks a name. Skipping", target)
			continue
		case answers.Has(name):
			s.Log.Warn().Str("instance", g.UUID).Msgf("Vendordata already contains an entry named %s. Skipping", target)
			continue
		}
		answer, err := s.call(ctx, url, asked)
		if err != nil {
			s.Log.Warn().Str("instance", g.UUID).Err(err).Msgf("Error from dynamic vendordata service %s at %s", name, url)
			if s.Fatal {
				return nil, fmt.Errorf("dynamic vendordata service %s: %w", name, err)
			}
			answer = pyjson.Object{}
		}
		answers.Set(name, answer)
	}
	return answers, nil
}

func (s *Services) call(ctx context.Context, url string, question []byte) (any, error) {
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.Timeout)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "openstack-nova-vendordata")
	if s.Token != nil {
		token, err := s.Token(ctx)
		if err != nil {
			return nil, err
		}
		r.Header.Set("X-Auth-Token", token)
	}
	response, err := s.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode >= http.StatusBadRequest:
		return nil, fmt.Errorf("status %s", response.Status)
	case len(text) == 0:
		return pyjson.Object{}, nil
	}
	return pyjson.Parse(text)
}

// question is what services are told about the instance.
func question(g *objects.Guest, roles string) []byte {
	meta := g.Metadata
	if meta == nil {
		meta = map[string]string{}
	}
	return pyjson.Append(nil, pyjson.Object{
		{Key: "project-id", Value: g.ProjectID},
		{Key: "instance-id", Value: g.UUID},
		{Key: "image-id", Value: g.ImageRef},
		{Key: "user-data", Value: g.UserData},
		{Key: "hostname", Value: g.Hostname},
		{Key: "metadata", Value: meta},
		{Key: "boot-roles", Value: roles},
	})
}
