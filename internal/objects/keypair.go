package objects

import "time"

// Keypair is a user's public key.
type Keypair struct {
	ID          int64
	Name        string
	UserID      string
	Type        string // "ssh" or "x509"
	Fingerprint string
	PublicKey   string
	CreatedAt   *time.Time
	UpdatedAt   *time.Time
}

// Versioned is the keypair as it crosses the RPC.
func (k *Keypair) Versioned() *Versioned {
	return NewVersioned("KeyPair", "1.4", map[string]any{"id": k.ID, "name": k.Name, "user_id": k.UserID, "type": k.Type, "fingerprint": k.Fingerprint,
		"public_key": k.PublicKey, "created_at": k.CreatedAt, "updated_at": k.UpdatedAt, "deleted_at": nil, "deleted": false})
}
