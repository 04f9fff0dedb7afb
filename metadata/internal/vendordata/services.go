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

// Services are the web services of the provider DynamicJSON.
type Services struct {
	Targets []string // [api] vendordata_dynamic_targets: NAME@URL
	// Client sends the requests; its transport has the connect timeout and the certificates.
	Client *http.Client
	// Timeout bounds a whole request.
	Timeout time.Duration
	// Token returns the X-Auth-Token of requests; nil means that they have none.
	Token func(context.Context) (string, error)
	// Fatal makes a failed request an error; otherwise its answer is replaced by {}.
	Fatal bool
	Log   zerolog.Logger
}

// maxAnswer bounds the size of a service's answer in bytes.
const maxAnswer = 4 << 20

// Get sends the data of an instance to every service, and returns the answers by name, in the
// order of the targets. roles returns the instance's boot roles.
func (s *Services) Get(ctx context.Context, g *objects.Guest, roles func(context.Context) (string, error)) (pyjson.Object, error) {
	answers := pyjson.Object{}
	if len(s.Targets) == 0 {
		return answers, nil
	}
	names, err := roles(ctx)
	if err != nil {
		return nil, err
	}
	asked := instanceDocument(g, names)
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

// instanceDocument returns the data of an instance in requests to services.
func instanceDocument(g *objects.Guest, roles string) []byte {
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
