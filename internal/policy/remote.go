package policy

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Remote are the options of http: and https: checks, which ask another service.
type Remote struct {
	Timeout     time.Duration // remote_timeout; 0 means 60 seconds
	ContentType string        // remote_content_type; "" means a form
	Verify      bool          // remote_ssl_verify_server_crt
	CAFile      string        // remote_ssl_ca_crt_file
	CertFile    string        // remote_ssl_client_crt_file
	KeyFile     string        // remote_ssl_client_key_file
}

// maxAnswer is as much of an answer as is read: "True" is all that counts.
const maxAnswer = 1024

// remote is Remote made ready.
type remote struct {
	client *http.Client
	json   bool
}

func newRemote(o Remote) (*remote, error) {
	if o.Timeout <= 0 {
		o.Timeout = 60 * time.Second
	}
	conf := &tls.Config{InsecureSkipVerify: !o.Verify} //nolint:gosec // the operator's choice, off by default as in oslo.policy
	if o.Verify && o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("[oslo_policy] remote_ssl_ca_crt_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("[oslo_policy] remote_ssl_ca_crt_file: %s: no certificate in it", o.CAFile)
		}
	}
	if o.CertFile != "" {
		key := o.KeyFile
		if key == "" {
			key = o.CertFile
		}
		pair, err := tls.LoadX509KeyPair(o.CertFile, key)
		if err != nil {
			return nil, fmt.Errorf("[oslo_policy] remote_ssl_client_crt_file: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = conf
	return &remote{client: &http.Client{Timeout: o.Timeout, Transport: transport},
		json: o.ContentType == "application/json"}, nil
}

// httpCheck asks a service; it allows if that answers "True". A service that
// cannot be asked does not allow.
type httpCheck struct {
	scheme string
	match  template
	remote *remote
	log    func(string)
}

func (k httpCheck) String() string { return k.scheme + ":" + k.match.text }

func (k httpCheck) allows(_ *ruleset, a ask) bool {
	to, ok := k.match.fill(&a.target)
	if !ok {
		return false
	}
	ok, err := k.remote.ask(k.scheme+":"+to, a)
	if err != nil {
		k.log(fmt.Sprintf("Policy %s: remote check %s: %v", a.rule, k, err))
	}
	return ok
}

func (r *remote) ask(to string, a ask) (bool, error) {
	question := map[string]any{"rule": a.rule, "target": a.target.attributes(), "credentials": credentials(a)}
	var body []byte
	var err error
	contentType := "application/json"
	if r.json {
		body, err = json.Marshal(question)
	} else {
		form := url.Values{}
		for k, v := range question {
			var text []byte
			if text, err = json.Marshal(v); err != nil {
				break
			}
			form.Set(k, string(text))
		}
		contentType, body = "application/x-www-form-urlencoded", []byte(form.Encode())
	}
	if err != nil {
		return false, err
	}
	resp, err := r.client.Post(to, contentType, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return false, err
	}
	return strings.Trim(string(text), `"`) == "True", nil
}

// attributes are the target's, as JSON.
func (t *Target) attributes() map[string]any {
	m := map[string]any{}
	for k, v := range t.Extra {
		m[k] = v
	}
	for k, v := range map[string]string{"project_id": t.ProjectID, "user_id": t.UserID} {
		switch {
		case v != "":
			m[k] = v
		case t.null:
			m[k] = nil
		}
	}
	return m
}

// credentials are the token's attributes, as JSON.
func credentials(a ask) map[string]any {
	c := a.cred
	m := map[string]any{"is_admin": c.IsAdmin, "is_admin_project": c.IsAdminProject,
		"roles": c.Roles, "service_roles": c.ServiceRoles}
	for k, v := range map[string]string{
		"user_id": c.UserID, "user_domain_id": c.UserDomainID, "system_scope": c.SystemScope,
		"domain_id": c.DomainID, "project_id": c.ProjectID, "project_domain_id": c.ProjectDomainID,
		"service_user_id": c.ServiceUserID, "service_user_domain_id": c.ServiceUserDomainID,
		"service_project_id": c.ServiceProjectID, "service_project_domain_id": c.ServiceProjectDomainID,
	} {
		if m[k] = nil; v != "" {
			m[k] = v
		}
	}
	if c.SystemScope != "" {
		m["system"] = c.SystemScope
	}
	return m
}
