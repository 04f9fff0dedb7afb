package create

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

var allServices = cell.ServiceQuery{}

// quotaOwner returns the caller as the owner of quotas.
func quotaOwner(caller *reqctx.Caller) quota.Owner {
	return quota.Owner{Project: caller.ProjectID, User: caller.UserID}
}

func errOverQuota(class objects.Class, format string, a ...any) error {
	return class.Errorf(objects.KindOverQuota, format, a...)
}

// limitContents checks the quotas of metadata items and injected files.
func (b *Builder) limitContents(ctx context.Context, caller *reqctx.Caller, r *Request) error {
	var over *quota.OverError
	if len(r.Metadata) > 0 {
		err := b.o.Quota.CheckLimits(ctx, quotaOwner(caller), quota.Deltas{quota.MetadataItems: int64(len(r.Metadata))})
		if errors.As(err, &over) {
			return over.Fault(objects.ErrMetadataLimitExceeded, "Maximum number of metadata items exceeds %d", over.Limits[quota.MetadataItems])
		}
		if err != nil {
			return err
		}
	}
	if len(r.Files) == 0 {
		return nil
	}
	err := b.o.Quota.CheckLimits(ctx, quotaOwner(caller), quota.Deltas{quota.InjectedFiles: int64(len(r.Files))})
	if errors.As(err, &over) {
		return over.Fault(objects.ErrOnsetFileLimitExceeded, "Personality file limit exceeded")
	}
	if err != nil {
		return err
	}
	var path, content int
	for _, f := range r.Files {
		path, content = max(path, len([]rune(f.Path))), max(content, len(f.Content))
	}
	err = b.o.Quota.CheckLimits(ctx, quotaOwner(caller), quota.Deltas{quota.InjectedFilePathBytes: int64(path),
		quota.InjectedFileContentBytes: int64(content)})
	if errors.As(err, &over) {
		if slices.Contains(over.Over, quota.InjectedFilePathBytes) {
			return over.Fault(objects.ErrOnsetFilePathLimitExceeded, "Personality file path exceeds maximum %d",
				over.Limits[quota.InjectedFilePathBytes])
		}
		return over.Fault(objects.ErrOnsetFileContentLimitExceeded, "Personality file content exceeds maximum %d",
			over.Limits[quota.InjectedFileContentBytes])
	}
	return err
}

// limitServers returns the largest number of servers of the flavor, between least and most, that the caller's quota
// allows. Errors: TooManyInstances if that is less than least.
func (b *Builder) limitServers(ctx context.Context, caller *reqctx.Caller, f *objects.Flavor, least, most int) (int, error) {
	deltas := quota.Deltas{quota.Instances: int64(most), quota.Cores: int64(most) * f.VCPUs, quota.RAM: int64(most) * f.MemoryMB}
	err := b.o.Quota.Check(ctx, quotaOwner(caller), deltas)
	var over *quota.OverError
	if !errors.As(err, &over) {
		return most, err
	}
	room := func(res quota.Resource) int64 {
		if over.Limits[res] < 0 && res != quota.Instances { // unlimited: as much as the allowed instances need
			return over.Headroom(quota.Instances) * deltas[res] / max(deltas[quota.Instances], 1)
		}
		return over.Headroom(res)
	}
	allowed := room(quota.Instances)
	if f.VCPUs > 0 {
		allowed = min(allowed, floorDiv(room(quota.Cores), f.VCPUs))
	}
	if f.MemoryMB > 0 {
		allowed = min(allowed, floorDiv(room(quota.RAM), f.MemoryMB))
	}
	if allowed > 0 && int64(least) <= allowed && allowed <= int64(most) {
		return b.limitServers(ctx, caller, f, least, int(allowed))
	}
	count := fmt.Sprint(least)
	if least != most {
		count = fmt.Sprintf("%d-%d", least, most)
	}
	requested := map[quota.Resource]string{quota.Instances: count, quota.Cores: fmt.Sprint(deltas[quota.Cores]),
		quota.RAM: fmt.Sprint(deltas[quota.RAM])}
	var names, wanted, used, limits []string
	for _, res := range over.Over {
		names, wanted = append(names, res.String()), append(wanted, requested[res])
		used, limits = append(used, fmt.Sprint(over.Limits[res]-room(res))), append(limits, fmt.Sprint(over.Limits[res]))
	}
	join := func(list []string) string { return strings.Join(list, ", ") }
	return 0, errOverQuota(objects.ErrTooManyInstances, "Quota exceeded for %s: Requested %s, but already used %s of %s %s", join(names),
		join(wanted), join(used), join(limits), join(names))
}

// limitTaken returns how many of count servers the unified limits allow. It fails if that is less than the minimum of the
// request.
func (b *Builder) limitTaken(ctx context.Context, p *plan, count int) (int, error) {
	if !b.o.Quota.Unified() {
		return count, nil
	}
	devices := b.o.Release.Has(release.UnifiedLimitsOfDevices)
	var groups []*objects.RequestGroup
	if devices {
		groups = p.resources()
	}
	classes, err := hardware.Resources(b.o.Release, p.Flavor, nil, p.onVolume(), groups...)
	if err != nil {
		return 0, err
	}
	if devices && b.o.PCIInPlacement {
		devices, err := b.o.Aliases.Classes(p.Flavor)
		if err != nil {
			return 0, err
		}
		for class, n := range devices {
			classes[class] += n
		}
	}
	return b.o.Quota.Fit(ctx, p.caller, p.caller.ProjectID, classes, p.Min, count)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
