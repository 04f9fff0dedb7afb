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

// attachmentsVersion is the microversion of requests that create and complete attachments.
const attachmentsVersion = "3.44"

// maxAttempts is the number of attempts to change an attachment when Cinder answers with an error.
const maxAttempts = 5

// CreateAttachment reserves a volume for a server. With a connector, which describes the host,
// it also attaches the volume. The error for a missing volume is VolumeNotFound.
func (c *Client) CreateAttachment(ctx context.Context, caller *reqctx.Caller, volume, server string,
	connector map[string]any) (*Attachment, error) {
	if err := c.Supports(ctx, caller, attachmentsVersion); err != nil {
		return nil, err
	}
	// Cinder requires the member, which may be null.
	body := map[string]any{"attachment": map[string]any{"volume_uuid": volume, "instance_uuid": server, "connector": connector}}
	a, err := c.attachment(ctx, caller, call{version: attachmentsVersion, method: http.MethodPost, path: "attachments", body: body})
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

// Attachment returns one attachment.
func (c *Client) Attachment(ctx context.Context, caller *reqctx.Caller, id string) (*Attachment, error) {
	a, err := c.attachment(ctx, caller, call{version: attachmentsVersion, method: http.MethodGet, path: "attachments/" + url.PathEscape(id)})
	return a, translate(err, attachmentNotFound(id))
}

// DeleteAttachment deletes an attachment. As in Nova, a missing attachment is not an error.
func (c *Client) DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := repeatOnFailure(ctx, func() error {
		return c.do(ctx, caller, call{version: attachmentsVersion, method: http.MethodDelete, path: "attachments/" + url.PathEscape(id)})
	})
	if e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok && e.Actual == http.StatusNotFound {
		return nil
	}
	return translate(err, attachmentNotFound(id))
}

// CompleteAttachment sets the status of the attachment's volume to in-use.
func (c *Client) CompleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := c.do(ctx, caller, call{version: attachmentsVersion, method: http.MethodPost, path: "attachments/" + url.PathEscape(id) + "/action",
		body: map[string]any{"os-complete": map[string]any{}}})
	return translate(err, attachmentNotFound(id))
}

// repeatOnFailure repeats a request after internal errors of Cinder.
func repeatOnFailure(ctx context.Context, send func() error) error {
	zero := 0.0
	for n := uint(1); ; n++ {
		err := send()
		e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
		if !ok || !slices.Contains([]int{http.StatusInternalServerError, http.StatusGatewayTimeout}, e.Actual) || n == maxAttempts ||
			!rest.Pause(ctx, n, &zero) {
			return err
		}
	}
}
