// Package vendordata builds the vendordata documents, with which an operator passes data to all
// instances: the content of a file (StaticJSON), and the answers of web services that receive
// the data of the instance (DynamicJSON).
package vendordata

import (
	"context"
	"slices"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

// The names in [api] vendordata_providers.
const (
	StaticJSON  = "StaticJSON"
	DynamicJSON = "DynamicJSON"
)

// Documents builds vendor_data.json and vendor_data2.json.
type Documents struct {
	Providers []string // [api] vendordata_providers, in the configured order
	File      *File    // of StaticJSON
	Services  *Services
	Log       zerolog.Logger
}

// Static returns vendor_data.json: the operator's file, or {} without a file. on is false if
// the provider is disabled.
func (d *Documents) Static() (document []byte, on bool, err error) {
	if !slices.Contains(d.Providers, StaticJSON) {
		return nil, false, nil
	}
	document, err = d.File.JSON()
	return document, true, err
}

// All returns vendor_data2.json: the member "static", and one member per service. A second
// service with the same name is ignored. roles returns the instance's boot roles.
func (d *Documents) All(ctx context.Context, g *objects.Guest, roles func(context.Context) (string, error)) ([]byte, error) {
	all := pyjson.Object{}
	for _, p := range d.Providers {
		if p == StaticJSON {
			text, err := d.File.JSON()
			if err != nil {
				return nil, err
			}
			all.Set("static", pyjson.Raw(text))
			continue
		}
		answers, err := d.Services.Get(ctx, g, roles)
		if err != nil {
			return nil, err
		}
		for _, m := range answers {
			if all.Has(m.Key) {
				d.Log.Warn().Str("instance", g.UUID).Msgf("Removing duplicate metadata key: %s", m.Key)
				continue
			}
			all = append(all, m)
		}
	}
	return pyjson.Append(nil, all), nil
}
