package servers

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

// passwordShow joins the pieces that the metadata service stored.
func (a *API) passwordShow(_ *api.Request, i *objects.Instance) (any, error) {
	var password strings.Builder
	for _, key := range api.Keys(i.SystemMetadata) {
		if strings.HasPrefix(key, "password_") {
			password.WriteString(i.SystemMetadata[key])
		}
	}
	return map[string]string{"password": password.String()}, nil
}

// passwordClear forgets the password that a server's guest stored; the guest keeps it.
func (a *API) passwordClear(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.ForgetPassword(r.Context(), i)
}
