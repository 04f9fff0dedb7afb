package middleware

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/paste"
)

// BasicAuthOptions configure BasicAuth.
type BasicAuthOptions struct {
	// UserFile is a htpasswd file of Apache with bcrypt digests, which is read for each
	// request.
	UserFile string
	Log      zerolog.Logger
}

// BasicAuth is oslo.middleware's filter http_basic_auth: it checks user and password, and sets
// X-User and X-User-Name. Otherwise it answers 401 with a JSON body. It removes the header
// Authorization.
func BasicAuth(o BasicAuthOptions) (func(http.Handler) http.Handler, error) {
	b := &basicAuth{file: o.UserFile, log: log.Named(o.Log, "oslo_middleware.basic_auth")}
	err := b.entries(func(_, digest string) bool { return isBcrypt(digest) })
	if err != nil {
		return nil, fmt.Errorf("[oslo_middleware] http_basic_auth_user_file: %w", err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, err := b.user(r)
			if err != nil {
				w.Header().Set("Content-Type", "application/json")
				filter.WriteBody(w, r, http.StatusUnauthorized, fmt.Appendf(nil,
					`{"error":{"message":%s,"code":401}}`, pyjson.Append(nil, err.Error())))
				return
			}
			r = filter.WithHeaders(r)
			r.Header.Del("Authorization")
			r.Header["X-User"], r.Header["X-User-Name"] = []string{user}, []string{user}
			next.ServeHTTP(w, r)
		})
	}, nil
}

type basicAuth struct {
	file string
	log  zerolog.Logger
}

// basicError is an error whose text is sent to the client.
type basicError string

func (e basicError) Error() string { return string(e) }

const (
	errBasicToken  basicError = "Could not decode authorization token"
	errBasicHeader basicError = "Could not parse Authorization header"
	errBasicFile   basicError = "Problem reading auth file"
)

func unauthorizedError() error { return basicError(webob.Explanation(http.StatusUnauthorized)) }

func notBcrypt(name string) error {
	return basicError("Only bcrypt digested passwords are supported for " + name)
}

func isBcrypt(digest string) bool {
	return strings.HasPrefix(digest, "$2y$") || strings.HasPrefix(digest, "$2a$") || strings.HasPrefix(digest, "$2b$")
}

// entries calls f for each user of the file until f returns false, which marks the entry as an
// error.
func (b *basicAuth) entries(f func(name, digest string) bool) error {
	file, err := os.Open(b.file)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, digest, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":"); ok && !f(name, digest) {
			return notBcrypt(name)
		}
	}
	return lines.Err()
}

func (b *basicAuth) user(r *http.Request) (string, error) {
	if _, ok := r.Header["Authorization"]; !ok {
		b.log.Info().Msg("No authorization token received")
		return "", unauthorizedError()
	}
	kind, token, ok := strings.Cut(strings.TrimSpace(filter.HeaderList(r.Header, "Authorization")), " ")
	if token = strings.TrimSpace(token); !ok || token == "" {
		b.log.Info().Msg("Could not parse Authorization header")
		return "", errBasicHeader
	}
	if !strings.EqualFold(kind, "basic") {
		b.log.Info().Msgf("Unsupported authorization type %q", kind)
		return "", basicError(`Unsupported authorization type "` + kind + `"`)
	}
	pair, err := base64.StdEncoding.DecodeString(token)
	name, password, ok := strings.Cut(string(pair), ":")
	if err != nil || !ok || !utf8.ValidString(name) {
		b.log.Info().Msg("Could not decode authorization token")
		return "", errBasicToken
	}
	return b.authenticate(name, password)
}

func (b *basicAuth) authenticate(name, password string) (string, error) {
	digest := ""
	err := b.entries(func(user, d string) bool {
		if user == name && digest == "" {
			digest = d
		}
		return true
	})
	switch {
	case err != nil:
		b.log.Error().Msgf("Problem reading auth file: %v", err)
		return "", errBasicFile
	case digest == "":
		b.log.Info().Msgf("User %s not found", name)
		return "", unauthorizedError()
	case !isBcrypt(digest):
		return "", notBcrypt(name)
	case len(password) > 72 || len(digest) != 60 || bcrypt.CompareHashAndPassword([]byte(digest), []byte(password)) != nil:
		b.log.Info().Msgf("Password for %s does not match", name)
		return "", unauthorizedError()
	}
	return name, nil
}

func (d Deps) basicAuth(paste.Conf, paste.Conf) (func(http.Handler) http.Handler, error) {
	return BasicAuth(BasicAuthOptions{UserFile: d.Config.OsloMiddleware.HTTPBasicAuthUserFile, Log: d.Log})
}
