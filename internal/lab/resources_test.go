//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
)

// TestReferences: what a row names, an earlier one has made.
func TestReferences(t *testing.T) {
	l := lab(t)
	for _, name := range []string{"identity.yaml", "cloud.yaml"} {
		rows, err := l.resources(name)
		if err != nil {
			t.Fatal(err)
		}
		m := &maker{lab: l, ids: map[string]string{}}
		for _, r := range rows {
			if r.name() == "" {
				t.Errorf("%s: %+v has no name", name, r)
			}
			before := fmt.Sprint(m.fill(r.Body), m.text(r.In), m.text(r.Find))
			m.ids[r.one()+"."+r.name()] = "ID"
			for _, a := range r.New {
				before += fmt.Sprint(m.text(a.Do), m.fill(a.Body))
			}
			for _, p := range r.Put {
				before += m.text(p)
			}
			if missing := reference.FindString(before); missing != "" {
				t.Errorf("%s: %s %s: there is no %s yet", name, r.one(), r.name(), missing)
			}
		}
	}
}

// TestEnsure: what is not there is made, once, and the rest is done as often as it is to be.
func TestEnsure(t *testing.T) {
	l := lab(t)
	var got []string
	var things []map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/v1/things":
			w.WriteHeader(http.StatusNoContent)
		case r.Method == http.MethodGet:
			_ = json.NewEncoder(w).Encode(map[string]any{"things": things})
			return
		default:
			var body struct{ Thing map[string]any }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			got = append(got, fmt.Sprint(body.Thing))
			body.Thing["id"] = "7"
			things = append(things, body.Thing)
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(map[string]any{"thing": body.Thing})
			return
		}
		got = append(got, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.ContentLength))
	}))
	defer server.Close()
	l.Base = server.Listener.Addr().(*net.TCPAddr).Port - (l.Port("glance") - l.Base)
	m := &maker{l, &client{&gophercloud.ProviderClient{}}, map[string]string{"owner.me": "42"}}
	row := resource{In: "glance /v1/things", Body: map[string]any{"name": "one", "of": []any{"$owner.me"}},
		Put: []string{"glance /v1/owners/$owner.me/$thing.one"}, New: []followUp{{Do: "PUT glance /v1/things/$thing.one/file", Zeros: 12}}}
	for range 2 {
		if err := m.ensure(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"map[name:one of:[42]]", "PUT /v1/owners/42/7 0", "PUT /v1/things/7/file 12", "PUT /v1/owners/42/7 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
