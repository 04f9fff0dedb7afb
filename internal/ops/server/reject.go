package server

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// What a server has that keeps an operation from being done to it. Of Nova's rules that
// look for computes older than those it starts with, only those about ports have a
// counterpart.

// WithShare refuses servers that have a share: ForbiddenWithShare.
func (o *Core) WithShare(ctx context.Context, i *objects.Instance) error {
	has, err := In(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) (bool, error) { return cell.HasShares(ctx, c, i.UUID) })
	if err == nil && has {
		err = objects.ErrForbiddenWithShare.Errorf(objects.KindConflict, "Feature not supported with instances that have shares.")
	}
	return err
}

// WithPortAccelerator refuses servers with an accelerator behind a port:
// ForbiddenPortsWithAccelerator.
func WithPortAccelerator(i *objects.Instance) error {
	vifs, err := objects.ParseNetworkInfo([]byte(i.NetworkInfo()))
	if err != nil {
		return err
	}
	for _, v := range vifs {
		if objects.AcceleratorPort(v.VNICType) {
			return objects.ErrForbiddenPortsWithAccelerator.Errorf(objects.KindNotSupported,
				"Feature not supported with Ports that have accelerators.")
		}
	}
	return nil
}

// movesGroups is the service version of nova-computes that can move servers whose
// ports ask for groups of resources.
const movesGroups = 59

// WithResourceGroups refuses servers with a port that asks Placement for groups of
// resources, where there are computes that cannot move them:
// ExtendedResourceRequestOldCompute. Nova asks Neutron first, and in vain where all
// computes can.
func (o *Core) WithResourceGroups(ctx context.Context, i *objects.Instance) error {
	oldest, err := o.OldestCompute(ctx)
	if err != nil || oldest >= movesGroups {
		return err
	}
	asks, err := o.Services.Network.AsksForGroups(ctx, i.UUID)
	if err == nil && asks {
		err = objects.OldForResourceGroups()
	}
	return err
}

// OldestCompute is the lowest service version among the nova-computes of all cells
// that answer; 0 where there is none.
func (o *Core) OldestCompute(ctx context.Context) (int64, error) {
	return cell.Everywhere{Cells: o.Reader.Cells}.MinimumVersion(ctx, "nova-compute")
}

// WithAccelerator refuses servers whose flavor has an accelerator:
// ForbiddenWithAccelerators.
func WithAccelerator(i *objects.Instance) error {
	if ExtraSpec(i, "accel:device_profile") != "" {
		return objects.ErrForbiddenWithAccelerators.Errorf(objects.KindNotSupported,
			"Feature not supported with instances that have accelerators.")
	}
	return nil
}

// WithEncryptedMemory refuses servers whose memory is encrypted:
// OperationNotSupportedForMemEncryption.
func WithEncryptedMemory(i *objects.Instance, operation string) error {
	if objects.Truthy(ExtraSpec(i, "hw:mem_encryption")) || objects.Truthy(i.SystemMetadata["image_hw_mem_encryption"]) {
		return objects.ErrOperationNotSupportedForMemEncryption.Errorf(objects.KindNotSupported,
			"Operation '%s' not supported for mem encryption enabled instance (%s).", operation, i.UUID)
	}
	return nil
}

// WithTPM refuses servers with an emulated TPM:
// OperationNotSupportedForVTPM.
func WithTPM(i *objects.Instance, operation string) error {
	if HasTPM(i.Flavor, i) {
		return objects.ErrOperationNotSupportedForVTPM.Errorf(objects.KindNotSupported,
			"Operation '%s' not supported for vTPM-enabled instance (%s).", operation, i.UUID)
	}
	return nil
}

// HasTPM tells whether a server of the flavor, nil for none, has an emulated TPM, or
// its image asks for one.
func HasTPM(f *objects.Flavor, i *objects.Instance) bool {
	return f != nil && f.ExtraSpecs["hw:tpm_version"] != "" || i.SystemMetadata["image_hw_tpm_version"] != ""
}

// ExtraSpec is an extra spec of the flavor of a server; "" is none.
func ExtraSpec(i *objects.Instance, key string) string {
	if i.Flavor == nil {
		return ""
	}
	return i.Flavor.ExtraSpecs[key]
}

// First is the first error of checks, in their order.
func First(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
