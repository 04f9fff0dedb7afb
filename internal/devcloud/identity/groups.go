package identity

import (
	"net/http"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) usersOfGroup(r *resource.Request) (any, error) {
	known, group := s.known.Load(), r.PathValue("group")
	if known.group(group) == nil {
		return nil, notFound("group", group)
	}
	var list []entity
	for _, u := range known.Users {
		if slices.Contains(u.Groups, group) {
			list = append(list, u.entity)
		}
	}
	return s.collection(r, users, list), nil
}

func (s *Service) groupsOfUser(r *resource.Request) (any, error) {
	known := s.known.Load()
	u := known.user(r.PathValue("user"), "")
	if u == nil {
		return nil, notFound("user", r.PathValue("user"))
	}
	var list []entity
	for _, g := range known.Groups {
		if slices.Contains(u.Groups, g.ID) {
			list = append(list, g.entity)
		}
	}
	return s.collection(r, groups, list), nil
}

func (s *Service) projectsOfUser(r *resource.Request) (any, error) {
	known, id := s.known.Load(), r.PathValue("user")
	if known.user(id, "") == nil {
		return nil, notFound("user", id)
	}
	return s.collection(r, projects, known.withRole(id, known.Projects)), nil
}

// member returns the user and the group in the path of a request.
func (s *Service) member(r *resource.Request) (u *user, group string, err error) {
	known := s.known.Load()
	group = r.PathValue("group")
	if known.group(group) == nil {
		return nil, "", notFound("group", group)
	}
	if u = known.user(r.PathValue("user"), ""); u == nil {
		return nil, "", notFound("user", r.PathValue("user"))
	}
	return u, group, nil
}

// checkMember answers 204 if the user is in the group, and 404 otherwise.
func (s *Service) checkMember(r *resource.Request) (any, error) {
	u, group, err := s.member(r)
	if err == nil && !slices.Contains(u.Groups, group) {
		err = refuse(http.StatusNotFound, "User %s is not in group %s.", u.ID, group)
	}
	return noContent(err)
}

func (s *Service) addMember(r *resource.Request) (any, error) {
	u, group, err := s.member(r)
	if err != nil {
		return nil, err
	}
	return noContent(s.setMember(u.ID, group, true))
}

func (s *Service) removeMember(r *resource.Request) (any, error) {
	if _, err := s.checkMember(r); err != nil {
		return nil, err
	}
	return noContent(s.setMember(r.PathValue("user"), r.PathValue("group"), false))
}

func (s *Service) setMember(id, group string, in bool) error {
	return s.change(func(d *directory) error {
		u := d.user(id, "")
		if u == nil {
			return notFound("user", id)
		}
		u.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(g string) bool { return g == group })
		if in {
			u.Groups = append(u.Groups, group)
		}
		return nil
	})
}
