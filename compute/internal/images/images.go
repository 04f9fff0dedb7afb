// Package images serves the proxy of the image service.
package images

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/glance"
)

// Glance is the image service; *glance.Client implements it.
type Glance interface {
	Address(ctx context.Context, caller *reqctx.Caller) (string, error)
	Details(ctx context.Context, caller *reqctx.Caller, id string) (*glance.Details, error)
	List(ctx context.Context, caller *reqctx.Caller, query url.Values, limit int) ([]*glance.Details, error)
	Delete(ctx context.Context, caller *reqctx.Caller, id string) error
	SetProperties(ctx context.Context, caller *reqctx.Caller, d *glance.Details, properties map[string]any) (*glance.Details, error)
}

// Quota checks the number of properties of an image; *quota.Quotas implements it.
type Quota interface {
	CheckImage(ctx context.Context, caller quota.Owner, properties int) error
}

// API holds the dependencies of the handlers.
type API struct {
	Glance Glance
	Quota  Quota
}

// get finds an image by id, or returns the proxy's own 404.
func (a *API) get(r *api.Request, id string) (*glance.Details, error) {
	d, err := a.Glance.Details(r.Context(), r.Caller, id)
	return d, notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, objects.ErrImageNotFound) {
		return api.NotFound("Image not found.")
	}
	return err
}

func (a *API) show(r *api.Request) (any, error) {
	d, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	glance, err := a.Glance.Address(r.Context(), r.Caller)
	if err != nil {
		return nil, err
	}
	l := r.Links()
	return api.Doc(func(o *api.Object) {
		o.Obj("image", func(o *api.Object) { writeDetail(o, l, glance, d) })
	}), nil
}

func (a *API) delete(r *api.Request) (any, error) {
	err := a.Glance.Delete(r.Context(), r.Caller, r.Var("id"))
	if errors.Is(err, objects.ErrImageNotAuthorized) {
		return nil, api.Forbidden("You are not allowed to delete the image.")
	}
	return nil, notFound(err)
}

// filters maps parameters of the proxy to those of Glance.
var filters = map[string]string{"name": "name", "status": "status", "changes-since": "changes-since", "server": "property-instance_uuid",
	"type": "property-image_type", "minRam": "min_ram", "minDisk": "min_disk"}

// glanceQuery returns the query to Glance for a list.
func glanceQuery(r *api.Request) url.Values {
	q := url.Values{}
	for name := range r.Query() {
		value, _ := r.Query().Get(name)
		to, known := filters[name]
		switch {
		case known:
		case strings.HasPrefix(name, "property-"):
			to = name
		default:
			continue
		}
		switch to {
		case "property-instance_uuid":
			value = value[strings.LastIndexByte(value, '/')+1:]
		case "status":
			value = strings.ToLower(value)
		case "changes-since":
			to, value = "updated_at", "gte:"+value
		}
		if strings.HasPrefix(to, "property-") {
			to = strings.TrimLeft(to, "proety-") // like Nova's lstrip, this removes any of these letters, not the prefix
		}
		q.Set(to, value)
	}
	return q
}

func (a *API) index(r *api.Request) (any, error) {
	return a.list(r, "images", func(o *api.Object, l *api.Links, glance string, d *glance.Details) { writeBrief(o, l, glance, d) })
}

func (a *API) detail(r *api.Request) (any, error) { return a.list(r, "images/detail", writeDetail) }

func (a *API) list(r *api.Request, path string, write func(*api.Object, *api.Links, string, *glance.Details)) (any, error) {
	limit, marker, err := r.Page()
	if err != nil {
		return nil, err
	}
	if _, given := r.Query().Get("limit"); !given {
		limit = 0
	}
	q := glanceQuery(r)
	if marker != "" {
		q.Set("marker", marker)
	}
	if text, given := r.Query().Get("page_size"); given {
		size, err := api.Integer(text, "page_size", 0)
		if err != nil {
			return nil, err
		}
		if size != 0 {
			q.Set("limit", strconv.FormatInt(size, 10))
		}
	}
	list, err := a.Glance.List(r.Context(), r.Caller, q, limit)
	if err != nil {
		return nil, err
	}
	glance, err := a.Glance.Address(r.Context(), r.Caller)
	if err != nil {
		return nil, err
	}
	l := r.Links()
	return api.Doc(func(o *api.Object) {
		o.List("images", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { write(o, l, glance, list[n]) })
		})
		if n := len(list); n > 0 {
			r.Next(l, o, "images", path, n, list[n-1].ID)
		}
	}), nil
}

func writeBrief(o *api.Object, l *api.Links, glance string, d *glance.Details) {
	o.Str("id", d.ID)
	o.Opt("name", d.Name)
	l.WriteImage(o, glance, d.ID)
}

// statuses maps the statuses of Glance to those of Nova.
var statuses = map[string]string{"active": "ACTIVE", "queued": "SAVING", "saving": "SAVING", "deleted": "DELETED",
	"pending_delete": "DELETED", "killed": "ERROR"}

// statusProgress is the progress of an image by status, in percent.
var statusProgress = map[string]int64{"queued": 25, "saving": 50, "active": 100}

func writeDetail(o *api.Object, l *api.Links, glance string, d *glance.Details) {
	writeBrief(o, l, glance, d)
	o.Int("minRam", d.MinRAM)
	o.Int("minDisk", d.MinDisk)
	o.Any("metadata", decodedProperties(d.Properties))
	o.Time("created", d.CreatedAt, time.RFC3339)
	o.Time("updated", d.UpdatedAt, time.RFC3339)
	status, known := statuses[d.Status]
	if !known {
		status = "UNKNOWN"
	}
	o.Str("status", status)
	o.Int("progress", statusProgress[d.Status])
	o.Int("OS-EXT-IMG-SIZE:size", d.Size)
	if server := d.Properties["instance_uuid"]; server != nil {
		id := api.Text(server)
		o.Obj("server", func(o *api.Object) {
			o.Str("id", id)
			l.Write(o, "servers", id)
		})
	}
	if auto := d.Properties["auto_disk_config"]; auto != nil {
		config := "MANUAL"
		if pytext.Truthy(api.Text(auto)) {
			config = "AUTO"
		}
		o.Str("OS-DCF:diskConfig", config)
	}
}

// decodedProperties returns the properties, with JSON values decoded.
func decodedProperties(properties map[string]any) map[string]any {
	out := make(map[string]any, len(properties))
	for name, value := range properties {
		if text, ok := value.(string); ok && (name == "block_device_mapping" || name == "mappings") && json.Valid([]byte(text)) {
			value = json.RawMessage(text)
		}
		out[name] = value
	}
	return out
}
