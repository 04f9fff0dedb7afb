package neutron

import (
	"context"
	"net/http"
	"net/url"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Groups returns the security groups of the caller's project, or with all those that the caller
// may see; and by id the source groups of their rules.
func (c *Client) Groups(ctx context.Context, caller *reqctx.Caller, all bool) ([]objects.SecurityGroup, error) {
	query := url.Values{}
	if !all {
		query.Set("tenant_id", caller.ProjectID)
	}
	var out struct {
		Groups []objects.SecurityGroup `json:"security_groups"`
	}
	return out.Groups, c.get(ctx, caller, "security-groups", query, &out)
}

// Sources returns the source groups of rules by id.
func (c *Client) Sources(ctx context.Context, caller *reqctx.Caller, list []objects.SecurityGroup) (map[string]objects.SecurityGroup,
	error) {
	groups := map[string]objects.SecurityGroup{}
	for _, g := range list {
		groups[g.ID] = g
	}
	return groups, c.addSources(ctx, caller, list, groups)
}

// Group returns one security group, or SecurityGroupNotFound.
func (c *Client) Group(ctx context.Context, caller *reqctx.Caller, id string) (*objects.SecurityGroup, error) {
	out := struct {
		Group *objects.SecurityGroup `json:"security_group"`
	}{Group: &objects.SecurityGroup{}}
	err := c.get(ctx, caller, "security-groups/"+url.PathEscape(id), nil, &out)
	return out.Group, groupMissing(err)
}

// groupMissing converts a 404 to Nova's error; it returns other errors unchanged.
func groupMissing(err error) error {
	if f := faultIn(err); f.Status == http.StatusNotFound {
		return &objects.Error{Kind: objects.KindNotFound, Class: objects.ErrSecurityGroupNotFound, Message: f.Message, Cause: err}
	}
	return err
}

// refusal converts error statuses of changes to security groups to Nova's errors.
func refusal(err error) error {
	f := faultIn(err)
	switch f.Status {
	case http.StatusBadRequest:
		return &objects.Error{Kind: objects.KindInvalid, Class: objects.ErrInvalid, Message: f.Message, Cause: err}
	case http.StatusConflict:
		return &objects.Error{Kind: objects.KindOverQuota, Class: objects.ErrSecurityGroupLimitExceeded, Message: f.Message, Cause: err}
	}
	return groupMissing(err)
}

// SaveGroup creates a security group, or updates the one with an id.
func (c *Client) SaveGroup(ctx context.Context, caller *reqctx.Caller, id, name, description string) (*objects.SecurityGroup, error) {
	out := struct {
		Group *objects.SecurityGroup `json:"security_group"`
	}{Group: &objects.SecurityGroup{}}
	body := map[string]any{"security_group": map[string]any{"name": name, "description": description}}
	if id == "" {
		return out.Group, refusal(c.send(ctx, caller, http.MethodPost, "security-groups", body, &out))
	}
	return out.Group, c.send(ctx, caller, http.MethodPut, "security-groups/"+url.PathEscape(id), body, &out)
}

// DeleteGroup deletes a security group; the error for one in use is Invalid.
func (c *Client) DeleteGroup(ctx context.Context, caller *reqctx.Caller, id string) error {
	err := c.send(ctx, caller, http.MethodDelete, "security-groups/"+url.PathEscape(id), nil, nil)
	if f := faultIn(err); f.Status == http.StatusConflict {
		return &objects.Error{Kind: objects.KindInvalid, Class: objects.ErrInvalid, Message: f.Message, Cause: err}
	}
	return groupMissing(err)
}

// Rule returns one rule of a security group.
func (c *Client) Rule(ctx context.Context, caller *reqctx.Caller, id string) (*objects.SecurityGroupRule, error) {
	out := struct {
		Rule *objects.SecurityGroupRule `json:"security_group_rule"`
	}{Rule: &objects.SecurityGroupRule{}}
	err := c.get(ctx, caller, "security-group-rules/"+url.PathEscape(id), nil, &out)
	return out.Rule, groupMissing(err)
}

// CreateRule creates a rule in its group.
func (c *Client) CreateRule(ctx context.Context, caller *reqctx.Caller, r objects.SecurityGroupRule) (*objects.SecurityGroupRule, error) {
	rule := map[string]any{"direction": r.Direction, "protocol": r.Protocol, "ethertype": r.EtherType,
		"remote_ip_prefix": r.RemoteIPPrefix, "security_group_id": r.GroupID, "remote_group_id": r.RemoteGroupID}
	if r.PortRangeMin != nil && *r.PortRangeMin != -1 {
		rule["port_range_min"] = *r.PortRangeMin
	}
	if r.PortRangeMax != nil && *r.PortRangeMax != -1 {
		rule["port_range_max"] = *r.PortRangeMax
	}
	out := struct {
		Rule *objects.SecurityGroupRule `json:"security_group_rule"`
	}{Rule: &objects.SecurityGroupRule{}}
	err := c.send(ctx, caller, http.MethodPost, "security-group-rules", map[string]any{"security_group_rule": rule}, &out)
	return out.Rule, refusal(err)
}

// DeleteRule deletes a rule.
func (c *Client) DeleteRule(ctx context.Context, caller *reqctx.Caller, id string) error {
	return c.send(ctx, caller, http.MethodDelete, "security-group-rules/"+url.PathEscape(id), nil, nil)
}
