// Package cyborg sends requests about accelerators to Cyborg, with the callers' tokens.
package cyborg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Cyborg. It is safe for concurrent use.
type Client struct {
	session *rest.Session
	release release.Release
}

// New returns a client that uses a session with the options of [cyborg].
func New(s *rest.Session, r release.Release) *Client { return &Client{s, r} }

// groupKey matches a resource or a trait in a group of a device profile.
var groupKey = regexp.MustCompile(`^(resources|trait)([a-zA-Z0-9_-]{1,64})?:(.*)$`)

// Groups returns the RequestGroups of a device profile for Placement. port is the port that
// uses the profile, "" for none; a port may have one device. Errors: DeviceProfileError.
func (c *Client) Groups(ctx context.Context, caller *reqctx.Caller, profile, port string) ([]*objects.RequestGroup, error) {
	fail := func(text string) error {
		return objects.ErrDeviceProfileError.Errorf(objects.KindInvalid, "Device profile name %s: %s", profile, text)
	}
	var found struct {
		Profiles []struct {
			Groups []map[string]string `json:"groups"`
		} `json:"device_profiles"`
	}
	if err := c.call(ctx, caller, http.MethodGet, "device_profiles?"+url.Values{"name": {profile}}.Encode(), &found); err != nil {
		return nil, fail(err.Error())
	}
	switch len(found.Profiles) {
	case 0:
		return nil, fail("Expected 1 device profile but got nothing.")
	case 1:
	default:
		return nil, fail(fmt.Sprintf("Expected 1 device profile but got %d.", len(found.Profiles)))
	}
	asked := found.Profiles[0].Groups
	if port != "" && devices(asked) > 1 {
		return nil, fail("request multiple devices for single port.")
	}
	var groups []*objects.RequestGroup
	for n, g := range asked {
		groups = append(groups, group("device_profile_"+strconv.Itoa(n)+port, g))
	}
	return groups, nil
}

// devices returns the number of devices of the groups of a profile.
func devices(groups []map[string]string) (n int64) {
	for _, g := range groups {
		for key, value := range g {
			if m := groupKey.FindStringSubmatch(key); m != nil && m[1] == "resources" {
				count, _ := strconv.ParseInt(value, 10, 64)
				n += count
			}
		}
	}
	return n
}

func group(requester string, asked map[string]string) *objects.RequestGroup {
	resources, required, forbidden := map[string]int64{}, []string{}, []string{}
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		m := groupKey.FindStringSubmatch(key)
		if m == nil {
			continue // a key that only Cyborg uses
		}
		n, err := strconv.ParseInt(asked[key], 10, 64)
		switch {
		case m[1] == "resources" && err == nil && n >= 0:
			resources[m[3]] = n
		case m[1] == "trait" && asked[key] == "required":
			required = append(required, m[3])
		case m[1] == "trait" && asked[key] == "forbidden":
			forbidden = append(forbidden, m[3])
		}
	}
	return &objects.RequestGroup{RequesterID: requester, Resources: resources, RequiredTraits: required, ForbiddenTraits: forbidden}
}

// Requests returns the ids of the accelerator requests of a server; it is an error if there are
// none. Errors: AcceleratorRequestOpFailed.
func (c *Client) Requests(ctx context.Context, caller *reqctx.Caller, server string) ([]string, error) {
	fail := func(text string) error {
		return &objects.Error{Class: objects.ErrAcceleratorRequestOpFailed, Message: "Failed to get accelerator requests: " + text}
	}
	var found struct {
		Requests []struct {
			UUID string `json:"uuid"`
		} `json:"arqs"`
	}
	if err := c.call(ctx, caller, http.MethodGet, "accelerator_requests?"+url.Values{"instance": {server}}.Encode(), &found); err != nil {
		return nil, fail(err.Error() + " Instance " + server)
	}
	if len(found.Requests) == 0 {
		return nil, fail("Cyborg returned no accelerator requests for instance " + server)
	}
	var uuids []string
	for _, r := range found.Requests {
		uuids = append(uuids, r.UUID)
	}
	return uuids, nil
}

// DeleteRequests deletes the accelerator requests of a server. Errors:
// AcceleratorRequestOpFailed.
func (c *Client) DeleteRequests(ctx context.Context, caller *reqctx.Caller, server string) error {
	err := c.call(ctx, caller, http.MethodDelete, "accelerator_requests?"+url.Values{"instance": {server}}.Encode(), nil)
	if err != nil {
		return &objects.Error{Class: objects.ErrAcceleratorRequestOpFailed,
			Message: "Failed to delete accelerator requests: " + err.Error() + " Instance " + server}
	}
	return nil
}

// FreeRequests deletes accelerator requests by id. Errors: AcceleratorRequestOpFailed.
func (c *Client) FreeRequests(ctx context.Context, caller *reqctx.Caller, ids []string) error {
	err := c.call(ctx, caller, http.MethodDelete, "accelerator_requests?"+url.Values{"arqs": {strings.Join(ids, ",")}}.Encode(), nil)
	if err != nil {
		return &objects.Error{Class: objects.ErrAcceleratorRequestOpFailed,
			Message: "Failed to delete accelerator requests: " + err.Error() + " ARQs " + strings.Join(ids, ",")}
	}
	return nil
}

// call sends one request. Its errors contain Nova's texts.
func (c *Client) call(ctx context.Context, caller *reqctx.Caller, method, path string, into any) error {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return c.unreachable(err)
	}
	resp, err := client.Request(ctx, method, client.Endpoint+path,
		&gophercloud.RequestOpts{OkCodes: []int{200, 202, 204}, JSONResponse: into, KeepResponseBody: into == nil})
	if into == nil && resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return &objects.Error{Message: fmt.Sprintf("Invalid response from Cyborg: <Response [%d]>", e.Actual), Cause: err}
	}
	if err != nil {
		return c.unreachable(err)
	}
	return nil
}

// unreachable returns the error of a request that Cyborg has not answered.
func (c *Client) unreachable(err error) error {
	text := "Could not communicate with Cyborg."
	if c.release.Has(release.AcceleratorErrorText) {
		text = "Could not communicate with Cyborg: " + err.Error()
	}
	return &objects.Error{Message: text, Cause: err}
}
