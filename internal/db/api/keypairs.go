package api

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Keypairs reads and writes the table key_pairs.
type Keypairs struct {
	db    *db.DB
	lists db.Coalescer[[]*objects.Keypair]
}

// NewKeypairs returns the access to the key pairs of d.
func NewKeypairs(d *db.DB) *Keypairs { return &Keypairs{db: d} }

const keypairColumns = "id, name, user_id, type, fingerprint, public_key, created_at, updated_at"

func scanKeypair(r *sql.Rows) (*objects.Keypair, error) {
	k := &objects.Keypair{}
	var fingerprint, public sql.NullString
	err := r.Scan(&k.ID, &k.Name, &k.UserID, &k.Type, &fingerprint, &public, db.Time{P: &k.CreatedAt}, db.Time{P: &k.UpdatedAt})
	k.Fingerprint, k.PublicKey = fingerprint.String, public.String
	return k, err
}

// KeypairNotFound returns Nova's exception KeypairNotFound, for a user without a key pair of that
// name.
func KeypairNotFound(user, name string) error {
	return objects.ErrKeypairNotFound.Errorf(objects.KindNotFound, "Keypair %s not found for user %s", name, user)
}

// Get returns a key pair by its user and name.
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

// List returns the key pairs of a user by name, after the one with the name marker. A limit below
// 0 means no limit. If the user has no key pair with the name marker, the error is
// MarkerNotFound. Concurrent calls with the same arguments share a query that begins after them, and
// its key pairs, which they must not change.
func (k *Keypairs) List(ctx context.Context, user, marker string, limit int) ([]*objects.Keypair, error) {
	return k.lists.Do(ctx, fmt.Sprintf("%d %q %q", limit, user, marker), func(ctx context.Context) ([]*objects.Keypair, error) {
		return k.list(ctx, user, marker, limit)
	})
}

func (k *Keypairs) list(ctx context.Context, user, marker string, limit int) ([]*objects.Keypair, error) {
	where, args := "user_id = ?", []any{user}
	if marker != "" {
		// The name in the row can differ from marker, because the collation may ignore case.
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

// Create inserts a key pair and sets its row id and creation time. If the user already has a key
// pair of that name, the error is KeyPairExists.
func (k *Keypairs) Create(ctx context.Context, key *objects.Keypair) error {
	now := db.Now(ctx)
	id, err := k.db.Insert(ctx, k.db, "INSERT INTO key_pairs (created_at, name, user_id, ?, fingerprint, public_key) VALUES (?, ?, ?, ?, "+
		"?, ?)",
		bun.Ident("type"), now, key.Name, key.UserID, key.Type, key.Fingerprint, key.PublicKey)
	if _, ok := db.Duplicate(err); ok {
		return objects.ErrKeyPairExists.Errorf(objects.KindConflict, "Key pair '%s' already exists.", key.Name)
	}
	key.ID, key.CreatedAt = id, &now
	return err
}

// Delete deletes a key pair.
func (k *Keypairs) Delete(ctx context.Context, user, name string) error {
	n, err := db.Exec(ctx, k.db, "DELETE FROM key_pairs WHERE user_id = ? AND name = ?", user, name)
	if err == nil && n == 0 {
		err = KeypairNotFound(user, name)
	}
	return err
}
