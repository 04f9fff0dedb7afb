// Package reqctx passes the caller and the ids of a request from the middleware to all other
// packages. It mirrors nova.context.RequestContext.
package reqctx

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Caller is the identity of a request's caller. The keystonecontext or noauth filter sets it
// once; it is read-only after that, because all goroutines of the request share it.
type Caller struct {
	RequestID       string // "req-<uuid>", new for every request
	GlobalRequestID string // the caller's X-OpenStack-Request-ID, or ""
	Timestamp       time.Time
	RemoteAddress   string

	UserID, UserName         string
	ProjectID, ProjectName   string
	UserDomainID             string
	UserDomainName           string
	ProjectDomainID          string
	ProjectDomainName        string
	DomainID                 string // of a domain-scoped token
	SystemScope              string // "all" or ""
	Roles                    []string
	IsAdmin                  bool // the result of the policy rule context_is_admin
	IsAdminProject           bool
	AuthToken                string
	ServiceUserID            string // of the X-Service-Token, if any
	ServiceUserDomainID      string
	ServiceUserDomainName    string
	ServiceProjectID         string
	ServiceProjectDomainID   string
	ServiceProjectDomainName string
	ServiceRoles             []string
	ServiceCatalog           []CatalogEntry

	// ReadDeleted is "no" (the default, also ""), "yes" or "only".
	ReadDeleted string
}

// CatalogEntry is one service of the token's catalog, in the v2 format of X-Service-Catalog.
type CatalogEntry struct {
	Type      string            `json:"type"`
	Name      string            `json:"name"`
	Endpoints []json.RawMessage `json:"endpoints"`
}

// HasRole reports whether the token has the role. The comparison is case-sensitive.
func (c *Caller) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// Elevated returns a copy with the rights of an administrator, as
// RequestContext.elevated does: is_admin set and the admin role added.
func (c *Caller) Elevated() *Caller {
	e := *c
	e.IsAdmin = true
	if !slices.Contains(e.Roles, "admin") {
		e.Roles = append(slices.Clone(c.Roles), "admin")
	}
	return &e
}

type key struct{}

// With returns ctx carrying c.
func With(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, key{}, c)
}

// From returns the request's context, or nil if no filter has set one.
func From(ctx context.Context) *Caller {
	c, _ := ctx.Value(key{}).(*Caller)
	return c
}

type legacyKey struct{}

// WithLegacyV2 marks a request of the /v2 API, which has no microversions.
func WithLegacyV2(ctx context.Context) context.Context {
	return context.WithValue(ctx, legacyKey{}, true)
}

// LegacyV2 reports whether the request came through the /v2 API.
func LegacyV2(ctx context.Context) bool { return ctx.Value(legacyKey{}) != nil }
