package rpc

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/reqctx"
)

// contextPrefix precedes each key of the request context in a message.
const contextPrefix = "_context_"

// contextTime is the format of nova.utils.strtime, as a Go layout.
const contextTime = "2006-01-02T15:04:05.000000"

// contextFields returns the fields of nova.context.RequestContext.to_dict. A nil caller stands
// for Nova's get_admin_context.
func contextFields(c *reqctx.Caller) []field {
	if c == nil {
		c = &reqctx.Caller{RequestID: "req-" + uuid.NewString(), IsAdmin: true, IsAdminProject: true}
	}
	at := c.Timestamp
	if at.IsZero() {
		at = time.Now()
	}
	roles, catalog, deleted := c.Roles, c.ServiceCatalog, c.ReadDeleted
	if roles == nil {
		roles = []string{}
	}
	if catalog == nil {
		catalog = []reqctx.CatalogEntry{}
	}
	if deleted == "" {
		deleted = "no"
	}
	identity := orDash(c.UserID) + " " + orDash(c.ProjectID) + " " + orDash(c.DomainID) + " " +
		orDash(c.UserDomainID) + " " + orDash(c.ProjectDomainID)
	fields := []field{
		{"user", orNull(c.UserID)},
		{"project_id", orNull(c.ProjectID)},
		{"system_scope", orNull(c.SystemScope)},
		{"project", orNull(c.ProjectID)},
		{"domain", orNull(c.DomainID)},
		{"user_domain", orNull(c.UserDomainID)},
		{"project_domain", orNull(c.ProjectDomainID)},
		{"is_admin", c.IsAdmin},
		{"read_only", false},
		{"show_deleted", false},
		{"auth_token", orNull(c.AuthToken)},
		{"request_id", orNull(c.RequestID)},
		{"global_request_id", orNull(c.GlobalRequestID)},
		{"resource_uuid", nil},
		{"roles", roles},
		{"user_identity", identity},
		{"is_admin_project", c.IsAdminProject},
		{"user_id", orNull(c.UserID)},
		{"read_deleted", deleted},
		{"remote_address", orNull(c.RemoteAddress)},
		{"timestamp", at.UTC().Format(contextTime)},
		{"quota_class", nil},
		{"user_name", orNull(c.UserName)},
		{"service_catalog", catalog},
		{"project_name", orNull(c.ProjectName)},
	}
	for i := range fields {
		fields[i].key = contextPrefix + fields[i].key
	}
	return fields
}

// redactedCaller returns what RequestContext.redacted_copy keeps for notifications: the user, the
// project and the request's ids, without the token, the catalog and the remote address. The copy
// has the current time and default flags.
func redactedCaller(c *reqctx.Caller) *reqctx.Caller {
	if c == nil {
		return nil
	}
	r := *c
	r.AuthToken, r.ServiceCatalog, r.RemoteAddress, r.ReadDeleted = "", nil, "", ""
	r.IsAdminProject = true
	r.Timestamp = time.Now()
	return &r
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// callerOf decodes what contextFields has encoded. The servers of the in-memory transport use it.
func callerOf(m map[string]json.RawMessage) *reqctx.Caller {
	text := func(key string) string {
		var s string
		_ = json.Unmarshal(m[contextPrefix+key], &s) // null leaves it empty
		return s
	}
	c := &reqctx.Caller{
		RequestID: text("request_id"), GlobalRequestID: text("global_request_id"), RemoteAddress: text("remote_address"),
		UserID: text("user_id"), UserName: text("user_name"), ProjectID: text("project_id"), ProjectName: text("project_name"),
		UserDomainID: text("user_domain"), ProjectDomainID: text("project_domain"), DomainID: text("domain"),
		SystemScope: text("system_scope"), AuthToken: text("auth_token"), ReadDeleted: text("read_deleted"),
	}
	c.Timestamp, _ = time.Parse(contextTime, text("timestamp"))
	_ = json.Unmarshal(m[contextPrefix+"roles"], &c.Roles)
	_ = json.Unmarshal(m[contextPrefix+"is_admin"], &c.IsAdmin)
	_ = json.Unmarshal(m[contextPrefix+"is_admin_project"], &c.IsAdminProject)
	_ = json.Unmarshal(m[contextPrefix+"service_catalog"], &c.ServiceCatalog)
	return c
}
