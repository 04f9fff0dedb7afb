// Package keystone sends requests about projects and limits to Keystone.
package keystone

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Keystone that uses the callers' tokens.
type Client struct {
	session *rest.Session
	log     zerolog.Logger
}

// New returns a client that uses a session with the options of [keystone].
func New(s *rest.Session, l zerolog.Logger) *Client {
	return &Client{session: s, log: log.Named(l, "nova.api.openstack.identity")}
}

// VerifyProject checks that a project exists. It returns nil also if the caller may not read
// projects or Keystone does not answer. It returns an *objects.Error of KindInvalid if the
// project does not exist, or if the catalog has no Keystone.
func (c *Client) VerifyProject(ctx context.Context, caller *reqctx.Caller, id string) error {
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
	resp, err := client.Get(ctx, base+"projects/"+url.PathEscape(id), nil, &gophercloud.RequestOpts{
		OkCodes: []int{200, 203, 204}, KeepResponseBody: true,
	})
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err == nil {
		return nil
	}
	status, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	switch {
	case !ok:
		l.Info().Err(err).Msg("Unable to contact keystone to verify project_id")
	case status.Actual == http.StatusNotFound:
		return objects.ErrHTTPBadRequest.Errorf(objects.KindInvalid, "Project ID %s is not a valid project.", id)
	case status.Actual == http.StatusForbidden:
		l.Info().Msgf("Insufficient permissions for user %s to verify existence of project_id %s", caller.UserID, id)
	default:
		l.Warn().Msgf("Unexpected response from keystone trying to verify project_id %s - resp: %d %s", id, status.Actual, status.Body)
	}
	return nil
}
