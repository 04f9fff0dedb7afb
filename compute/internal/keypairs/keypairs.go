// Package keypairs serves keypairs: the public keys of users for their servers, and, before
// 2.92, the generation of keypairs.
package keypairs

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Store is the part of the API database that the area uses; *dbapi.Keypairs implements it.
type Store interface {
	// List returns a user's keypairs by name, after the keypair named marker ("": from the
	// start); a negative limit means all.
	List(ctx context.Context, user, marker string, limit int) ([]*objects.Keypair, error)
	Get(ctx context.Context, user, name string) (*objects.Keypair, error)
	Create(context.Context, *objects.Keypair) error
	Delete(ctx context.Context, user, name string) error
}

// Quota checks the number of keypairs; *quota.Quotas implements it.
type Quota interface {
	// CheckKeyPairs returns a *quota.OverError if delta further keypairs of user exceed the
	// quota of caller, and Forbidden for a caller with a token without a project.
	CheckKeyPairs(ctx context.Context, caller *reqctx.Caller, user string, delta int64) error
}

// The notifications about keypairs: one before and one after each change.
const (
	importStart = "import.start"
	importEnd   = "import.end"
	createStart = "create.start"
	createEnd   = "create.end"
	deleteStart = "delete.start"
	deleteEnd   = "delete.end"
)

// API holds the dependencies of the handlers.
type API struct {
	Keypairs Store
	Quota    Quota
	Recheck  bool // [quota] recheck_quota: count again after the creation of a keypair
	Notify   *notify.Notifier
}

// notifyStart sends the notification before a change of a keypair.
func (a *API) notifyStart(r *api.Request, event string, k *objects.Keypair) {
	a.Notify.KeypairName(r.Context(), r.Caller, event, k.Name)
	a.Notify.Keypair(r.Context(), r.Caller, event, k)
}

func (a *API) notifyEnd(r *api.Request, event string, k *objects.Keypair) {
	a.Notify.Keypair(r.Context(), r.Caller, event, k)
	a.Notify.KeypairName(r.Context(), r.Caller, event, k.Name)
}

// notifyError sends the exception notification of a method of Nova if err is not nil.
func (a *API) notifyError(r *api.Request, method string, args map[string]any, err error) {
	a.Notify.Failed(r.Context(), r.Caller, notify.Call{Service: "api", Method: method, Args: args}, err)
}

// ownerInQuery returns the user whose keypairs the query names.
func ownerInQuery(r *api.Request) (string, policy.Target, error) {
	user := r.Caller.UserID
	if named := r.Query()["user_id"]; r.Since(mv.V10KeypairUserID) && len(named) > 0 && named[0] != "" {
		user = named[0] // Nova uses the first of several values here
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
				o.Obj("keypair", func(o *api.Object) { writeBrief(r, o, list[i]) })
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
	return keypairDoc(func(o *api.Object) {
		writeBrief(r, o, k)
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
	a.notifyError(r, "delete_key_pair", map[string]any{"user_id": user, "key_name": r.Var("id")}, err)
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
	a.notifyEnd(r, deleteEnd, k)
	return nil
}

// timeFormat is the layout of times of keypairs, without a zone.
const timeFormat = "2006-01-02T15:04:05.000000"

// keypairDoc writes one keypair as {"keypair": {…}}.
func keypairDoc(fill func(o *api.Object)) api.Encoder {
	return api.Doc(func(o *api.Object) { o.Obj("keypair", fill) })
}

// writeBrief writes the members that all views of a keypair contain.
func writeBrief(r *api.Request, o *api.Object, k *objects.Keypair) {
	o.Str("name", k.Name)
	o.Str("public_key", k.PublicKey)
	o.Str("fingerprint", k.Fingerprint)
	if r.Since(mv.V2KeypairType) {
		o.Str("type", k.Type)
	}
}
