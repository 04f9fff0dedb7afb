package neutron

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Fault is an error answer of Neutron.
type Fault struct {
	Status  int
	Type    string // "OverQuota"
	Message string // with Neutron's request id, as Nova passes it on
}

func (f *Fault) Error() string { return f.Message }

// clientTypes are the types of Neutron's errors for which neutronclient has a class of their own.
var clientTypes = []string{"NetworkNotFound", "PortNotFound", "StateInvalid", "NetworkInUse", "PortInUse", "IpAddressInUse",
	"IpAddressAlreadyAllocated", "InvalidIpForNetwork", "InvalidIpForSubnet", "OverQuota", "IpAddressGenerationFailure", "MacAddressInUse",
	"HostNotCompatibleWithFixedIps", "ExternalIpAddressExhausted"}

// clientClasses are neutronclient's classes for other errors, by status.
var clientClasses = map[int]string{400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
	500: "InternalServerError", 503: "ServiceUnavailable"}

// PythonName returns the class that neutronclient raises, as Python prints it. Nova's answer to an
// unexpected error contains it.
func (f *Fault) PythonName() string {
	class := cmp.Or(clientClasses[f.Status], "NeutronClientException")
	if slices.Contains(clientTypes, f.Type) {
		class = f.Type + "Client"
	}
	return "neutronclient.common.exceptions." + class
}

// faultOf converts an error with a fault to a *Fault, or to Nova's Forbidden that contains one; it returns other errors
// unchanged.
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
	if f.Status == http.StatusForbidden {
		return &objects.Error{Kind: objects.KindForbidden, Class: objects.ErrForbidden, Message: f.Message, Cause: f}
	}
	return f
}

// refused converts a fault with status 401, as Nova does: the token of a user is not valid any more, and one of an
// administrator, or of Nova's own user (a nil caller), tells of a mistake in the configuration.
func refused(caller *reqctx.Caller, err error) error {
	switch f := faultIn(err); {
	case f.Status != http.StatusUnauthorized:
		return err
	case caller != nil && !caller.IsAdmin:
		return &objects.Error{Kind: objects.KindUnauthorized, Class: objects.ErrUnauthorized, Message: "Not authorized.", Cause: f}
	default:
		return &objects.Error{Class: objects.ErrNeutronAdminCredentialConfigurationInvalid,
			Message: "Networking client is experiencing an unauthorized exception.", Cause: f}
	}
}

// faultIn returns the fault of an error, or an empty one.
func faultIn(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{}
}

// send sends a writing request below /v2.0. Its error is a *Fault if Neutron answered.
func (c *Client) send(ctx context.Context, caller *reqctx.Caller, method, path string, body, out any) error {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return err
	}
	_, err = client.Request(ctx, method, apiRoot(client.Endpoint)+path,
		&gophercloud.RequestOpts{JSONBody: body, JSONResponse: out, OkCodes: []int{http.StatusOK, http.StatusCreated, http.StatusNoContent}})
	c.groups.changes.Add(1) // a failed request may have changed something
	return refused(caller, faultOf(err))
}

// apiRoot returns the URL of the API for an endpoint with or without version.
func apiRoot(endpoint string) string {
	if strings.HasSuffix(endpoint, "/v2.0/") {
		return endpoint
	}
	return endpoint + "v2.0/"
}
