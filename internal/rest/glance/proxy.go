package glance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Details is an image in the view of the image proxy.
type Details struct {
	ID        string     `json:"id"`
	Name      *string    `json:"name"`
	Status    string     `json:"status"`
	MinRAM    int64      `json:"min_ram"`  // MiB
	MinDisk   int64      `json:"min_disk"` // GiB
	Size      int64      `json:"size"`     // bytes; 0 if unknown
	CreatedAt *time.Time `json:"created_at"`
	UpdatedAt *time.Time `json:"updated_at"`
	// Properties are the members that Glance's schema does not define, unchanged.
	Properties map[string]any `json:"-"`
}

// schemaMembers are the members that Glance's schema defines; all others are properties.
var schemaMembers = []string{"id", "name", "status", "visibility", "protected", "checksum", "os_hash_algo", "os_hash_value", "owner",
	"size", "virtual_size",
	"container_format", "disk_format", "created_at", "updated_at", "tags", "direct_url", "min_ram", "min_disk", "self", "file", "schema",
	"locations", "os_hidden", "stores"}

// UnmarshalJSON stores the members of an image in fields and properties.
func (d *Details) UnmarshalJSON(text []byte) error {
	type plain Details
	if err := json.Unmarshal(text, (*plain)(d)); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &d.Properties); err != nil {
		return err
	}
	maps.DeleteFunc(d.Properties, func(name string, _ any) bool { return slices.Contains(schemaMembers, name) })
	return nil
}

// versionSuffix matches the version at the end of an endpoint.
var versionSuffix = regexp.MustCompile(`/v\d+(\.\d+)?/?$`)

// Address returns the URL of Glance for links to images. An endpoint of the catalog ends with a
// slash, so that links have two slashes before "images", as in Nova: keystoneauth finds the
// endpoint of version 2, and Nova replaces this version by a slash.
func (c *Client) Address(ctx context.Context, caller *reqctx.Caller) (string, error) {
	if c.o.Server != "" {
		return c.o.Server, nil
	}
	if c.o.Override != "" {
		return versionSuffix.ReplaceAllString(c.o.Override, "/"), nil
	}
	client, err := c.o.Session.AsUser(ctx, caller)
	if err != nil {
		return "", err
	}
	return versionSuffix.ReplaceAllString(strings.TrimRight(client.Endpoint, "/"), "") + "/", nil
}

// do sends a request below /v2; path may already contain it.
func (c *Client) do(ctx context.Context, caller *reqctx.Caller, method, path string, body, out any) error {
	client, err := c.o.Session.AsUser(ctx, caller)
	if err != nil {
		return err
	}
	at := versionSuffix.ReplaceAllString(client.Endpoint, "")
	o := &gophercloud.RequestOpts{JSONBody: body, JSONResponse: out, OkCodes: []int{http.StatusOK, http.StatusCreated, http.StatusNoContent}}
	if method == http.MethodPatch {
		o.MoreHeaders = map[string]string{"Content-Type": "application/openstack-images-v2.1-json-patch"}
	}
	_, err = client.Request(ctx, method, strings.TrimRight(at, "/")+"/v2/"+strings.TrimPrefix(path, "/v2/"), o)
	return failureOf(at, err)
}

// translate converts an error about an image to Nova's.
func translate(err error, id string) error {
	e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	switch e.Actual {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &objects.Error{Kind: objects.KindForbidden, Class: objects.ErrImageNotAuthorized,
			Message: fmt.Sprintf("Not authorized for image %s.", id), Cause: err}
	case http.StatusNotFound:
		return &objects.Error{Kind: objects.KindNotFound, Class: objects.ErrImageNotFound,
			Message: fmt.Sprintf("Image %s could not be found.", id), Cause: err}
	case http.StatusConflict:
		return &objects.Error{Class: objects.ErrImageDeleteConflict,
			Message: fmt.Sprintf("Conflict deleting image. Reason: %s.", faultMessage(&e)), Cause: err}
	}
	return err
}

// faultMessage returns Glance's error message as its Python client does. Nova requests an HTML page,
// and passes its text on unchanged.
func faultMessage(e *gophercloud.ErrUnexpectedResponseCode) string {
	var body struct{ Message string }
	if json.Unmarshal(e.Body, &body) != nil {
		body.Message = string(e.Body)
	}
	body.Message = strings.ReplaceAll(body.Message, "<br />", "")
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(strings.TrimSpace(body.Message))
	return fmt.Sprintf("HTTP %d %s: %s", e.Actual, http.StatusText(e.Actual), text)
}

// Details returns one image, or ImageNotFound.
func (c *Client) Details(ctx context.Context, caller *reqctx.Caller, id string) (*Details, error) {
	d := &Details{}
	err := c.do(ctx, caller, http.MethodGet, "images/"+url.PathEscape(id), nil, d)
	return d, translate(err, id)
}

// pageSize is the number of images per request.
const pageSize = 20

// List returns the images that a query of Glance selects, at most limit; 0 means all.
func (c *Client) List(ctx context.Context, caller *reqctx.Caller, query url.Values, limit int) ([]*Details, error) {
	if query.Get("limit") == "" {
		query.Set("limit", fmt.Sprint(pageSize))
	}
	path := "images?" + query.Encode()
	var all []*Details
	for path != "" {
		var page struct {
			Images []*Details `json:"images"`
			Next   string     `json:"next"`
		}
		err := c.do(ctx, caller, http.MethodGet, path, nil, &page)
		if err != nil {
			return nil, listRefusal(err)
		}
		if all = append(all, page.Images...); limit > 0 && len(all) >= limit {
			return all[:limit], nil
		}
		path = page.Next
	}
	return all, nil
}

func listRefusal(err error) error {
	switch e, _ := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); e.Actual {
	case http.StatusBadRequest:
		return &objects.Error{Kind: objects.KindInvalid, Class: objects.ErrInvalid, Message: faultMessage(&e), Cause: err}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &objects.Error{Kind: objects.KindForbidden, Class: objects.ErrForbidden, Message: faultMessage(&e), Cause: err}
	}
	return err
}

// Delete deletes an image.
func (c *Client) Delete(ctx context.Context, caller *reqctx.Caller, id string) error {
	return translate(c.do(ctx, caller, http.MethodDelete, "images/"+url.PathEscape(id), nil, nil), id)
}

// patchOperation is an operation of a JSON patch.
type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// SetProperties replaces the properties of an image, and removes its other properties.
func (c *Client) SetProperties(ctx context.Context, caller *reqctx.Caller, d *Details, properties map[string]any) (*Details, error) {
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	patch := []patchOperation{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		old, there := d.Properties[name]
		switch value := properties[name]; {
		case !there:
			patch = append(patch, patchOperation{"add", "/" + escape(name), value})
		case old != value:
			patch = append(patch, patchOperation{"replace", "/" + escape(name), value})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
		if _, kept := properties[name]; !kept {
			patch = append(patch, patchOperation{Op: "remove", Path: "/" + escape(name)})
		}
	}
	changed := &Details{}
	err := c.do(ctx, caller, http.MethodPatch, "images/"+url.PathEscape(d.ID), patch, changed)
	return changed, translate(err, d.ID)
}
