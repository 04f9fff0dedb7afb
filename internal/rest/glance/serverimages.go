package glance

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// base is the client for the caller, and the URL of Glance's v2 API.
func (c *Client) base(ctx context.Context, caller *reqctx.Context) (*gophercloud.ServiceClient, string, error) {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return nil, "", err
	}
	base := client.Endpoint
	if !strings.HasSuffix(base, "/v2/") {
		base += "v2/"
	}
	return client, base, nil
}

// URL is where Glance has an image.
func (c *Client) URL(ctx context.Context, caller *reqctx.Context, id string) (string, error) {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(client.Endpoint, "/") + "/images/" + id, nil
}

// imageError is Nova's exception for an answer that is about one image.
func imageError(id string, err error) error {
	e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	switch e.Actual {
	case http.StatusNotFound:
		return objects.Errorf(objects.KindNotFound, "ImageNotFound", "Image %s could not be found.", id)
	case http.StatusForbidden, http.StatusUnauthorized:
		return &objects.Error{Class: "ImageNotAuthorized", Message: "Not authorized for image " + id + ".", Cause: err}
	case http.StatusBadRequest:
		return objects.Errorf(objects.KindInvalid, "ImageBadRequest", "Request of image %s got BadRequest response: %s", id, e.Body)
	}
	return err
}

// plainError is Nova's exception for an answer that is about no image yet.
func plainError(err error) error {
	e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	kind, class := objects.Kind(0), ""
	switch e.Actual {
	case http.StatusForbidden, http.StatusUnauthorized:
		kind, class = objects.KindForbidden, "Forbidden"
	case http.StatusNotFound:
		kind, class = objects.KindNotFound, "NotFound"
	case http.StatusBadRequest:
		kind, class = objects.KindInvalid, "Invalid"
	default:
		return err
	}
	return &objects.Error{Kind: kind, Class: class, Message: said(e), Cause: err}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// said is what glanceclient makes of an error: the page's text behind the status.
func said(e gophercloud.ErrUnexpectedResponseCode) string {
	text := strings.TrimSpace(tags.ReplaceAllString(string(e.Body), " "))
	return strings.Join(strings.Fields(text), " ")
}

// Reserve makes an image without content, in the name of the caller; a member may
// see it besides its owner. It answers its id.
func (c *Client) Reserve(ctx context.Context, caller *reqctx.Context, image map[string]any, member string) (string, error) {
	client, base, err := c.base(ctx, caller)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if _, err := client.Post(ctx, base+"images", image, &made, &gophercloud.RequestOpts{OkCodes: []int{http.StatusCreated}}); err != nil {
		return "", plainError(err)
	}
	if member == "" {
		return made.ID, nil
	}
	_, err = client.Post(ctx, base+"images/"+made.ID+"/members", map[string]string{"member": member}, nil, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK, http.StatusCreated}})
	return made.ID, plainError(err)
}

// Activate is Reserve of an image that needs no content, for that is in snapshots
// of volumes: nothing is uploaded, so that it becomes active.
func (c *Client) Activate(ctx context.Context, caller *reqctx.Context, image map[string]any, member string) (string, error) {
	if image["disk_format"] == nil {
		image["disk_format"] = "raw"
	}
	if image["container_format"] == nil {
		image["container_format"] = "bare"
	}
	id, err := c.Reserve(ctx, caller, image, member)
	if err != nil {
		return "", err
	}
	client, base, err := c.base(ctx, caller)
	if err != nil {
		return "", err
	}
	_, err = client.Put(ctx, base+"images/"+id+"/file", nil, nil, &gophercloud.RequestOpts{RawBody: bytes.NewReader(nil), OkCodes: []int{http.StatusNoContent},
		MoreHeaders: map[string]string{"Content-Type": "application/octet-stream"}})
	return id, plainError(err)
}

// DeleteImage removes an image. Errors: ImageNotFound, ImageNotAuthorized.
func (c *Client) DeleteImage(ctx context.Context, caller *reqctx.Context, id string) error {
	client, base, err := c.base(ctx, caller)
	if err != nil {
		return err
	}
	_, err = client.Delete(ctx, base+"images/"+url.PathEscape(id), &gophercloud.RequestOpts{OkCodes: []int{http.StatusNoContent}})
	return imageError(id, err)
}
