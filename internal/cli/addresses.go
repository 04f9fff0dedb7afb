package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// options returns the addresses and limits to serve with.
func (f *Flags) options(p Program, c *config.Config, ini *uwsgiini.Config, parent *serve.Parent) (serve.Options, error) {
	certificate, err := f.certificate()
	if err != nil {
		return serve.Options{}, err
	}
	o := serve.Options{Inherited: parent.Listeners, Certificate: certificate}
	if ini != nil {
		if err := applyListeners(ini, &o); err != nil {
			return o, err
		}
	}
	o.HTTP, o.UWSGI = append(o.HTTP, f.HTTP...), append(o.UWSGI, f.UWSGI...)
	o.FCGI, o.SCGI = append(o.FCGI, f.FCGI...), append(o.SCGI, f.SCGI...)
	for _, a := range f.HTTPS {
		certificate.Addr = a
		o.HTTPS = append(o.HTTPS, certificate)
	}
	if certificate.CertFile == "" {
		if o.Certificate, err = configuredTLS(c); err != nil {
			return o, err
		}
	}
	systemd := slices.ContainsFunc(o.Inherited, func(l serve.Inherited) bool { return l.Address == "" })
	if systemd || len(o.HTTP)+len(o.HTTPS)+len(o.UWSGI)+len(o.FCGI)+len(o.SCGI) > 0 {
		return o, nil
	}
	err = p.configured(c, &o)
	return o, err
}

// certificate returns the files of --tls-cert and --tls-key, without an address.
func (f *Flags) certificate() (c serve.TLS, err error) {
	if len(f.Certs) != len(f.Keys) {
		return c, fmt.Errorf("--tls-cert is given %d times, --tls-key %d times", len(f.Certs), len(f.Keys))
	}
	for i, cert := range f.Certs {
		if i == 0 {
			c.CertFile, c.KeyFile = cert, f.Keys[i]
			continue
		}
		c.Others = append(c.Others, serve.KeyPair{CertFile: cert, KeyFile: f.Keys[i]})
	}
	return c, nil
}

// applyListeners copies the listeners and limits of the uWSGI files.
func applyListeners(ini *uwsgiini.Config, o *serve.Options) (err error) {
	for _, l := range ini.Listeners {
		switch l.Protocol {
		case "http":
			o.HTTP = append(o.HTTP, l.Address)
		case "https":
			o.HTTPS = append(o.HTTPS, serve.TLS{Addr: l.Address, CertFile: l.CertFile, KeyFile: l.KeyFile, ClientCAFile: l.ClientCAFile})
		case "uwsgi":
			o.UWSGI = append(o.UWSGI, l.Address)
		case "fcgi":
			o.FCGI = append(o.FCGI, l.Address)
		case "scgi":
			o.SCGI = append(o.SCGI, l.Address)
		}
	}
	o.SocketMode, o.Backlog, o.Header = ini.SocketMode, ini.Backlog, ini.Header
	o.WriteTimeout, o.DrainTimeout = ini.Timeout, ini.Drain
	if ini.SocketMode == 0 {
		o.SocketMode = 0o777 &^ umask()
	}
	owned := func(l uwsgiini.Listener) bool {
		return strings.HasPrefix(l.Address, "unix:") && (!l.Router || ini.SocketOwner == "")
	}
	if !slices.ContainsFunc(ini.Listeners, owned) {
		return nil // as in uWSGI, the owner is not looked up
	}
	owner, err := socketOwner(ini)
	if owner == nil {
		return err
	}
	o.SocketOwners = map[string]serve.Owner{}
	for _, l := range ini.Listeners {
		if owned(l) {
			o.SocketOwners[l.Address] = *owner
		}
	}
	return err
}
