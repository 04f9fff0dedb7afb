package vendordata_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/metadata/internal/vendordata"
)

func guest() *objects.Guest {
	return &objects.Guest{Instance: &objects.Instance{UUID: "u", ProjectID: "p", ImageRef: "i", Hostname: new("vm"),
		Metadata: map[string]string{"a": "1"}}}
}

func roles(context.Context) (string, error) { return "reader", nil }

func write(t *testing.T, path, text string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestStatic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vendor.json")
	d := &vendordata.Documents{Providers: []string{vendordata.StaticJSON}, File: &vendordata.File{Path: path}}
	if _, _, err := d.Static(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	now := time.Now()
	for n, c := range []struct{ text, want string }{{`{"b":1, "a":"é"}`, `{"b": 1, "a": "\u00e9"}`}, {`[1.50]`, `[1.5]`}} {
		write(t, path, c.text, now.Add(time.Duration(n)*time.Second))
		if got, on, err := d.Static(); string(got) != c.want || !on || err != nil {
			t.Errorf("%s: %s, %t, %v", c.text, got, on, err)
		}
		if got, err := d.All(t.Context(), guest(), roles); string(got) != `{"static": `+c.want+`}` || err != nil {
			t.Errorf("%s: %s, %v", c.text, got, err)
		}
	}
	write(t, path, "{", now.Add(time.Hour))
	if _, _, err := d.Static(); err == nil {
		t.Error("broken JSON was taken")
	}
	d = &vendordata.Documents{Providers: []string{vendordata.DynamicJSON}, File: d.File, Services: &vendordata.Services{}}
	if _, on, err := d.Static(); on || err != nil {
		t.Errorf("switched off: %t, %v", on, err)
	}
	if got, err := d.All(t.Context(), guest(), roles); string(got) != "{}" || err != nil {
		t.Errorf("no services: %s, %v", got, err)
	}
}

func TestDynamic(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			got = r.Clone(context.Background())
			body, _ = io.ReadAll(r.Body)
			_, _ = io.WriteString(w, `{"z":1,"a":[true]}`)
		case "/bad":
			w.WriteHeader(http.StatusInternalServerError)
		case "/text":
			_, _ = io.WriteString(w, "hello")
		}
	}))
	defer server.Close()
	at := func(name, path string) string { return name + "@" + server.URL + path }
	s := &vendordata.Services{Client: server.Client(), Timeout: 5 * time.Second, Log: zerolog.Nop(),
		Token:   func(context.Context) (string, error) { return "secret", nil },
		Targets: []string{at("one", "/ok"), "nameless", at("one", "/bad"), at("static", "/ok"), at("bad", "/bad"), at("text", "/text"), at("empty", "/empty")}}
	d := &vendordata.Documents{Providers: []string{vendordata.StaticJSON, vendordata.DynamicJSON}, File: &vendordata.File{}, Services: s, Log: zerolog.Nop()}
	want := `{"static": {}, "one": {"z": 1, "a": [true]}, "bad": {}, "text": {}, "empty": {}}`
	if text, err := d.All(t.Context(), guest(), roles); err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	for k, v := range map[string]string{"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "openstack-nova-vendordata", "X-Auth-Token": "secret"} {
		if got.Header.Get(k) != v {
			t.Errorf("%s: %q", k, got.Header.Get(k))
		}
	}
	question := `{"project-id": "p", "instance-id": "u", "image-id": "i", "user-data": null, "hostname": "vm", "metadata": {"a": "1"}, "boot-roles": "reader"}`
	if got.Method != http.MethodPost || string(body) != question {
		t.Errorf("%s %s", got.Method, body)
	}
	s.Fatal = true
	if _, err := d.All(t.Context(), guest(), roles); err == nil {
		t.Error("a failure is no error though it should be fatal")
	}
}
