package notify

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// KeypairName sends the unversioned notification of an event of a key pair, such as "delete.start". Its payload contains
// only the name and the owner.
func (n *Notifier) KeypairName(ctx context.Context, caller *reqctx.Caller, event, name string) {
	if n.Legacy() {
		n.tell(ctx, caller, "api", n.host, "keypair."+event, map[string]any{"tenant_id": caller.ProjectID, "user_id": caller.UserID,
			"key_name": name})
	}
}

// Keypair sends the versioned notification of an event of a key pair. Before the key pair is created or imported, its
// fingerprint and public key may be "".
func (n *Notifier) Keypair(ctx context.Context, caller *reqctx.Caller, event string, k *objects.Keypair) {
	if n.Versioned() {
		n.announce(ctx, caller, "keypair."+event, versioned.Loaded("KeypairPayload", map[string]any{"user_id": k.UserID, "name": k.Name,
			"fingerprint": orNil(k.Fingerprint), "public_key": orNil(k.PublicKey), "type": k.Type}))
	}
}
