package neutron

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/reqctx"
)

// Fault is what Neutron refuses a call with.
type Fault struct {
	Status  int
	Type    string // "OverQuota"
	Message string // as Nova hands it on, with Neutron's request id
}

func (f *Fault) Error() string { return f.Message }

// faultOf reads the fault in an error; others it gives back as they are.
func faultOf(err error) error {
	e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	f := &Fault{Status: e.Actual, Message: strings.TrimSpace(string(e.Body))}
	var body struct {
		NeutronError struct{ Type, Message, Detail string }
	}
	if json.Unmarshal(e.Body, &body) == nil && body.NeutronError.Type != "" {
		f.Type, f.Message = body.NeutronError.Type, body.NeutronError.Message
		if d := body.NeutronError.Detail; d != "" {
			f.Message += "\n" + d
		}
	}
	if id := e.ResponseHeader.Get("X-Openstack-Request-Id"); id != "" {
		f.Message += fmt.Sprintf("\nNeutron server returns request_ids: ['%s']", id)
	}
	return f
}

// refused answers the fault that an error is, or an empty one.
func refused(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{}
}

// send changes something below /v2.0. Its error is a *Fault where Neutron
// answered.
func (c *Client) send(ctx context.Context, caller *reqctx.Caller, method, path string, body, out any) error {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return err
	}
	_, err = client.Request(ctx, method, root(client.Endpoint)+path, &gophercloud.RequestOpts{JSONBody: body, JSONResponse: out,
		OkCodes: []int{http.StatusOK, http.StatusCreated, http.StatusNoContent}})
	c.groups.changes.Add(1) // a refusal may come after a change
	return faultOf(err)
}

// root is where the API stands, for an endpoint with its version or without.
func root(endpoint string) string {
	if strings.HasSuffix(endpoint, "/v2.0/") {
		return endpoint
	}
	return endpoint + "v2.0/"
}
