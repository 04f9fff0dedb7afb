package metadata_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/metadata"
)

// leaving is a cloud whose guest hangs up just before its password is stored.
type leaving struct {
	*cloud
	hangUp func()
}

func (l leaving) SetSystemMetadata(ctx context.Context, uuid string, pairs map[string]string) error {
	l.hangUp()
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.cloud.SetSystemMetadata(ctx, uuid, pairs)
}

// TestPasswordOfAGuestThatHasGone stores what the guest has sent, as Nova does.
func TestPasswordOfAGuestThatHasGone(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	c := &cloud{}
	cfg := &config.Config{}
	cfg.Neutron.ServiceMetadataProxy, cfg.Neutron.MetadataProxySharedSecret = true, key
	h := metadata.NewHandler(metadata.HandlerOptions{Config: cfg, Store: leaving{c, hangUp}, Networks: c, Log: zerolog.Nop()})
	r := httptest.NewRequest("POST", "/openstack/latest/password", strings.NewReader("secret")).WithContext(ctx)
	r.Header = signed()
	h.ServeHTTP(httptest.NewRecorder(), r)
	if c.meta["password_0"] != "secret" || len(c.meta) != 4 {
		t.Errorf("stored %q", c.meta)
	}
}

// TestPasswordIsStoredOrNot has guests hang up at random moments: each password is stored
// in all of its pieces or not at all.
func TestPasswordIsStoredOrNot(t *testing.T) {
	s := novatest.New(t)
	h := application(t, s)
	server := httptest.NewServer(h)
	defer server.Close()
	password := strings.Repeat("x", 900)
	post := func(patience time.Duration) (guest string) {
		guest = s.Server(novatest.VM{}).UUID
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/openstack/latest/password", strings.NewReader(password))
		if err != nil {
			t.Error(err)
			return guest
		}
		r.Header = signed("X-Instance-ID", guest, "X-Instance-ID-Signature", sign(guest), "X-Tenant-ID", novatest.NameID("project", "demo"))
		if answer, err := http.DefaultTransport.RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
		return guest
	}
	began := time.Now()
	guests := []string{post(time.Minute)}
	took := time.Since(began)
	for range 20 {
		guests = append(guests, post(rand.N(took)))
	}
	server.Close() // waits for all handlers
	stored := 0
	for n, guest := range guests {
		pieces := s.Value("cell1", "SELECT COUNT(*) FROM instance_system_metadata WHERE instance_uuid = ?", guest)
		length := s.Value("cell1", "SELECT COALESCE(SUM(LENGTH(value)), 0) FROM instance_system_metadata WHERE instance_uuid = ?", guest)
		switch got := pieces + " pieces, " + length + " characters"; {
		case got == "4 pieces, 900 characters":
			stored++
		case got != "0 pieces, 0 characters" || n == 0:
			t.Errorf("guest %d has stored %s", n, got)
		}
	}
	t.Logf("%d of %d are stored", stored, len(guests))
}
