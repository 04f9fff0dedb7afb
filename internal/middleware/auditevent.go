package middleware

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/reqctx"
)

// AuditEvent is an event of the DMTF's Cloud Auditing Data Federation, in the format of pyCADF.
type AuditEvent struct {
	TypeURI     string        `json:"typeURI"`
	EventType   string        `json:"eventType"`
	ID          string        `json:"id"`
	EventTime   string        `json:"eventTime"`
	Action      string        `json:"action"`
	Outcome     string        `json:"outcome"`
	Observer    AuditResource `json:"observer"`
	Initiator   AuditResource `json:"initiator"`
	Target      AuditResource `json:"target"`
	RequestPath string        `json:"requestPath"`
	Tags        []string      `json:"tags,omitempty"`
	Reason      *AuditReason  `json:"reason,omitempty"`
	Reporters   []AuditReport `json:"reporterchain,omitempty"`
	// Attachments are only in the events of SAP's audit middleware.
	Attachments []AuditAttachment `json:"attachments,omitempty"`
}

// AuditAttachment is a part of a request or an answer, or the name of what an action changes.
type AuditAttachment struct {
	TypeURI string `json:"typeURI"`
	Content string `json:"content"`
	Name    string `json:"name"`
}

// AuditResource is the initiator or the target of an action.
type AuditResource struct {
	TypeURI         string           `json:"typeURI,omitempty"`
	ID              string           `json:"id"`
	Name            *string          `json:"name,omitempty"`
	Host            *AuditHost       `json:"host,omitempty"`
	Credential      *AuditCredential `json:"credential,omitempty"`
	Addresses       []AuditAddress   `json:"addresses,omitempty"`
	ProjectID       *string          `json:"project_id,omitempty"`
	RequestID       string           `json:"request_id,omitempty"`
	GlobalRequestID string           `json:"global_request_id,omitempty"`
	// The following fields are only in the events of SAP's audit middleware.
	Domain                  string            `json:"domain,omitempty"`
	DomainID                string            `json:"domain_id,omitempty"`
	ApplicationCredentialID string            `json:"application_credential_id,omitempty"`
	Attachments             []AuditAttachment `json:"attachments,omitempty"`
}

// AuditHost is the source of a request.
type AuditHost struct {
	Address string  `json:"address"`
	Agent   *string `json:"agent,omitempty"`
}

// AuditCredential is a token, of which only the ends are shown.
type AuditCredential struct {
	Token          string `json:"token"`
	IdentityStatus string `json:"identity_status"`
}

// AuditAddress is an endpoint.
type AuditAddress struct {
	URL  string `json:"url"`
	Name string `json:"name"`
}

// AuditReason is the status of the answer.
type AuditReason struct {
	Type string `json:"reasonType"`
	Code string `json:"reasonCode"`
}

// AuditReport is a step in the history of an event.
type AuditReport struct {
	Role     string        `json:"role"`
	Reporter AuditResource `json:"reporter"`
	Time     string        `json:"reporterTime"`
}

const unknownValue = "unknown"

// The prefixes of CADF's actions and resource types; pyCADF rejects others.
var (
	auditActions = []string{"backup", "capture", "create", "configure", "read", "update", "delete", "monitor", "start", "stop", "deploy",
		"undeploy",
		"enable", "disable", "send", "receive", "authenticate", "revoke", "renew", "restore", "evaluate", "allow", "deny", "notify", unknownValue}
	auditResources = []string{"storage", "compute", "network", "service", "data", unknownValue}
)

func beginsWith(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// auditID returns an identifier as pyCADF does, in the namespace "openstack".
func auditID() string {
	sum := sha256.Sum256([]byte("openstack"))
	space, _ := uuid.FromBytes(sum[:16])
	return uuid.NewSHA1(space, []byte(uuid.NewString())).String()
}

func auditTime() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000-0700") }

// event builds the event of a request. It may replace the request's body by an equal one. It
// returns an error if pyCADF would not build an event.
func (m *auditMap) event(r *http.Request, log zerolog.Logger) (*AuditEvent, error) {
	path := wsgiPath(r)
	action, err := m.action(r, path)
	if err != nil {
		return nil, err
	}
	if !beginsWith(action, auditActions) {
		return nil, fmt.Errorf("%q is no action of CADF", action)
	}
	target, err := m.target(r, path, log)
	if err != nil {
		return nil, err
	}
	h := r.Header
	name, project := headerOrUnknown(h, "X-User-Name"), headerOrUnknown(h, "X-Project-Id")
	from := AuditResource{
		TypeURI: "service/security/account/user", ID: headerOrUnknown(h, "X-User-Id"), Name: &name, ProjectID: &project,
		Host:       &AuditHost{Address: remoteAddr(r)},
		Credential: &AuditCredential{Token: maskToken(headerList(h, "X-Auth-Token")), IdentityStatus: headerOrUnknown(h, "X-Identity-Status")},
	}
	if from.ID == "" {
		from.ID = auditID()
	}
	if _, ok := h["X-Forwarded-For"]; ok {
		first, _, _ := strings.Cut(headerList(h, "X-Forwarded-For"), ",")
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
	return &AuditEvent{
		TypeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event", EventType: "activity", ID: auditID(), EventTime: auditTime(), Action: action,
		Outcome:  "pending",
		Observer: AuditResource{ID: "target"}, Initiator: from, Target: *target, RequestPath: path,
		Tags: []string{"correlation_id?value=" + auditID()},
	}, nil
}

// finish adds the outcome of the request; status 0 means no answer.
func (e *AuditEvent) finish(status int) {
	switch {
	case status == 0:
		e.Outcome = unknownValue
	case status >= 200 && status < 400:
		e.Outcome = "success"
	default:
		e.Outcome = "failure"
	}
	if status != 0 {
		e.Reason = &AuditReason{Type: "HTTP", Code: fmt.Sprint(status)}
	}
	e.Reporters = append(e.Reporters, AuditReport{Role: "modifier", Reporter: AuditResource{ID: "target"}, Time: auditTime()})
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

// maxAction bounds the part of a body, in bytes, that is read to find the name of an action.
const maxAction = 1 << 20

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
	return unknownValue, nil
}

// bodyAction returns the action of the first key of the body.
func bodyAction(r *http.Request) (string, error) {
	text, err := peekBody(r, maxAction)
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
func (m *auditMap) target(r *http.Request, path string, log zerolog.Logger) (*AuditResource, error) {
	catalog, err := auditCatalog(r)
	if err != nil {
		return nil, err
	}
	if catalog == nil {
		log.Warn().Msg(`Unable to discover target information because service catalog is missing. Either the incoming request does not` +
			` contain an auth token or auth token does not contain a service catalog. For the latter, ` +
			`please make sure the "include_service_catalog" property in auth_token middleware is set to "True"`)
	}
	none := unknownValue
	target := &AuditResource{TypeURI: unknownValue, ID: unknownValue, Name: &none}
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
		target.ID = auditID()
	}
	if service, ok := m.services[found.Type]; ok && service != unknownValue {
		target.TypeURI = m.typeURI(path, service)
	}
	if !beginsWith(target.TypeURI, auditResources) {
		return nil, fmt.Errorf("%q is no type of CADF", target.TypeURI)
	}
	for _, a := range [][2]string{{"admin", "adminURL"}, {"private", "internalURL"}, {"public", "publicURL"}} {
		at, ok := endpoint[a[1]]
		if !ok {
			at = unknownValue
		}
		target.Addresses = append(target.Addresses, AuditAddress{URL: at, Name: a[0]})
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
	if err := json.Unmarshal([]byte(headerList(r.Header, "X-Service-Catalog")), &catalog); err != nil {
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
