// Package ironic sends requests about bare metal nodes to Ironic, as Nova's own user.
package ironic

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rest"
)

// apiVersion is the oldest microversion of Ironic that Nova's driver supports.
const apiVersion = "1.38"

// classes are the exceptions of openstacksdk for statuses; it has HttpException for all others. Nova catches NotFoundException only.
var classes = map[int]objects.Class{
	http.StatusBadRequest:         objects.ErrBadRequestException,
	http.StatusForbidden:          objects.ErrForbiddenException,
	http.StatusNotFound:           objects.ErrNotFoundException,
	http.StatusConflict:           objects.ErrConflictException,
	http.StatusPreconditionFailed: objects.ErrPreconditionFailedException,
}

// Client is a client of Ironic. It is safe for concurrent use.
type Client struct{ session *rest.Session }

// New returns a client that uses a session with the options of [ironic].
func New(s *rest.Session) *Client { return &Client{s} }

// Node is a bare metal node.
type Node struct {
	UUID         string         `json:"uuid"`
	State        *string        `json:"provision_state"`
	InstanceUUID *string        `json:"instance_uuid"`
	Properties   map[string]any `json:"properties"` // cpus, memory_mb, local_gb, as numbers or texts
}

// Port is a network interface of a node.
type Port struct {
	Address string `json:"address"` // MAC
}

// Nodes returns all nodes.
func (c *Client) Nodes(ctx context.Context) ([]*Node, error) {
	var all []*Node
	for path := "nodes/detail"; path != ""; {
		var page struct {
			Nodes []*Node `json:"nodes"`
			Next  string  `json:"next"`
		}
		if err := c.get(ctx, path, &page); err != nil {
			return nil, err
		}
		all, path = append(all, page.Nodes...), page.Next
	}
	return all, nil
}

// Node returns a node by its UUID or name, or NodeNotFound.
func (c *Client) Node(ctx context.Context, id string) (*Node, error) {
	n := &Node{}
	err := c.get(ctx, "nodes/"+url.PathEscape(id), n)
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil, objects.ErrNodeNotFound.Errorf(objects.KindNotFound, "Node %s could not be found.", id)
	}
	return n, err
}

// Ports returns the network interfaces of a node.
func (c *Client) Ports(ctx context.Context, node string) ([]Port, error) {
	var all []Port
	for path := "ports?node=" + url.QueryEscape(node); path != ""; {
		var page struct {
			Ports []Port `json:"ports"`
			Next  string `json:"next"`
		}
		if err := c.get(ctx, path, &page); err != nil {
			return nil, err
		}
		all, path = append(all, page.Ports...), page.Next
	}
	return all, nil
}

// get reads a path below /v1, or a whole URL. If the service is unreachable, the error is
// ServiceUnavailable; if it refuses, one of classes.
func (c *Client) get(ctx context.Context, path string, out any) error {
	client, err := c.session.AsService(ctx)
	if _, missing := errors.AsType[*rest.NoEndpoint](err); missing {
		return &objects.Error{Class: objects.ErrServiceUnavailable, Message: "The baremetal service is unavailable: " + err.Error(), Cause: err}
	}
	if errors.Is(err, rest.ErrNoAuth) {
		return &objects.Error{Class: objects.ErrMissingAuthPlugin, Message: err.Error(), Cause: err}
	}
	if err != nil {
		return err
	}
	address := path
	if !strings.Contains(path, "://") {
		base := client.Endpoint
		if !strings.HasSuffix(base, "/v1/") {
			base += "v1/"
		}
		address = base + path
	}
	_, err = client.Get(ctx, address, out,
		&gophercloud.RequestOpts{MoreHeaders: map[string]string{"X-OpenStack-Ironic-API-Version": apiVersion}})
	if rest.IsNetwork(err) {
		return &objects.Error{Class: objects.ErrServiceUnavailable, Message: "The baremetal service is unavailable: " + err.Error(), Cause: err}
	}
	if answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		class, known := classes[answer.Actual]
		if !known {
			class = objects.ErrHTTPException
		}
		return &objects.Error{Class: class, Message: err.Error(), Cause: err}
	}
	return err
}
