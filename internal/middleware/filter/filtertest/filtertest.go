// Package filtertest has what the tests of filters share.
package filtertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/paste"
)

// Serve sends one request through filters, outermost first, to app.
func Serve(t testing.TB, r *http.Request, app http.Handler, filters ...func(http.Handler) http.Handler) *http.Response {
	t.Helper()
	for i := len(filters) - 1; i >= 0; i-- {
		app = filters[i](app)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w.Result()
}

// Lines returns a logger with oslo's format, and what it has written.
func Lines() (zerolog.Logger, *testproc.Output) {
	var cfg config.Log
	cfg.LoggingContextFormatString = "%(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(message)s"
	cfg.LoggingDefaultFormatString = "%(levelname)s %(name)s [-] %(message)s"
	cfg.LoggingUserIdentityFormat = "%(user)s %(project)s"
	b := &testproc.Output{}
	return log.NewLogger(b, cfg), b
}

// Load builds the composite main of a paste file, with a registry for a configuration file. The application "app" in it answers
// "fine".
func Load(t testing.TB, conf, ini string, registry func(*config.Config) paste.Registry) (http.Handler, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"nova.conf": conf, "api-paste.ini": ini} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(config.Sources{Files: []string{filepath.Join(dir, "nova.conf")}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	r := registry(cfg)
	r["app"] = paste.App(func(_, _ paste.Conf) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }), nil
	})
	return paste.Load(filepath.Join(dir, "api-paste.ini"), "main", r, paste.Options{})
}

// Show returns the JSON of a value.
func Show(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Plain returns a value as JSON has it.
func Plain(t testing.TB, v any) any {
	t.Helper()
	var out any
	if err := json.Unmarshal([]byte(Show(t, v)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	eventID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	eventTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000`)
)

// Steady replaces what differs from run to run.
func Steady(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = Steady(v[k])
		}
	case []any:
		for i := range v {
			v[i] = Steady(v[i])
		}
	case string:
		return eventTime.ReplaceAllString(eventID.ReplaceAllString(v, "ID"), "TIME")
	}
	return v
}
