package middleware

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware/filter"
)

// AuthTokenOptions configure AuthToken.
type AuthTokenOptions struct {
	// Config is [keystone_authtoken], with the overrides of the paste section.
	Config config.KeystoneAuthtoken
	// Checker validates tokens that are not in the cache.
	Checker TokenChecker
	// Shared is a cache outside of the process; nil means none.
	Shared TokenStore
	// Now returns the current time; nil means the time of the request's context.
	Now func() time.Time
	Log zerolog.Logger
	// Metrics records lookups of tokens; it may be nil.
	Metrics *metrics.Metrics
}

// TokenChecker validates a token with Keystone. It returns the body of GET /v3/auth/tokens. An
// error other than ErrInvalidToken means that Keystone did not answer.
type TokenChecker interface {
	CheckToken(ctx context.Context, token string, allowExpired bool) ([]byte, error)
}

// TokenStore stores Keystone's answers by token. Both methods ignore errors.
type TokenStore interface {
	Get(token string) (answer []byte, ok bool)
	Set(token string, answer []byte)
}

// ErrInvalidToken reports a token that Keystone does not know, or that must not be used here.
var ErrInvalidToken = errors.New("token authorization failed")

type authToken struct {
	AuthTokenOptions
	cache        *tokenCache
	log          zerolog.Logger
	challenge    []string
	serviceRoles []string
	bind         string
	warnOnce     sync.Once
}

const rejection = `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`

// AuthToken validates X-Auth-Token and X-Service-Token as keystonemiddleware's auth_token does.
// It stores the data of the token in the X-* headers and in the request's Record, and removes
// headers with these names that the client has sent. It answers 401 to a request without a
// valid token or with an invalid service token, and 503 while Keystone does not answer.
func AuthToken(o AuthTokenOptions) func(http.Handler) http.Handler {
	a := &authToken{AuthTokenOptions: o, log: log.Named(o.Log, "keystonemiddleware.auth_token"), serviceRoles: o.Config.ServiceTokenRoles,
		bind: o.Config.EnforceTokenBind}
	a.cache = newTokenCache(a)
	uri := o.Config.WWWAuthenticateURI
	if uri == "" {
		a.log.Warn().Msg("Configuring www_authenticate_uri to point to the public identity endpoint is required; clients may not be able to " +
			"authenticate against an admin endpoint")
		uri = o.Config.AuthURL
	}
	if !o.Config.ServiceTokenRolesRequired {
		a.log.Warn().Msg("[keystone_authtoken] service_token_roles_required is False: any valid token will pass as a service token")
	}
	a.challenge = []string{`Keystone uri="` + uri + `"`}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, next) })
	}
}

func (a *authToken) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec, r := WithRecord(r)
	rec.Token, rec.ServiceToken = nil, nil
	userToken := strings.TrimSpace(firstHeader(r.Header, "X-Auth-Token", "X-Storage-Token"))
	serviceToken := strings.TrimSpace(filter.HeaderList(r.Header, "X-Service-Token"))

	var serviceStatus string
	allowExpired := false
	if serviceToken != "" {
		serviceStatus = "Invalid"
		t, err := a.check(r.Context(), serviceToken, false, true)
		if a.unavailable(w, r, err) {
			return
		}
		if err == nil {
			trusted := slices.ContainsFunc(t.Roles, func(role string) bool { return slices.Contains(a.serviceRoles, role) })
			allowExpired = trusted
			if !trusted && !a.Config.ServiceTokenRolesRequired {
				a.warnOnce.Do(func() {
					a.log.Warn().Msg("A valid token was submitted as a service token, but it was not a valid service token. This is incorrect but " +
						"backwards compatible behaviour. This will be removed in future releases.")
				})
			}
			if trusted || !a.Config.ServiceTokenRolesRequired {
				serviceStatus, rec.ServiceToken = "Confirmed", t
			}
		} else {
			a.log.Info().Msg("Invalid service token")
		}
	}
	if userToken != "" {
		t, err := a.check(r.Context(), userToken, allowExpired, serviceToken == "")
		if err == nil && !t.rules.allow(r, a.Config.ServiceType, serviceToken != "") {
			err = ErrInvalidToken
		}
		if a.unavailable(w, r, err) {
			return
		}
		if err == nil {
			rec.Token = t
			if rec.wantsRecheck {
				rec.Recheck = a.recheck(userToken, allowExpired)
			}
		} else {
			a.log.Info().Msg("Invalid user token")
		}
	}
	if (rec.Token == nil || serviceStatus == "Invalid") && !a.Config.DelayAuthDecision {
		a.log.Info().Msg("Rejecting request")
		rec.Token, rec.ServiceToken = nil, nil
		h := w.Header()
		h["Www-Authenticate"] = a.challenge
		h.Set("Content-Type", "application/json")
		filter.WriteBody(w, r, http.StatusUnauthorized, []byte(rejection))
		return
	}
	r = r.WithContext(r.Context())
	r.Header = identityHeaders(r.Header, rec.Token, rec.ServiceToken, serviceStatus)
	out := &filter.Response{ResponseWriter: w, OnHeader: func(status int) (int, []byte) {
		if status == http.StatusUnauthorized {
			h := w.Header()
			h["Www-Authenticate"] = append(h["Www-Authenticate"], a.challenge...)
		}
		return status, nil
	}}
	next.ServeHTTP(out, r)
	// If nothing has been written, net/http sends its own 200, which needs no further header.
}

// time returns the time that decides whether a token has expired.
func (a *authToken) time(ctx context.Context) time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return clock.Now(ctx)
}

// check returns a token that is currently valid. If confirmBind is false, it does not check the
// token's binding.
func (a *authToken) check(ctx context.Context, token string, allowExpired, confirmBind bool) (*Token, error) {
	t, err := a.cache.get(ctx, token, allowExpired)
	if err != nil {
		return nil, err
	}
	if !allowExpired && !a.time(ctx).Before(t.ExpiresAt) {
		return nil, ErrInvalidToken
	}
	if confirmBind && !a.bindingAllowed(t) {
		return nil, ErrInvalidToken
	}
	return t, nil
}

// bindingAllowed checks a token that is bound to another means of authentication. Keystone supports only
// Kerberos, which a front server would have to verify and cannot report. Such tokens are
// therefore rejected unless binding is disabled.
func (a *authToken) bindingAllowed(t *Token) bool {
	lax := a.bind == "permissive" || a.bind == "strict"
	switch {
	case a.bind == "disabled":
		return true
	case len(t.bind) == 0:
		return lax
	}
	if _, kerberos := t.bind["kerberos"]; kerberos {
		return false
	}
	return a.bind == "permissive"
}

// unavailable answers 503 if err means that Keystone did not answer, unless the decision is
// delayed to the application.
func (a *authToken) unavailable(w http.ResponseWriter, r *http.Request, err error) bool {
	if err == nil || errors.Is(err, ErrInvalidToken) {
		return false
	}
	if r.Context().Err() == nil {
		a.log.WithLevel(zerolog.FatalLevel).Msgf("Unable to validate token: %v", err)
	}
	if a.Config.DelayAuthDecision {
		return false
	}
	p := unavailablePage
	p.Detail = "The Keystone service is temporarily unavailable."
	p.Write(w, r)
	return true
}

// identityNames are the headers that only authtoken may set.
var identityNames = func() map[string]bool {
	names := map[string]bool{
		"X-Service-Catalog": true, "X-Identity-Status": true, "X-Service-Identity-Status": true, "X-Is-Admin-Project": true,
		"X-Role": true, "X-User": true, "X-Tenant-Id": true, "X-Tenant-Name": true, "X-Tenant": true, "Openstack-System-Scope": true,
	}
	for _, prefix := range []string{"X", "X-Service"} {
		for _, rest := range []string{"Roles", "Domain-Id", "Domain-Name", "Project-Id", "Project-Name", "Project-Domain-Id",
			"Project-Domain-Name", "User-Id", "User-Name", "User-Domain-Id", "User-Domain-Name"} {
			names[prefix+"-"+rest] = true
		}
	}
	return names
}()

var statusInvalid, statusConfirmed = []string{"Invalid"}, []string{"Confirmed"}

// identityHeaders copies headers without the client's identity headers, and adds those of the
// tokens.
func identityHeaders(from http.Header, user, service *Token, serviceStatus string) http.Header {
	size := len(from) + 1
	if user != nil {
		size += len(user.userHeaders)
	}
	if service != nil {
		size += len(service.serviceHeaders)
	}
	h := make(http.Header, size)
	for name, values := range from {
		if identityNames[name] {
			continue
		}
		h[name] = values
	}
	switch serviceStatus {
	case "Invalid":
		h["X-Service-Identity-Status"] = statusInvalid
	case "Confirmed":
		h["X-Service-Identity-Status"] = statusConfirmed
		for _, v := range service.serviceHeaders {
			h[v.name] = v.value
		}
	}
	if user == nil {
		h["X-Identity-Status"] = statusInvalid
		return h
	}
	// The user's system scope overrides that of the service.
	delete(h, "Openstack-System-Scope")
	for _, v := range user.userHeaders {
		h[v.name] = v.value
	}
	return h
}
