package middleware

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/rest"
)

// maxAnswer bounds the size of Keystone's answers in bytes, which contain catalogs.
const maxAnswer = 16 << 20

// keystone is the TokenChecker that validates tokens with Keystone, as the user of
// [keystone_authtoken].
type keystone struct {
	session *rest.Session
	adapter config.Adapter // for the identity service
	catalog bool
	retries int
	log     zerolog.Logger
}

// NewTokenChecker returns the checker that uses the authentication of a session.
func NewTokenChecker(s *rest.Session, c config.KeystoneAuthtoken, log zerolog.Logger) TokenChecker {
	return &keystone{
		session: s, catalog: c.IncludeServiceCatalog, retries: c.HTTPRequestMaxRetries, log: log,
		adapter: identityAdapter(c),
	}
}

// CheckToken validates a token. If Keystone rejects our own token, it repeats the request once
// with a new one.
func (k *keystone) CheckToken(ctx context.Context, token string, allowExpired bool) ([]byte, error) {
	for again := true; ; again = false {
		login, err := k.session.Login(ctx)
		if err != nil {
			return nil, err
		}
		status, body, err := k.ask(ctx, login, token, allowExpired)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusOK:
			return body, nil
		case status == http.StatusNotFound:
			k.log.Warn().Msg("Authorization failed for token")
			return nil, ErrInvalidToken
		case status == http.StatusUnauthorized && again:
			k.log.Info().Msg("Identity server rejected authorization, retrying validation")
			k.session.Invalidate(login.Token)
		default:
			return nil, fmt.Errorf("bad response code while validating token: %d %.200s", status, body)
		}
	}
}

func (k *keystone) ask(ctx context.Context, login *rest.Login, token string, allowExpired bool) (status int, body []byte, err error) {
	at := login.Catalog.Find(k.adapter)
	if at == "" {
		at = k.session.AuthURL()
	}
	url, err := rest.IdentityV3(at)
	if err != nil {
		return 0, nil, err
	}
	url += "auth/tokens"
	switch {
	case !k.catalog && allowExpired:
		url += "?nocatalog&allow_expired=1"
	case !k.catalog:
		url += "?nocatalog"
	case allowExpired:
		url += "?allow_expired=1"
	}
	for failed := 1; ; failed++ {
		status, body, err = k.get(ctx, url, login, token)
		if err == nil || !rest.IsNetwork(err) || failed > k.retries || !rest.Pause(ctx, uint(failed), nil) {
			return status, body, err
		}
	}
}

func (k *keystone) get(ctx context.Context, url string, own *rest.Login, subject string) (int, []byte, error) {
	// Without http_connect_timeout the request still needs a limit, because Keystone may hang.
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", k.session.UserAgent())
	r.Header.Set("X-Auth-Token", own.Token)
	if own.Authorization != "" {
		r.Header.Set("Authorization", own.Authorization)
	}
	r.Header.Set("X-Subject-Token", subject)
	r.Header.Set("OpenStack-Identity-Access-Rules", "1")
	resp, err := k.session.HTTP().Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, body, err
}
