// Package reqctx carries who is asking, and as part of which request, from the
// middleware to everything below it. It mirrors nova.context.RequestContext.
package reqctx

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Caller is the identity behind one request. It is set once by the
// keystonecontext or noauth filter and is read-only from then on: it is shared by
// every goroutine that works for the request.
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
	IsAdmin                  bool // policy rule context_is_admin held when the context was made
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

// CatalogEntry is one service of the token's catalog, in the shape (v2) that
// keystonemiddleware puts in X-Service-Catalog.
type CatalogEntry struct {
	Type      string            `json:"type"`
	Name      string            `json:"name"`
	Endpoints []json.RawMessage `json:"endpoints"`
}

// HasRole reports whether the token carries the role, compared as Keystone
// writes it (lower case is the caller's business).
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

// From returns the request's context, or nil when no filter has set one.
func From(ctx context.Context) *Caller {
	c, _ := ctx.Value(key{}).(*Caller)
	return c
}

type legacyKey struct{}

// WithLegacyV2 marks a request of the /v2 API, which knows no microversions.
func WithLegacyV2(ctx context.Context) context.Context {
	return context.WithValue(ctx, legacyKey{}, true)
}

// LegacyV2 tells whether the request came by the /v2 API.
func LegacyV2(ctx context.Context) bool { return ctx.Value(legacyKey{}) != nil }
