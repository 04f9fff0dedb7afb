package sites

import (
	"cmp"
	"crypto/md5" //nolint:gosec // the identifiers of SAP's middleware are made with it
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/pytext"
)

// exchange is a request with its answer.
type exchange struct {
	r        *http.Request
	path     string // quoted, with SCRIPT_NAME
	body     []byte // of the request; nil if it was not kept
	jsonBody bool   // the request has a JSON body
	status   int    // 0: none, the handler has panicked
	answer   any    // the JSON of the answer; nil if it has none
	payloads bool   // record payloads
}

// auditTarget is what the path of a request names.
type auditTarget struct {
	resource   *auditedResource
	project    string // in the path
	id, parent string
	suffix     string // the last part of a path that names an action or a key
	hasSuffix  bool
}

// serviceID is the identifier of a service on this host.
func (m *sapAuditMap) serviceID() string {
	host, _ := os.Hostname()
	sum := md5.Sum([]byte(m.serviceName)) //nolint:gosec // see above
	return uuid.NewSHA1(uuid.UUID(sum), []byte(host)).String()
}

// find returns what a path names; nil if it names nothing that is audited.
func (m *sapAuditMap) find(full string) *auditTarget {
	at := m.prefix.FindStringSubmatchIndex(full)
	if at == nil {
		return nil
	}
	t := &auditTarget{}
	if g := m.prefix.SubexpIndex("project_id"); g > 0 && at[2*g] >= 0 {
		t.project = full[at[2*g]:at[2*g+1]]
	}
	path := full[at[1]:]
	if path == "" {
		return nil
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".json")
	for cursor := 0; ; {
		token, next, some := nextPart(path, cursor)
		if done := t.step(m, token, next < 0, some); done || next < 0 {
			return t
		}
		cursor = next
	}
}

// step goes on to what the next part of a path names, and reports whether the path ends with it.
// last says that no part follows, some that there is a part.
func (t *auditTarget) step(m *sapAuditMap, token string, last, some bool) (done bool) {
	if t.resource == nil {
		switch {
		case !some:
			t.resource = undeclaredUnknown(m.serviceType)
		case m.resources[token] != nil:
			t.resource = m.resources[token]
		default:
			t.resource = undeclared(m.serviceType, token)
		}
		return false
	}
	child := t.resource.children[token]
	if some && child == nil && t.id == "" && !t.resource.singleton && isAuditID(token) {
		t.id = token
		return false
	}
	if child == nil || !some {
		if last {
			t.suffix, t.hasSuffix = token, some
			return true
		}
		child = undeclared(cmp.Or(t.resource.elementURI, m.serviceType), token)
	}
	if t.id != "" {
		t.parent = t.id
	}
	t.resource, t.id = child, ""
	return false
}

// nextPart returns the part of a path after the slash at cursor, and the position of the slash
// after it, or -1.
func nextPart(path string, cursor int) (part string, next int, some bool) {
	if cursor+1 >= len(path) {
		return "", -1, false
	}
	rest := path[cursor+1:]
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[:i], cursor + 1 + i, true
	}
	return rest, -1, true
}

func undeclaredUnknown(parent string) *auditedResource {
	r := &auditedResource{payloads: auditedPayloads{enabled: true}}
	r.name(cadf.Unknown, parent, map[string]string{})
	return r
}

// isAuditID reports whether a part of a path is an identifier: it has only hexadecimal digits
// and hyphens.
func isAuditID(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef-") == ""
}

// events returns the events of a request.
func (m *sapAuditMap) events(x *exchange) ([]*cadf.Event, error) {
	t := m.find(x.path)
	if t == nil {
		return nil, nil
	}
	writes := strings.HasPrefix(x.r.Method, "P")
	res := t.resource
	record := writes && x.payloads && res.payloads.enabled && x.jsonBody
	var sent any
	if record {
		var err error
		if sent, err = pyjson.Parse(x.body); err != nil {
			return nil, fmt.Errorf("the body of the request: %w", err)
		}
	}
	if !writes || x.answer == nil {
		e, err := m.event(x, t)
		if e == nil || err != nil {
			return nil, err
		}
		if record {
			attachPayload(e, sent, res)
		}
		return []*cadf.Event{e}, nil
	}
	if list, ok := memberOf(x.answer, res.typeName).([]any); ok && !res.singleton {
		return m.eventsOf(x, t, list, memberOf(sent, res.typeName))
	}
	e, err := m.eventOf(x, t, unwrapped(x.answer, res.elementName))
	if e == nil || err != nil {
		return nil, err
	}
	if record {
		attachPayload(e, unwrapped(sent, res.elementName), res)
	}
	return []*cadf.Event{e}, nil
}

// eventsOf returns the events of a request about several resources: list is what the answer has of
// them, and sent, unless it is nil, what the request has.
func (m *sapAuditMap) eventsOf(x *exchange, t *auditTarget, list []any, sent any) ([]*cadf.Event, error) {
	items, _ := sent.([]any)
	var all []*cadf.Event
	for i, item := range list {
		e, err := m.eventOf(x, t, item)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		if i < len(items) && isTrue(items[i]) {
			attachPayload(e, items[i], t.resource)
		}
		all = append(all, e)
	}
	return all, nil
}

func memberOf(v any, name string) any {
	if o, ok := v.(pyjson.Object); ok {
		for _, m := range o {
			if m.Key == name {
				return m.Value
			}
		}
	}
	return nil
}

// unwrapped returns the member of a document that has the name of its resource, or the document.
func unwrapped(v any, name string) any {
	if o, ok := v.(pyjson.Object); ok && o.Has(name) {
		return memberOf(v, name)
	}
	return v
}

func isTrue(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case pyjson.Raw:
		return string(v) != "0"
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case pyjson.Object:
		return len(v) > 0
	}
	return true
}

// textOfID is str() of an identifier in JSON, or "".
func textOfID(v any) string {
	if !isTrue(v) {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return "True"
	case pyjson.Object, []any:
		return ""
	default:
		return string(pyjson.Append(nil, v))
	}
}

// event returns the event of a request without regard to the documents that it and its answer
// contain; nil if the file suppresses it.
func (m *sapAuditMap) event(x *exchange, t *auditTarget) (*cadf.Event, error) {
	action, key, err := t.action(x)
	if action == "" || err != nil {
		return nil, err
	}
	if !cadf.KnownAction(action) {
		return nil, fmt.Errorf("%q is no action of CADF", action)
	}
	known := func(name string) string { return cadf.HeaderOrUnknown(x.r.Header, name) }
	name := known("X-User-Name")
	from := cadf.Resource{TypeURI: "service/security/account/user", ID: known("X-User-Id"), Name: &name, Domain: known("X-User-Domain-Name"),
		DomainID: filter.HeaderList(x.r.Header, "X-Domain-Id"), Host: &cadf.Host{Address: clientAddr(x.r)}}
	if id := filter.HeaderList(x.r.Header, "X-Project-Id"); id != "" {
		from.ProjectID = &id
	}
	if agent := x.r.UserAgent(); agent != "" {
		from.Host.Agent = &agent
	}
	if rec := middleware.RecordOf(x.r.Context()); rec != nil {
		from.RequestID, from.GlobalRequestID = rec.RequestID, rec.GlobalRequestID
		if rec.Token != nil {
			from.ApplicationCredentialID = rec.Token.ApplicationCredentialID
		}
	}
	e := &cadf.Event{
		TypeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event", EventType: "activity", ID: cadf.NewID(), Action: action,
		EventTime: time.Now().UTC().Format("2006-01-02T15:04:05.000000-07:00"), Outcome: cadf.Unknown, Initiator: from,
		Observer: cadf.Resource{TypeURI: "service/" + m.serviceType, ID: m.serviceID(), Name: &m.serviceName}, RequestPath: x.path,
	}
	if x.r.URL.RawQuery != "" {
		e.RequestPath += "?" + x.r.URL.RawQuery
	}
	if x.status != 0 {
		if e.Outcome = "failure"; x.status >= 200 && x.status < 400 {
			e.Outcome = "success"
		}
		e.Reason = &cadf.Reason{Type: "HTTP", Code: strconv.Itoa(x.status)}
	}
	if t.id != "" || t.parent != "" {
		e.Target, err = t.target(x, t.parent, nil)
	} else {
		e.Target, err = t.target(x, m.serviceID(), nil)
		e.Target.Name = &m.serviceName
	}
	if key != "" {
		e.Target.Attachments = []cadf.Attachment{{TypeURI: "xs:string", Content: key, Name: "key"}}
	}
	return e, err
}

// eventOf is event for a resource that the answer contains.
func (m *sapAuditMap) eventOf(x *exchange, t *auditTarget, payload any) (*cadf.Event, error) {
	e, err := m.event(x, t)
	if e == nil || err != nil {
		return nil, err
	}
	if e.Target, err = t.target(x, t.parent, payload); err != nil {
		return nil, err
	}
	for _, a := range t.resource.attributes {
		v := memberOf(payload, a.name)
		if !isTrue(v) {
			continue
		}
		text, ok := v.(string)
		if !ok {
			text = compactJSON(v)
		}
		e.Attachments = append(e.Attachments, cadf.Attachment{TypeURI: a.value.Value, Content: text, Name: a.name})
	}
	return e, nil
}

// target returns what a request is about; payload is its representation in the answer, if any.
func (t *auditTarget) target(x *exchange, parent string, payload any) (cadf.Resource, error) {
	id, project := t.id, t.project
	out := cadf.Resource{TypeURI: t.resource.typeURI}
	if o, ok := payload.(pyjson.Object); ok && len(o) > 0 {
		if name, ok := memberOf(payload, t.resource.nameField).(string); ok {
			out.Name = &name
		}
		if id == "" {
			id = textOfID(memberOf(payload, t.resource.idField))
		}
		for _, name := range []string{"project_id", "tenant_id"} {
			if text, ok := memberOf(payload, name).(string); ok && project == "" {
				project = text
			}
		}
	}
	if (id != "" || x.r.Method == http.MethodPost && !t.resource.singleton) && t.resource.elementURI != "" {
		out.TypeURI = t.resource.elementURI
	}
	if project != "" {
		out.ProjectID = &project
	}
	for _, one := range []string{id, parent, cadf.Unknown} {
		if out.ID = one; one != "" {
			break
		}
	}
	if !cadf.KnownResource(out.TypeURI) {
		return out, fmt.Errorf("%q is no type of CADF", out.TypeURI)
	}
	var err error
	out.ID, err = auditUUID(out.ID)
	return out, err
}

// auditUUID makes a UUID of a number, and drops the rest of a URL before its last part.
func auditUUID(id string) (string, error) {
	if pytext.IsDigits(id) {
		n, ok := new(big.Int).SetString(id, 10)
		if !ok || n.BitLen() > 128 {
			return "", fmt.Errorf("the number %s is no UUID", id)
		}
		var u uuid.UUID
		n.FillBytes(u[:])
		return u.String(), nil
	}
	if strings.Contains(id, "://") {
		id = strings.TrimRight(id, "/")
		return id[strings.LastIndexByte(id, '/')+1:], nil
	}
	return id, nil
}

// action returns the action of a request, "" if the file suppresses it, and the key that it
// changes, if it does.
func (t *auditTarget) action(x *exchange) (action, key string, err error) {
	base, err := t.actionOfMethod(x.r.Method)
	switch {
	case !t.hasSuffix:
		return base, "", err
	case t.suffix == "action":
		body, parseErr := pyjson.Parse(x.body)
		if text, ok := body.(string); ok && parseErr == nil {
			body, parseErr = pyjson.Parse([]byte(text))
		}
		o, ok := body.(pyjson.Object)
		if parseErr != nil || !ok || len(o) == 0 {
			return "", "", nil // Python's filter writes a warning, and no event
		}
		if custom, ok := t.resource.actions[o[0].Key]; ok {
			return orEmpty(custom), "", nil
		}
		return base + "/" + o[0].Key, "", err
	}
	if custom, ok := t.resource.actions[t.suffix]; ok {
		return orEmpty(custom), "", nil
	}
	if custom, ok := t.resource.actions[x.r.Method+":*"]; ok {
		return strings.ReplaceAll(orEmpty(custom), "*", t.suffix), "", nil
	}
	if end := map[string]string{"read": "/get", "update": "/set", "create": "/put", "delete": "/unset"}[base]; end != "" {
		base += end
	}
	return base, t.suffix, err
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (t *auditTarget) actionOfMethod(method string) (string, error) {
	one := t.id != "" || t.resource.singleton
	switch method {
	case http.MethodPost:
		if one {
			return "update", nil
		}
		return "create", nil
	case http.MethodGet, http.MethodHead:
		if one {
			return "read", nil
		}
		return "read/list", nil
	case http.MethodPut, http.MethodPatch:
		return "update", nil
	case http.MethodDelete:
		return "delete", nil
	}
	return "", fmt.Errorf("no action of CADF for the method %s", method)
}

// parseAnswer reads the document of the answer.
func (x *exchange) parseAnswer(text []byte) error {
	v, err := pyjson.Parse(text)
	if err != nil {
		return err
	}
	if _, ok := v.(pyjson.Object); !ok {
		return fmt.Errorf("is no JSON object")
	}
	x.answer = v
	return nil
}
