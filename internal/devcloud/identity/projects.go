package identity

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// tags returns the tags of the project in the path of a request.
func (s *Service) tags(r *resource.Request) ([]string, error) {
	p := s.known.Load().project(r.PathValue("id"), "")
	if p == nil {
		return nil, notFound("project", r.PathValue("id"))
	}
	return resource.Strings(p.More, "tags"), nil
}

func (s *Service) listTags(r *resource.Request) (any, error) {
	tags, err := s.tags(r)
	return s.answerTags(r, tags), err
}

func (s *Service) answerTags(r *resource.Request, tags []string) any {
	return map[string]any{"tags": tags, "links": map[string]string{"self": s.self(projects + "/" + r.PathValue("id") + "/tags")}}
}

func (s *Service) replaceTags(r *resource.Request) (any, error) {
	if _, err := s.tags(r); err != nil {
		return nil, err
	}
	var q resource.Doc
	if err := read(r, &q); err != nil {
		return nil, refuse(http.StatusBadRequest, "'tags' is a required property")
	}
	tags := resource.Strings(q, "tags")
	return s.answerTags(r, tags), s.setTags(r.PathValue("id"), tags)
}

func (s *Service) deleteTags(r *resource.Request) (any, error) {
	if _, err := s.tags(r); err != nil {
		return nil, err
	}
	return nil, s.setTags(r.PathValue("id"), nil)
}

// checkTag answers 204 if the project has the tag, and 404 otherwise.
func (s *Service) checkTag(r *resource.Request) (any, error) {
	tags, err := s.tags(r)
	if err == nil && !slices.Contains(tags, r.PathValue("tag")) {
		err = notFound("project tag", r.PathValue("tag"))
	}
	return noContent(err)
}

func (s *Service) addTag(r *resource.Request) (any, error) {
	tags, err := s.tags(r)
	if err != nil {
		return nil, err
	}
	tag := r.PathValue("tag")
	if slices.Contains(tags, tag) {
		return nil, refuse(http.StatusBadRequest, "The project has the tag %s.", tag)
	}
	return &resource.Reply{Status: http.StatusCreated}, s.setTags(r.PathValue("id"), append(tags, tag))
}

func (s *Service) deleteTag(r *resource.Request) (any, error) {
	if _, err := s.checkTag(r); err != nil {
		return nil, err
	}
	tags, err := s.tags(r)
	if err != nil {
		return nil, err
	}
	return nil, s.setTags(r.PathValue("id"), slices.DeleteFunc(tags, func(tag string) bool { return tag == r.PathValue("tag") }))
}

func (s *Service) setTags(project string, tags []string) error {
	for n, tag := range tags {
		if tag == "" || strings.ContainsAny(tag, ",/") {
			return refuse(http.StatusBadRequest, "Invalid input for field/attribute %d. Value: %s. '%s' does not match '^[^,/]*$'", n, tag, tag)
		}
	}
	return s.change(func(d *directory) error {
		p := d.project(project, "")
		if p == nil {
			return notFound("project", project)
		}
		more := resource.Doc{"tags": resource.Anys(tags)}
		for field, value := range p.More {
			if field != "tags" {
				more[field] = value
			}
		}
		p.More = more
		return nil
	})
}
