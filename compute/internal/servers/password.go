package servers

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

// passwordShow joins the parts of the password that the metadata service stored.
func (a *API) passwordShow(_ *api.Request, i *objects.Instance) (any, error) {
	var password strings.Builder
	for _, key := range api.Keys(i.SystemMetadata) {
		if strings.HasPrefix(key, "password_") {
			password.WriteString(i.SystemMetadata[key])
		}
	}
	return map[string]string{"password": password.String()}, nil
}

// passwordClear deletes the stored password. The guest's password does not change.
func (a *API) passwordClear(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.ForgetPassword(r.Context(), i)
}
