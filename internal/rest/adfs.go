package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/gophercloud/gophercloud/v2"
)

// The namespaces of WS-Trust. AD FS answers in that of version 1.3, and service providers expect that of
// February 2005.
const (
	trust13   = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	trust2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust"
)

// adfsTokenLife is the time for which AD FS is asked for a token.
const adfsTokenLife = 2 * time.Minute

// adfsRequest asks AD FS for a SAML 1.0 assertion about a user.
var adfsRequest = template.Must(template.New("").Funcs(template.FuncMap{"xml": escapeXML}).Parse(
	`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"` +
		` xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><s:Header>` +
		`<a:Action s:mustUnderstand="1">http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue</a:Action>` +
		`<a:MessageID>urn:uuid:{{.Message}}</a:MessageID>` +
		`<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>` +
		`<a:To s:mustUnderstand="1">{{xml .IdentityProviderURL}}</a:To>` +
		`<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" s:mustUnderstand="1">` +
		`<u:Timestamp u:Id="_0"><u:Created>{{.Created}}</u:Created><u:Expires>{{.Expires}}</u:Expires></u:Timestamp>` +
		`<o:UsernameToken u:u="uuid-{{.User}}-1"><o:Username>{{xml .Username}}</o:Username>` +
		`<o:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">` +
		`{{xml .Password}}</o:Password></o:UsernameToken></o:Security></s:Header><s:Body>` +
		`<trust:RequestSecurityToken xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512">` +
		`<wsp:AppliesTo xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy">` +
		`<a:EndpointReference><a:Address>{{xml .EntityID}}</a:Address></a:EndpointReference></wsp:AppliesTo>` +
		`<trust:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer</trust:KeyType>` +
		`<trust:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</trust:RequestType>` +
		`<trust:TokenType>urn:oasis:names:tc:SAML:1.0:assertion</trust:TokenType>` +
		`</trust:RequestSecurityToken></s:Body></s:Envelope>`))

func escapeXML(s string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

// adfsToken gets a token of Keystone without scope from a user and password of Active Directory Federation Services:
// AD FS issues an assertion, the service provider in front of Keystone takes it and sets a cookie, and Keystone gives a
// token to the bearer of the cookie.
func (s *Session) adfsToken(ctx context.Context) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	client := s.client
	client.Jar = jar
	assertion, err := s.adfsAssertion(ctx, &client)
	if err != nil {
		return "", err
	}
	form := "wa=wsignin1.0&wresult=" + strings.ReplaceAll(url.QueryEscape(string(assertion)), "+", "%20")
	posts := client
	posts.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // to the page of a browser
	_, _, err = s.send(ctx, &posts, http.MethodPost, s.o.Auth.ServiceProviderEndpoint, contentType("application/x-www-form-urlencoded"), form)
	if err != nil {
		return "", err
	}
	at, err := s.federationURL()
	if err != nil {
		return "", err
	}
	where, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	if len(jar.Cookies(where)) == 0 {
		return "", fmt.Errorf("%s has set no cookie for %s", s.o.Auth.ServiceProviderEndpoint, at)
	}
	header, body, err := s.send(ctx, &client, http.MethodGet, at, nil, "")
	if err != nil {
		return "", err
	}
	return unscoped(http.MethodGet, at, header, body)
}

func contentType(t string) http.Header { return http.Header{"Content-Type": {t}} }

// adfsAssertion returns the RequestSecurityTokenResponse of AD FS, in the namespace that service providers expect.
func (s *Session) adfsAssertion(ctx context.Context, client *http.Client) ([]byte, error) {
	a := s.o.Auth
	now := time.Now().UTC()
	const layout = "2006-01-02T15:04:05.000000Z"
	var request strings.Builder
	err := adfsRequest.Execute(&request, map[string]string{
		"Message": randomHex(), "User": randomHex(), "Created": now.Format(layout), "Expires": now.Add(adfsTokenLife).Format(layout),
		"IdentityProviderURL": a.IdentityProviderURL, "Username": a.Username, "Password": a.Password, "EntityID": a.ServiceProviderEntityID,
	})
	if err != nil {
		return nil, err
	}
	_, answer, err := s.send(ctx, client, http.MethodPost, a.IdentityProviderURL, contentType("application/soap+xml; charset=utf-8"),
		request.String())
	if refused, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		var fault struct {
			Reason string `xml:"Body>Fault>Code>Subcode>Value"`
		}
		if xml.Unmarshal(refused.Body, &fault) == nil && fault.Reason != "" {
			return nil, fmt.Errorf("%s refuses the login of %s: %s", a.IdentityProviderURL, a.Username, fault.Reason)
		}
	}
	if err != nil {
		return nil, err
	}
	assertion, err := element(answer, []xml.Name{{Space: "http://www.w3.org/2003/05/soap-envelope", Local: "Envelope"},
		{Space: "http://www.w3.org/2003/05/soap-envelope", Local: "Body"}, {Space: trust13, Local: "RequestSecurityTokenResponseCollection"},
		{Space: trust13, Local: "RequestSecurityTokenResponse"}})
	if err != nil {
		return nil, fmt.Errorf("%s answers no security token: %w", a.IdentityProviderURL, err)
	}
	return bytes.ReplaceAll(assertion, []byte(trust13), []byte(trust2005)), nil
}

func randomHex() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// element returns the text of the first element of a document with a path of names, unchanged, because it may be signed. The
// namespaces that elements around it declare are declared in it.
func element(document []byte, path []xml.Name) ([]byte, error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	var open []xml.Name
	declared := map[string]string{} // attributes of the elements on the path
	matched := 0                    // elements on the path that are open
	for {
		begin := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("it has no %s", path[len(path)-1].Local)
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if matched == len(open) && t.Name == path[matched] {
				matched++
				if matched == len(path) {
					inside := d.InputOffset()
					if err := d.Skip(); err != nil {
						return nil, err
					}
					return declare(document[begin:d.InputOffset()], int(inside-begin), t.Attr, declared), nil
				}
				for _, a := range t.Attr {
					if isDeclaration(a.Name) {
						declared[declaration(a.Name)] = a.Value
					}
				}
			}
			open = append(open, t.Name)
		case xml.EndElement:
			open = open[:len(open)-1]
			matched = min(matched, len(open))
		}
	}
}

func isDeclaration(n xml.Name) bool { return n.Space == "xmlns" || n.Space == "" && n.Local == "xmlns" }

// declaration returns the name of an attribute that declares a namespace.
func declaration(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// declare adds the declarations that an element does not make itself to its start tag, which ends at tagEnd.
func declare(text []byte, tagEnd int, own []xml.Attr, inherited map[string]string) []byte {
	for _, a := range own {
		if isDeclaration(a.Name) {
			delete(inherited, declaration(a.Name))
		}
	}
	end := tagEnd - len(">")
	if text[end-1] == '/' {
		end--
	}
	var b bytes.Buffer
	b.Write(text[:end])
	for name, value := range inherited {
		b.WriteString(" " + name + `="`)
		_ = xml.EscapeText(&b, []byte(value)) // writing to a buffer never fails
		b.WriteByte('"')
	}
	b.Write(text[end:])
	return b.Bytes()
}
