package notify

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// KeypairName announces what happens to a keypair ("delete.start") in the old form,
// which knows no more than its name.
func (n *Notifier) KeypairName(ctx context.Context, caller *reqctx.Caller, event, name string) {
	if n.Legacy() {
		n.tell(ctx, caller, "api", n.host, "keypair."+event, map[string]any{"tenant_id": caller.ProjectID, "user_id": caller.UserID,
			"key_name": name})
	}
}

// Keypair announces what happens to a keypair. It has no fingerprint and no public
// key yet where those are still to be made.
func (n *Notifier) Keypair(ctx context.Context, caller *reqctx.Caller, event string, k *objects.Keypair) {
	if n.Versioned() {
		n.announce(ctx, caller, "keypair."+event, versioned.Loaded("KeypairPayload", map[string]any{"user_id": k.UserID, "name": k.Name,
			"fingerprint": orNil(k.Fingerprint), "public_key": orNil(k.PublicKey), "type": k.Type}))
	}
}
