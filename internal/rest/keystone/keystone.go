// Package keystone sends requests about projects and limits to Keystone.
package keystone

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Keystone that uses the callers' tokens.
type Client struct {
	session *rest.Session
	found   foundProjects
	log     zerolog.Logger
}

// New returns a client that uses a session with the options of [keystone].
func New(s *rest.Session, l zerolog.Logger) *Client {
	return &Client{session: s, found: foundProjects{asked: s.Metrics().Cache("projects")}, log: log.Named(l, "nova.api.openstack.identity")}
}

// VerifyProject checks that a project exists. It returns nil also if the caller may not read
// projects or Keystone does not answer. It returns an *objects.Error of KindInvalid if the
// project does not exist, or if the catalog has no Keystone.
func (c *Client) VerifyProject(ctx context.Context, caller *reqctx.Caller, id string) error {
	return c.verify(ctx, caller, id, false)
}

// CheckProject is VerifyProject for operations that only read. It sends no request for a project
// that a request of any caller has found within the last 5 s.
func (c *Client) CheckProject(ctx context.Context, caller *reqctx.Caller, id string) error {
	return c.verify(ctx, caller, id, true)
}

func (c *Client) verify(ctx context.Context, caller *reqctx.Caller, id string, cached bool) error {
	l := log.ForRequest(c.log, "", "", caller)
	client, err := c.session.AsUser(ctx, caller)
	if _, none := errors.AsType[*rest.NoEndpoint](err); none || errors.Is(err, rest.ErrNoAuth) {
		l.Error().Err(err).Msg("Keystone identity service version 3.0 was not found. This might be caused by Nova misconfiguration or " +
			"Keystone problems.")
		return objects.ErrHTTPBadRequest.Errorf(objects.KindInvalid, "Nova was unable to find Keystone service endpoint.")
	}
	if err != nil {
		l.Info().Err(err).Msg("Unable to contact keystone to verify project_id")
		return nil
	}
	base, err := rest.IdentityV3(client.Endpoint)
	if err != nil {
		l.Info().Err(err).Msg("Unable to contact keystone to verify project_id")
		return nil
	}
	project := base + "projects/" + url.PathEscape(id)
	if cached && c.found.recently(project) {
		return nil
	}
	_, err = client.Get(ctx, project, nil, &gophercloud.RequestOpts{OkCodes: []int{200, 203, 204}})
	if err == nil {
		c.found.add(project)
		return nil
	}
	status, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	switch {
	case !ok:
		l.Info().Err(err).Msg("Unable to contact keystone to verify project_id")
	case status.Actual == http.StatusNotFound:
		c.found.remove(project)
		return objects.ErrHTTPBadRequest.Errorf(objects.KindInvalid, "Project ID %s is not a valid project.", id)
	case status.Actual == http.StatusForbidden:
		l.Info().Msgf("Insufficient permissions for user %s to verify existence of project_id %s", caller.UserID, id)
	default:
		l.Warn().Msgf("Unexpected response from keystone trying to verify project_id %s - resp: %d %s", id, status.Actual, status.Body)
	}
	return nil
}

// foundLife is the time for which CheckProject relies on the existence of a project.
const foundLife = 5 * time.Second

// foundProjects are the URLs of projects that Keystone has shown recently. Whether a caller may
// read a project does not matter, because VerifyProject accepts existing projects also from
// callers who may not. Callers with different endpoints of Keystone in their catalogs do not share
// entries.
type foundProjects struct {
	asked *metrics.Cache

	mu    sync.Mutex
	at    map[string]time.Time // when the request for a URL ended
	swept time.Time            // when expired entries were last removed
}

func (f *foundProjects) recently(project string) bool {
	f.mu.Lock()
	at, there := f.at[project]
	f.mu.Unlock()
	hit := there && time.Since(at) < foundLife
	f.asked.Asked(hit)
	return hit
}

func (f *foundProjects) add(project string) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = map[string]time.Time{}
	}
	if now.Sub(f.swept) > foundLife {
		f.swept = now
		maps.DeleteFunc(f.at, func(_ string, at time.Time) bool { return now.Sub(at) >= foundLife })
	}
	f.at[project] = now
}

func (f *foundProjects) remove(project string) {
	f.mu.Lock()
	delete(f.at, project)
	f.mu.Unlock()
}
