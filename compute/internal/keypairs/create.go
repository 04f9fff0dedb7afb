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

// newKeypair is the request body that creates or imports a keypair.
type newKeypair struct {
	Name      string  `json:"name"`
	PublicKey *string `json:"public_key"`
	Type      string  `json:"type"`    // since 2.2; default "ssh"
	User      string  `json:"user_id"` // since 2.10; default: the caller
}

// newOwner returns the user who will own the keypair of the body.
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

// create imports the public key of the body, or generates a keypair.
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
		a.notifyError(r, "import_key_pair", map[string]any{"user_id": user, "key_name": k.Name, "public_key": public, "key_type": kind}, err)
	} else {
		private, err = a.generate(r, k)
		a.notifyError(r, "create_key_pair", map[string]any{"user_id": user, "key_name": k.Name, "key_type": kind}, err)
	}
	if err != nil {
		return nil, err
	}
	return keypairDoc(func(o *api.Object) {
		writeBrief(r, o, k)
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
	a.notifyStart(r, importStart, k)
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
	a.notifyEnd(r, importEnd, k)
	return nil
}

// generate generates a keypair and returns its private key, which is not stored.
func (a *API) generate(r *api.Request, k *objects.Keypair) (private string, err error) {
	if err := a.checkQuota(r, k.UserID, 1); err != nil {
		return "", err
	}
	a.notifyStart(r, createStart, k)
	var p keyPair
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
	// Concurrent requests may have created keypairs after the first check. Nova checks again
	// here, and not after an import.
	if a.Recheck {
		if err := a.checkQuota(r, k.UserID, 0); err != nil {
			return "", errors.Join(err, a.Keypairs.Delete(r.Context(), k.UserID, k.Name))
		}
	}
	a.notifyEnd(r, createEnd, k)
	return p.private, nil
}

// checkQuota compares the number of keypairs of user with the quota of the caller. Nova does
// this also for administrators who act for another user.
func (a *API) checkQuota(r *api.Request, user string, delta int64) error {
	err := a.Quota.CheckKeyPairs(r.Context(), r.Caller, user, delta)
	var over *quota.OverError
	if errors.As(err, &over) {
		return over.Fault(objects.ErrKeypairLimitExceeded, "Quota exceeded, too many key pairs.")
	}
	return err
}
