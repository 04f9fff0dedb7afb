package rpc_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/rpc"
)

func TestParseURL(t *testing.T) {
	for text, want := range map[string]rpc.URL{
		"rabbit://":                     {Driver: "rabbit"},
		"fake://":                       {Driver: "fake"},
		"fake:/":                        {Driver: "fake"},
		"none:///":                      {Driver: "none"},
		"rabbit://h":                    {Driver: "rabbit", Hosts: []rpc.Host{{Name: "h"}}},
		"rabbit://u:p@h:5673/":          {Driver: "rabbit", Hosts: []rpc.Host{{Name: "h", Port: 5673, User: "u", Password: "p"}}},
		"rabbit://u:p%40%2F@h:1//":      {Driver: "rabbit", Hosts: []rpc.Host{{Name: "h", Port: 1, User: "u", Password: "p@/"}}, VHost: "/"},
		"rabbit://u:a+b@h/%2Fnova":      {Driver: "rabbit", Hosts: []rpc.Host{{Name: "h", User: "u", Password: "a+b"}}, VHost: "/nova"},
		"rabbit://u@realm:p@h/v":        {Driver: "rabbit", Hosts: []rpc.Host{{Name: "h", User: "u@realm", Password: "p"}}, VHost: "v"},
		"rabbit://u:p@a:1,w:q@b:2,c/v":  {Driver: "rabbit", Hosts: []rpc.Host{{Name: "a", Port: 1, User: "u", Password: "p"}, {Name: "b", Port: 2, User: "w", Password: "q"}, {Name: "c"}}, VHost: "v"},
		"rabbit://u:p@[fd00::1]:5672/v": {Driver: "rabbit", Hosts: []rpc.Host{{Name: "fd00::1", Port: 5672, User: "u", Password: "p"}}, VHost: "v"},
		"rabbit://h/v?ssl=1&heartbeat_rate=2": {Driver: "rabbit", Hosts: []rpc.Host{{Name: "h"}}, VHost: "v",
			Query: map[string]string{"ssl": "1", "heartbeat_rate": "2"}},
	} {
		got, err := rpc.ParseURL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got %+v, want %+v", text, *got, want)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, text := range []string{"", "//h", "rabbit://u:secret@h:port/", "rabbit://h:70000"} {
		u, err := rpc.ParseURL(text)
		if err == nil {
			t.Errorf("%q: no error, but %+v", text, u)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", text, err)
		}
	}
}

func TestURLStringHidesPasswords(t *testing.T) {
	u, err := rpc.ParseURL("rabbit://u:secret@a:1,w:secret@[::1]:2/v")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := u.String(), "rabbit://u:***@a:1,w:***@[::1]:2/v"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"rabbit://u:p%40@h:1,[::1]:2/v?a=b#c", "fake://", "a:b@c", "rabbit://@,:,//?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if u, err := rpc.ParseURL(s); err == nil {
			_ = u.String()
		}
	})
}

func TestCompatible(t *testing.T) {
	for _, c := range []struct {
		have, want string
		ok         bool
	}{
		{"6.5", "6.0", true}, {"6.0", "6.5", false}, {"5.13", "6.0", false}, {"", "9.9", true},
		{"6.0", "", false}, {"1.0.1", "1.0", true}, {"1.0", "1.0.1", false}, {"2.0", "x", false},
	} {
		if got := rpc.Compatible(c.have, c.want); got != c.ok {
			t.Errorf("%s can do %s: got %v", c.have, c.want, got)
		}
	}
}
