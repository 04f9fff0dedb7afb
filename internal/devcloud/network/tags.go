package network

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// tagFilters are the filters of lists by tags: all of them, any of them, and their negations.
var tagFilters = map[string]func(resource.Doc, []string) bool{
	"tags":         func(d resource.Doc, v []string) bool { return countTags(d, v) == len(wanted(v)) },
	"tags-any":     func(d resource.Doc, v []string) bool { return countTags(d, v) > 0 },
	"not-tags":     func(d resource.Doc, v []string) bool { return countTags(d, v) < len(wanted(v)) },
	"not-tags-any": func(d resource.Doc, v []string) bool { return countTags(d, v) == 0 },
}

func wanted(values []string) []string { return strings.Split(strings.Join(values, ","), ",") }

// countTags returns how many of the tags in a query a resource has.
func countTags(d resource.Doc, values []string) int {
	n := 0
	for _, tag := range wanted(values) {
		if slices.Contains(resource.Strings(d, "tags"), tag) {
			n++
		}
	}
	return n
}

// untagged are the kinds whose resources have no tags in Neutron.
var untagged = []string{scopes, addressGroups, rules, access, flavors, profiles, segments}

// registerTags registers the operations on the tags of a collection's members. Those of QoS policies
// are below /policies, where openstacksdk looks for them, and below /qos/policies, where Terraform's
// provider does.
func (s *Service) registerTags(c collection) {
	if slices.Contains(untagged, c.kind) {
		return
	}
	s.registerTagsAt(c.path()+"/{id}/tags", c)
	if c.kind == policies {
		s.registerTagsAt("/v2.0/"+c.key()+"/{id}/tags", c)
	}
}

// tagged returns the resource whose tags a request reads or changes. Like Neutron it looks for the
// resource in all projects: one of another project is not absent, but forbidden.
func (s *Service) tagged(c collection, r *resource.Request) (resource.Doc, error) {
	d := s.o.Store.Get(c.kind, r.PathValue("id"))
	if d == nil {
		return nil, c.missing(r.PathValue("id"))
	}
	return d, c.mayUseTags(r, d)
}

func (s *Service) registerTagsAt(path string, c collection) {
	s.mux.Handle("GET "+path, func(r *resource.Request) (any, error) {
		d, err := s.tagged(c, r)
		return map[string]any{"tags": resource.Strings(d, "tags")}, err
	})
	s.mux.Handle("GET "+path+"/{tag}", func(r *resource.Request) (any, error) {
		d, err := s.tagged(c, r)
		if err == nil && !slices.Contains(resource.Strings(d, "tags"), r.PathValue("tag")) {
			err = resource.Errorf(http.StatusNotFound, "TagNotFound", "Tag %s could not be found.", r.PathValue("tag"))
		}
		return &resource.Reply{Status: http.StatusNoContent}, err
	})
	change := func(method, path string, status int, f func(r *resource.Request, tags []string) ([]string, error)) {
		s.mux.Handle(method+" "+path, func(r *resource.Request) (any, error) {
			d, err := s.tagged(c, r)
			if err != nil {
				return nil, err
			}
			tags, err := f(r, resource.Strings(d, "tags"))
			if err != nil {
				return nil, err
			}
			slices.Sort(tags)
			d, err = s.update(c, r.PathValue("id"), resource.Doc{"tags": resource.Anys(slices.Compact(tags))})
			if status == http.StatusNoContent || err != nil {
				return &resource.Reply{Status: status}, err
			}
			return &resource.Reply{Status: status, Body: map[string]any{"tags": resource.Strings(d, "tags")}}, nil
		})
	}
	given := func(r *resource.Request) ([]string, error) {
		body, err := r.Body("")
		return resource.Strings(body, "tags"), err
	}
	change("PUT", path, http.StatusOK, func(r *resource.Request, _ []string) ([]string, error) { return given(r) })
	change("POST", path, http.StatusOK, func(r *resource.Request, tags []string) ([]string, error) {
		more, err := given(r)
		return append(tags, more...), err
	})
	change("DELETE", path, http.StatusNoContent, func(*resource.Request, []string) ([]string, error) { return nil, nil })
	change("PUT", path+"/{tag}", http.StatusCreated, func(r *resource.Request, tags []string) ([]string, error) {
		return append(tags, r.PathValue("tag")), nil
	})
	change("DELETE", path+"/{tag}", http.StatusNoContent, func(r *resource.Request, tags []string) ([]string, error) {
		if !slices.Contains(tags, r.PathValue("tag")) {
			return nil, resource.Errorf(http.StatusNotFound, "TagNotFound", "Tag %s could not be found.", r.PathValue("tag"))
		}
		return slices.DeleteFunc(tags, func(t string) bool { return t == r.PathValue("tag") }), nil
	})
}
