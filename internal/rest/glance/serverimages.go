package glance

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// URL returns the URL of an image in Glance for answers to clients.
func (c *Client) URL(ctx context.Context, caller *reqctx.Caller, id string) (string, error) {
	base, err := c.Address(ctx, caller)
	return base + "/images/" + id, err
}

// plainError converts an error of a request that concerns no image id to Nova's exception.
func plainError(err error) error {
	e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	var kind objects.Kind
	var class objects.Class
	switch e.Actual {
	case http.StatusForbidden, http.StatusUnauthorized:
		kind, class = objects.KindForbidden, objects.ErrForbidden
	case http.StatusNotFound:
		kind, class = objects.KindNotFound, objects.ErrNotFound
	case http.StatusBadRequest:
		kind, class = objects.KindInvalid, objects.ErrInvalid
	default:
		return err
	}
	return &objects.Error{Kind: kind, Class: class, Message: faultMessage(&e), Cause: err}
}

// Reserve creates an image without content, with the caller's token, and returns its id. A
// member other than the owner may be given access.
func (c *Client) Reserve(ctx context.Context, caller *reqctx.Caller, image map[string]any, member string) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := c.do(ctx, caller, http.MethodPost, "images", image, &made)
	if err == nil && member != "" {
		err = c.do(ctx, caller, http.MethodPost, "images/"+made.ID+"/members", map[string]string{"member": member}, nil)
	}
	return made.ID, plainError(err)
}

// preferredFormat returns the disk format that Nova gave to images without content before 2025.1: the
// first one of its preferences that Glance's schema allows.
func (c *Client) preferredFormat(ctx context.Context, caller *reqctx.Caller) (string, error) {
	var schema struct {
		Properties struct {
			DiskFormat struct {
				Enum []*string `json:"enum"`
			} `json:"disk_format"`
		} `json:"properties"`
	}
	if err := c.do(ctx, caller, http.MethodGet, "schemas/image", nil, &schema); err != nil {
		return "", err
	}
	var allowed []string
	for _, format := range schema.Properties.DiskFormat.Enum {
		if format != nil {
			allowed = append(allowed, *format)
		}
	}
	preferred := []string{"qcow2", "vhd", "vmdk", "raw"}
	for _, format := range preferred {
		if slices.Contains(allowed, format) {
			return format, nil
		}
	}
	if len(allowed) > 0 {
		return allowed[0], nil
	}
	return preferred[0], nil
}

// Activate is Reserve for an image without content, because volume snapshots contain it. It
// uploads no data, so that the image becomes active.
func (c *Client) Activate(ctx context.Context, caller *reqctx.Caller, image map[string]any, member string) (string, error) {
	if image["disk_format"] == nil {
		image["disk_format"] = "raw"
		if !c.o.Release.Has(release.RawVolumeSnapshots) {
			format, err := c.preferredFormat(ctx, caller)
			if err != nil {
				return "", plainError(err)
			}
			image["disk_format"] = format
		}
	}
	if image["container_format"] == nil {
		image["container_format"] = "bare"
	}
	id, err := c.Reserve(ctx, caller, image, member)
	if err != nil {
		return "", err
	}
	client, err := c.o.Session.AsUser(ctx, caller)
	if err != nil {
		return "", err
	}
	at := strings.TrimRight(versionSuffix.ReplaceAllString(client.Endpoint, ""), "/") + "/v2/images/" + id + "/file"
	_, err = client.Request(ctx, http.MethodPut, at, &gophercloud.RequestOpts{RawBody: bytes.NewReader(nil),
		OkCodes:     []int{http.StatusNoContent},
		MoreHeaders: map[string]string{"Content-Type": "application/octet-stream"}})
	return id, plainError(failureOf(at, err))
}
