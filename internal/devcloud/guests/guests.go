// Package guests lets nova-metadata --dev use the embedded cloud of another process: it finds the
// configuration of the cloud, and the server that sends a request.
package guests

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/devcloud/guard"
)

// ProxySecret is the secret that the metadata service shares with Neutron's metadata proxy.
const ProxySecret = "nova-dev"

// ReadConfig returns the configuration of a cloud that another process keeps in a state
// directory, as Cloud.Config does.
func ReadConfig(state string, more config.Sources) (*config.Config, error) {
	if _, err := os.Stat(filepath.Join(state, "nova.conf")); err != nil {
		return nil, fmt.Errorf("no nova-api --dev has been started with --state %s: %w", state, err)
	}
	return LoadConfig(state, more)
}

// LoadConfig does the same as ReadConfig for the process of the cloud.
func LoadConfig(state string, more config.Sources) (*config.Config, error) {
	more.Files = append([]string{filepath.Join(state, "nova.conf")}, more.Files...)
	return config.Load(more)
}

// Handler stands in for Neutron's metadata proxy: a request to a path below /SERVER is passed on
// as a request of the server with this id.
func Handler(c *config.Config, next http.Handler) (http.Handler, error) {
	api, err := db.Open(c.APIDatabase.Connection, db.Options{})
	if err != nil {
		return nil, err
	}
	pages := guard.New("", false)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if uuid.Validate(server) != nil {
			next.ServeHTTP(w, r)
			return
		}
		if status, why := pages.Refusal(r); status != 0 {
			http.Error(w, why, status)
			return
		}
		list, err := dbapi.InstanceMappings(r.Context(), api, []string{server}, dbapi.MappingFields{})
		if err != nil || len(list) == 0 {
			http.Error(w, "There is no server "+server+".", http.StatusNotFound)
			return
		}
		sum := hmac.New(sha256.New, []byte(ProxySecret))
		sum.Write([]byte(server))
		r2 := r.Clone(r.Context())
		r2.URL.Path, r2.URL.RawPath, r2.RequestURI = "/"+rest, "", ""
		for name, value := range map[string]string{"X-Instance-ID": server, "X-Tenant-ID": list[0].ProjectID,
			"X-Instance-ID-Signature": hex.EncodeToString(sum.Sum(nil)), "X-Forwarded-For": "10.0.0.2"} {
			r2.Header.Set(name, value)
		}
		next.ServeHTTP(w, r2)
	}), nil
}
