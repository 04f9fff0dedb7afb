package devcloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// tags shows and changes the tags of a project: all of them, or the one that names.
func (i *identity) tags(r *http.Request, project string, one []string) (status int, body map[string]any, err error) {
	p := i.project(project, "")
	if p == nil || len(one) > 1 {
		return 0, nil, notFound("project", project)
	}
	tags := resource.Strings(p.More, "tags")
	if status = http.StatusNoContent; len(one) == 1 {
		has := slices.Contains(tags, one[0])
		switch {
		case r.Method == http.MethodPut && has:
			return 0, nil, &identityError{http.StatusBadRequest, fmt.Sprintf("The project has the tag %s.", one[0])}
		case r.Method == http.MethodPut:
			status, tags = http.StatusCreated, append(tags, one[0])
		case !has:
			return 0, nil, notFound("project tag", one[0])
		case r.Method == http.MethodDelete:
			tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == one[0] })
		default:
			return status, nil, nil
		}
		return status, nil, i.setTags(project, tags)
	}
	switch r.Method {
	case http.MethodDelete:
		return status, nil, i.setTags(project, nil)
	case http.MethodPut:
		var q resource.Doc
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&q); err != nil {
			return 0, nil, &identityError{http.StatusBadRequest, "'tags' is a required property"}
		}
		tags = resource.Strings(q, "tags")
		err = i.setTags(project, tags)
	}
	return http.StatusOK, map[string]any{"tags": tags, "links": map[string]string{"self": i.url + "/identity/v3/projects/" + project + "/tags"}}, err
}

func (i *identity) setTags(project string, tags []string) error {
	for n, tag := range tags {
		if tag == "" || strings.ContainsAny(tag, ",/") {
			return &identityError{http.StatusBadRequest, fmt.Sprintf("Invalid input for field/attribute %d. Value: %s. '%s' does not match '^[^,/]*$'", n, tag, tag)}
		}
	}
	return i.change(func(p *people) error {
		d := p.project(project, "")
		if d == nil {
			return notFound("project", project)
		}
		more := resource.Doc{"tags": resource.Anys(tags)}
		for field, value := range d.More {
			if field != "tags" {
				more[field] = value
			}
		}
		d.More = more
		return nil
	})
}

// region makes a new entry the region that in says. Its parent must be there.
func (p *people) region(d *project, in resource.Doc, fresh bool) error {
	if id := resource.Text(in, "id"); fresh && id != "" {
		if lookup(p.Regions, id, "") != nil {
			return &identityError{http.StatusConflict, "Conflict occurred attempting to store region - Duplicate ID, " + id + "."}
		}
		d.ID = id
	}
	if parent := resource.Text(in, "parent_region_id"); parent != "" && lookup(p.Regions, parent, "") == nil {
		return notFound("region", parent)
	}
	return nil
}

// below are the ids of the projects below a project or a domain, and its own.
func (p *people) below(root string) map[string]bool {
	all := map[string]bool{root: true}
	for before := 0; len(all) > before; {
		before = len(all)
		for _, d := range p.Projects {
			if all[fmt.Sprint(resource.Or(d.More, "parent_id", d.domain()))] {
				all[d.ID] = true
			}
		}
	}
	return all
}
