package api

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Keypairs reads and writes key_pairs.
type Keypairs struct{ db *db.DB }

// NewKeypairs makes the access to keypairs.
func NewKeypairs(d *db.DB) *Keypairs { return &Keypairs{d} }

const keypairColumns = "id, name, user_id, type, fingerprint, public_key, created_at, updated_at"

func scanKeypair(r *sql.Rows) (*objects.Keypair, error) {
	k := &objects.Keypair{}
	var fingerprint, public sql.NullString
	err := r.Scan(&k.ID, &k.Name, &k.UserID, &k.Type, &fingerprint, &public, db.Time{P: &k.CreatedAt}, db.Time{P: &k.UpdatedAt})
	k.Fingerprint, k.PublicKey = fingerprint.String, public.String
	return k, err
}

// KeypairNotFound is the error for a name that the user has no keypair of.
func KeypairNotFound(user, name string) error {
	return objects.ErrKeypairNotFound.Errorf(objects.KindNotFound, "Keypair %s not found for user %s", name, user)
}

// Get finds a keypair by its owner and name.
func (k *Keypairs) Get(ctx context.Context, user, name string) (*objects.Keypair, error) {
	list, err := k.read(ctx, "user_id = ? AND name = ? LIMIT 1", user, name)
	if err == nil && len(list) == 0 {
		err = KeypairNotFound(user, name)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// List answers a user's keypairs by name, those behind the one named marker; limit
// below 0 means all. A marker that the user does not have is a MarkerNotFound.
func (k *Keypairs) List(ctx context.Context, user, marker string, limit int) ([]*objects.Keypair, error) {
	where, args := "user_id = ?", []any{user}
	if marker != "" {
		// The row's own spelling: a collation may find it by another.
		var name string
		err := k.db.One(ctx, []any{&name}, "SELECT name FROM key_pairs WHERE user_id = ? AND name = ?", user, marker)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, MarkerNotFound(marker)
		}
		if err != nil {
			return nil, err
		}
		where, args = where+" AND name > ?", append(args, name)
	}
	where += " ORDER BY name"
	if limit >= 0 {
		where, args = where+" LIMIT ?", append(args, limit)
	}
	return k.read(ctx, where, args...)
}

func (k *Keypairs) read(ctx context.Context, where string, args ...any) ([]*objects.Keypair, error) {
	var list []*objects.Keypair
	err := k.db.Each(ctx, func(r *sql.Rows) error {
		one, err := scanKeypair(r)
		list = append(list, one)
		return err
	}, "SELECT "+keypairColumns+" FROM key_pairs WHERE "+where, args...)
	return list, err
}

// Create adds a keypair and fills in its row id and time. A name that the user
// has already is a KeyPairExists.
func (k *Keypairs) Create(ctx context.Context, key *objects.Keypair) error {
	now := db.Now()
	id, err := k.db.Insert(ctx, k.db, "INSERT INTO key_pairs (created_at, name, user_id, ?, fingerprint, public_key) VALUES (?, ?, ?, ?, "+
		"?, ?)",
		bun.Ident("type"), now, key.Name, key.UserID, key.Type, key.Fingerprint, key.PublicKey)
	if _, ok := db.Duplicate(err); ok {
		return objects.ErrKeyPairExists.Errorf(objects.KindConflict, "Key pair '%s' already exists.", key.Name)
	}
	key.ID, key.CreatedAt = id, &now
	return err
}

// Delete removes a keypair.
func (k *Keypairs) Delete(ctx context.Context, user, name string) error {
	n, err := db.Exec(ctx, k.db, "DELETE FROM key_pairs WHERE user_id = ? AND name = ?", user, name)
	if err == nil && n == 0 {
		err = KeypairNotFound(user, name)
	}
	return err
}
