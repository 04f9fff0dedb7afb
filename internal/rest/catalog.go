package rest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/reqctx"
)

// Catalog lists services and their endpoints.
type Catalog []Service

// Service is an entry of the catalog.
type Service struct {
	Type, Name string
	Endpoints  []Endpoint
}

// Endpoint is one URL of a service.
type Endpoint struct {
	Region    string
	Interface string // public, internal, admin
	URL       string
}

// aliases are the names of a service in catalogs; a service type of nova.conf also finds the
// other names of its row.
var aliases = [][]string{
	{"block-storage", "volumev3", "volumev2", "volume", "block-store"},
	{"shared-file-system", "sharev2", "share"},
	{"baremetal", "bare-metal"}, {"object-store"}, {"image"}, {"network"}, {"placement"}, {"identity"}, {"compute"}, {"key-manager"},
	{"accelerator"},
}

func sameType(wanted, have string) bool {
	if wanted == have {
		return true
	}
	return slices.ContainsFunc(aliases, func(row []string) bool {
		return slices.Contains(row, wanted) && slices.Contains(row, have)
	})
}

// Find returns the URL of the service that an adapter describes, for the first of its
// interfaces in the region; "" if there is none. An exact type takes precedence over its
// aliases.
func (c Catalog) Find(a config.Adapter) string {
	interfaces := a.ValidInterfaces
	if interfaces == nil {
		interfaces = []string{"public"}
	}
	for _, match := range []func(string) bool{func(t string) bool { return t == a.ServiceType },
		func(t string) bool { return sameType(a.ServiceType, t) }} {
		for _, iface := range interfaces {
			iface = strings.TrimSuffix(iface, "URL")
			for _, s := range c {
				if !match(s.Type) || a.ServiceName != "" && s.Name != a.ServiceName {
					continue
				}
				for _, e := range s.Endpoints {
					if e.Interface == iface && (a.RegionName == "" || e.Region == a.RegionName) {
						return e.URL
					}
				}
			}
		}
	}
	return ""
}

type catalogKey struct{}

// WithCatalog stores the whole catalog of a request's token in ctx. The reqctx.Caller contains
// only the services that Nova passes on to nova-compute, without Keystone.
func WithCatalog(ctx context.Context, c Catalog) context.Context {
	return context.WithValue(ctx, catalogKey{}, c)
}

// catalogFor returns the most complete catalog of a caller's token.
func catalogFor(ctx context.Context, caller *reqctx.Caller) Catalog {
	if c, ok := ctx.Value(catalogKey{}).(Catalog); ok {
		if of := reqctx.From(ctx); of != nil && of.AuthToken == caller.AuthToken {
			return c
		}
	}
	return CatalogOf(caller.ServiceCatalog)
}

func catalogOfV3(entries []tokens.CatalogEntry) Catalog {
	c := make(Catalog, 0, len(entries))
	for _, e := range entries {
		s := Service{Type: e.Type, Name: e.Name}
		for _, p := range e.Endpoints {
			region := p.RegionID
			if region == "" {
				region = p.Region
			}
			s.Endpoints = append(s.Endpoints, Endpoint{Region: region, Interface: p.Interface, URL: p.URL})
		}
		c = append(c, s)
	}
	return c
}

// CatalogOf converts the catalog of a caller's context. Invalid endpoints are left out.
func CatalogOf(entries []reqctx.CatalogEntry) Catalog {
	c := make(Catalog, 0, len(entries))
	for _, e := range entries {
		s := Service{Type: e.Type, Name: e.Name}
		for _, raw := range e.Endpoints {
			var fields map[string]any
			if json.Unmarshal(raw, &fields) != nil {
				continue
			}
			region, _ := fields["region"].(string)
			for _, iface := range []string{"public", "internal", "admin"} {
				if url, ok := fields[iface+"URL"].(string); ok {
					s.Endpoints = append(s.Endpoints, Endpoint{Region: region, Interface: iface, URL: url})
				}
			}
		}
		c = append(c, s)
	}
	return c
}
