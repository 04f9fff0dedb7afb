package middleware

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/reqctx"
)

// event builds the event of a request. It may replace the request's body by an equal one. It
// returns an error if pyCADF would not build an event.
func (m *auditMap) event(r *http.Request, log zerolog.Logger) (*cadf.Event, error) {
	path := filter.WSGIPath(r)
	action, err := m.action(r, path)
	if err != nil {
		return nil, err
	}
	if !cadf.KnownAction(action) {
		return nil, fmt.Errorf("%q is no action of CADF", action)
	}
	target, err := m.target(r, path, log)
	if err != nil {
		return nil, err
	}
	h := r.Header
	name, project := cadf.HeaderOrUnknown(h, "X-User-Name"), cadf.HeaderOrUnknown(h, "X-Project-Id")
	from := cadf.Resource{
		TypeURI: "service/security/account/user", ID: cadf.HeaderOrUnknown(h, "X-User-Id"), Name: &name, ProjectID: &project,
		Host: &cadf.Host{Address: filter.RemoteAddr(r)},
		Credential: &cadf.Credential{Token: maskToken(filter.HeaderList(h, "X-Auth-Token")),
			IdentityStatus: cadf.HeaderOrUnknown(h, "X-Identity-Status")},
	}
	if from.ID == "" {
		from.ID = cadf.NewID()
	}
	if _, ok := h["X-Forwarded-For"]; ok {
		first, _, _ := strings.Cut(filter.HeaderList(h, "X-Forwarded-For"), ",")
		from.Host.Address = strings.TrimSpace(first)
	}
	if _, ok := h["User-Agent"]; ok {
		agent := r.UserAgent()
		from.Host.Agent = &agent
	}
	if rec := RecordOf(r.Context()); rec != nil {
		from.RequestID, from.GlobalRequestID = rec.RequestID, rec.GlobalRequestID
	}
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return &cadf.Event{
		TypeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event", EventType: "activity", ID: cadf.NewID(), EventTime: cadf.Time(), Action: action,
		Outcome:  "pending",
		Observer: cadf.Resource{ID: "target"}, Initiator: from, Target: *target, RequestPath: path,
		Tags: []string{"correlation_id?value=" + cadf.NewID()},
	}, nil
}

// maskToken keeps an eighth of a token at each end, and returns at most 32 characters.
func maskToken(token string) string {
	n := min(int(math.RoundToEven(float64(len(token))*0.125)), 32)
	end := token[len(token)-n:]
	if n == 0 {
		end = token // Python's value[-0:] is the whole value
	}
	return token[:n] + " xxxxxxxx " + end
}

func (m *auditMap) action(r *http.Request, path string) (string, error) {
	path = strings.TrimSuffix(path, "/")
	end := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".json")
	if a, ok := m.actions[end+"/"+strings.ToLower(r.Method)]; ok {
		return a, nil
	}
	if a, ok := m.actions[end]; ok {
		return a, nil
	}
	_, keyword := m.keywords[end]
	switch r.Method {
	case http.MethodPost:
		switch {
		case end == "action":
			return bodyAction(r)
		case keyword:
			return "create", nil
		}
		return "update", nil
	case http.MethodGet:
		if keyword {
			return "read/list", nil
		}
		return "read", nil
	case http.MethodPut, http.MethodPatch:
		return "update", nil
	case http.MethodDelete:
		return "delete", nil
	case http.MethodHead:
		return "read", nil
	}
	return cadf.Unknown, nil
}

// bodyAction returns the action of the first key of the body.
func bodyAction(r *http.Request) (string, error) {
	text, err := filter.PeekBody(r, filter.MaxKept)
	if err != nil {
		return "", err
	}
	body, err := pyjson.Parse(text)
	if err != nil {
		return "create", nil //nolint:nilerr // as keystonemiddleware has it
	}
	switch body := body.(type) {
	case pyjson.Object:
		if len(body) > 0 {
			return "update/" + body[0].Key, nil
		}
	case nil, bool, float64, int, int64, string, []any:
		if list, ok := body.([]any); ok && len(list) > 0 || body == true {
			return "", errors.New("the body of an action is no JSON object")
		}
	}
	return "create", nil
}

// typeURI appends the keywords of the path to the type of a service, and for the segment after
// a keyword the name in the map.
func (m *auditMap) typeURI(path, service string) string {
	previous := ""
	for key := range strings.SplitSeq(path, "/") {
		key = strings.TrimSuffix(key, ".json")
		if _, ok := m.keywords[key]; ok {
			service += "/" + key
		} else if name, ok := m.keywords[previous]; ok {
			service += "/" + name
		}
		previous = key
	}
	return service
}

// target returns the service that received the request, from the catalog.
func (m *auditMap) target(r *http.Request, path string, log zerolog.Logger) (*cadf.Resource, error) {
	catalog, err := auditCatalog(r)
	if err != nil {
		return nil, err
	}
	if catalog == nil {
		log.Warn().Msg(`Unable to discover target information because service catalog is missing. Either the incoming request does not` +
			` contain an auth token or auth token does not contain a service catalog. For the latter, ` +
			`please make sure the "include_service_catalog" property in auth_token middleware is set to "True"`)
	}
	none := cadf.Unknown
	target := &cadf.Resource{TypeURI: cadf.Unknown, ID: cadf.Unknown, Name: &none}
	var found *reqctx.CatalogEntry
	var endpoint map[string]string
	host := auditHost(r)
	for i, s := range catalog {
		if len(s.Endpoints) == 0 {
			log.Warn().Msgf("Skipping service %s as it have no endpoints.", s.Name)
			continue
		}
		var first map[string]string
		if err := json.Unmarshal(s.Endpoints[0], &first); err != nil {
			return nil, fmt.Errorf("the catalog's endpoint of %s: %w", s.Name, err)
		}
		if host != "" && (host == netloc(first["adminURL"]) || host == netloc(first["publicURL"])) {
			found, endpoint = &catalog[i], first
			break
		}
		if m.endpointType != "" && s.Type == m.endpointType {
			found, endpoint = &catalog[i], first
		}
	}
	if found == nil {
		return target, nil
	}
	target.Name, target.ID = &found.Name, found.Name
	if id, ok := endpoint["id"]; ok {
		target.ID = id
	}
	if target.ID == "" {
		target.ID = cadf.NewID()
	}
	if service, ok := m.services[found.Type]; ok && service != cadf.Unknown {
		target.TypeURI = m.typeURI(path, service)
	}
	if !cadf.KnownResource(target.TypeURI) {
		return nil, fmt.Errorf("%q is no type of CADF", target.TypeURI)
	}
	for _, a := range [][2]string{{"admin", "adminURL"}, {"private", "internalURL"}, {"public", "publicURL"}} {
		at, ok := endpoint[a[1]]
		if !ok {
			at = cadf.Unknown
		}
		target.Addresses = append(target.Addresses, cadf.Address{URL: at, Name: a[0]})
	}
	return target, nil
}

// auditCatalog returns the caller's catalog: that of authtoken, otherwise that of the header.
func auditCatalog(r *http.Request) ([]reqctx.CatalogEntry, error) {
	if rec := RecordOf(r.Context()); rec != nil && rec.Token != nil {
		return rec.Token.Catalog, nil
	}
	if _, ok := r.Header["X-Service-Catalog"]; !ok {
		return nil, nil
	}
	catalog := []reqctx.CatalogEntry{}
	if err := json.Unmarshal([]byte(filter.HeaderList(r.Header, "X-Service-Catalog")), &catalog); err != nil {
		return nil, fmt.Errorf("X-Service-Catalog: %w", err)
	}
	return catalog, nil
}

// auditHost returns the request's host if it contains a port; a request to the default port of
// its scheme is not searched in the catalog.
func auditHost(r *http.Request) string {
	standard := ":80"
	if r.TLS != nil || r.URL.Scheme == "https" {
		standard = ":443"
	}
	host := strings.TrimSuffix(r.Host, standard)
	if u := (&url.URL{Host: host}); u.Port() == "" || u.Port() == "0" {
		return ""
	}
	return host
}

// netloc is Python's netloc: the part of a URL between "//" and the path.
func netloc(address string) string {
	_, rest, ok := strings.Cut(address, "//")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
