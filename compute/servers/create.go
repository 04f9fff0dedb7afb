package servers

import (
	"strings"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/internal/objects"
)

// refuseCreate is what of a server's creation can be refused already: a flavor
// that the caller cannot see, an image that is not there or does not fit.
func (a *API) refuseCreate(r *api.Request) error {
	body := r.Field("server")
	id := lastPart(api.Text(body["flavorRef"]))
	flavor, err := a.Flavors.Get(r.Ctx(), id, r.Context.ProjectID, r.Context.IsAdmin)
	if objects.IsClass(err, "FlavorNotFound") {
		return api.As(400, err)
	}
	if err != nil {
		return err
	}
	ref, _ := body["imageRef"].(string)
	if ref == "" {
		return nil
	}
	image, err := a.Images.Image(r.Ctx(), r.Context, ref)
	switch {
	case objects.IsClass(err, "ImageNotFound"):
		return api.BadRequest("Can not find requested image")
	case err != nil:
		return err
	case image.Status != "active":
		return api.BadRequest("Image %s is not active.", image.ID)
	case flavor.MemoryMB < image.MinRAM:
		return api.BadRequest("Flavor's memory is too small for requested image.")
	}
	return nil
}

// lastPart is the id at the end of what may be a URL.
func lastPart(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
