package keystone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/rest"
)

// Limits reads the unified limits of the service and the region of an endpoint: [oslo_limit].
// It is safe for concurrent use.
type Limits struct {
	session *rest.Session
	of      config.OsloLimit

	mu       sync.Mutex
	endpoint *limitsOf // nil before the first lookup
}

// limitsOf is the service and the region of limits.
type limitsOf struct {
	Service string  `json:"service_id"`
	Region  *string `json:"region_id"`
}

// NewLimits returns a reader of limits that uses a session with the options of [oslo_limit].
func NewLimits(s *rest.Session, of config.OsloLimit) *Limits { return &Limits{session: s, of: of} }

// LimitsAdapter returns the adapter for the Keystone of [oslo_limit].
func LimitsAdapter(of config.OsloLimit) config.Adapter {
	if of.ServiceType == "" {
		of.ServiceType = "identity"
	}
	return of.Adapter
}

// Registered returns the registered limits by resource, which apply to projects without own
// limits; -1 means unlimited.
func (l *Limits) Registered(ctx context.Context) (map[string]int64, error) {
	var found struct {
		List []struct {
			Name  string `json:"resource_name"`
			Limit int64  `json:"default_limit"`
		} `json:"registered_limits"`
	}
	limits := map[string]int64{}
	if err := l.read(ctx, "registered_limits", url.Values{}, &found); err != nil {
		return nil, err
	}
	for _, one := range found.List {
		limits[one.Name] = one.Limit
	}
	return limits, nil
}

// OfProject returns the own limits of a project by resource; -1 means unlimited.
func (l *Limits) OfProject(ctx context.Context, project string) (map[string]int64, error) {
	var found struct {
		List []struct {
			Name  string `json:"resource_name"`
			Limit int64  `json:"resource_limit"`
		} `json:"limits"`
	}
	limits := map[string]int64{}
	if err := l.read(ctx, "limits", url.Values{"project_id": {project}}, &found); err != nil {
		return nil, err
	}
	for _, one := range found.List {
		limits[one.Name] = one.Limit
	}
	return limits, nil
}

func (l *Limits) read(ctx context.Context, path string, query url.Values, into any) error {
	of, err := l.find(ctx)
	if err != nil {
		return err
	}
	query.Set("service_id", of.Service)
	if of.Region != nil {
		query.Set("region_id", *of.Region)
	}
	return l.get(ctx, path+"?"+query.Encode(), into)
}

// find looks up the endpoint, and checks that Keystone uses the flat enforcement model, once
// per process. (oslo.limit requests both again with every check.)
func (l *Limits) find(ctx context.Context) (*limitsOf, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.endpoint != nil {
		return l.endpoint, nil
	}
	var model struct {
		Model struct {
			Name string `json:"name"`
		} `json:"model"`
	}
	if err := l.get(ctx, "limits/model", &model); err != nil {
		return nil, err
	}
	if model.Model.Name != "flat" {
		return nil, fmt.Errorf("[oslo_limit] enforcement model %s is not supported", model.Model.Name)
	}
	of, err := l.lookUp(ctx)
	if err == nil {
		l.endpoint = of
	}
	return of, err
}

func (l *Limits) lookUp(ctx context.Context) (*limitsOf, error) {
	if id := l.of.EndpointID; id != "" {
		var found struct {
			Endpoint limitsOf `json:"endpoint"`
		}
		err := l.get(ctx, "endpoints/"+url.PathEscape(id), &found)
		if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			err = fmt.Errorf("[oslo_limit] endpoint_id: can't find endpoint for %s", id)
		}
		return &found.Endpoint, err
	}
	query := url.Values{"interface": {strings.TrimSuffix(l.of.EndpointInterface, "URL")}}
	service, err := l.service(ctx)
	if err != nil {
		return nil, err
	}
	query.Set("service_id", service)
	if region := l.of.EndpointRegionName; region != "" {
		err := l.get(ctx, "regions/"+url.PathEscape(region), nil)
		if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			err = fmt.Errorf("[oslo_limit] endpoint_region_name: region %s not found", region)
		}
		if err != nil {
			return nil, err
		}
		query.Set("region_id", region)
	}
	var found struct {
		Endpoints []limitsOf `json:"endpoints"`
	}
	if err := l.get(ctx, "endpoints?"+query.Encode(), &found); err != nil {
		return nil, err
	}
	if len(found.Endpoints) != 1 {
		return nil, fmt.Errorf("[oslo_limit] found %d endpoints, but exactly one is required", len(found.Endpoints))
	}
	return &found.Endpoints[0], nil
}

// service returns the id of the service in the options.
func (l *Limits) service(ctx context.Context) (string, error) {
	query := url.Values{}
	if l.of.EndpointServiceType != "" {
		query.Set("type", l.of.EndpointServiceType)
	}
	if l.of.EndpointServiceName != "" {
		query.Set("name", l.of.EndpointServiceName)
	}
	if len(query) == 0 {
		return "", errors.New("[oslo_limit] needs endpoint_id, or endpoint_service_type or endpoint_service_name")
	}
	var found struct {
		Services []struct {
			ID string `json:"id"`
		} `json:"services"`
	}
	if err := l.get(ctx, "services?"+query.Encode(), &found); err != nil {
		return "", err
	}
	if len(found.Services) != 1 {
		return "", fmt.Errorf("[oslo_limit] found %d services, but exactly one is required", len(found.Services))
	}
	return found.Services[0].ID, nil
}

// get reads a document of Keystone's v3 API as Nova's own user.
func (l *Limits) get(ctx context.Context, path string, into any) error {
	client, err := l.session.AsService(ctx)
	if err != nil {
		return err
	}
	base, err := rest.IdentityV3(client.Endpoint)
	if err != nil {
		return err
	}
	_, err = client.Get(ctx, base+path, into, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	return err
}
