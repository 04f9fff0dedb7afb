package instance

import (
	"context"
	"strings"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// What a server has that keeps an operation from being done to it. Nova's rules
// that look for computes older than those it starts with have no counterpart.

// withShare refuses servers that have a share.
func (o *Ops) withShare(ctx context.Context, i *objects.Instance) error {
	has, err := in(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) (bool, error) { return cell.HasShares(ctx, c, i.UUID) })
	if err == nil && has {
		err = objects.Errorf(objects.KindConflict, "ForbiddenWithShare", "Feature not supported with instances that have shares.")
	}
	return err
}

// withPortAccelerator refuses servers with an accelerator behind a port.
func withPortAccelerator(i *objects.Instance) error {
	vifs, err := objects.ParseNetworkInfo([]byte(i.Part("info_cache").Text("network_info")))
	if err != nil {
		return err
	}
	for _, v := range vifs {
		if v.VNICType == "accelerator-direct" || v.VNICType == "accelerator-direct-physical" {
			return objects.Errorf(objects.KindNotSupported, "ForbiddenPortsWithAccelerator", "Feature not supported with Ports that have accelerators.")
		}
	}
	return nil
}

// withAccelerator refuses servers whose flavor has an accelerator.
func withAccelerator(i *objects.Instance) error {
	if extraSpec(i, "accel:device_profile") != "" {
		return objects.Errorf(objects.KindNotSupported, "ForbiddenWithAccelerators", "Feature not supported with instances that have accelerators.")
	}
	return nil
}

// withEncryptedMemory refuses servers whose memory is encrypted.
func withEncryptedMemory(i *objects.Instance, operation string) error {
	if truthy(extraSpec(i, "hw:mem_encryption")) || truthy(i.SystemMetadata["image_hw_mem_encryption"]) {
		return objects.Errorf(objects.KindNotSupported, "OperationNotSupportedForMemEncryption", "Operation '%s' not supported for mem encryption enabled instance (%s).", operation, i.UUID)
	}
	return nil
}

// withTPM refuses servers with an emulated TPM.
func withTPM(i *objects.Instance, operation string) error {
	if extraSpec(i, "hw:tpm_version") != "" || i.SystemMetadata["image_hw_tpm_version"] != "" {
		return objects.Errorf(objects.KindNotSupported, "OperationNotSupportedForVTPM", "Operation '%s' not supported for vTPM-enabled instance (%s).", operation, i.UUID)
	}
	return nil
}

func extraSpec(i *objects.Instance, key string) string {
	if i.Flavor == nil {
		return ""
	}
	return i.Flavor.ExtraSpecs[key]
}

// truthy reads a word as strutils.bool_from_string does.
func truthy(word string) bool {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "1", "t", "true", "on", "y", "yes":
		return true
	}
	return false
}

// first is the first error of checks, in their order.
func first(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
