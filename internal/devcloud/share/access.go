package share

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// accessTypes are the types of access rules by protocol.
var accessTypes = map[string][]string{"NFS": {"ip", "user"}, "CIFS": {"ip", "user", "cert"}, "CEPHFS": {"cephx"}}

// allow adds an access rule, which is active at once.
func (s *Service) allow(r *resource.Request, d, body resource.Doc) (any, error) {
	rule, err := s.addRule(d, body, r.Caller.ProjectID)
	if err != nil {
		return nil, err
	}
	for action, wanted := range map[string]string{"delete": "lock_deletion", "show": "lock_visibility"} {
		if resource.Bool(body, wanted) {
			if _, err := s.lock(r.Caller, "access_rule", resource.Text(rule, "id"), action, resource.Text(body, "lock_reason")); err != nil {
				return nil, err
			}
		}
	}
	reply := resource.Shown(rule)
	reply["state"] = "queued_to_apply"
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"access": reply}}, nil
}

func (s *Service) addRule(share, body resource.Doc, project string) (resource.Doc, error) {
	kind, to, protocol := resource.Text(body, "access_type"), resource.Text(body, "access_to"), resource.Text(share, "share_proto")
	level := fmt.Sprint(resource.Or(body, "access_level", "rw"))
	switch {
	case !slices.Contains(accessTypes[protocol], kind):
		return nil, bad("Invalid share access type: %s is not supported by shares with protocol %s.", kind, protocol)
	case to == "":
		return nil, bad("Invalid access_to: it is empty.")
	case level != "rw" && level != "ro":
		return nil, bad("Invalid share access level: %s.", level)
	}
	id, now := uuid.NewString(), s.o.Store.NowMicro()
	var key any
	if kind == "cephx" {
		key = "AQ" + id
	}
	return s.o.Store.Create(rules, id, func(all []resource.Doc) (resource.Doc, error) {
		for _, old := range all {
			if old["share_id"] == share["id"] && old["access_type"] == kind && old["access_to"] == to {
				return nil, bad("Share access %s:%s exists.", kind, to)
			}
		}
		return resource.Doc{"id": id, "share_id": share["id"], "access_type": kind, "access_to": to, "access_level": level, "state": "active",
			"access_key": key, "created_at": now, "updated_at": now, "metadata": resource.Object(body, "metadata"), "_project": project}, nil
	})
}

// deny deletes an access rule. A lock prevents it unless the request has unrestrict.
func (s *Service) deny(_ *resource.Request, d, body resource.Doc) (any, error) {
	id := resource.Text(body, "access_id")
	rule := s.o.Store.Get(rules, id)
	if rule == nil || rule["share_id"] != d["id"] {
		return nil, missing(rules, id)
	}
	if err := s.locked(id, "delete"); err != nil && !resource.Bool(body, "unrestrict") {
		return nil, err
	}
	return accepted(s.removeRule(rule))
}

func (s *Service) removeRule(rule resource.Doc) error {
	id := resource.Text(rule, "id")
	if err := s.unlock(id); err != nil {
		return err
	}
	_, err := s.o.Store.Delete(rules, id)
	return err
}

// hidden is what a rule with a lock of its visibility shows to others.
const hidden = "******"

// listRules lists the rules of the share in the query.
func (s *Service) listRules(r *resource.Request) (any, error) {
	of := s.o.Store.Get(shares, r.URL.Query().Get("share_id"))
	if of == nil || !sees(r.Caller, of) {
		return nil, missing(shares, r.URL.Query().Get("share_id"))
	}
	return s.rulesOf(r, of, nil)
}

// rulesOf lists the rules of a share.
func (s *Service) rulesOf(r *resource.Request, of, _ resource.Doc) (any, error) {
	list := []any{}
	for _, rule := range s.o.Store.Find(rules, "share_id", of["id"]) {
		shown := resource.Shown(rule)
		if s.locked(resource.Text(rule, "id"), "show") != nil && !r.Caller.Admin && rule["_project"] != r.Caller.ProjectID {
			shown["access_to"], shown["access_key"] = hidden, hidden
		}
		list = append(list, shown)
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"access_list": list}}, nil
}

func (s *Service) ruleMetadata(r *resource.Request) (any, error) {
	d, err := s.find(r, rules)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("metadata")
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(rules, resource.Text(d, "id"), func(d resource.Doc) error { d["metadata"] = body; return nil })
	return map[string]any{"metadata": body}, err
}

// locked returns the error for an action on a resource that locks prevent, or nil.
func (s *Service) locked(id, action string) error {
	var by []string
	for _, l := range s.o.Store.Find(locks, "resource_id", id) {
		if l["resource_action"] == action {
			by = append(by, resource.Text(l, "id"))
		}
	}
	if len(by) == 0 {
		return nil
	}
	return resource.Errorf(http.StatusForbidden, "", "Resource lock/s %s prevent %s action.", by, action)
}

func (s *Service) unlock(id string) error {
	for _, l := range s.o.Store.Find(locks, "resource_id", id) {
		if _, err := s.o.Store.Delete(locks, resource.Text(l, "id")); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) lock(by *resource.Caller, kind, id, action, reason string) (resource.Doc, error) {
	lock, now := uuid.NewString(), s.o.Store.NowMicro()
	context := "user"
	switch {
	case by.HasRole("service"):
		context = "service"
	case by.Admin:
		context = "admin"
	}
	var why any
	if reason != "" {
		why = reason
	}
	d := resource.Doc{"id": lock, "resource_type": kind, "resource_id": id, "resource_action": action, "lock_reason": why,
		"lock_context": context, "user_id": by.UserID, "project_id": by.ProjectID, "created_at": now, "updated_at": nil,
		"links": s.links("resource-locks", lock), "_project": by.ProjectID}
	return d, s.o.Store.Put(locks, lock, d)
}

func (s *Service) createLock(r *resource.Request) (any, error) {
	body, err := r.Body("resource_lock")
	if err != nil {
		return nil, err
	}
	id, kind := resource.Text(body, "resource_id"), fmt.Sprint(resource.Or(body, "resource_type", "share"))
	of := map[string]string{"share": shares, "access_rule": rules}[kind]
	if of == "" {
		return nil, bad("Invalid resource_type: %s.", kind)
	}
	if d := s.o.Store.Get(of, id); d == nil || !sees(r.Caller, d) {
		return nil, missing(of, id)
	}
	d, err := s.lock(r.Caller, kind, id, fmt.Sprint(resource.Or(body, "resource_action", "delete")), resource.Text(body, "lock_reason"))
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"resource_lock": resource.Shown(d)}}, err
}

func (s *Service) deleteLock(r *resource.Request) (any, error) {
	d, err := s.find(r, locks)
	if err == nil {
		_, err = s.o.Store.Delete(locks, resource.Text(d, "id"))
	}
	return nil, err
}

// Grant gives a host access to a share, unless it has it, with locks as nova-compute asks for them.
// nova is the service user of Nova. It returns false if the share does not exist.
func (s *Service) Grant(nova *resource.Caller, id, kind, to, reason string) (bool, error) {
	d := s.o.Store.Get(shares, id)
	if d == nil {
		return false, nil
	}
	if s.rule(id, kind, to) != nil {
		return true, nil
	}
	rule, err := s.addRule(d, resource.Doc{"access_type": kind, "access_to": to, "access_level": "rw"}, nova.ProjectID)
	if err != nil {
		return true, err
	}
	for _, action := range []string{"show", "delete"} {
		if _, err := s.lock(nova, "access_rule", resource.Text(rule, "id"), action, reason); err != nil {
			return true, err
		}
	}
	return true, nil
}

func (s *Service) rule(id, kind, to string) resource.Doc {
	for _, rule := range s.o.Store.Find(rules, "share_id", id) {
		if rule["access_type"] == kind && rule["access_to"] == to {
			return rule
		}
	}
	return nil
}

// Revoke removes the access that Grant has given.
func (s *Service) Revoke(id, kind, to string) error {
	if rule := s.rule(id, kind, to); rule != nil {
		return s.removeRule(rule)
	}
	return nil
}
