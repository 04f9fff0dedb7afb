package servers

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) reboot(r *api.Request, i *objects.Instance) (any, error) {
	kind, _ := r.Field("reboot")["type"].(string)
	return nil, a.Ops.Reboot(r.Ctx(), r.Context, i, strings.ToUpper(kind))
}
