package inspect

import (
	"crypto/x509"
	"fmt"
	"os/user"
	"regexp"
	"strconv"

	"github.com/nova-go/nova/internal/clienttls"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// uwsgiPlace matches the messages about uWSGI's files: "FILE:LINE: option: …".
var uwsgiPlace = regexp.MustCompile(`^([^:\s]+):(\d+): (.*)$`)

// uwsgiFinding returns a finding about a uWSGI file.
func uwsgiFinding(severity, message string) Finding {
	f := Finding{Severity: severity, Area: "config", Message: message}
	if m := uwsgiPlace.FindStringSubmatch(message); m != nil {
		f.File, f.Message = m[1], m[3]
		f.Line, _ = strconv.Atoi(m[2])
	}
	return f
}

// checkUWSGI reports what the service leaves out of its uWSGI files, and what does not exist.
func (s Service) checkUWSGI(f *findings, c *uwsgiini.Config) {
	say := func(severity, message string) { f.list = append(f.list, uwsgiFinding(severity, message)) }
	for _, w := range c.Warnings {
		say("warning", w)
	}
	if c.App != "" && s.App != "" && c.App != s.App {
		say("error", fmt.Sprintf("%s hosts %s, and this is %s", c.Files[0], c.App, s.App))
	}
	for _, l := range c.Listeners {
		if l.Protocol == "https" {
			checkListener(say, l)
		}
	}
	missing := func(option, name string, look func(string) error) {
		if _, err := strconv.Atoi(name); name == "" || err == nil {
			return
		}
		if err := look(name); err != nil {
			say("error", fmt.Sprintf("%s: %s: %s", c.Files[0], option, err))
		}
	}
	group := func(name string) error { _, err := user.LookupGroup(name); return err }
	missing("uid", c.UID, func(name string) error { _, err := user.Lookup(name); return err })
	missing("gid", c.GID, group)
	for _, name := range c.AddGroups {
		missing("add-gid", name, group)
	}
}

// checkListener reads the certificate of a listener.
func checkListener(say func(severity, message string), l uwsgiini.Listener) {
	if l.ClientCAFile != "" {
		if _, err := clienttls.Roots(l.ClientCAFile); err != nil {
			say("error", fmt.Sprintf("https %s: %s", l.Address, err))
		}
	}
	pair, err := clienttls.Pair(l.CertFile, l.KeyFile)
	if err != nil {
		say("error", fmt.Sprintf("https %s: %s", l.Address, err))
		return
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		say("error", fmt.Sprintf("https %s: %s", l.Address, err))
		return
	}
	text, expired := clienttls.Expiry(cert)
	if text == "" {
		return
	}
	severity := "warning"
	if expired {
		severity = "error"
	}
	say(severity, fmt.Sprintf("https %s: the certificate of %s %s", l.Address, l.CertFile, text))
}
