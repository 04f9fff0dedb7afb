package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/build"
	"github.com/nova-go/nova/internal/ops/lifecycle"
)

// Passwords says how the passwords of administrators are made.
type Passwords struct {
	Length int  // [DEFAULT] password_length
	Shown  bool // [api] enable_instance_password: answers tell them
}

// adminPassword is the one of the body, or a new one.
func (a *API) adminPassword(body map[string]any) string {
	if given, ok := body["adminPass"].(string); ok {
		return given
	}
	return build.Password(a.Passwords.Length)
}

func (a *API) rescue(r *api.Request, i *objects.Instance) (any, error) {
	body := r.Field("rescue")
	opts := lifecycle.RescueOptions{Password: a.adminPassword(body), Volume: r.Since(mv.V87RescueVolume)}
	if image, ok := body["rescue_image_ref"].(string); ok {
		opts.Image = &image
	}
	if err := a.Ops.Rescue(r.Ctx(), r.Context, i, opts); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		if a.Passwords.Shown {
			o.Str("adminPass", opts.Password)
		}
	}), nil
}
