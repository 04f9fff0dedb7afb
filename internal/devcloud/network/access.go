package network

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// objects are the kinds of resources that RBAC policies give other projects access to, by the type
// in the policy.
var objects = map[string]string{"network": networks, "qos_policy": policies, "security_group": groups, "address_scope": scopes,
	"subnetpool": pools, "address_group": addressGroups}

const (
	asShared   = "access_as_shared"
	asExternal = "access_as_external" // for networks
)

// projectID matches the target of an RBAC policy other than "*".
var projectID = regexp.MustCompile(`^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$`)

// accessCollection is the collection of RBAC policies. Resources have the projects with access in
// the internal field _shared_with. Neutron also represents the attribute shared by a policy, the
// stand-in does not.
func (s *Service) accessCollection() collection {
	return collection{kind: access, singular: "rbac_policy", class: "RbacPolicy", noun: "RBAC policy", create: s.newAccess,
		readOnly: []string{"action", "object_id", "object_type"}, before: s.changeAccess,
		remove: func(d resource.Doc) error { return s.grant(d, nil) }}
}

func (s *Service) newAccess(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	d := resource.Doc{"id": id, "project_id": r.Project(body), "tenant_id": r.Project(body)}
	for _, field := range []string{"object_type", "object_id", "action", "target_tenant"} {
		if body[field] == nil {
			return nil, bad("Failed to parse request. Required attribute '%s' not specified", field)
		}
		d[field] = body[field]
	}
	kind, ok := objects[resource.Text(d, "object_type")]
	if !ok {
		return nil, invalid("'%s' is not a valid RBAC object type.", d["object_type"])
	}
	actions := []string{asShared}
	if kind == networks {
		actions = append(actions, asExternal)
	}
	if action := resource.Text(d, "action"); !slices.Contains(actions, action) {
		valid := "('" + strings.Join(actions, "', '") + "')"
		if len(actions) == 1 {
			valid = "('" + actions[0] + "',)"
		}
		return nil, resource.Errorf(http.StatusBadRequest, "InvalidActionForType",
			"Invalid action '%s' for object type '%s'. Valid actions: %s", action, d["object_type"], valid)
	}
	if err := mayTarget(r, d["target_tenant"]); err != nil {
		return nil, err
	}
	object := s.o.Store.Get(kind, resource.Text(d, "object_id"))
	if object == nil || !r.Caller.Can(resource.Text(object, "project_id")) {
		return nil, resource.Errorf(http.StatusNotFound, "RbacPolicyObjectNotFound", "%s %s could not be found.", d["object_type"],
			d["object_id"])
	}
	for _, other := range s.o.Store.Find(access, "object_id", d["object_id"]) {
		if other["action"] == d["action"] && other["target_tenant"] == d["target_tenant"] {
			return nil, resource.Errorf(http.StatusConflict, "DuplicateRbacPolicy", "An RBAC policy already exists with those values.")
		}
	}
	return d, s.grant(d, d)
}

// changeAccess changes the target of an RBAC policy.
func (s *Service) changeAccess(r *resource.Request, d, body resource.Doc) error {
	if body["target_tenant"] == nil {
		return nil
	}
	if err := mayTarget(r, body["target_tenant"]); err != nil {
		return err
	}
	changed := maps.Clone(d)
	changed["target_tenant"] = body["target_tenant"]
	return s.grant(d, changed)
}

// mayTarget refuses targets that are no projects. Only administrators give access to all.
func mayTarget(r *resource.Request, target any) error {
	text, _ := target.(string)
	if text != "*" && !projectID.MatchString(text) {
		return invalid("'%v' is not a valid target project ID; expected a UUID or '*'.", target)
	}
	if text == "*" && !r.Caller.Admin {
		return resource.Errorf(http.StatusForbidden, "PolicyNotAuthorized",
			"(rule:create_rbac_policy and rule:create_rbac_policy:target_tenant) is disallowed by policy")
	}
	return nil
}

// grant writes the projects with access to the object of an RBAC policy into the object, with the
// policy changed in place of old; nil removes it.
func (s *Service) grant(old, changed resource.Doc) error {
	list := slices.DeleteFunc(s.o.Store.Find(access, "object_id", old["object_id"]),
		func(d resource.Doc) bool { return d["id"] == old["id"] })
	if changed != nil {
		list = append(list, changed)
	}
	shared, external := []any{}, false
	for _, d := range list {
		if d["action"] == asExternal {
			external = true
		} else {
			shared = append(shared, d["target_tenant"])
		}
	}
	kind, id := objects[resource.Text(old, "object_type")], resource.Text(old, "object_id")
	if s.o.Store.Get(kind, id) == nil { // it is being deleted
		return nil
	}
	if _, err := s.o.Store.Update(kind, id, func(d resource.Doc) error {
		d["_shared_with"] = shared
		if old["action"] == asExternal {
			d["router:external"] = external
		}
		return nil
	}); err != nil || kind != networks {
		return err
	}
	for _, n := range s.o.Store.Find(subnets, "network_id", id) {
		if _, err := s.o.Store.Update(subnets, resource.Text(n, "id"), func(d resource.Doc) error {
			d["_shared_with"] = shared
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// dropAccess deletes the RBAC policies of a deleted resource.
func (s *Service) dropAccess(id string) error {
	for _, d := range s.o.Store.Find(access, "object_id", id) {
		if _, err := s.o.Store.Delete(access, resource.Text(d, "id")); err != nil {
			return err
		}
	}
	return nil
}

// sharedWith tells whether a project has access to a resource as to a shared one.
func sharedWith(d resource.Doc, project string) bool {
	with := resource.Strings(d, "_shared_with")
	return resource.Bool(d, "shared") || slices.Contains(with, "*") || slices.Contains(with, project)
}

// seenBy returns a resource as a project sees it: an RBAC policy makes it a shared one.
func seenBy(d resource.Doc, project string) resource.Doc {
	if _, has := d["shared"]; !has || resource.Bool(d, "shared") || !sharedWith(d, project) {
		return d
	}
	d = maps.Clone(d)
	d["shared"] = true
	return d
}

func invalid(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "InvalidInput", "Invalid input for operation: "+format, args...)
}
