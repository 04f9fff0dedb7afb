package servers

import (
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/policy"
)

// byMapping finds the owner of the server in the path from its instance mapping, for operations
// whose rule is checked before the server is loaded.
func (a *API) byMapping(r *api.Request) (string, policy.Target, error) {
	id := r.Var("server_id")
	project, err := a.Servers.Owner(r.Context(), id)
	return id, policy.Target{ProjectID: project}, err
}

// tagged is an operation on the tags of the server in the path.
func (a *API) tagged(do func(*api.Request, *objects.Instance) (any, error)) *api.Resource {
	return api.On(a.byMapping, func(r *api.Request, id string) (any, error) {
		i, err := a.Servers.Get(r.Context(), r.Caller, id, server.GetOptions{Load: cell.Load{Tags: true}})
		if err != nil {
			return nil, err
		}
		return do(r, i)
	})
}

func (a *API) tagsIndex(_ *api.Request, i *objects.Instance) (any, error) {
	return api.Doc(func(o *api.Object) { o.Strs("tags", i.Tags) }), nil
}

func (a *API) tagsShow(r *api.Request, i *objects.Instance) (any, error) {
	if tag := r.Var("id"); !slices.Contains(i.Tags, tag) {
		return nil, api.NotFound("Server %s has no tag '%s'", i.UUID, tag)
	}
	return nil, nil
}

// webobPage is the content type of empty answers that Nova's handlers create themselves.
const webobPage = "text/html; charset=UTF-8"

const maxTagLength = 60

var tagForm = regexp.MustCompile(`^[^,/]*$`)

// checkTag checks a tag in a path as the schema checks tags in bodies.
func checkTag(tag string) error {
	why := ""
	switch n := utf8.RuneCountInString(tag); {
	case !tagForm.MatchString(tag):
		why = " does not match '^[^,/]*$'"
	case n > maxTagLength:
		why = " is too long"
	default:
		return nil
	}
	return api.BadRequest("Tag '%s' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: "+
		"%s%s", tag, schema.Repr(tag), why)
}

// tagsUpdate adds a tag: 201 with its location, or 204 if the server already has it.
func (a *API) tagsUpdate(r *api.Request, i *objects.Instance) (any, error) {
	if err := lifecycle.CanTag(i); err != nil {
		return nil, err
	}
	tag := r.Var("id")
	if err := checkTag(tag); err != nil {
		return nil, err
	}
	added, err := a.Ops.AddTag(r.Context(), i, tag)
	if err != nil {
		return nil, err
	}
	if !added {
		return &api.Reply{Status: http.StatusNoContent, Header: http.Header{"Content-Type": {webobPage}}}, nil
	}
	return &api.Reply{Header: http.Header{"Content-Type": {webobPage}, "Location": {r.Links().Self("servers", i.UUID) + "/tags/" + tag}}}, nil
}

func (a *API) tagsUpdateAll(r *api.Request, i *objects.Instance) (any, error) {
	tags, err := api.Body[[]string](r, "tags")
	if err != nil {
		return nil, err
	}
	if err := a.Ops.SetTags(r.Context(), i, tags); err != nil {
		return nil, err
	}
	slices.Sort(tags) // the order of the table
	tags = slices.Compact(tags)
	return api.Doc(func(o *api.Object) { o.Strs("tags", tags) }), nil
}

func (a *API) tagsDelete(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.RemoveTag(r.Context(), i, r.Var("id"))
}

func (a *API) tagsDeleteAll(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.RemoveTags(r.Context(), i)
}
