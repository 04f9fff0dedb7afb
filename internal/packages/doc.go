// Package packages has what `make packages` and `make image` put into packages for Debian and RPM and into the
// container image: units, users, scripts and a WSGI application. Its tests (tag packages) install and start them.
package packages
