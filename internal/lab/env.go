//go:build unix

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// variable is an environment variable that env exports.
type variable struct{ name, value string }

// variables returns the variables for lab tests and OpenStack clients. With useOurs, the region
// selects the nova-api of this repository in the catalog.
func (l *Lab) variables(useOurs bool) []variable {
	where := region
	if useOurs {
		where = oursRegion
	}
	list := []variable{
		{"LAB", l.Dir},
		{"LAB_RELEASE", l.Release.ID},
		{"LAB_PORT_BASE", strconv.Itoa(l.Base)},
		{"LAB_VENV", l.Venv},
		{"LAB_SERVICES_VENV", l.ServicesVenv},
		{"LAB_PYTHON", filepath.Join(l.Venv, "bin", "python")},
		{"LAB_NOVA", l.URL("nova-api") + "/v2.1"},
		{"LAB_METADATA", l.URL("nova-metadata")},
		{"LAB_NOVA_CONF", filepath.Join(l.Etc(), "ours", "nova.conf")},
		{"LAB_AMQP", l.AMQP()},
		{"LAB_MEMCACHED", l.Address("memcached")},
		{"LAB_GUESTS", guestsExpression},
		{"LAB_OURS", l.Address("ours")},
		{"LAB_OURS_METADATA", l.Address("ours-metadata")},
		{"OS_AUTH_URL", l.URL("keystone") + "/v3"},
		{"OS_IDENTITY_API_VERSION", "3"},
		{"OS_USERNAME", adminUser},
		{"OS_PASSWORD", password},
		{"OS_PROJECT_NAME", adminUser},
		{"OS_USER_DOMAIN_NAME", "Default"},
		{"OS_PROJECT_DOMAIN_NAME", "Default"},
		{"OS_REGION_NAME", where},
	}
	if l.HA {
		list = append(list, variable{"LAB_HA", "1"})
	}
	return list
}

// writeEnv writes export commands for a shell. It appends the Python environments to PATH, so
// that it adds the command openstack and hides no command of the user.
func (l *Lab) writeEnv(out io.Writer, useOurs bool) error {
	var b strings.Builder
	for _, v := range l.variables(useOurs) {
		fmt.Fprintf(&b, "export %s=%s\n", v.name, quote(v.value))
	}
	for _, e := range l.environments() {
		bin := quote(filepath.Join(e.Dir, "bin"))
		fmt.Fprintf(&b, "case :$PATH: in *:%s:*) ;; *) export PATH=\"$PATH\":%s ;; esac\n", bin, bin)
	}
	fmt.Fprintf(&b, "export no_proxy=%s\"${no_proxy:+,$no_proxy}\"\n", loopback)
	_, err := io.WriteString(out, b.String())
	return err
}

// quote quotes a word for a shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:.,_@-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
