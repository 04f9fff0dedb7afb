package servers

import (
	"context"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// passwordShow joins the pieces that the metadata service stored.
func (a *API) passwordShow(r *api.Request) (any, error) {
	i, err := a.server(r, cell.Load{SystemMetadata: true})
	if err != nil {
		return nil, err
	}
	var password strings.Builder
	for _, key := range api.Keys(i.SystemMetadata) {
		if strings.HasPrefix(key, "password_") {
			password.WriteString(i.SystemMetadata[key])
		}
	}
	return map[string]string{"password": password.String()}, nil
}

// passwordClear forgets the password that a server's guest stored; the guest keeps it.
func (a *API) passwordClear(r *api.Request) (any, error) {
	return a.act(r, cell.Usual, func(ctx context.Context, _ *reqctx.Context, i *objects.Instance) error {
		return a.Ops.ForgetPassword(ctx, i)
	})
}
