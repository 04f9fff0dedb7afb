package servicegroup_test

import (
	"testing"
	"time"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/servicegroup"
)

// Reports as oslo.cache writes them with python-memcached and with pymemcache.
var reports = map[string]string{
	"python-memcached": "ccopy_reg\n_reconstructor\np0\n(cdogpile.cache.api\nCachedValue\np1\nc__builtin__\ntuple\np2\n(cdatetime\ndatetime\np3\n(c_codecs\nencode\np4\n" +
		"(V\x07\xea\x0b\x1e\x13\x12\\u0000\x06\xfcE\np5\nVlatin1\np6\ntp7\nRp8\ntp9\nRp10\n(dp11\nVct\np12\nF1796066280.4578815\nsVv\np13\nI2\nstp14\ntp15\nRp16\n.",
	"pymemcache": "\x80\x05\x95j\x00\x00\x00\x00\x00\x00\x00\x8c\x11dogpile.cache.api\x94\x8c\x0bCachedValue\x94\x93\x94\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\n" +
		"\x07\xea\x0b\x1e\x13\x12\x00\x06\xfcE\x94\x85\x94R\x94}\x94(\x8c\x02ct\x94GA\xda\xc3r\xfa\xf7\x9bY\x8c\x01v\x94K\x02u\x86\x94\x81\x94.",
}

func TestReports(t *testing.T) {
	at := time.Date(2026, 11, 30, 19, 18, 0, 457797000, time.UTC)
	service := &objects.Service{Topic: new("compute"), Host: "host1"}
	for name, report := range reports {
		now := at
		g := &servicegroup.Group{DownTime: time.Minute, Now: func() time.Time { return now }}
		g.Cached = func(key string) ([]byte, bool) {
			if key != "7f0b6a8321131fded61f7888fef533504aa8cfd4" {
				t.Errorf("key %s", key)
			}
			return []byte(report), true
		}
		if !g.Up(service) || !g.UpdatedAt(service).Equal(at) {
			t.Errorf("%s: %v %v", name, g.Up(service), g.UpdatedAt(service))
		}
		later := at.Add(time.Second)
		if got := g.UpdatedAt(&objects.Service{Topic: new("compute"), Host: "host1", UpdatedAt: &later}); !got.Equal(later) {
			t.Errorf("%s: the row has a later time, and %v is shown", name, got)
		}
		if g.Up(&objects.Service{Topic: new("compute"), Host: "host1", ForcedDown: true}) {
			t.Errorf("%s: forced down, and up", name)
		}
		if now = at.Add(65 * time.Second); g.Up(service) || g.UpdatedAt(service) != nil {
			t.Errorf("%s: up with an old report", name)
		}
	}
	g := &servicegroup.Group{DownTime: time.Minute, Now: time.Now, Cached: func(string) ([]byte, bool) { return nil, false }}
	if now := time.Now(); g.Up(&objects.Service{LastSeenUp: &now}) {
		t.Error("up without a report")
	}
}

func FuzzReport(f *testing.F) {
	for _, report := range reports {
		f.Add([]byte(report))
	}
	f.Fuzz(func(_ *testing.T, report []byte) {
		g := &servicegroup.Group{DownTime: time.Minute, Now: time.Now, Cached: func(string) ([]byte, bool) { return report, true }}
		g.UpdatedAt(&objects.Service{})
	})
}
