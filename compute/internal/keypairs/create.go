package keypairs

import (
	"cmp"
	"errors"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/quota"
)

// newKeypair is the body that makes or imports a keypair.
type newKeypair struct {
	Name      string  `json:"name"`
	PublicKey *string `json:"public_key"`
	Type      string  `json:"type"`    // "ssh" unless given; since 2.2
	User      string  `json:"user_id"` // "": the caller; since 2.10
}

// newOwner is the user who is to have the keypair of the body.
func newOwner(r *api.Request) (string, policy.Target, error) {
	asked, err := api.Body[newKeypair](r, "keypair")
	if err != nil {
		return "", policy.Target{}, err
	}
	user := r.Caller.UserID
	if r.Since(mv.V10KeypairUserID) && asked.User != "" {
		user = asked.User
	}
	return user, policy.Target{UserID: user}, nil
}

// create imports the public key that the body has, or makes a pair.
func (a *API) create(r *api.Request, user string) (any, error) {
	asked, err := api.Body[newKeypair](r, "keypair")
	if err != nil {
		return nil, err
	}
	kind, public, imported := cmp.Or(asked.Type, "ssh"), "", asked.PublicKey != nil
	if imported {
		public = *asked.PublicKey
	}
	k := &objects.Keypair{Name: strings.TrimSpace(asked.Name), UserID: user, Type: kind, PublicKey: public}
	var private string
	if imported {
		err = a.importKey(r, k)
		a.failed(r, "import_key_pair", map[string]any{"user_id": user, "key_name": k.Name, "public_key": public, "key_type": kind}, err)
	} else {
		private, err = a.generate(r, k)
		a.failed(r, "create_key_pair", map[string]any{"user_id": user, "key_name": k.Name, "key_type": kind}, err)
	}
	if err != nil {
		return nil, err
	}
	return single(func(o *api.Object) {
		brief(r, o, k)
		o.Str("user_id", k.UserID)
		if !imported {
			o.Str("private_key", private)
		}
	}), nil
}

func (a *API) importKey(r *api.Request, k *objects.Keypair) error {
	if err := a.checkQuota(r, k.UserID, 1); err != nil {
		return err
	}
	a.begins(r, importStart, k)
	var err error
	if k.Type == "x509" {
		k.Fingerprint, err = certificateFingerprint(k.PublicKey)
	} else {
		k.Fingerprint, err = sshFingerprint(k.PublicKey)
	}
	if err != nil {
		return err
	}
	if err := a.Keypairs.Create(r.Context(), k); err != nil {
		return err
	}
	a.ends(r, importEnd, k)
	return nil
}

// generate makes a pair and answers its private half, which is kept nowhere.
func (a *API) generate(r *api.Request, k *objects.Keypair) (private string, err error) {
	if err := a.checkQuota(r, k.UserID, 1); err != nil {
		return "", err
	}
	a.begins(r, createStart, k)
	var p pair
	if k.Type == "x509" {
		p, err = generateCertificate(k.UserID)
	} else {
		p, err = generateSSH()
	}
	if err != nil {
		return "", err
	}
	k.PublicKey, k.Fingerprint = p.public, p.fingerprint
	if err := a.Keypairs.Create(r.Context(), k); err != nil {
		return "", err
	}
	// Others may have made keypairs since the first look. Nova looks again here,
	// though not after an import.
	if a.Recheck {
		if err := a.checkQuota(r, k.UserID, 0); err != nil {
			return "", errors.Join(err, a.Keypairs.Delete(r.Context(), k.UserID, k.Name))
		}
	}
	a.ends(r, createEnd, k)
	return p.private, nil
}

// checkQuota counts the keypairs of user against the quota of the caller, as Nova
// does for administrators who work for someone else, too.
func (a *API) checkQuota(r *api.Request, user string, delta int64) error {
	err := a.Quota.CheckKeyPairs(r.Context(), quota.Owner{Project: r.Caller.ProjectID, User: r.Caller.UserID}, user, delta)
	var over *quota.OverError
	if errors.As(err, &over) {
		return over.Fault(objects.ErrKeypairLimitExceeded, "Quota exceeded, too many key pairs.")
	}
	return err
}
