package create

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// CheckContents checks the metadata and the injected files of a rebuild against the caller's quotas.
func (b *Builder) CheckContents(ctx context.Context, caller *reqctx.Caller, metadata map[string]string, files []File) error {
	return b.limitContents(ctx, caller, &Request{Metadata: metadata, Files: files})
}

// Kernel returns the ids of the kernel and the RAM disk that an image refers to, or "". Errors: ImageNotFound.
func Kernel(ctx context.Context, caller *reqctx.Caller, images Images, image *objects.Image) (kernel, ramdisk string, err error) {
	kernel, ramdisk = image.Property("kernel_id"), image.Property("ramdisk_id")
	if kernel == "nokernel" {
		return "", "", nil
	}
	for _, id := range []*string{&kernel, &ramdisk} {
		if *id == "" {
			continue
		}
		found, err := images.Image(ctx, caller, *id)
		if err != nil {
			return "", "", err
		}
		*id = found.ID
	}
	return kernel, ramdisk, nil
}
