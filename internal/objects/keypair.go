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
