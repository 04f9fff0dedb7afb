package middleware

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// KeystoneContextOptions configure KeystoneContext.
type KeystoneContextOptions struct {
	// IsAdmin evaluates the policy rule context_is_admin for a caller.
	IsAdmin func(*reqctx.Caller) bool
	Log     zerolog.Logger
}

// computeTypes are the service types of the catalog that Nova keeps in a request's context.
var computeTypes = []string{"image", "block-storage", "volumev3", "key-manager", "placement", "network", "accelerator", "sharev2"}

// KeystoneContext builds the request's reqctx.Caller from the token that authtoken has parsed;
// if there is none, from the X-* headers, which another filter may have set. It answers 401 if
// the headers contain no user, and 500 if the catalog is not JSON.
func KeystoneContext(o KeystoneContextOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "nova.api.auth")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := WithRecord(r)
			c := &reqctx.Caller{
				RequestID: rec.RequestID, GlobalRequestID: rec.GlobalRequestID,
				Timestamp: clock.Now(r.Context()).UTC(), RemoteAddress: filter.RemoteAddr(r),
			}
			if c.RequestID == "" {
				c.RequestID = newRequestID()
			}
			if rec.Token != nil {
				rec.Token.fill(c)
				c.AuthToken = firstHeader(r.Header, "X-Auth-Token", "X-Storage-Token")
				if rec.ServiceToken != nil {
					rec.ServiceToken.fillService(c)
				}
			} else if err := fromHeaders(c, r.Header); err != nil {
				p := serverErrorPage
				p.Detail = "Invalid service catalog json."
				p.Write(w, r)
				return
			}
			if c.UserID == "" {
				logger.Debug().Msg("Neither X_USER_ID nor X_USER found in request")
				unauthorizedPage.Write(w, r)
				return
			}
			if o.IsAdmin != nil {
				c.IsAdmin = o.IsAdmin(c)
			}
			rec.User = c
			ctx := reqctx.With(r.Context(), c)
			if rec.Token != nil && rec.Token.whole != nil {
				ctx = rest.WithCatalog(ctx, rec.Token.whole)
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// fromHeaders reads the headers as oslo.context does, including former names.
func fromHeaders(c *reqctx.Caller, h http.Header) error {
	c.AuthToken = firstHeader(h, "X-Auth-Token", "X-Storage-Token")
	c.UserID = firstHeader(h, "X-User-Id", "X-User")
	c.UserName = h.Get("X-User-Name")
	c.ProjectID = firstHeader(h, "X-Project-Id", "X-Tenant-Id", "X-Tenant")
	c.ProjectName = firstHeader(h, "X-Project-Name", "X-Tenant-Name")
	c.DomainID = h.Get("X-Domain-Id")
	c.SystemScope = h.Get("Openstack-System-Scope")
	c.UserDomainID, c.UserDomainName = h.Get("X-User-Domain-Id"), h.Get("X-User-Domain-Name")
	c.ProjectDomainID, c.ProjectDomainName = h.Get("X-Project-Domain-Id"), h.Get("X-Project-Domain-Name")
	c.ServiceUserID = h.Get("X-Service-User-Id")
	c.ServiceUserDomainID, c.ServiceUserDomainName = h.Get("X-Service-User-Domain-Id"), h.Get("X-Service-User-Domain-Name")
	c.ServiceProjectID = h.Get("X-Service-Project-Id")
	c.ServiceProjectDomainID, c.ServiceProjectDomainName = h.Get("X-Service-Project-Domain-Id"), h.Get("X-Service-Project-Domain-Name")
	c.Roles = splitRoles(firstHeader(h, "X-Roles", "X-Role"))
	c.ServiceRoles = splitRoles(h.Get("X-Service-Roles"))
	// Without the header the project counts as the admin project, for compatibility with old
	// policies.
	admin := h.Get("X-Is-Admin-Project")
	c.IsAdminProject = admin == "" || strings.EqualFold(admin, "true")
	if text := h.Get("X-Service-Catalog"); text != "" {
		var all []reqctx.CatalogEntry
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return err
		}
		c.ServiceCatalog = forCompute(all)
	}
	return nil
}

func forCompute(all []reqctx.CatalogEntry) []reqctx.CatalogEntry {
	var kept []reqctx.CatalogEntry
	for _, e := range all {
		if slices.Contains(computeTypes, e.Type) {
			kept = append(kept, e)
		}
	}
	return kept
}

// firstHeader returns the first of several headers that is present, even if it is empty. The lines of a repeated header are
// joined: a request with two tokens has neither.
func firstHeader(h http.Header, names ...string) string {
	for _, name := range names {
		if len(h[name]) > 0 {
			return filter.HeaderList(h, name)
		}
	}
	return ""
}

func splitRoles(header string) []string {
	if header == "" {
		return nil
	}
	roles := strings.Split(header, ",")
	for i, role := range roles {
		roles[i] = strings.TrimSpace(role)
	}
	return roles
}
