package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/lifecycle"
)

// Passwords configures the generation of administrator passwords.
type Passwords struct {
	Length int  // [DEFAULT] password_length
	Shown  bool // [api] enable_instance_password: answers contain the password
}

// rescuing is the request body that rescues a server.
type rescuing struct {
	AdminPass *string `json:"adminPass"`
	ImageRef  *string `json:"rescue_image_ref"`
}

func (a *API) rescue(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[rescuing](r, "rescue")
	if err != nil {
		return nil, err
	}
	opts := lifecycle.RescueOptions{Image: asked.ImageRef, Volume: r.Since(mv.V87RescueVolume)}
	if asked.AdminPass != nil {
		opts.Password = *asked.AdminPass
	} else {
		opts.Password = create.Password(a.Passwords.Length)
	}
	if err := a.Ops.Rescue(r.Context(), r.Caller, i, opts); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		if a.Passwords.Shown {
			o.Str("adminPass", opts.Password)
		}
	}), nil
}
