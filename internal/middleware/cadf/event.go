// Package cadf has the events of the DMTF's Cloud Auditing Data Federation, which both audit filters send, in the format of pyCADF.
package cadf

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/middleware/filter"
)

// Event is an event of the DMTF's Cloud Auditing Data Federation, in the format of pyCADF.
type Event struct {
	TypeURI     string   `json:"typeURI"`
	EventType   string   `json:"eventType"`
	ID          string   `json:"id"`
	EventTime   string   `json:"eventTime"`
	Action      string   `json:"action"`
	Outcome     string   `json:"outcome"`
	Observer    Resource `json:"observer"`
	Initiator   Resource `json:"initiator"`
	Target      Resource `json:"target"`
	RequestPath string   `json:"requestPath"`
	Tags        []string `json:"tags,omitempty"`
	Reason      *Reason  `json:"reason,omitempty"`
	Reporters   []Report `json:"reporterchain,omitempty"`
	// Attachments are only in the events of SAP's audit middleware.
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Attachment is a part of a request or an answer, or the name of what an action changes.
type Attachment struct {
	TypeURI string `json:"typeURI"`
	Content string `json:"content"`
	Name    string `json:"name"`
}

// Resource is the initiator or the target of an action.
type Resource struct {
	TypeURI         string      `json:"typeURI,omitempty"`
	ID              string      `json:"id"`
	Name            *string     `json:"name,omitempty"`
	Host            *Host       `json:"host,omitempty"`
	Credential      *Credential `json:"credential,omitempty"`
	Addresses       []Address   `json:"addresses,omitempty"`
	ProjectID       *string     `json:"project_id,omitempty"`
	RequestID       string      `json:"request_id,omitempty"`
	GlobalRequestID string      `json:"global_request_id,omitempty"`
	// The following fields are only in the events of SAP's audit middleware.
	Domain                  string       `json:"domain,omitempty"`
	DomainID                string       `json:"domain_id,omitempty"`
	ApplicationCredentialID string       `json:"application_credential_id,omitempty"`
	Attachments             []Attachment `json:"attachments,omitempty"`
}

// Host is the source of a request.
type Host struct {
	Address string  `json:"address"`
	Agent   *string `json:"agent,omitempty"`
}

// Credential is a token, of which only the ends are shown.
type Credential struct {
	Token          string `json:"token"`
	IdentityStatus string `json:"identity_status"`
}

// Address is an endpoint.
type Address struct {
	URL  string `json:"url"`
	Name string `json:"name"`
}

// Reason is the status of the answer.
type Reason struct {
	Type string `json:"reasonType"`
	Code string `json:"reasonCode"`
}

// Report is a step in the history of an event.
type Report struct {
	Role     string   `json:"role"`
	Reporter Resource `json:"reporter"`
	Time     string   `json:"reporterTime"`
}

// Unknown stands for what a request does not tell.
const Unknown = "unknown"

// The prefixes of CADF's actions and resource types; pyCADF rejects others.
var (
	actions = []string{"backup", "capture", "create", "configure", "read", "update", "delete", "monitor", "start", "stop", "deploy",
		"undeploy", "enable", "disable", "send", "receive",
		"authenticate", "revoke", "renew", "restore", "evaluate", "allow", "deny", "notify", Unknown}
	resources = []string{"storage", "compute", "network", "service", "data", Unknown}
)

// KnownAction reports whether pyCADF takes an action.
func KnownAction(action string) bool { return beginsWith(action, actions) }

// KnownResource reports whether pyCADF takes a type of resources.
func KnownResource(typeURI string) bool { return beginsWith(typeURI, resources) }

func beginsWith(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// NewID returns an identifier as pyCADF does, in the namespace "openstack".
func NewID() string {
	sum := sha256.Sum256([]byte("openstack"))
	space, _ := uuid.FromBytes(sum[:16])
	return uuid.NewSHA1(space, []byte(uuid.NewString())).String()
}

// Time returns the time of an event.
func Time() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000-0700") }

// Finish adds the outcome of the request; status 0 means no answer.
func (e *Event) Finish(status int) {
	switch {
	case status == 0:
		e.Outcome = Unknown
	case status >= 200 && status < 400:
		e.Outcome = "success"
	default:
		e.Outcome = "failure"
	}
	if status != 0 {
		e.Reason = &Reason{Type: "HTTP", Code: fmt.Sprint(status)}
	}
	e.Reporters = append(e.Reporters, Report{Role: "modifier", Reporter: Resource{ID: "target"}, Time: Time()})
}

// HeaderOrUnknown returns a header, which may be empty, or "unknown" if it is absent.
func HeaderOrUnknown(h http.Header, name string) string {
	if _, ok := h[name]; !ok {
		return Unknown
	}
	return filter.HeaderList(h, name)
}
