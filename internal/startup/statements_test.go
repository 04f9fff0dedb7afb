package startup_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/startup"
)

// TestConnectionDebug has the statements of one database in the log, with the request's id, against default_log_levels.
func TestConnectionDebug(t *testing.T) {
	t.Parallel()
	for debug, want := range map[string]bool{"0": false, "49": false, "50": true, "100": true} {
		file := filepath.Join(t.TempDir(), "nova.conf")
		text := "[DEFAULT]\ndefault_log_levels = sqlalchemy=ERROR,nova=ERROR\n[api_database]\nconnection = sqlite://\n" +
			"[database]\nconnection = sqlite://\nconnection_debug = " + debug + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		d, err := startup.OpenDatabases(t.Context(), c, nil, log.NewLogger(&out, c.Default.Log))
		if err != nil {
			t.Fatal(err)
		}
		ctx := reqctx.With(context.Background(), &reqctx.Caller{RequestID: "req-1", UserID: "u", ProjectID: "p"})
		if _, err := d.Main.ExecContext(ctx, "SELECT ?", "x"); err != nil {
			t.Error(err)
		}
		if _, err := d.API.ExecContext(ctx, "SELECT 'other'"); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		got := out.String()
		if !want && got != "" || want && (strings.Count(got, "\n") != 1 || !strings.Contains(got, " INFO sqlalchemy.engine.Engine ") ||
			!strings.Contains(got, "req-1") || !strings.HasSuffix(got, " SELECT 'x'\n")) {
			t.Errorf("connection_debug = %s: %s", debug, got)
		}
	}
}
