package cinder

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// attachments is the microversion that attachments are made and completed with.
const attachments = "3.44"

// tries is how often a change of an attachment is sent to a Cinder that fails.
const tries = 5

// CreateAttachment reserves a volume for a server, or attaches it where connector,
// which describes the host, is given. Without such a volume it is VolumeNotFound.
func (c *Client) CreateAttachment(ctx context.Context, caller *reqctx.Caller, volume, server string, connector map[string]any) (*Attachment, error) {
	if err := c.Supports(ctx, caller, attachments); err != nil {
		return nil, err
	}
	// Cinder requires the member, though it may be null.
	body := map[string]any{"attachment": map[string]any{"volume_uuid": volume, "instance_uuid": server, "connector": connector}}
	a, err := c.attachment(ctx, caller, call{version: attachments, method: http.MethodPost, path: "attachments", body: body})
	return a, translate(err, volumeNotFound(volume))
}

func (c *Client) attachment(ctx context.Context, caller *reqctx.Caller, q call) (*Attachment, error) {
	out := struct {
		Attachment Attachment `json:"attachment"`
	}{}
	q.out = &out
	err := c.do(ctx, caller, q)
	return &out.Attachment, err
}

// Attachment answers one attachment.
func (c *Client) Attachment(ctx context.Context, caller *reqctx.Caller, id string) (*Attachment, error) {
	a, err := c.attachment(ctx, caller, call{version: attachments, method: http.MethodGet, path: "attachments/" + url.PathEscape(id)})
	return a, translate(err, attachmentNotFound(id))
}

// DeleteAttachment deletes an attachment; one that is not there is none of Nova's
// worries.
func (c *Client) DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := again(ctx, func() error {
		return c.do(ctx, caller, call{version: attachments, method: http.MethodDelete, path: "attachments/" + url.PathEscape(id)})
	})
	if e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok && e.Actual == http.StatusNotFound {
		return nil
	}
	return translate(err, attachmentNotFound(id))
}

// CompleteAttachment marks the volume of an attachment as in use.
func (c *Client) CompleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := c.do(ctx, caller, call{version: attachments, method: http.MethodPost, path: "attachments/" + url.PathEscape(id) + "/action",
		body: map[string]any{"os-complete": map[string]any{}}})
	return translate(err, attachmentNotFound(id))
}

// again sends what Cinder failed at a few times more.
func again(ctx context.Context, send func() error) error {
	zero := 0.0
	for n := uint(1); ; n++ {
		err := send()
		e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
		if !ok || !slices.Contains([]int{http.StatusInternalServerError, http.StatusGatewayTimeout}, e.Actual) || n == tries || !rest.Pause(ctx, n, &zero) {
			return err
		}
	}
}
