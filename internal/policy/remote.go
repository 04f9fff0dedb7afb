package policy

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/clienttls"
	"github.com/nova-go/nova/internal/objects"
)

// Remote are the options of http: and https: checks, which send a request to a policy service.
type Remote struct {
	Timeout     time.Duration // remote_timeout; 0 means 60 seconds
	ContentType string        // remote_content_type; "" means a form
	Verify      bool          // remote_ssl_verify_server_crt
	CAFile      string        // remote_ssl_ca_crt_file
	CertFile    string        // remote_ssl_client_crt_file
	KeyFile     string        // remote_ssl_client_key_file
}

// maxAnswer bounds the part of an answer that is read, in bytes; only "True" allows.
const maxAnswer = 1024

// remote sends the requests of checks. oslo.policy reads the files of https: checks with each
// check; remote reads them again after a change. Problems with the files are errors of the
// check and do not prevent the start, because possibly no rule uses them.
type remote struct {
	Remote
	mu     sync.Mutex
	client *http.Client // nil before the first use
	files  [3]source    // the files that client was built from
}

// serviceError returns an error with the class that clients see.
func serviceError(class objects.Class, message string, cause error) error {
	if cause != nil {
		message += ": " + cause.Error()
	}
	return &objects.Error{Class: class, Message: message, Cause: cause}
}

// ready returns the client for checks of a scheme.
func (r *remote) ready(scheme string) (*http.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var files [3]source
	if scheme == "https" {
		for i, f := range []struct{ path, what string }{
			{r.CertFile, "ssl cert_file  "}, {r.KeyFile, "ssl key_file "}, {r.CAFile, "ca cert_file  "}} {
			if f.path == "" || i == 2 && !r.Verify {
				continue
			}
			info, err := os.Stat(f.path)
			if err != nil {
				return nil, serviceError(objects.ErrRuntimeError, "Unable to find "+f.what+": "+f.path, nil)
			}
			files[i] = source{f.path, info.ModTime().UnixNano(), info.Size()}
		}
	}
	if r.client != nil && (scheme == "http" || files == r.files) {
		return r.client, nil
	}
	conf := &tls.Config{InsecureSkipVerify: !r.Verify} //nolint:gosec // the operator's choice, off by default as in oslo.policy
	if ca := files[2].path; ca != "" {
		var err error
		if conf.RootCAs, err = clienttls.Roots(ca); err != nil {
			return nil, serviceError(objects.ErrSSLError, "cannot use the CA file", err)
		}
	}
	if cert := files[0].path; cert != "" {
		pair, err := clienttls.Pair(cert, files[1].path)
		if err != nil {
			return nil, serviceError(objects.ErrSSLError, "cannot use the client's certificate", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = conf
	r.client, r.files = &http.Client{Timeout: cmp.Or(r.Timeout, 60*time.Second), Transport: transport}, files
	return r.client, nil
}

// httpCheck sends a request to a policy service, and allows if the answer is "True". If the
// service does not answer, it returns an error.
type httpCheck struct {
	scheme string
	match  template
	remote *remote
}

func (k httpCheck) String() string { return k.scheme + ":" + k.match.text }

func (k httpCheck) allows(_ *ruleset, a evaluation) (bool, error) {
	to, ok := k.match.fill(&a.target)
	if !ok {
		return false, serviceError(objects.ErrKeyError, "the target lacks what "+k.String()+" names", nil)
	}
	client, err := k.remote.ready(k.scheme)
	if err != nil {
		return false, err
	}
	return k.remote.ask(client, k.scheme+":"+to, a)
}

func (r *remote) ask(client *http.Client, to string, a evaluation) (bool, error) {
	question := map[string]any{"rule": a.rule, "target": a.target.attributes(), "credentials": credentials(a)}
	var body []byte
	var err error
	contentType := "application/json"
	if r.ContentType == "application/json" {
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
	resp, err := client.Post(to, contentType, bytes.NewReader(body))
	var late net.Error
	var certificate *tls.CertificateVerificationError
	var far *net.OpError
	switch {
	case err == nil:
	case errors.As(err, &late) && late.Timeout():
		return false, serviceError(objects.ErrRuntimeError, "Timeout in REST API call", err)
	case errors.As(err, &certificate), errors.As(err, &far) && far.Op == "remote error": // a TLS alert
		return false, serviceError(objects.ErrSSLError, "remote check", err)
	default:
		return false, serviceError(objects.ErrConnectionError, "remote check", err)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return false, serviceError(objects.ErrConnectionError, "remote check", err)
	}
	return strings.Trim(string(text), `"`) == "True", nil
}

// attributes returns the attributes of the target for JSON.
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

// credentials returns the attributes of the token for JSON.
func credentials(a evaluation) map[string]any {
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
