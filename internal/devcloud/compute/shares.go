package compute

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/identity"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
)

// The states of attached shares: a share of a server that is off is inactive, and mounted in a
// running one.
const (
	shareActive   = "active"
	shareInactive = "inactive"
	shareError    = "error"
)

// service is the user of Nova's services at Manila.
var service = &resource.Caller{UserName: "nova", ProjectID: identity.ProjectID("service"), Roles: []string{"admin", "service"}, Admin: true}

// storageAddress is the address of all hosts for NFS, [DEFAULT]my_shared_fs_storage_ip.
const storageAddress = "127.0.0.1"

// access returns the type and the subject of the access rule of a server's host. Errors:
// ShareProtocolNotSupported.
func (j *Job) access(protocol string) (kind, to string, err error) {
	switch protocol {
	case "NFS":
		return "ip", storageAddress, nil
	case "CEPHFS":
		return "cephx", cephIdentity(j.Server.UUID, j.Host), nil
	}
	return "", "", Failed("ShareProtocolNotSupported", "Share protocol %s is not supported.", protocol)
}

// allowShare gives the host access to a share.
func (j *Job) allowShare() (any, error) {
	m := j.object("share_mapping")
	id, uuid := m.Text("share_id"), m.Text("uuid")
	kind, to, err := j.access(m.Text("share_proto"))
	if err == nil {
		var there bool
		if there, err = j.Shares.Grant(service, id, kind, to, "Lock by nova for instance "+j.Server.UUID); !there && err == nil {
			err = Failed("ShareNotFound", "Share %s could not be found.", id)
		} else if err != nil {
			err = Failed("ShareAccessGrantError", "Share access could not be granted to share id %s.\nReason: %s.", id, err)
		}
	}
	if err != nil {
		if e := j.Records.SetShare(j.Ctx, uuid, shareError); e != nil {
			return nil, e
		}
		return nil, err
	}
	return nil, j.Records.SetShare(j.Ctx, uuid, shareInactive)
}

// denyShare removes the access of the host, unless another server needs it, and detaches the share.
func (j *Job) denyShare() (any, error) {
	m := j.object("share_mapping")
	return nil, j.detachShare(records.Share{UUID: m.Text("uuid"), Server: j.Server.UUID, ShareID: m.Text("share_id"),
		Protocol: m.Text("share_proto")})
}

func (j *Job) detachShare(s records.Share) error {
	kind, to, err := j.access(s.Protocol)
	if err != nil {
		return err
	}
	users, err := j.Records.Users(j.Ctx, s.ShareID)
	if err != nil {
		return err
	}
	others := slices.ContainsFunc(users, func(u records.Share) bool { return u.Server != s.Server && u.Status != "detaching" })
	if kind == "cephx" || !others {
		if err := j.Shares.Revoke(s.ShareID, kind, to); err != nil {
			return err
		}
	}
	return j.Records.RemoveShare(j.Ctx, s.UUID)
}

// setShares sets the status of all shares of the server.
func (j *Job) setShares(status string) error {
	list, err := j.Records.Shares(j.Ctx, j.Server.UUID)
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := j.Records.SetShare(j.Ctx, s.UUID, status); err != nil {
			return err
		}
	}
	return nil
}

// dropShares detaches the shares of a deleted server.
func (j *Job) dropShares() error {
	list, err := j.Records.Shares(j.Ctx, j.Server.UUID)
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := j.detachShare(s); err != nil {
			return fmt.Errorf("share %s: %w", s.ShareID, err)
		}
	}
	return nil
}

// cephIdentity returns the user of CephX of a server on a host.
func cephIdentity(server, host string) string {
	sum := sha256.Sum256([]byte(server + ":" + host))
	return "nova-" + hex.EncodeToString(sum[:])[:16]
}
