package server

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// The functions of this file reject operations because of devices or properties of the server. Nova also has checks for
// services that are older than those beside which it starts; of these, only the checks of ports are reproduced here.

// WithShare rejects servers that have shares with ForbiddenWithShare.
func (o *Core) WithShare(ctx context.Context, i *objects.Instance) error {
	has, err := In(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) (bool, error) { return cell.HasShares(ctx, c, i.UUID) })
	if err == nil && has {
		err = objects.ErrForbiddenWithShare.Errorf(objects.KindConflict, "Feature not supported with instances that have shares.")
	}
	return err
}

// WithPortAccelerator rejects servers that have a port with an accelerator with ForbiddenPortsWithAccelerator.
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

// movesGroups is the service version since which nova-compute can move servers whose ports request resource groups of
// Placement.
const movesGroups = 59

// WithResourceGroups rejects servers that have a port which requests resource groups of Placement, if a nova-compute is
// too old to move them, with ExtendedResourceRequestOldCompute. Nova asks Neutron first; here Neutron is asked only if
// there is such a nova-compute, because otherwise its answer has no effect.
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

// OldestCompute returns the lowest service version of the nova-computes in all cells that respond, or 0 if there is none.
func (o *Core) OldestCompute(ctx context.Context) (int64, error) {
	return cell.Everywhere{Cells: o.Reader.Cells}.MinimumVersion(ctx, "nova-compute")
}

// WithAccelerator rejects servers whose flavor requests an accelerator with ForbiddenWithAccelerators.
func WithAccelerator(i *objects.Instance) error {
	if ExtraSpec(i, "accel:device_profile") != "" {
		return objects.ErrForbiddenWithAccelerators.Errorf(objects.KindNotSupported,
			"Feature not supported with instances that have accelerators.")
	}
	return nil
}

// WithEncryptedMemory rejects servers with encrypted memory with OperationNotSupportedForMemEncryption, before 2026.2 with
// OperationNotSupportedForSEV.
func (o *Core) WithEncryptedMemory(i *objects.Instance, operation string) error {
	if pytext.Truthy(ExtraSpec(i, "hw:mem_encryption")) || pytext.Truthy(i.SystemMetadata["image_hw_mem_encryption"]) {
		if !o.Release.Has(release.MemoryEncryptionModels) {
			return objects.ErrOperationNotSupportedForSEV.Errorf(objects.KindNotSupported,
				"Operation '%s' not supported for SEV-enabled instance (%s).", operation, i.UUID)
		}
		return objects.ErrOperationNotSupportedForMemEncryption.Errorf(objects.KindNotSupported,
			"Operation '%s' not supported for mem encryption enabled instance (%s).", operation, i.UUID)
	}
	return nil
}

// WithTPM rejects servers with an emulated TPM with OperationNotSupportedForVTPM.
func WithTPM(i *objects.Instance, operation string) error {
	if HasTPM(i.Flavor, i) {
		return objects.ErrOperationNotSupportedForVTPM.Errorf(objects.KindNotSupported,
			"Operation '%s' not supported for vTPM-enabled instance (%s).", operation, i.UUID)
	}
	return nil
}

// HasTPM reports whether the flavor (nil for none) or the image of a server requests an emulated TPM.
func HasTPM(f *objects.Flavor, i *objects.Instance) bool {
	return f != nil && f.ExtraSpecs["hw:tpm_version"] != "" || i.SystemMetadata["image_hw_tpm_version"] != ""
}

// ExtraSpec returns an extra spec of the flavor of a server, or "".
func ExtraSpec(i *objects.Instance, key string) string {
	if i.Flavor == nil {
		return ""
	}
	return i.Flavor.ExtraSpecs[key]
}

// First calls the checks in their order and returns the first error.
func First(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
