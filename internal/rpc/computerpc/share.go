package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// sharesSince is the first version of the interface with shares.
const sharesSince = "6.4"

// AllowShare gives the host of a server access to a share.
func (c *Client) AllowShare(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, s *objects.Share) error {
	return c.share(ctx, caller, i, s, "allow_share")
}

// DenyShare removes the access of the host and deletes the share mapping.
func (c *Client) DenyShare(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, s *objects.Share) error {
	return c.share(ctx, caller, i, s, "deny_share")
}

func (c *Client) share(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, s *objects.Share, method string) error {
	ok, err := c.Can(ctx, sharesSince)
	switch {
	case err != nil:
		return err
	case !ok:
		return objects.ErrUnsupportedRPCVersion.Errorf(0, "Unsupported RPC version for %s. Required >= %s", method, sharesSince)
	case i.Host == nil || *i.Host == "":
		return noHost(i)
	}
	t := rpc.Target{Topic: topic, Server: *i.Host, Version: sharesSince}
	return c.send(ctx, caller, i.Cell, t, method, args{"instance": i, "share_mapping": versioned.Share(s)})
}
