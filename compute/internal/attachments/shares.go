package attachments

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

// onShares is an operation on the shares of the server in the path. Its rule is checked before
// the server is loaded, against the project of the instance mapping.
func (a *API) onShares(do func(*api.Request, *objects.Instance) (any, error)) *api.Resource {
	owner := func(r *api.Request) (string, policy.Target, error) {
		project, err := a.Servers.Owner(r.Context(), r.ServerID())
		return project, policy.Target{ProjectID: project}, err
	}
	return api.On(owner, func(r *api.Request, _ string) (any, error) {
		i, _, err := r.Server(api.RecordOf(objects.UsualParts))
		if err != nil {
			return nil, err
		}
		return do(r, i)
	})
}

func (a *API) sharesIndex(r *api.Request, i *objects.Instance) (any, error) {
	shares, err := a.Servers.Shares(r.Context(), i)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("shares", len(shares), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeShare(o, shares[n]) })
		})
	}), nil
}

func (a *API) sharesShow(r *api.Request, i *objects.Instance) (any, error) {
	s, err := a.Servers.Share(r.Context(), i, r.Var("id"))
	if err != nil {
		return nil, err
	}
	return shareDoc(r, s), nil
}

// newShare is the request body that attaches a share.
type newShare struct {
	ShareID string  `json:"share_id"`
	Tag     *string `json:"tag"`
}

func (a *API) attachShare(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[newShare](r, "share")
	if err != nil {
		return nil, err
	}
	s, err := a.Ops.AttachShare(r.Context(), r.Caller, i, asked.ShareID, asked.Tag)
	if err != nil {
		return nil, err
	}
	return shareDoc(r, s), nil
}

func (a *API) detachShare(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.DetachShare(r.Context(), r.Caller, i, r.Var("id"))
}

// shareDoc writes a share; administrators also see its export location.
func shareDoc(r *api.Request, s *objects.Share) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("share", func(o *api.Object) {
			writeShare(o, s)
			if r.Caller.IsAdmin {
				o.Str("export_location", s.ExportLocation)
				o.Str("uuid", s.UUID)
			}
		})
	})
}

func writeShare(o *api.Object, s *objects.Share) {
	o.Str("share_id", s.ShareID)
	o.Str("status", s.Status)
	o.Str("tag", s.Tag)
}
