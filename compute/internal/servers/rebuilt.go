package servers

import (
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
)

// Rebuilt returns the answer to a rebuild: the current server with its new password; nil leaves
// the password out.
func (a *API) Rebuilt(r *api.Request, password, userData *string) (any, error) {
	s, _, err := a.changed(r)
	if err != nil {
		return nil, err
	}
	v, err := a.viewOf(r, s)
	if err != nil {
		return nil, err
	}
	i := s.server
	v.rebuilt = true
	doc, err := v.document(i, func(o *api.Object) {
		if v.short && r.Since(mv.V54RebuildKeypair) {
			o.Opt("key_name", i.KeyName)
		}
		if password != nil {
			o.Str("adminPass", *password)
		}
		if r.Since(mv.V57NoPersonality) {
			o.Opt("user_data", userData)
		}
	})
	if err != nil {
		return nil, err
	}
	return &api.Reply{Header: http.Header{"Location": {v.links.Self("servers", i.UUID)}}, Body: doc}, nil
}
