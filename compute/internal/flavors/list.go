package flavors

import (
	"errors"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
)

func (a *API) index(r *api.Request) (any, error) {
	list, err := a.list(r)
	if err != nil {
		return nil, err
	}
	return pageDoc(r, list, "flavors", func(l *api.Links, o *api.Object, f *objects.Flavor) { writeBrief(r, l, o, f) }), nil
}

func (a *API) detail(r *api.Request) (any, error) {
	list, err := a.list(r)
	if err != nil {
		return nil, err
	}
	specs := showsExtraSpecs(r)
	return pageDoc(r, list, "flavors/detail", func(l *api.Links, o *api.Object, f *objects.Flavor) { writeDetail(r, l, o, f, specs) }), nil
}

func pageDoc(r *api.Request, list []*objects.Flavor, path string, write func(*api.Links, *api.Object, *objects.Flavor)) api.Encoder {
	links := r.Links()
	return api.Doc(func(o *api.Object) {
		o.List("flavors", len(list), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { write(links, o, list[i]) })
		})
		if n := len(list); n > 0 {
			r.Next(links, o, "flavors", path, n, list[n-1].FlavorID)
		}
	})
}

func (a *API) list(r *api.Request) ([]*objects.Flavor, error) {
	limit, marker, err := r.Page()
	if err != nil {
		return nil, err
	}
	q := dbapi.FlavorQuery{Project: r.Caller.ProjectID, All: r.Caller.IsAdmin, SortKey: "flavorid", Limit: limit, Marker: marker}
	query := r.Query()
	if s, _ := query.Get("sort_key"); s != "" {
		q.SortKey = s
	}
	if s, _ := query.Get("sort_dir"); s != "" {
		q.Desc = s == "desc"
	}
	if r.EmptyMarker() {
		return nil, api.BadRequest("marker [] not found")
	}
	yes, no := true, false
	if r.Caller.IsAdmin {
		s, given := query.Get("is_public")
		switch public, ok := pytext.Bool(s); {
		case !given:
			q.IsPublic = &yes
		case strings.EqualFold(s, "none"):
		case ok:
			q.IsPublic = &public
		default:
			return nil, api.BadRequest("Invalid is_public filter [%s]", s)
		}
	} else {
		q.IsPublic, q.Disabled = &yes, &no
	}
	if q.MinRAM, err = sizeFilter(query, "minRam"); err != nil {
		return nil, err
	}
	if q.MinDisk, err = sizeFilter(query, "minDisk"); err != nil {
		return nil, err
	}
	q.NameRegex, _ = query.Get("name")
	list, err := a.Flavors.List(r.Context(), q)
	if errors.Is(err, objects.ErrMarkerNotFound) {
		return nil, api.BadRequest("marker [%s] not found", marker)
	}
	return list, err
}

func sizeFilter(query api.Query, name string) (*int64, error) {
	s, given := query.Get(name)
	if !given {
		return nil, nil
	}
	n, err := pytext.Int64(s)
	if err != nil {
		return nil, api.BadRequest("Invalid %s filter [%s]", name, s)
	}
	return &n, nil
}
