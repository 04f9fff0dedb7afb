// Package keypairs serves keypairs: the public keys that users give to their
// servers, and, before 2.92, the making of pairs.
package keypairs

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/quota"
)

// Store is what the area needs of the API database; *dbapi.Keypairs is one.
type Store interface {
	// List answers a user's keypairs by name, those behind the one named marker
	// ("": from the start); a limit below 0 means all.
	List(ctx context.Context, user, marker string, limit int) ([]*objects.Keypair, error)
	Get(ctx context.Context, user, name string) (*objects.Keypair, error)
	Create(context.Context, *objects.Keypair) error
	Delete(ctx context.Context, user, name string) error
}

// Quota checks how many keypairs a user may have; *quota.Quotas is one.
type Quota interface {
	// CheckKeyPairs answers a *quota.OverError when user would have more, with
	// delta further ones, than the quota of caller allows.
	CheckKeyPairs(ctx context.Context, caller quota.Owner, user string, delta int64) error
}

// What happens to a keypair comes in pairs: before and after.
const (
	importStart = "import.start"
	importEnd   = "import.end"
	createStart = "create.start"
	createEnd   = "create.end"
	deleteStart = "delete.start"
	deleteEnd   = "delete.end"
)

// API holds what the handlers work with.
type API struct {
	Keypairs Store
	Quota    Quota
	Recheck  bool // [quota] recheck_quota: count again after a pair was made
	Notify   *notify.Notifier
}

// begins and ends announce what happens to a keypair.
func (a *API) begins(r *api.Request, event string, k *objects.Keypair) {
	a.Notify.KeypairName(r.Context(), r.Caller, event, k.Name)
	a.Notify.Keypair(r.Context(), r.Caller, event, k)
}

func (a *API) ends(r *api.Request, event string, k *objects.Keypair) {
	a.Notify.Keypair(r.Context(), r.Caller, event, k)
	a.Notify.KeypairName(r.Context(), r.Caller, event, k.Name)
}

// failed announces that a method of Nova's ended in an error, if err is one.
func (a *API) failed(r *api.Request, method string, args map[string]any, err error) {
	a.Notify.Failed(r.Context(), r.Caller, notify.Call{Service: "api", Method: method, Args: args}, err)
}

// owner is the user whose keypairs the query is about.
func owner(r *api.Request) (string, policy.Target, error) {
	user := r.Caller.UserID
	if named := r.Query()["user_id"]; r.Since(mv.V10KeypairUserID) && len(named) > 0 && named[0] != "" {
		user = named[0] // Nova takes the first of several here
	}
	return user, policy.Target{UserID: user}, nil
}

func (a *API) index(r *api.Request, user string) (any, error) {
	limit, marker, paged := -1, "", r.Since(mv.V35KeypairPaging)
	var err error
	if paged {
		if limit, marker, err = r.Page(); err != nil {
			return nil, err
		}
		if r.EmptyMarker() {
			return nil, objects.ErrMarkerNotFound.Errorf(objects.KindInvalid, "Marker  could not be found.")
		}
	}
	list, err := a.Keypairs.List(r.Context(), user, marker, limit)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("keypairs", len(list), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				o.Obj("keypair", func(o *api.Object) { brief(r, o, list[i]) })
			})
		})
		if n := len(list); paged && n > 0 {
			r.Next(r.Links(), o, "keypairs", "os-keypairs", n, list[n-1].Name)
		}
	}), nil
}

func (a *API) show(r *api.Request, user string) (any, error) {
	k, err := a.Keypairs.Get(r.Context(), user, r.Var("id"))
	if err != nil {
		return nil, err
	}
	return single(func(o *api.Object) {
		brief(r, o, k)
		o.Str("user_id", k.UserID)
		o.Time("created_at", k.CreatedAt, timeFormat)
		o.Bool("deleted", false)
		o.Null("deleted_at")
		o.Int("id", k.ID)
		o.Time("updated_at", k.UpdatedAt, timeFormat)
	}), nil
}

func (a *API) delete(r *api.Request, user string) (any, error) {
	err := a.remove(r, user, r.Var("id"))
	a.failed(r, "delete_key_pair", map[string]any{"user_id": user, "key_name": r.Var("id")}, err)
	return nil, err
}

func (a *API) remove(r *api.Request, user, name string) error {
	a.Notify.KeypairName(r.Context(), r.Caller, deleteStart, name)
	k, err := a.Keypairs.Get(r.Context(), user, name)
	if err != nil {
		return err
	}
	a.Notify.Keypair(r.Context(), r.Caller, deleteStart, k)
	if err := a.Keypairs.Delete(r.Context(), user, k.Name); err != nil {
		return err
	}
	a.ends(r, deleteEnd, k)
	return nil
}

// timeFormat is how keypairs show times: without a zone.
const timeFormat = "2006-01-02T15:04:05.000000"

// single wraps one keypair as {"keypair": {…}}.
func single(fill func(o *api.Object)) api.Encoder {
	return api.Doc(func(o *api.Object) { o.Obj("keypair", fill) })
}

// brief writes what every view of a keypair has.
func brief(r *api.Request, o *api.Object, k *objects.Keypair) {
	o.Str("name", k.Name)
	o.Str("public_key", k.PublicKey)
	o.Str("fingerprint", k.Fingerprint)
	if r.Since(mv.V2KeypairType) {
		o.Str("type", k.Type)
	}
}
