package neutron

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// portSecurity is a port with the fields that determine whether it can have security groups.
type portSecurity struct {
	ID         string   `json:"id"`
	Groups     []string `json:"security_groups"`
	FixedIPs   []any    `json:"fixed_ips"`
	Security   *bool    `json:"port_security_enabled"`
	Allocation *string  `json:"ip_allocation"`
}

// guards reports whether the port can have security groups: it must have an address, or get one
// later, and port security must be enabled.
func (p *portSecurity) guards() bool {
	later := p.Allocation != nil && *p.Allocation == "deferred"
	return (len(p.FixedIPs) > 0 || later) && (p.Security == nil || *p.Security)
}

// AddGroupTo adds a security group, by name or id, to all ports of a server. Errors:
// SecurityGroupNotFound, NoUniqueMatch, SecurityGroupCannotBeApplied,
// SecurityGroupConnectionStateConflict.
func (c *Client) AddGroupTo(ctx context.Context, caller *reqctx.Caller, server, group string) error {
	id, ports, err := c.groupAndPorts(ctx, caller, server, group)
	if err != nil {
		return err
	}
	for _, p := range ports {
		if !p.guards() {
			return objects.ErrSecurityGroupCannotBeApplied.Errorf(objects.KindInvalid,
				"Network requires port_security_enabled and subnet associated in order to apply security groups.")
		}
		err := c.setGroups(ctx, caller, p.ID, append(p.Groups, id))
		switch f := faultIn(err); f.Status {
		case http.StatusBadRequest:
			return &objects.Error{Kind: objects.KindInvalid, Class: objects.ErrSecurityGroupCannotBeApplied, Message: f.Message, Cause: err}
		case http.StatusConflict:
			return &objects.Error{Kind: objects.KindConflict, Class: objects.ErrSecurityGroupConnectionStateConflict, Message: f.Message, Cause: err}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveGroupFrom removes a security group, by name or id, from all ports of a server. Errors:
// SecurityGroupNotFound, NoUniqueMatch.
func (c *Client) RemoveGroupFrom(ctx context.Context, caller *reqctx.Caller, server, group string) error {
	id, ports, err := c.groupAndPorts(ctx, caller, server, group)
	if err != nil {
		return err
	}
	found := false
	for _, p := range ports {
		at := slices.Index(p.Groups, id)
		if at < 0 {
			continue
		}
		found = true
		if err := c.setGroups(ctx, caller, p.ID, slices.Delete(p.Groups, at, at+1)); err != nil {
			return err
		}
	}
	if !found {
		return groupNotFound("Security group %s not associated with the instance %s", group, server)
	}
	return nil
}

func groupNotFound(format string, a ...any) error {
	return objects.ErrSecurityGroupNotFound.Errorf(objects.KindNotFound, format, a...)
}

func (c *Client) setGroups(ctx context.Context, caller *reqctx.Caller, port string, groups []string) error {
	return c.send(ctx, caller, http.MethodPut, "ports/"+port, map[string]any{"port": map[string]any{"security_groups": groups}}, nil)
}

func (c *Client) groupAndPorts(ctx context.Context, caller *reqctx.Caller, server, group string) (string, []portSecurity, error) {
	id, err := c.groupID(ctx, caller, group)
	if err != nil {
		return "", nil, err
	}
	var out struct{ Ports []portSecurity }
	if err := c.get(ctx, caller, "ports", url.Values{"device_id": {server}}, &out); err != nil {
		return "", nil, err
	}
	if len(out.Ports) == 0 {
		return "", nil, groupNotFound("instance_id %s could not be found as device id on any ports", server)
	}
	return id, out.Ports, nil
}

// groupID finds a security group by id, otherwise by name in the caller's project.
func (c *Client) groupID(ctx context.Context, caller *reqctx.Caller, group string) (string, error) {
	var out struct {
		List []struct{ ID string } `json:"security_groups"`
	}
	for _, query := range []url.Values{{"id": {group}, "fields": {"id"}},
		{"name": {group}, "fields": {"id"}, "tenant_id": {caller.ProjectID}}} {
		if err := c.get(ctx, caller, "security-groups", query, &out); err != nil {
			return "", err
		}
		switch len(out.List) {
		case 0:
		case 1:
			return out.List[0].ID, nil
		default:
			return "", &objects.Error{Kind: objects.KindConflict, Class: objects.ErrNoUniqueMatch,
				Message: fmt.Sprintf("Multiple security_group matches found for name '%s', use an ID to be more specific.", group)}
		}
	}
	return "", groupNotFound("Security group %s is not found for project %s", group, caller.ProjectID)
}
